#include "api/centre/centre_api.hpp"

#include "base/ids.hpp"

namespace upcall::api {
namespace {

constexpr std::size_t kTicketsMax = 100'000;

}  // namespace

std::string CentreApi::make_ticket(store::ParticipantRow participant, Instant now) {
  std::string ticket = make_token(random);
  std::lock_guard guard(tickets_mutex_);
  if (tickets_.size() >= kTicketsMax) std::erase_if(tickets_, [&](const auto& t) { return t.second.expires <= now; });
  tickets_.emplace(ticket, ParticipantTicket{std::move(participant), now + kTicketLife});
  return ticket;
}

std::optional<store::ParticipantRow> CentreApi::ticket(std::string_view text, Instant now) {
  std::lock_guard guard(tickets_mutex_);
  const auto found = tickets_.find(text);
  if (found == tickets_.end()) return std::nullopt;
  if (found->second.expires <= now) {
    tickets_.erase(found);
    return std::nullopt;
  }
  return found->second.participant;
}

bool CentreApi::may_send(const std::string& participant_id, std::string_view content_type, Instant now) {
  const bool receipt = content_type == contact::content::kDelivered || content_type == contact::content::kRead;
  return (receipt ? receipts : sends).allow(participant_id, now);
}

void add_openapi_route(wire::Router& router, const OpenApi& openapi, std::string public_url) {
  router.add("GET", "/api/openapi.json", [&openapi, url = std::move(public_url)](const wire::HttpRequest&) {
    wire::HttpResponse response;
    response.body = openapi.document(url);
    response.set("content-type", "application/json");
    return response;
  });
}

}  // namespace upcall::api
