// Bodies of the vendor's meetings interface: what is taken is within the model's limits, and what is kept of it is read back
// as it was.
// link: upcall_chime upcall_json
#include <cstdint>
#include <cstdlib>
#include <string>

#include "chime/fields.hpp"
#include "chime/requests.hpp"
#include "json/json.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace upcall;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto capabilities = wire::attendee_capabilities_from(text); capabilities && !text.empty() && wire::to_text(*capabilities) != text) std::abort();
  if (const auto id = chime::guid(text, "id")) {
    const auto again = chime::guid(*id, "id");
    if (!again || *again != *id) std::abort();
  }
  (void)chime::facts_from(text);
  const auto body = json::parse_object(text);
  if (!body) return 0;
  for (const bool with_attendees : {false, true}) {
    const auto request = chime::read_meeting_request(*body, with_attendees);
    if (!request) {
      if (request.error().kind != chime::FaultKind::bad_request || request.error().message.empty()) std::abort();
      continue;
    }
    if (request->client_request_token.size() < 2 || request->client_request_token.size() > 64 || chime::is_reserved(request->facts.external_meeting_id)) std::abort();
    if (request->tags.size() > chime::kTagsMax || request->attendees.size() > chime::kMeetingAttendeesMax) std::abort();
    if (with_attendees == request->attendees.empty()) std::abort();
    const auto back = chime::facts_from(boost::json::serialize(boost::json::object{{"chime", request->facts.to_json()}}));
    if (!back || back->to_json() != request->facts.to_json()) std::abort();
    for (const auto& attendee : request->attendees) {
      if (attendee.fault) continue;
      const auto given = chime::capabilities_for(request->facts.features, attendee.capabilities);
      if (given && wire::may_receive(given->content) && !wire::may_receive(given->video)) std::abort();
    }
  }
  (void)chime::read_attendee_list(*body, chime::kBatchMax);
  (void)chime::read_excluded(*body);
  (void)chime::read_tag_keys(*body);
  (void)chime::read_capabilities(*body, true);
  return 0;
}
