// The original's ConnectAPI: onboarding (the user id becomes a claim) and the user cache. GET /api/connect/user is ours:
// what the pages' waiting view needs to know, in one answer.
#pragma once

#include "api/auth/authenticator.hpp"
#include "api/common/openapi.hpp"

namespace upcall::api {

// References must outlive the router.
void add_connect_user_routes(wire::Router& router, store::Store& store, Authenticator& authenticator, OpenApi& openapi);

}  // namespace upcall::api
