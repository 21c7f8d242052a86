// POST /oauth2/token (grant types password and refresh_token), GET /.well-known/openid-configuration, GET /oauth2/jwks.
#pragma once

#include "api/auth/authenticator.hpp"
#include "api/common/openapi.hpp"

namespace upcall::api {

// `authenticator` must outlive the router.
void add_auth_routes(wire::Router& router, Authenticator& authenticator, OpenApi& openapi);

}  // namespace upcall::api
