// What the contact centre's routes share, and the functions that add them to a router. All references in CentreApi must
// outlive the router and every socket it made.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "api/auth/authenticator.hpp"
#include "api/centre/centre_service.hpp"
#include "api/common/openapi.hpp"
#include "api/common/rate_limiter.hpp"
#include "io/store/centre_repository.hpp"
#include "service/attachments/attachment_service.hpp"
#include "service/quality/call_quality.hpp"

namespace upcall::api {

struct CentreApiOptions {
  std::string public_url;     // scheme://host[:port], no slash at its end
  bool demo_routing = false;  // take the agent from the typed e-mail
};

struct ParticipantTicket {
  store::ParticipantRow participant;
  Instant expires;
};

class CentreApi {
 public:
  CentreApi(CentreService& with_service, store::Store& with_store, Authenticator& with_authenticator, RandomSource& with_random,
            CentreApiOptions with_options)
      : service(with_service), store(with_store), authenticator(with_authenticator), random(with_random), options(std::move(with_options)) {}

  CentreService& service;
  store::Store& store;
  Authenticator& authenticator;
  RandomSource& random;
  const CentreApiOptions options;
  // Files in chats; nothing: they are not taken. Set before the first request, outlives the router.
  service::AttachmentService* attachments = nullptr;
  // How calls are now; nothing: not known. As attachments.
  service::CallQuality* quality = nullptr;

  RateLimiter starts{0.5, 20};         // chats of one peer
  RateLimiter sends{10, 30};           // items of one participant
  RateLimiter receipts{10, 30};        // receipts of one participant: those for messages must not cost it its own
  bool may_send(const std::string& participant_id, std::string_view content_type, Instant now);
  RateLimiter connections{2, 20};      // token look-ups of one peer that failed
  RateLimiter references{1.0 / 30, 10};   // references of one peer that were wrong
  RateLimiter references_made{0.5, 20};   // by one agent

  // The credential inside a socket's address: good for 100 s, any number of times (clients retry with it).
  std::string make_ticket(store::ParticipantRow participant, Instant now);
  std::optional<store::ParticipantRow> ticket(std::string_view text, Instant now);

 private:
  std::mutex tickets_mutex_;
  std::map<std::string, ParticipantTicket, std::less<>> tickets_;
};

inline constexpr Duration kTicketLife = Duration::s(100);

// POST /api/chat/start
void add_chat_routes(wire::Router& router, CentreApi& api, OpenApi& openapi);
// Tells a chat what became of its attachment: for AttachmentService::start().
void tell_scanned(CentreApi& api, const store::AttachmentRow& row);
// /aws/participant/participant/* and the socket /aws/participant/socket
void add_participant_routes(wire::Router& router, CentreApi& api);
// /api/agent/* and the socket /api/agent/events
void add_agent_routes(wire::Router& router, CentreApi& api, OpenApi& openapi);
// GET /api/openapi.json; `openapi` is complete when the first request comes.
void add_openapi_route(wire::Router& router, const OpenApi& openapi, std::string public_url);

}  // namespace upcall::api
