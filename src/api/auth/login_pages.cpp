#include "api/auth/login_pages.hpp"

#include "api/auth/html.hpp"
#include "identity/redirect.hpp"

namespace upcall::api {
namespace {

using service::LogInService;
using Stop = LogInService::Stop;

constexpr std::string_view kSessionCookie = "upcall-log-in";

// The parameters of a query; nothing for one that stands twice.
struct Query {
  explicit Query(const std::vector<std::pair<std::string, std::string>>& with_pairs) : pairs(with_pairs) {}
  std::optional<std::string> operator()(std::string_view name) const {
    std::optional<std::string> out;
    for (const auto& [key, value] : pairs) {
      if (key != name) continue;
      if (out) return std::nullopt;
      out = value;
    }
    return out;
  }
  bool twice() const {
    for (std::size_t i = 0; i < pairs.size(); ++i) {
      for (std::size_t k = i + 1; k < pairs.size(); ++k) {
        if (pairs[i].first == pairs[k].first) return true;
      }
    }
    return false;
  }
  const std::vector<std::pair<std::string, std::string>>& pairs;
};

std::string with_query(const std::string& address, std::string_view query) {
  return address + (address.find('?') == std::string::npos ? "?" : "&") + std::string(query);
}

std::string error_redirect(const identity::AuthorizeRequest& r, std::string_view word, const std::string& issuer) {
  std::string query = "error=" + std::string(word) + "&iss=" + wire::percent_encode(issuer);
  if (!r.state.empty()) query += "&state=" + wire::percent_encode(r.state);
  return with_query(r.redirect_uri, query);
}

// The request with everything that may be trusted of it: checked again with every page of the log-in, because what a form
// carries along may have been changed. The error is a page for the person, or a redirect to the client.
Result<identity::AuthorizeRequest, wire::HttpResponse> checked(const Browsing& b, const std::vector<std::pair<std::string, std::string>>& pairs) {
  const Query query(pairs);
  identity::AuthorizeRequest r = identity::read_client(query);
  auto client = b.server.client(r.client_id, b.base);
  if (!client) return tl::unexpected(b.trouble(503, b.t("The service is not available at the moment.", "Der Dienst ist im Moment nicht erreichbar.")));
  // Nothing is sent to an address that was not registered.
  if (!*client) return tl::unexpected(b.trouble(400, b.t("The application is not known here.", "Diese Anwendung ist hier nicht bekannt.")));
  if (!identity::is_registered((*client)->redirect_uris, r.redirect_uri)) {
    return tl::unexpected(b.trouble(400, b.t("The application has named an address that is not registered for it.", "Die Anwendung hat eine Adresse genannt, die für sie nicht eingetragen ist.")));
  }
  const std::string_view word = query.twice() ? "invalid_request" : identity::read_rest(query, r);
  if (!word.empty()) return tl::unexpected(html::see_other(error_redirect(r, word, b.server.authenticator().issuer())));
  return r;
}

// The query as text, for the hidden field, and back.
std::string query_text(const wire::HttpRequest& request) {
  const std::size_t mark = request.target.find('?');
  return mark == std::string::npos ? "" : request.target.substr(mark + 1);
}

Result<identity::AuthorizeRequest, wire::HttpResponse> checked_text(const Browsing& b, const std::string& text) {
  const auto form = wire::Form::parse(text);
  if (!form) return tl::unexpected(b.trouble(400, b.t("The log-in cannot go on. Begin again in the application.", "Die Anmeldung kann nicht weitergehen. Bitte in der Anwendung neu beginnen.")));
  return checked(b, form->fields());
}

struct Carried {
  std::string authorize_query, return_to;
};
std::string carried_fields(const Carried& c) { return html::hidden("request", c.authorize_query) + html::hidden("return_to", c.return_to); }

wire::HttpResponse ask_password(LoginPages& pages, const Browsing& b, const Carried& c, const std::string& login, const std::string& trouble, const std::string& target, int status = 200) {
  std::string body = html::error(trouble);
  body += b.form("/login", carried_fields(c) +
                               html::field({.name = "username", .label = b.t("User name or e-mail", "Benutzername oder E-Mail"), .value = login, .autocomplete = "username", .focus = login.empty()}) +
                               html::field({.name = "password", .label = b.t("Password", "Passwort"), .type = "password", .autocomplete = "current-password", .focus = !login.empty()}) +
                               html::button(b.t("Log in", "Anmelden")));
  if (const FederationLink link = pages.federation ? pages.federation(c.authorize_query, c.return_to) : FederationLink{}; !link.address.empty()) {
    body += "<p class=\"or\"><a href=\"" + html::escape(link.address) + "\">" + html::escape(b.t("Log in with ", "Anmelden mit ") + link.name) + "</a></p>";
  }
  body += "<p><a href=\"/account/forgotten\">" + html::escape(b.t("Password forgotten?", "Passwort vergessen?")) + "</a></p>";
  return b.show(b.t("Log in", "Anmelden"), body, status, target);
}

std::string waiting(const Browsing& b, Duration wait) {
  const std::string minutes = std::to_string((wait.ms() + 59'999) / 60'000);
  return b.t("Too many failed log-ins. Please wait ", "Zu viele fehlgeschlagene Anmeldungen. Bitte warten: ") + minutes + b.t(" min.", " min.");
}

// The page of the step that comes next.
wire::HttpResponse next_step(const Browsing& b, const Carried& c, AuthorizationServer::Step step, Stop stop, const std::string& trouble, const std::string& target) {
  const std::string fields = carried_fields(c) + html::hidden("step", b.server.seal_step(step, b.browser, b.request.now.wall));
  const int status = trouble.empty() ? 200 : 400;
  if (stop == Stop::code_needed) {
    return b.show(b.t("Second factor", "Zweiter Faktor"),
                  html::error(trouble) + b.form("/login", fields + html::field({.name = "code", .label = b.t("Code of your app, or a recovery code", "Code der App oder ein Ersatzcode"), .autocomplete = "one-time-code", .focus = true}) +
                                                             html::button(b.t("Go on", "Weiter"))),
                  status, target);
  }
  if (stop == Stop::change_password) {
    return b.show(b.t("Choose a password", "Passwort wählen"),
                  html::error(trouble) + b.form("/login", fields + html::field({.name = "new_password", .label = b.t("New password", "Neues Passwort"), .type = "password", .autocomplete = "new-password",
                                                                               .hint = b.t("At least 8 characters; not one that everybody uses.", "Mindestens 8 Zeichen; keines, das alle benutzen."), .focus = true}) +
                                                             html::button(b.t("Go on", "Weiter"))),
                  status, target);
  }
  auto enrolment = b.server.authenticator().log_ins().begin_enrolment(step.user_id);
  if (!enrolment) return b.trouble(503, b.t("The service is not available at the moment.", "Der Dienst ist im Moment nicht erreichbar."));
  return b.show(b.t("Set up a second factor", "Zweiten Faktor einrichten"), second_factor_body(b, *enrolment, fields, "/login", trouble), status, target);
}

// Carries out the step that the form answers; nothing when it is done, otherwise the page that says what is wrong.
std::optional<wire::HttpResponse> take_step(const Browsing& b, const Carried& c, const wire::Form& form, AuthorizationServer::Step& step, const std::string& target) {
  LogInService& log_ins = b.server.authenticator().log_ins();
  const auto at = log_ins.next(step.user_id, step.code_proven);
  const std::string wrong_code = b.t("This code is not valid. Each works once.", "Dieser Code gilt nicht. Jeder gilt einmal.");
  if (at.stop == Stop::code_needed) {
    const auto outcome = log_ins.code(step.user_id, form.value("code").value_or(""), b.request.peer_key, b.request.now.wall);
    if (outcome.stop == Stop::too_many) return b.trouble(429, waiting(b, outcome.wait));
    if (outcome.stop != Stop::none) return next_step(b, c, step, Stop::code_needed, wrong_code, target);
    step.code_proven = true;
  } else if (at.stop == Stop::change_password) {
    const auto outcome = log_ins.set_password(step.user_id, form.value("new_password").value_or(""), b.request.now.wall, "first log-in");
    if (outcome.stop == Stop::password_refused) {
      return next_step(b, c, step, Stop::change_password, b.t(outcome.message.c_str(), "Dieses Passwort ist zu kurz, zu bekannt, der eigene Name oder das alte. Bitte ein anderes wählen."), target);
    }
    if (outcome.stop != Stop::none) return b.trouble(503, outcome.message);
  } else if (at.stop == Stop::enrolment_needed) {
    auto codes = log_ins.confirm_enrolment(step.user_id, form.value("code").value_or(""), b.request.now.wall);
    if (!codes) return b.trouble(409, b.t("The second factor is set up already. Log in again.", "Der zweite Faktor ist schon eingerichtet. Bitte neu anmelden."));
    if (!*codes) return next_step(b, c, step, Stop::enrolment_needed, wrong_code, target);
    step.code_proven = step.done = true;
    return b.show(b.t("Recovery codes", "Ersatzcodes"),
                  recovery_codes_body(b, **codes) + b.form("/login", carried_fields(c) + html::hidden("step", b.server.seal_step(step, b.browser, b.request.now.wall)) + html::button(b.t("Go on", "Weiter"))), 200, target);
  }
  return std::nullopt;
}

}  // namespace

wire::HttpResponse finish_log_in(const Browsing& b, const std::string& user_id, const std::string& authorize_query, const std::string& return_to) {
  auto session = b.server.begin_browser_session(user_id, b.request.now.wall);
  if (!session) return b.trouble(503, b.t("The service is not available at the moment.", "Der Dienst ist im Moment nicht erreichbar."));
  wire::HttpResponse out;
  if (!authorize_query.empty()) {
    const auto asked = checked_text(b, authorize_query);
    if (!asked) return asked.error();
    auto code = b.server.make_code(*asked, {user_id, b.request.now.wall}, b.request.now.wall);
    if (!code) return b.trouble(503, b.t("The service is not available at the moment.", "Der Dienst ist im Moment nicht erreichbar."));
    std::string query = "code=" + *code + "&iss=" + wire::percent_encode(b.server.authenticator().issuer());
    if (!asked->state.empty()) query += "&state=" + wire::percent_encode(asked->state);
    out = html::see_other(with_query(asked->redirect_uri, query));
  } else {
    out = html::see_other(identity::is_local_path(return_to) ? return_to : "/");
  }
  // Lax: it must come along when another of our apps sends the browser here.
  html::set_cookie(out, {std::string(kSessionCookie), *session, b.secure, false, 0});
  return out;
}

wire::HttpResponse proven_elsewhere(const Browsing& b, const std::string& user_id, const std::string& authorize_query, const std::string& return_to) {
  std::string target;
  if (!authorize_query.empty()) {
    const auto asked = checked_text(b, authorize_query);
    if (!asked) return asked.error();
    target = identity::origin_of(asked->redirect_uri);
  }
  const auto left = b.server.authenticator().log_ins().next(user_id);
  if (left.stop == Stop::code_needed || left.stop == Stop::enrolment_needed) return next_step(b, {authorize_query, return_to}, {user_id, false, false}, left.stop, "", target);
  if (left.stop == Stop::unavailable) return b.trouble(503, b.t("The service is not available at the moment.", "Der Dienst ist im Moment nicht erreichbar."));
  return finish_log_in(b, user_id, authorize_query, return_to);
}

wire::HttpResponse authorize(LoginPages& pages, const wire::HttpRequest& request) {
  const Browsing b(pages.server, request);
  const auto asked = checked(b, request.query);
  if (!asked) return asked.error();
  const auto cookie = html::cookie(request, html::cookie_name(kSessionCookie, b.secure));
  auto session = pages.server.browser_session(cookie.value_or(""), request.now.wall);
  if (!session) return b.trouble(503, b.t("The service is not available at the moment.", "Der Dienst ist im Moment nicht erreichbar."));
  bool logged_in = session->has_value() && !asked->prompt_login;
  if (logged_in && asked->max_age_s && request.now.wall - (*session)->authenticated > Duration::s(*asked->max_age_s)) logged_in = false;
  // A second factor that became required, or a password that was reset, is asked for before the next code.
  if (logged_in) logged_in = pages.server.authenticator().log_ins().next((*session)->user_id, true).stop == Stop::none;
  const std::string& issuer = pages.server.authenticator().issuer();
  if (logged_in) {
    auto code = pages.server.make_code(*asked, **session, request.now.wall);
    if (!code) return html::see_other(error_redirect(*asked, "temporarily_unavailable", issuer));
    std::string query = "code=" + *code + "&iss=" + wire::percent_encode(issuer);
    if (!asked->state.empty()) query += "&state=" + wire::percent_encode(asked->state);
    return html::see_other(with_query(asked->redirect_uri, query));
  }
  if (asked->prompt_none) return html::see_other(error_redirect(*asked, "login_required", issuer));
  const Carried carried{query_text(request), ""};
  if (!asked->identity_provider.empty() && pages.federation) {
    if (const FederationLink link = pages.federation(carried.authorize_query, ""); !link.address.empty()) return html::see_other(link.address);
  }
  return ask_password(pages, b, carried, asked->login_hint, "", identity::origin_of(asked->redirect_uri));
}

wire::HttpResponse login_page(LoginPages& pages, const wire::HttpRequest& request) {
  const Browsing b(pages.server, request);
  const std::string return_to(request.query_value("return_to").value_or("/"));
  return ask_password(pages, b, {"", identity::is_local_path(return_to) ? return_to : "/"}, "", "", "");
}

wire::HttpResponse login_post(LoginPages& pages, const wire::HttpRequest& request) {
  const Browsing b(pages.server, request);
  auto form = b.own_form();
  if (!form) return form.error();
  const Carried carried{form->text("request"), form->text("return_to")};
  std::string target;
  if (!carried.authorize_query.empty()) {
    const auto asked = checked_text(b, carried.authorize_query);
    if (!asked) return asked.error();
    target = identity::origin_of(asked->redirect_uri);
  }
  LogInService& log_ins = pages.server.authenticator().log_ins();
  AuthorizationServer::Step step;
  if (const auto sealed = form->value("step")) {
    auto opened = pages.server.open_step(*sealed, b.browser, request.now.wall);
    if (!opened) return ask_password(pages, b, carried, "", b.t("This took too long. Please log in again.", "Das hat zu lange gedauert. Bitte neu anmelden."), target, 400);
    step = *opened;
    if (!step.done) {
      if (auto page = take_step(b, carried, *form, step, target)) return std::move(*page);
    }
  } else {
    const std::string login = form->text("username");
    const auto outcome = log_ins.password(login, form->value("password").value_or(""), request.peer_key, request.now.wall);
    switch (outcome.stop) {
      case Stop::none: break;
      case Stop::too_many: return ask_password(pages, b, carried, login, waiting(b, outcome.wait), target, 429);
      case Stop::wrong: return ask_password(pages, b, carried, login, b.t("The user name or the password is wrong.", "Der Benutzername oder das Passwort ist falsch."), target, 401);
      case Stop::disabled: return ask_password(pages, b, carried, login, b.t("This user is disabled. Ask your administrator.", "Dieser Benutzer ist gesperrt. Bitte an die Administration wenden."), target, 403);
      default: return b.trouble(503, b.t("The service is not available at the moment.", "Der Dienst ist im Moment nicht erreichbar."));
    }
    step.user_id = outcome.user_id;
  }
  const auto left = log_ins.next(step.user_id, step.code_proven);
  if (left.stop == Stop::unavailable) return b.trouble(503, b.t("The service is not available at the moment.", "Der Dienst ist im Moment nicht erreichbar."));
  if (left.stop != Stop::none) return next_step(b, carried, step, left.stop, "", target);
  return finish_log_in(b, step.user_id, carried.authorize_query, carried.return_to);
}

}  // namespace upcall::api
