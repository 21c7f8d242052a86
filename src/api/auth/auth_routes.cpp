#include "api/auth/auth_routes.hpp"

#include "api/auth/html.hpp"
#include "api/common/responses.hpp"
#include "identity/redirect.hpp"
#include "wire/form.hpp"

namespace upcall::api {
namespace {

namespace bj = boost::json;

constexpr Operation kOperations[] = {
    {"POST", "/oauth2/token", "token", "Log in with a password (username, password, otp and new_password where they are asked for), exchange a code, or refresh tokens (form body, RFC 6749 §4.1.3, §4.3 and §6).",
     OperationAuth::none, "",
     R"({"type":"object","properties":{"access_token":{"type":"string"},"id_token":{"type":"string"},"refresh_token":{"type":"string"},"token_type":{"const":"Bearer"},"scope":{"type":"string"},"expires_in":{"type":"integer"}}})",
     "400 401 429", ""},
    {"GET", "/.well-known/openid-configuration", "openidConfiguration", "OpenID Connect discovery.", OperationAuth::none, "", R"({"type":"object"})", "", ""},
    {"GET", "/oauth2/jwks", "jwks", "The keys that sign tokens (RFC 7517).", OperationAuth::none, "", R"({"type":"object"})", "", ""},
    {"GET", "/oauth2/authorize", "authorize", "Log in by the page, for a registered client: code with PKCE S256 (OpenID Connect Core §3.1).", OperationAuth::none, "", "", "303 400",
     "client_id redirect_uri response_type code_challenge code_challenge_method"},
    {"GET", "/oauth2/userInfo", "userInfo", "Who the holder of an access token is (OpenID Connect Core §5.3).", OperationAuth::none, "", R"({"type":"object"})", "401", ""},
    {"POST", "/oauth2/userInfo", "postUserInfo", "The same.", OperationAuth::none, "", R"({"type":"object"})", "401", ""},
    {"POST", "/oauth2/revoke", "revoke", "End the session of a token (RFC 7009).", OperationAuth::none, "", "", "400", ""},
    {"GET", "/oauth2/logout", "endSession", "Log out (OpenID Connect RP-Initiated Logout), then to post_logout_redirect_uri when it is registered.", OperationAuth::none, "", "", "303", ""},
    {"GET", "/logout", "logout", "The same with the original's names: client_id, logout_uri.", OperationAuth::none, "", "", "303", ""},
    {"GET", "/oauth2/federate", "federate", "To the log-in of the other provider that is configured.", OperationAuth::none, "", "", "303 404 503", ""},
    {"GET", "/oauth2/callback", "federationCallback", "Where the other provider sends the browser back.", OperationAuth::none, "", "", "303 401 403 503", ""},
    {"GET", "/login", "loginPage", "The log-in page; return_to is a path on this server.", OperationAuth::none, "", "", "", ""},
    {"POST", "/login", "login", "One step of the log-in (its own form only).", OperationAuth::none, "", "", "303 400 401 403 429", ""},
    {"GET", "/account/forgotten", "forgottenPage", "Ask for a new password.", OperationAuth::none, "", "", "", ""},
    {"POST", "/account/forgotten", "forgotten", "The same answer whether there is an account or not.", OperationAuth::none, "", "", "403", ""},
    {"GET", "/account/password", "passwordPage", "Where a mail's link leads.", OperationAuth::none, "", "", "410", "token"},
    {"POST", "/account/password", "setPassword", "Choose a password, once a link.", OperationAuth::none, "", "", "400 403 410", ""},
    {"GET", "/account/second-factor", "secondFactorPage", "Set up an own second factor.", OperationAuth::none, "", "", "303", ""},
    {"POST", "/account/second-factor", "setUpSecondFactor", "With the first code of the app.", OperationAuth::none, "", "", "303 400 403", ""},
    {"GET", "/account/style.css", "accountStyle", "The look of these pages.", OperationAuth::none, "", "", "", ""},
};

// RFC 6749 §5.2; the message is there for people and for clients of the rest of the API.
wire::HttpResponse oauth_error(const wire::HttpRequest& request, int status, std::string_view error, std::string_view word, std::string_view message) {
  auto response = json_response(
      status, bj::object{{"error", error}, {"error_description", message}, {"message", message}, {"code", word}, {"reqId", request.request_id}});
  if (status == 429) response.set("retry-after", "6");
  return response;
}

wire::HttpResponse tokens_response(const TokenSet& tokens) {
  auto response = json_response(200, bj::object{{"access_token", tokens.access_token},
                                                {"id_token", tokens.id_token},
                                                {"refresh_token", tokens.refresh_token},
                                                {"token_type", "Bearer"},
                                                {"scope", "openid email profile"},
                                                {"expires_in", tokens.expires_in_s}});
  response.set("pragma", "no-cache");
  return response;
}

wire::HttpResponse log_in_fault(const wire::HttpRequest& request, const Authenticator::LogInFault& fault) {
  using Stop = service::LogInService::Stop;
  const std::string_view word = service::LogInService::to_string(fault.stop);
  if (fault.stop == Stop::unavailable) return failure(request, ErrorCode::unavailable, "");
  std::string_view text = fault.message;
  switch (fault.stop) {
    case Stop::wrong: text = "The user name or the password is wrong."; break;
    case Stop::disabled: text = "This user is disabled. Ask your administrator."; break;
    case Stop::too_many: text = "Too many failed log-ins. Please wait a little."; break;
    case Stop::change_password: text = "This password must be changed: send new_password too."; break;
    case Stop::code_needed: text = "A code of the second factor is needed: send it as otp."; break;
    case Stop::code_wrong: text = "This code is not valid."; break;
    case Stop::enrolment_needed: text = "A second factor must be set up first, on the log-in page."; break;
    default: break;
  }
  if (fault.stop == Stop::too_many) {
    auto response = oauth_error(request, 429, "slow_down", word, text);
    std::erase_if(response.headers, [](const auto& h) { return h.first == "retry-after"; });
    response.set("retry-after", std::to_string((fault.wait.ms() + 999) / 1000));
    return response;
  }
  const int status = fault.stop == Stop::password_refused ? 400 : 401;
  return oauth_error(request, status, "invalid_grant", word, text);
}

wire::HttpResponse by_password(Authenticator& authenticator, const wire::HttpRequest& request, const wire::Form& form) {
  const Authenticator::Credentials given{form.text("username"), form.text("password"), form.text("otp"), form.text("new_password")};
  if (given.login.empty() || given.password.empty()) return oauth_error(request, 400, "invalid_request", "missing_credentials", "username and password are needed");
  auto tokens = authenticator.log_in(given, request.peer_key, request.now);
  return tokens ? tokens_response(*tokens) : log_in_fault(request, tokens.error());
}

wire::HttpResponse by_refresh(Authenticator& authenticator, const wire::HttpRequest& request, const wire::Form& form) {
  const std::string refresh = form.text("refresh_token");
  if (refresh.empty()) return oauth_error(request, 400, "invalid_request", "missing_credentials", "refresh_token is needed");
  auto tokens = authenticator.refresh(refresh, form.value("client_id").value_or(identity::kClientId), request.now);
  if (tokens) return tokens_response(*tokens);
  // `forbidden`: the refresh token was right, the user is shut out. Clients know invalid_grant with 401 for both.
  if (tokens.error().code == ErrorCode::forbidden) return oauth_error(request, 401, "invalid_grant", "user_disabled", tokens.error().message);
  if (tokens.error().code == ErrorCode::unauthenticated) return oauth_error(request, 401, "invalid_grant", "session_expired", tokens.error().message);
  return failure(request, tokens.error());
}

wire::HttpResponse by_code(AuthorizationServer& server, const wire::HttpRequest& request, const wire::Form& form) {
  const AuthorizationServer::Exchange given{form.text("code"), form.text("client_id"), form.text("redirect_uri"), form.text("code_verifier")};
  if (given.code.empty() || given.client_id.empty() || given.redirect_uri.empty() || given.verifier.empty()) {
    return oauth_error(request, 400, "invalid_request", "bad_request", "code, client_id, redirect_uri and code_verifier are needed");
  }
  auto tokens = server.exchange(given, request.now);
  if (tokens) return tokens_response(*tokens);
  if (tokens.error().code == ErrorCode::unauthenticated || tokens.error().code == ErrorCode::forbidden) return oauth_error(request, 400, "invalid_grant", "invalid_grant", tokens.error().message);
  return failure(request, tokens.error());
}

wire::HttpResponse token(AuthorizationServer& server, const wire::HttpRequest& request) {
  Authenticator& authenticator = server.authenticator();
  if (request.body.size() > 8192) return failure(request, ErrorCode::too_large, "the body is too large");
  const auto form = wire::Form::parse(request.body);
  if (!form) return oauth_error(request, 400, "invalid_request", "bad_request", "the body is not a form, or a field stands twice in it");
  const std::string grant = form->text("grant_type");
  if (grant == "password") return by_password(authenticator, request, *form);
  if (grant == "refresh_token") return by_refresh(authenticator, request, *form);
  if (grant == "authorization_code") return by_code(server, request, *form);
  return oauth_error(request, 400, "unsupported_grant_type", "unsupported_grant_type", "grant_type must be authorization_code, refresh_token or password");
}

bj::value configuration(const std::string& issuer) {
  return bj::object{{"issuer", issuer},
                    {"authorization_endpoint", issuer + "/oauth2/authorize"},
                    {"token_endpoint", issuer + "/oauth2/token"},
                    {"userinfo_endpoint", issuer + "/oauth2/userInfo"},
                    {"revocation_endpoint", issuer + "/oauth2/revoke"},
                    {"end_session_endpoint", issuer + "/oauth2/logout"},
                    {"jwks_uri", issuer + "/oauth2/jwks"},
                    {"grant_types_supported", {"authorization_code", "refresh_token", "password"}},
                    {"response_types_supported", {"code"}},
                    {"response_modes_supported", {"query"}},
                    {"code_challenge_methods_supported", {"S256"}},
                    {"subject_types_supported", {"public"}},
                    {"id_token_signing_alg_values_supported", {"ES256"}},
                    {"scopes_supported", {"openid", "email", "profile"}},
                    {"claims_supported", {"sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "sid", "email", "email_verified", "name", "preferred_username", "cognito:username", "custom:connectUserId"}},
                    {"prompt_values_supported", {"none", "login"}},
                    {"authorization_response_iss_parameter_supported", true},
                    {"request_parameter_supported", false},
                    {"request_uri_parameter_supported", false},
                    {"token_endpoint_auth_methods_supported", {"none"}}};
}

wire::HttpResponse user_info(Authenticator& authenticator, const wire::HttpRequest& request) {
  constexpr std::string_view kBearer = "Bearer ";
  const auto header = request.header("authorization").value_or("");
  auto refused = [&] {
    auto out = failure(request, ErrorCode::unauthenticated, "You are not logged in.");
    std::erase_if(out.headers, [](const auto& h) { return h.first == "www-authenticate"; });
    out.set("www-authenticate", "Bearer error=\"invalid_token\"");
    return out;
  };
  if (!header.starts_with(kBearer)) return refused();
  auto who = authenticator.who_is(header.substr(kBearer.size()), request.now.wall);
  if (!who) return who.error().code == ErrorCode::unauthenticated ? refused() : failure(request, who.error());
  bj::object out{{"sub", who->principal.id},         {"username", who->principal.username}, {"preferred_username", who->principal.username},
                 {"email", who->principal.email},    {"email_verified", true},              {"name", who->principal.name}};
  if (who->onboarded) out["custom:connectUserId"] = who->principal.id;
  return json_response(200, out);
}

wire::HttpResponse revoke(Authenticator& authenticator, const wire::HttpRequest& request) {
  const auto form = wire::Form::parse(request.body);
  if (!form || form->text("token").empty()) return oauth_error(request, 400, "invalid_request", "bad_request", "token is needed");
  auto done = authenticator.revoke(form->text("token"), form->value("client_id").value_or(identity::kClientId), request.now);
  if (!done) return failure(request, done.error());
  return json_response(200, bj::object{});
}

// Both namings. The browser's own session ends in any case, the client's when its token is shown.
wire::HttpResponse log_out(AuthorizationServer& server, const wire::HttpRequest& request) {
  const Browsing b(server, request);
  const auto value = [&](std::string_view name) { return std::string(request.query_value(name).value_or("")); };
  const std::string hint = value("id_token_hint");
  const auto claims = hint.empty() ? std::nullopt : server.authenticator().hinted(hint, request.now.wall);
  std::string client_id = value("client_id");
  if (claims && (client_id.empty() || client_id == claims->client_id)) {
    client_id = claims->client_id;
    if (auto done = server.end_session(claims->session_id, request.now.wall); !done) return failure(request, done.error());
  }
  const std::string cookie = html::cookie(request, html::cookie_name("upcall-log-in", b.secure)).value_or("");
  if (auto done = server.end_browser_session(cookie); !done) return failure(request, done.error());
  const std::string asked = request.query_value("logout_uri") ? value("logout_uri") : value("post_logout_redirect_uri");
  auto client = server.client(client_id, b.base);
  if (!client) return failure(request, client.error());
  wire::HttpResponse out;
  if (!asked.empty() && *client && identity::is_registered((*client)->logout_uris, asked)) {
    const std::string state = value("state");
    out = html::see_other(asked + (state.empty() ? "" : (asked.find('?') == std::string::npos ? "?state=" : "&state=") + wire::percent_encode(state)));
  } else {
    out = b.show(b.t("Logged out", "Abgemeldet"), "<p><a href=\"/\">" + b.t("Log in again", "Wieder anmelden") + "</a></p>");
  }
  html::set_cookie(out, {"upcall-log-in", "", b.secure, false, -1});
  return out;
}

}  // namespace

void add_auth_routes(wire::Router& router, AuthRoutes& routes, OpenApi& openapi) {
  openapi.add(kOperations);
  AuthorizationServer& server = routes.login.server;
  Authenticator& authenticator = server.authenticator();
  router.add("POST", "/oauth2/token", [&server](const wire::HttpRequest& r) { return token(server, r); });
  router.add("GET", "/.well-known/openid-configuration",
             [&authenticator](const wire::HttpRequest&) { return json_response(200, configuration(authenticator.issuer())); });
  router.add("GET", "/oauth2/jwks", [&authenticator](const wire::HttpRequest&) {
    wire::HttpResponse response;
    response.body = authenticator.jwks();
    response.set("content-type", "application/json");
    response.set("cache-control", "public, max-age=300");
    return response;
  });
  router.add("GET", "/oauth2/authorize", [&routes](const wire::HttpRequest& r) { return authorize(routes.login, r); });
  for (const char* method : {"GET", "POST"}) router.add(method, "/oauth2/userInfo", [&authenticator](const wire::HttpRequest& r) { return user_info(authenticator, r); });
  router.add("POST", "/oauth2/revoke", [&authenticator](const wire::HttpRequest& r) { return revoke(authenticator, r); });
  for (const char* path : {"/oauth2/logout", "/logout"}) router.add("GET", path, [&server](const wire::HttpRequest& r) { return log_out(server, r); });
  router.add("GET", "/oauth2/federate", [&routes](const wire::HttpRequest& r) { return federate(routes.login.server, routes.federation, r); });
  router.add("GET", "/oauth2/callback", [&routes](const wire::HttpRequest& r) { return federation_callback(routes.login.server, routes.federation, r); });
  router.add("GET", "/login", [&routes](const wire::HttpRequest& r) { return login_page(routes.login, r); });
  router.add("POST", "/login", [&routes](const wire::HttpRequest& r) { return login_post(routes.login, r); });
  router.add("GET", "/account/forgotten", [&routes](const wire::HttpRequest& r) { return forgotten_page(routes.account, r); });
  router.add("POST", "/account/forgotten", [&routes](const wire::HttpRequest& r) { return forgotten_post(routes.account, r); });
  router.add("GET", "/account/password", [&routes](const wire::HttpRequest& r) { return password_page(routes.account, r); });
  router.add("POST", "/account/password", [&routes](const wire::HttpRequest& r) { return password_post(routes.account, r); });
  router.add("GET", "/account/second-factor", [&routes](const wire::HttpRequest& r) { return second_factor_page(routes.account, r); });
  router.add("POST", "/account/second-factor", [&routes](const wire::HttpRequest& r) { return second_factor_post(routes.account, r); });
  router.add("GET", "/account/style.css", [](const wire::HttpRequest&) {
    wire::HttpResponse response;
    response.body = std::string(html::stylesheet());
    response.set("content-type", "text/css; charset=utf-8");
    response.set("cache-control", "public, max-age=3600");
    return response;
  });
}

}  // namespace upcall::api
