#include "api/contacts/search_request.hpp"

#include <charconv>

#include "base/ids.hpp"
#include "base/wall_text.hpp"
#include "json/json.hpp"

namespace upcall::api {
namespace {

constexpr int kLimitMax = 100;
constexpr std::size_t kValueMax = 1024;
constexpr std::size_t kNameMax = 256;

auto wrong(std::string message) { return fail(ErrorCode::invalid_argument, std::move(message)); }

Result<void> take(ContactSearchRequest& out, std::optional<WallTime>& from, std::optional<WallTime>& until, bool& by_end, std::string_view name, const std::string& value) {
  contact::SearchFilter& f = out.filter;
  if (value.size() > kValueMax || !json::is_clean_text(value)) return wrong(std::string(name).substr(0, 64) + " must be a text of at most 1024 bytes.");
  if (name == "from" || name == "until") {
    const auto at = parse_iso8601(value);
    if (!at || at->unix_ms() < 0) return wrong(std::string(name) + " must be a time like 2026-11-22T08:00:00Z.");
    (name == "from" ? from : until) = *at;
  } else if (name == "time") {
    if (value != "initiated" && value != "ended") return wrong("time must be initiated or ended.");
    by_end = value == "ended";
  } else if (name == "contactId") {
    if (!is_uuid(value)) return wrong("contactId must be a contact's id.");
    f.contact_id = value;
  } else if (name == "agentId" || name == "queueId") {
    if (!is_uuid(value)) return wrong(std::string(name) + " must be an id.");
    (name == "agentId" ? f.agent_ids : f.queue_ids).push_back(value);
  } else if (name == "channel") {
    if (value != "chat" && value != "video") return wrong("channel must be chat or video.");
    f.video = value == "video";
  } else if (name == "recorded") {
    if (value != "true") return wrong("recorded must be true.");
    f.recorded = true;
  } else if (name == "outcome") {
    f.outcome = value;
  } else if (name == "customer") {
    f.customer = value;
  } else if (name == "text") {
    if (!value.empty()) f.texts.push_back({contact::SearchedText::Speaker::anybody, value});
  } else if (name == "attribute") {
    const std::size_t colon = value.find(':');
    if (colon == std::string::npos || colon == 0 || colon > kNameMax) return wrong("attribute must be name:value.");
    f.attributes.push_back({value.substr(0, colon), {value.substr(colon + 1)}});
  } else if (name == "pageSize") {
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), out.limit);
    if (error != std::errc() || end != value.data() + value.size() || out.limit < 1 || out.limit > kLimitMax) return wrong("pageSize must be 1 to 100.");
  } else {
    return wrong(std::string(name).substr(0, 64) + " is not a condition of this search.");
  }
  return {};
}

}  // namespace

Result<ContactSearchRequest> parse_contact_search(std::span<const std::pair<std::string, std::string>> query) {
  ContactSearchRequest out;
  std::optional<WallTime> from, until;
  bool by_end = false;
  std::string_view next;
  for (const auto& [name, value] : query) {
    if (name == "next") {
      next = value;
    } else if (auto taken = take(out, from, until, by_end, name, value); !taken) {
      return tl::unexpected(taken.error());
    }
  }
  if (from && until && *until <= *from) return wrong("until must be after from.");
  (by_end ? out.filter.ended_from : out.filter.started_from) = from;
  (by_end ? out.filter.ended_until : out.filter.started_until) = until;
  if (!next.empty()) {
    const auto token = contact::parse_search_token(next);
    if (!token || token->fingerprint != contact::search_fingerprint(out.filter, false)) return wrong("next is not of this search.");
    out.past = token->number;
  }
  return out;
}

}  // namespace upcall::api
