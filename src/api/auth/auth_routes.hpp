// The log-in: /oauth2/*, /.well-known/openid-configuration, /login, /logout, /account/*.
#pragma once

#include "api/auth/account_pages.hpp"
#include "api/auth/federation_pages.hpp"
#include "api/auth/login_pages.hpp"
#include "api/common/openapi.hpp"

namespace upcall::api {

struct AuthRoutes {
  AuthRoutes(AuthorizationServer& server, service::PasswordMails& mails, service::Federation& with_federation)
      : login{server, [&with_federation](const std::string& query, const std::string& return_to) { return federation_link(with_federation, query, return_to); }},
        account{server, mails},
        federation(with_federation) {}
  LoginPages login;
  AccountPages account;
  service::Federation& federation;
};

// `routes` must outlive the router.
void add_auth_routes(wire::Router& router, AuthRoutes& routes, OpenApi& openapi);

}  // namespace upcall::api
