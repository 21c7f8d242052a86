#include "api/auth/account_pages.hpp"

#include "api/auth/html.hpp"
#include "io/store/login_repository.hpp"

namespace upcall::api {
namespace {

using Stop = service::LogInService::Stop;

wire::HttpResponse ask_password(const Browsing& b, const std::string& token, const std::string& trouble) {
  return b.show(b.t("Choose a password", "Passwort wählen"),
                html::error(trouble) + b.form("/account/password", html::hidden("token", token) +
                                                                       html::field({.name = "new_password", .label = b.t("New password", "Neues Passwort"), .type = "password", .autocomplete = "new-password",
                                                                                    .hint = b.t("At least 8 characters; not one that everybody uses.", "Mindestens 8 Zeichen; keines, das alle benutzen."), .focus = true}) +
                                                                       html::button(b.t("Save", "Speichern"))),
                trouble.empty() ? 200 : 400);
}

wire::HttpResponse link_over(const Browsing& b) {
  return b.show(b.t("This link is over", "Dieser Link gilt nicht mehr"),
                "<p>" + html::escape(b.t("It was used already, or it is too old.", "Er wurde schon benutzt oder ist zu alt.")) + " <a href=\"/account/forgotten\">" +
                    html::escape(b.t("Ask for another", "Einen neuen anfordern")) + "</a></p>",
                410);
}

// Who is logged in with this browser; nothing: the log-in comes first.
Result<std::string, wire::HttpResponse> who(const Browsing& b) {
  auto session = b.server.browser_session(html::cookie(b.request, html::cookie_name("upcall-log-in", b.secure)).value_or(""), b.request.now.wall);
  if (!session) return tl::unexpected(b.trouble(503, b.t("The service is not available at the moment.", "Der Dienst ist im Moment nicht erreichbar.")));
  if (!*session) return tl::unexpected(html::see_other("/login?return_to=" + wire::percent_encode(b.request.path)));
  return (*session)->user_id;
}

}  // namespace

wire::HttpResponse forgotten_page(AccountPages& pages, const wire::HttpRequest& request) {
  const Browsing b(pages.server, request);
  return b.show(b.t("Password forgotten", "Passwort vergessen"),
                b.form("/account/forgotten", html::field({.name = "username", .label = b.t("User name or e-mail", "Benutzername oder E-Mail"), .autocomplete = "username", .focus = true}) +
                                                 html::button(b.t("Send a link", "Link senden"))));
}

wire::HttpResponse forgotten_post(AccountPages& pages, const wire::HttpRequest& request) {
  const Browsing b(pages.server, request);
  auto form = b.own_form();
  if (!form) return form.error();
  // The same answer in every case, at once: whether there is an account is found out behind it.
  if (pages.asked.allow(std::to_string(request.peer_key), request.now.mono)) (void)pages.mails.forgotten(form->text("username").substr(0, 256), b.german);
  return b.show(b.t("Look into your mail", "Bitte ins Postfach sehen"),
                "<p>" + html::escape(b.t("If there is an account of this name, a link is on its way to its address. It works once, for an hour.",
                                         "Wenn es ein Konto dieses Namens gibt, ist ein Link an seine Adresse unterwegs. Er gilt einmal, eine Stunde lang.")) +
                    "</p>");
}

wire::HttpResponse password_page(AccountPages& pages, const wire::HttpRequest& request) {
  const Browsing b(pages.server, request);
  const std::string token(request.query_value("token").value_or(""));
  auto link = pages.server.store().read([&](store::Database& db) { return store::passwords::find_link(db, token, request.now.wall); });
  if (!link) return b.trouble(503, b.t("The service is not available at the moment.", "Der Dienst ist im Moment nicht erreichbar."));
  return *link ? ask_password(b, token, "") : link_over(b);
}

wire::HttpResponse password_post(AccountPages& pages, const wire::HttpRequest& request) {
  const Browsing b(pages.server, request);
  auto form = b.own_form();
  if (!form) return form.error();
  const std::string token = form->text("token");
  const WallTime now = request.now.wall;
  auto link = pages.server.store().read([&](store::Database& db) { return store::passwords::find_link(db, token, now); });
  if (!link) return b.trouble(503, "");
  if (!*link) return link_over(b);
  service::LogInService& log_ins = pages.server.authenticator().log_ins();
  // A password that is refused does not use the link up.
  if (const auto refused = log_ins.check_password((*link)->user_id, form->value("new_password").value_or("")); refused.stop == Stop::password_refused) {
    return ask_password(b, token, b.t(refused.message.c_str(), "Dieses Passwort ist zu kurz, zu bekannt, der eigene Name oder das alte. Bitte ein anderes wählen."));
  }
  auto used = pages.server.store().write([&](store::Database& db) { return store::passwords::use_link(db, token, now); });
  if (!used) return b.trouble(503, "");
  if (!*used) return link_over(b);
  const bool reset = (*used)->purpose == store::passwords::LinkPurpose::reset;
  const auto done = log_ins.set_password((*used)->user_id, form->value("new_password").value_or(""), now, reset ? "reset link" : "invitation");
  if (done.stop != Stop::none) return b.trouble(503, b.t("The service is not available at the moment.", "Der Dienst ist im Moment nicht erreichbar."));
  return b.show(b.t("The password is set", "Das Passwort ist gesetzt"), "<p><a href=\"/\">" + html::escape(b.t("Go on to the log-in", "Weiter zur Anmeldung")) + "</a></p>");
}

wire::HttpResponse second_factor_page(AccountPages& pages, const wire::HttpRequest& request) {
  const Browsing b(pages.server, request);
  const auto user = who(b);
  if (!user) return user.error();
  auto enrolment = pages.server.authenticator().log_ins().begin_enrolment(*user);
  if (!enrolment && enrolment.error().code == ErrorCode::conflict) {
    auto left = pages.server.store().read([&](store::Database& db) { return store::second_factors::recovery_codes_left(db, *user); });
    return b.show(b.t("Second factor", "Zweiter Faktor"), "<p>" + html::escape(b.t("It is set up. Recovery codes left: ", "Er ist eingerichtet. Übrige Ersatzcodes: ") + std::to_string(left.value_or(0))) + "</p>");
  }
  if (!enrolment) return b.trouble(503, b.t("The service is not available at the moment.", "Der Dienst ist im Moment nicht erreichbar."));
  return b.show(b.t("Set up a second factor", "Zweiten Faktor einrichten"), second_factor_body(b, *enrolment, "", "/account/second-factor", ""));
}

wire::HttpResponse second_factor_post(AccountPages& pages, const wire::HttpRequest& request) {
  const Browsing b(pages.server, request);
  auto form = b.own_form();
  if (!form) return form.error();
  const auto user = who(b);
  if (!user) return user.error();
  service::LogInService& log_ins = pages.server.authenticator().log_ins();
  auto codes = log_ins.confirm_enrolment(*user, form->value("code").value_or(""), request.now.wall);
  if (!codes) return html::see_other("/account/second-factor");
  if (*codes) return b.show(b.t("Recovery codes", "Ersatzcodes"), recovery_codes_body(b, **codes));
  auto enrolment = log_ins.begin_enrolment(*user);
  if (!enrolment) return html::see_other("/account/second-factor");
  return b.show(b.t("Set up a second factor", "Zweiten Faktor einrichten"),
                second_factor_body(b, *enrolment, "", "/account/second-factor", b.t("This code is not valid. Each works once.", "Dieser Code gilt nicht. Jeder gilt einmal.")), 400);
}

}  // namespace upcall::api
