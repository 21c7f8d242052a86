#include "api/auth/federation_pages.hpp"

#include "api/auth/html.hpp"
#include "identity/redirect.hpp"

namespace upcall::api {
namespace {

constexpr std::string_view kCookie = "upcall-federation";

}  // namespace

FederationLink federation_link(service::Federation& federation, const std::string& authorize_query, const std::string& return_to) {
  const std::string name = federation.name();
  if (name.empty()) return {};
  return {name, authorize_query.empty() ? "/oauth2/federate?return_to=" + wire::percent_encode(return_to) : "/oauth2/federate?request=" + wire::percent_encode(authorize_query)};
}

wire::HttpResponse federate(AuthorizationServer& server, service::Federation& federation, const wire::HttpRequest& request) {
  const Browsing b(server, request);
  const std::string return_to(request.query_value("return_to").value_or("/"));
  auto begun = federation.begin(request.query_value("request").value_or(""), identity::is_local_path(return_to) ? return_to : "/", request.now.wall);
  if (!begun) return b.trouble(begun.error().code == ErrorCode::not_found ? 404 : 503, b.t("The other log-in cannot be reached at the moment.", "Die andere Anmeldung ist im Moment nicht erreichbar."));
  auto out = html::see_other(begun->address);
  // Lax: it must come along when the provider sends the browser back.
  html::set_cookie(out, {std::string(kCookie), begun->cookie, b.secure, false, 600});
  return out;
}

wire::HttpResponse federation_callback(AuthorizationServer& server, service::Federation& federation, const wire::HttpRequest& request) {
  const Browsing b(server, request);
  const auto value = [&](std::string_view name) { return std::string(request.query_value(name).value_or("")); };
  auto finished = federation.finish({value("state"), value("code"), value("iss"), html::cookie(request, html::cookie_name(kCookie, b.secure)).value_or("")}, request.now.wall);
  wire::HttpResponse out;
  if (!finished) {
    switch (finished.error().code) {
      case ErrorCode::forbidden: out = b.trouble(403, b.t("There is no account for you here. Ask your administrator.", "Für Sie gibt es hier kein Konto. Bitte an die Administration wenden.")); break;
      case ErrorCode::unauthenticated: out = b.trouble(401, b.t("The other log-in did not work. Please try again.", "Die andere Anmeldung hat nicht geklappt. Bitte noch einmal versuchen.")); break;
      default: out = b.trouble(503, b.t("The other log-in cannot be reached at the moment.", "Die andere Anmeldung ist im Moment nicht erreichbar."));
    }
  } else {
    out = proven_elsewhere(b, finished->user_id, finished->authorize_query, finished->return_to);
  }
  html::set_cookie(out, {std::string(kCookie), "", b.secure, false, -1});
  return out;
}

}  // namespace upcall::api
