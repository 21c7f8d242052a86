// POST /api/routing/adhoc, the original's RoutingAPI: an agent who talks to a customer by phone makes a reference that
// brings the customer's chat to that very agent.
#pragma once

#include "api/centre/centre_api.hpp"
#include "api/common/openapi.hpp"

namespace upcall::api {

// `api` must outlive the router.
void add_routing_routes(wire::Router& router, CentreApi& api, OpenApi& openapi);

}  // namespace upcall::api
