// The log-in in the browser: GET /oauth2/authorize, /login, and the pages behind it.
#pragma once

#include <functional>
#include <string>

#include "api/auth/authorization.hpp"
#include "wire/form.hpp"

namespace upcall::api {

// Another provider, when one is configured: its button's text and where the button leads. Empty address: none.
struct FederationLink {
  std::string name, address;
};

// What each page needs of its request.
struct Browsing {
  Browsing(AuthorizationServer& with_server, const wire::HttpRequest& with_request);
  std::string t(const char* english, const char* german_text) const { return german ? german_text : english; }
  // The form's fields, when it comes from our own page of this browser; otherwise the refusal.
  Result<wire::Form, wire::HttpResponse> own_form() const;
  // A form with the browser's token in it; sets the cookie when there was none.
  std::string form(std::string_view action, const std::string& fields) const;
  wire::HttpResponse show(std::string title, std::string body, int status = 200, std::string redirects_to = {}) const;
  wire::HttpResponse trouble(int status, std::string text) const;

  AuthorizationServer& server;
  const wire::HttpRequest& request;
  std::string base;     // the origin by which the browser came
  bool secure;
  bool german;
  std::string browser;  // the cookie
  bool new_browser;
};

struct LoginPages {
  AuthorizationServer& server;
  std::function<FederationLink(const std::string& authorize_query, const std::string& return_to)> federation;
};

// Somebody who has proven everything: begins the browser's session and sends it on, to the client or to `return_to`.
wire::HttpResponse finish_log_in(const Browsing& b, const std::string& user_id, const std::string& authorize_query, const std::string& return_to);
// Somebody whom another provider has named: a second factor of ours is asked for all the same, a password is not.
wire::HttpResponse proven_elsewhere(const Browsing& b, const std::string& user_id, const std::string& authorize_query, const std::string& return_to);
std::string second_factor_body(const Browsing& b, const service::LogInService::Enrolment& enrolment, const std::string& fields, std::string_view action, std::string_view trouble);
std::string recovery_codes_body(const Browsing& b, const std::vector<std::string>& codes);

wire::HttpResponse authorize(LoginPages& pages, const wire::HttpRequest& request);
wire::HttpResponse login_page(LoginPages& pages, const wire::HttpRequest& request);
wire::HttpResponse login_post(LoginPages& pages, const wire::HttpRequest& request);

}  // namespace upcall::api
