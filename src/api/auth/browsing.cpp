#include "api/auth/html.hpp"
#include "api/auth/login_pages.hpp"
#include "api/common/responses.hpp"
#include "io/qr/qr_svg.hpp"
#include "io/store/parameter_repository.hpp"

namespace upcall::api {
namespace {

constexpr std::string_view kFormCookie = "upcall-form";

}  // namespace

Browsing::Browsing(AuthorizationServer& with_server, const wire::HttpRequest& with_request)
    : server(with_server),
      request(with_request),
      base(base_url(with_request, with_server.authenticator().issuer())),
      secure(base.starts_with("https://")),
      german(html::wants_german(with_request)),
      browser(html::cookie(with_request, html::cookie_name(kFormCookie, secure)).value_or("")),
      new_browser(browser.size() < 32 || browser.size() > 64) {
  if (new_browser) browser = server.new_browser();
}

std::string Browsing::form(std::string_view action, const std::string& fields) const {
  return "<form method=\"post\" action=\"" + std::string(action) + "\">" + html::hidden("csrf", server.form_token(browser)) + fields + "</form>";
}

wire::HttpResponse Browsing::show(std::string title, std::string body, int status, std::string redirects_to) const {
  const auto approved = server.store().read([](store::Database& db) { return store::parameters::get_or(db, "approvedOrigins", ""); });
  auto out = html::page({std::move(title), std::move(body), german, status, std::move(redirects_to), approved ? *approved : ""});
  if (new_browser) html::set_cookie(out, {std::string(kFormCookie), browser, secure, true, 0});
  return out;
}

wire::HttpResponse Browsing::trouble(int status, std::string text) const {
  return show(t("This does not work", "Das geht nicht"), html::error(text), status);
}

Result<wire::Form, wire::HttpResponse> Browsing::own_form() const {
  auto form = wire::Form::parse(request.body);
  if (!form) return tl::unexpected(trouble(400, t("The form could not be read.", "Das Formular war nicht lesbar.")));
  // Both: a browser that sends no Origin still has the token, and a leaked token is of no use from another site.
  const auto origin = request.header("origin");
  if (new_browser || (origin && *origin != base) || !server.form_token_fits(browser, form->value("csrf").value_or(""))) {
    return tl::unexpected(trouble(403, t("This page has expired. Go back, load it again and try once more; cookies must be allowed.",
                                         "Diese Seite ist abgelaufen. Bitte zurückgehen, neu laden und noch einmal versuchen; Cookies müssen erlaubt sein.")));
  }
  return std::move(*form);
}

std::string second_factor_body(const Browsing& b, const service::LogInService::Enrolment& enrolment, const std::string& fields, std::string_view action, std::string_view trouble) {
  std::string picture;
  if (const auto svg = qr::qr_svg(enrolment.uri)) {
    picture = "<img class=\"qr\" alt=\"" + html::escape(b.t("QR code for the authenticator app; the key below says the same", "QR-Code für die Authenticator-App; der Schlüssel darunter sagt dasselbe")) +
              "\" src=\"data:image/svg+xml;base64," + to_base64(as_bytes(*svg)) + "\">";
  }
  return html::error(trouble) + "<p>" + html::escape(b.t("Scan this with an authenticator app, or type the key there. Then enter the code that it shows.",
                                                         "Mit einer Authenticator-App scannen oder den Schlüssel dort eingeben. Dann den Code eingeben, den sie zeigt.")) +
         "</p>" + picture + "<p><code>" + enrolment.secret_base32 + "</code></p>" +
         b.form(action, fields + html::field({.name = "code", .label = b.t("Code", "Code"), .autocomplete = "one-time-code", .focus = true}) + html::button(b.t("Set up", "Einrichten")));
}

std::string recovery_codes_body(const Browsing& b, const std::vector<std::string>& codes) {
  std::string list;
  for (const std::string& code : codes) list += code + "\n";
  return "<p>" + html::escape(b.t("Keep these codes where you find them without your phone. Each replaces one code of the app, once. They are shown only now.",
                                  "Diese Codes so aufbewahren, dass sie ohne das Telefon zu finden sind. Jeder ersetzt einmal einen Code der App. Sie werden nur jetzt gezeigt.")) +
         "</p><pre>" + list + "</pre>";
}

}  // namespace upcall::api
