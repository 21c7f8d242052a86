#include "api/auth/html.hpp"

#include "identity/origins.hpp"

namespace upcall::api::html {

std::string escape(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default: out += c;
    }
  }
  return out;
}

bool wants_german(const wire::HttpRequest& request) { return request.header("accept-language").value_or("").starts_with("de"); }

std::string field(const Field& f) {
  std::string out = "<div class=\"field\"><label for=\"" + f.name + "\">" + escape(f.label) + "</label>";
  if (!f.hint.empty()) out += "<p class=\"hint\" id=\"" + f.name + "-hint\">" + escape(f.hint) + "</p>";
  out += "<input id=\"" + f.name + "\" name=\"" + f.name + "\" type=\"" + f.type + "\" required";
  if (!f.value.empty()) out += " value=\"" + escape(f.value) + "\"";
  if (!f.autocomplete.empty()) out += " autocomplete=\"" + f.autocomplete + "\"";
  if (!f.hint.empty()) out += " aria-describedby=\"" + f.name + "-hint\"";
  if (f.autocomplete == "one-time-code") out += " inputmode=\"text\" autocapitalize=\"characters\" spellcheck=\"false\"";
  if (f.focus) out += " autofocus";
  return out + "></div>";
}

std::string hidden(std::string_view name, std::string_view value) {
  return "<input type=\"hidden\" name=\"" + std::string(name) + "\" value=\"" + escape(value) + "\">";
}

std::string error(std::string_view text) { return text.empty() ? "" : "<p class=\"error\" role=\"alert\">" + escape(text) + "</p>"; }

std::string button(std::string_view label) { return "<button type=\"submit\">" + escape(label) + "</button>"; }

wire::HttpResponse page(const Page& p) {
  wire::HttpResponse out;
  out.status = p.status;
  out.set("content-type", "text/html; charset=utf-8");
  out.set("cache-control", "no-store");
  // With no-referrer a form's Origin would be "null", and could not be checked.
  out.set("referrer-policy", "same-origin");
  out.set("content-security-policy", "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'" + (p.redirects_to.empty() ? "" : " " + p.redirects_to) +
                                         "; base-uri 'none'; frame-ancestors " + identity::frame_ancestors(p.approved));
  out.body = "<!doctype html><html lang=\"" + std::string(p.german ? "de" : "en") + "\"><head><meta charset=\"utf-8\">" +
             "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>" + escape(p.title) +
             " - Upcall</title><link rel=\"stylesheet\" href=\"/account/style.css\"></head><body><main><h1>" + escape(p.title) + "</h1>" + p.body + "</main></body></html>";
  return out;
}

std::string_view stylesheet() {
  return R"(:root{color-scheme:light dark;--ground:#f4f6f8;--card:#fff;--text:#16202a;--soft:#4a5866;--line:#7b8894;--accent:#0b5cad;--on:#fff;--bad:#a3161b}
@media (prefers-color-scheme:dark){:root{--ground:#10161c;--card:#1a232c;--text:#eef2f6;--soft:#b3c0cc;--line:#8291a0;--accent:#7ab8ff;--on:#06203c;--bad:#ff9d9d}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:grid;place-items:center;background:var(--ground);color:var(--text);font:16px/1.5 system-ui,sans-serif}
main{width:min(26rem,100%);padding:2rem;background:var(--card);border-radius:12px}
h1{margin:0 0 1rem;font-size:1.5rem}
.field{margin:0 0 1rem}
label{display:block;font-weight:600}
.hint{margin:.1rem 0 .3rem;color:var(--soft);font-size:.9rem}
input:not([type=hidden]){width:100%;min-height:44px;padding:.5rem .75rem;font:inherit;color:inherit;background:transparent;border:1px solid var(--line);border-radius:8px}
button{width:100%;min-height:44px;font:inherit;font-weight:600;color:var(--on);background:var(--accent);border:0;border-radius:8px;cursor:pointer}
a{color:var(--accent)}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
.error{padding:.75rem;border:1px solid var(--bad);border-radius:8px;color:var(--bad)}
.qr{display:block;width:14rem;max-width:100%;margin:0 auto 1rem;background:#fff;border-radius:8px}
code,pre{font:1rem/1.6 ui-monospace,monospace;overflow-wrap:anywhere;white-space:pre-wrap}
.or{margin:1rem 0;text-align:center}
)";
}

wire::HttpResponse see_other(std::string location) {
  wire::HttpResponse out;
  out.status = 303;
  out.set("location", std::move(location));
  out.set("cache-control", "no-store");
  return out;
}

std::optional<std::string> cookie(const wire::HttpRequest& request, std::string_view name) {
  for (const auto& [key, value] : request.headers) {
    if (key != "cookie") continue;
    std::string_view rest = value;
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find(';'), rest.size());
      std::string_view pair = rest.substr(0, end);
      rest.remove_prefix(std::min(rest.size(), end + 1));
      while (pair.starts_with(' ')) pair.remove_prefix(1);
      if (pair.size() > name.size() && pair.starts_with(name) && pair[name.size()] == '=') return std::string(pair.substr(name.size() + 1));
    }
  }
  return std::nullopt;
}

std::string cookie_name(std::string_view name, bool secure) { return (secure ? "__Host-" : "") + std::string(name); }

void set_cookie(wire::HttpResponse& response, const Cookie& c) {
  std::string text = cookie_name(c.name, c.secure) + "=" + c.value + "; Path=/; HttpOnly; SameSite=" + (c.strict ? "Strict" : "Lax");
  if (c.secure) text += "; Secure";
  if (c.max_age_s != 0) text += "; Max-Age=" + std::to_string(c.max_age_s < 0 ? 0 : c.max_age_s);
  response.set("set-cookie", std::move(text));
}

}  // namespace upcall::api::html
