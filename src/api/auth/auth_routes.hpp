// The log-in: /oauth2/*, /.well-known/openid-configuration, /login, /logout, /account/*.
#pragma once

#include "api/auth/account_pages.hpp"
#include "api/auth/login_pages.hpp"
#include "api/common/openapi.hpp"

namespace upcall::api {

struct AuthRoutes {
  AuthRoutes(AuthorizationServer& server, service::PasswordMails& mails) : login{server, {}}, account{server, mails} {}
  LoginPages login;
  AccountPages account;
};

// `routes` must outlive the router.
void add_auth_routes(wire::Router& router, AuthRoutes& routes, OpenApi& openapi);

}  // namespace upcall::api
