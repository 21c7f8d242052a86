// Addresses of webhooks and stores, as people type them. What was taken can be written down and read as the same again.
// link: upcall_wire
#include <cstdint>
#include <cstdlib>
#include <string>

#include "wire/url.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace upcall;
  const auto url = wire::parse_url(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!url) return 0;
  if (url->host.empty() || url->port == 0 || url->target.empty() || url->target[0] != '/') std::abort();
  for (const std::string* part : {&url->host, &url->target}) {
    for (const char c : *part) {
      if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7f) std::abort();
    }
  }
  const auto again = wire::parse_url((url->tls ? "https://" : "http://") + url->authority() + url->target);
  if (!again || again->host != url->host || again->port != url->port || again->target != url->target) std::abort();
  return 0;
}
