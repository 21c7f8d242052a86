// JSON from outside and from the store: bodies, token claims, stored contacts. Nothing crashes, and what a snapshot holds is written again
// as it was read.
// link: upcall_contact upcall_identity upcall_json
#include <cstdlib>

#include "contact/snapshot.hpp"
#include "identity/token_claims.hpp"
#include "json/json.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace upcall;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (auto object = json::parse_object(text, 64 << 10)) {
    for (const auto& [name, value] : *object) {
      const std::string_view key(name.data(), name.size());
      (void)json::is_clean_text(json::text_or(*object, key));
      (void)json::integer_at(*object, key);
      (void)json::object_at(*object, key);
    }
    // What was read can be written and read again.
    if (!json::parse_object(boost::json::serialize(*object), 1 << 20)) std::abort();
  }
  const Now now{Instant::from_ms(1'000), WallTime::from_unix_ms(1'800'000'000'000)};
  (void)identity::claims_from_payload(text, "https://upcall.example", now.wall);
  if (auto contact = contact::from_snapshot(text, now, [](std::string_view) { return nullptr; })) {
    auto again = contact::from_snapshot(contact::to_snapshot(*contact, now, nullptr), now, [](std::string_view) { return nullptr; });
    if (!again || again->id != contact->id || again->attributes != contact->attributes) std::abort();
  }
  return 0;
}
