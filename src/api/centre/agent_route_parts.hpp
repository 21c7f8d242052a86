// Private to the agent's routes: who may call them, and the words of what can be wrong. Include in .cpp only.
#pragma once

#include "api/centre/centre_api.hpp"
#include "api/common/responses.hpp"

namespace upcall::api {

// Runs `action` for an agent, or answers why not.
template <class F>
wire::HttpHandler as_agent(CentreApi& api, F action) {
  return [&api, action](const wire::HttpRequest& request) -> wire::HttpResponse {
    auto agent = api.authenticator.authorize(request);
    if (!agent) return failure(request, agent.error());
    if (agent->kind != identity::Principal::Kind::user) return failure(request, ErrorCode::forbidden, "Only a user can be an agent.");
    return action(api, request, *agent);
  };
}

inline wire::HttpResponse contact_failure(const wire::HttpRequest& request, const Error& error) {
  return failure(request, ApiError{error, error.code == ErrorCode::not_found  ? "no_such_contact"
                                          : error.code == ErrorCode::conflict ? "contact_state"
                                                                              : ""});
}

// Status, quick connects, transfers: part of add_agent_routes().
void add_transfer_routes(wire::Router& router, CentreApi& api, OpenApi& openapi);

void add_supervisor_routes(wire::Router& router, CentreApi& api, OpenApi& openapi);
void add_agent_connection_routes(wire::Router& router, CentreApi& api, OpenApi& openapi);
void add_agent_attachment_routes(wire::Router& router, CentreApi& api, OpenApi& openapi);

}  // namespace upcall::api
