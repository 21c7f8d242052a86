// Pages around an account: a forgotten password, the links of mails, an own second factor.
#pragma once

#include "api/auth/login_pages.hpp"
#include "api/common/rate_limiter.hpp"
#include "service/identity/password_mail.hpp"

namespace upcall::api {

struct AccountPages {
  AuthorizationServer& server;
  service::PasswordMails& mails;
  RateLimiter asked{1.0 / 60, 10};  // of one address
};

wire::HttpResponse forgotten_page(AccountPages& pages, const wire::HttpRequest& request);
wire::HttpResponse forgotten_post(AccountPages& pages, const wire::HttpRequest& request);
wire::HttpResponse password_page(AccountPages& pages, const wire::HttpRequest& request);
wire::HttpResponse password_post(AccountPages& pages, const wire::HttpRequest& request);
wire::HttpResponse second_factor_page(AccountPages& pages, const wire::HttpRequest& request);
wire::HttpResponse second_factor_post(AccountPages& pages, const wire::HttpRequest& request);

}  // namespace upcall::api
