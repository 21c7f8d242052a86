// The pages of the log-in, made on the server: no script, so that they work everywhere and nothing can be run in them.
// Labels belong to their fields, errors are announced and focused, both themes, English and German (WCAG 2.2 AA).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wire/http.hpp"

namespace upcall::api::html {

// For text and for attribute values in double quotes.
std::string escape(std::string_view text);

bool wants_german(const wire::HttpRequest& request);

struct Field {
  std::string name, label, value;
  std::string type = "text";
  std::string autocomplete;
  std::string hint;
  bool focus = false;
};
std::string field(const Field& field);
std::string hidden(std::string_view name, std::string_view value);
std::string error(std::string_view text);  // announced; empty for no text
std::string button(std::string_view label);

struct Page {
  std::string title;
  std::string body;             // HTML
  bool german = false;
  int status = 200;
  std::string redirects_to;     // an origin that a form of this page may lead to
  std::string approved;         // origins that may show it in a frame, joined by commas
};
wire::HttpResponse page(const Page& page);
std::string_view stylesheet();

wire::HttpResponse see_other(std::string location);

// The value of a cookie of the request.
std::optional<std::string> cookie(const wire::HttpRequest& request, std::string_view name);
// __Host- and Secure on https. max_age_s 0: until the browser ends; negative: remove it.
struct Cookie {
  std::string name, value;
  bool secure = true;
  bool strict = true;  // SameSite=Strict, otherwise Lax
  std::int64_t max_age_s = 0;
};
void set_cookie(wire::HttpResponse& response, const Cookie& cookie);
std::string cookie_name(std::string_view name, bool secure);

}  // namespace upcall::api::html
