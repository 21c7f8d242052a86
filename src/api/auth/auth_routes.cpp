#include "api/auth/auth_routes.hpp"

#include "api/common/responses.hpp"

namespace upcall::api {
namespace {

namespace bj = boost::json;

constexpr Operation kOperations[] = {
    {"POST", "/oauth2/token", "token", "Log in with a password, or refresh tokens (form body, RFC 6749 §4.3 and §6).", OperationAuth::none, "",
     R"({"type":"object","properties":{"access_token":{"type":"string"},"id_token":{"type":"string"},"refresh_token":{"type":"string"},"token_type":{"const":"Bearer"},"expires_in":{"type":"integer"}}})",
     "400 401 429", ""},
    {"GET", "/.well-known/openid-configuration", "openidConfiguration", "OpenID Connect discovery.", OperationAuth::none, "", R"({"type":"object"})", "", ""},
    {"GET", "/oauth2/jwks", "jwks", "The keys that sign tokens (RFC 7517).", OperationAuth::none, "", R"({"type":"object"})", "", ""},
};

// application/x-www-form-urlencoded; the first value of a name counts.
std::string form_value(std::string_view body, std::string_view name) {
  while (!body.empty()) {
    const std::size_t cut = body.find('&');
    const std::string_view pair = body.substr(0, cut);
    body.remove_prefix(cut == std::string_view::npos ? body.size() : cut + 1);
    const std::size_t equal = pair.find('=');
    if (equal == std::string_view::npos) continue;
    const auto key = wire::percent_decode(pair.substr(0, equal), true);
    if (!key || *key != name) continue;
    return wire::percent_decode(pair.substr(equal + 1), true).value_or("");
  }
  return {};
}

// RFC 6749 §5.2; the message is there for people and for clients of the rest of the API.
wire::HttpResponse oauth_error(const wire::HttpRequest& request, int status, std::string_view error, std::string_view word, std::string_view message) {
  auto response = json_response(
      status, bj::object{{"error", error}, {"error_description", message}, {"message", message}, {"code", word}, {"reqId", request.request_id}});
  if (status == 429) response.set("retry-after", "6");
  return response;
}

wire::HttpResponse token(Authenticator& authenticator, const wire::HttpRequest& request) {
  if (request.body.size() > 8192) return failure(request, ErrorCode::too_large, "the body is too large");
  const std::string grant = form_value(request.body, "grant_type");
  Result<TokenSet> tokens = fail(ErrorCode::invalid_argument, "");
  if (grant == "password") {
    const std::string username = form_value(request.body, "username");
    const std::string password = form_value(request.body, "password");
    if (username.empty() || password.empty()) return oauth_error(request, 400, "invalid_request", "missing_credentials", "username and password are needed");
    tokens = authenticator.log_in(username, password, request.peer_key, request.now);
  } else if (grant == "refresh_token") {
    const std::string refresh = form_value(request.body, "refresh_token");
    if (refresh.empty()) return oauth_error(request, 400, "invalid_request", "missing_credentials", "refresh_token is needed");
    tokens = authenticator.refresh(refresh, request.now);
  } else {
    return oauth_error(request, 400, "unsupported_grant_type", "unsupported_grant_type", "grant_type must be password or refresh_token");
  }
  if (!tokens) {
    const Error& error = tokens.error();
    // `forbidden`: the password or the refresh token was right, the user is shut out. Clients know invalid_grant with 401 for both.
    if (error.code == ErrorCode::forbidden) return oauth_error(request, 401, "invalid_grant", "user_disabled", error.message);
    if (error.code == ErrorCode::unauthenticated) {
      return oauth_error(request, 401, "invalid_grant", grant == "password" ? "invalid_credentials" : "session_expired", error.message);
    }
    if (error.code == ErrorCode::exhausted) return oauth_error(request, 429, "slow_down", "too_many_attempts", error.message);
    return failure(request, tokens.error());
  }
  return json_response(200, bj::object{{"access_token", tokens->access_token},
                                       {"id_token", tokens->id_token},
                                       {"refresh_token", tokens->refresh_token},
                                       {"token_type", "Bearer"},
                                       {"expires_in", tokens->expires_in_s}});
}

bj::value configuration(const std::string& issuer) {
  return bj::object{{"issuer", issuer},
                    {"token_endpoint", issuer + "/oauth2/token"},
                    {"jwks_uri", issuer + "/oauth2/jwks"},
                    {"grant_types_supported", {"password", "refresh_token"}},
                    {"response_types_supported", bj::array{}},
                    {"subject_types_supported", {"public"}},
                    {"id_token_signing_alg_values_supported", {"ES256"}},
                    {"scopes_supported", {"openid", "email", "profile"}},
                    {"token_endpoint_auth_methods_supported", {"none"}}};
}

}  // namespace

void add_auth_routes(wire::Router& router, Authenticator& authenticator, OpenApi& openapi) {
  openapi.add(kOperations);
  router.add("POST", "/oauth2/token", [&authenticator](const wire::HttpRequest& r) { return token(authenticator, r); });
  router.add("GET", "/.well-known/openid-configuration",
             [&authenticator](const wire::HttpRequest&) { return json_response(200, configuration(authenticator.issuer())); });
  router.add("GET", "/oauth2/jwks", [&authenticator](const wire::HttpRequest&) {
    wire::HttpResponse response;
    response.body = authenticator.jwks();
    response.set("content-type", "application/json");
    response.set("cache-control", "public, max-age=300");
    return response;
  });
}

}  // namespace upcall::api
