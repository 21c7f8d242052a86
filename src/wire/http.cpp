#include "wire/http.hpp"

#include <algorithm>

#include "base/percent.hpp"

namespace upcall::wire {

namespace {

template <class Pairs>
std::optional<std::string_view> find(const Pairs& pairs, std::string_view name) {
  for (const auto& [key, value] : pairs) {
    if (key == name) return value;
  }
  return std::nullopt;
}

std::vector<std::string> split(std::string_view text, char at) {
  std::vector<std::string> out;
  std::size_t start = 0;
  while (start <= text.size()) {
    const std::size_t end = std::min(text.find(at, start), text.size());
    out.emplace_back(text.substr(start, end - start));
    start = end + 1;
  }
  return out;
}

}  // namespace

std::optional<std::string_view> HttpRequest::header(std::string_view lower_name) const { return find(headers, lower_name); }
std::optional<std::string_view> HttpRequest::query_value(std::string_view name) const { return find(query, name); }
std::string_view HttpRequest::route_value(std::string_view name) const {
  return find(route_values, name).value_or(std::string_view{});
}

std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_space) {
      out.push_back(' ');
    } else if (text[i] == '%') {
      if (i + 2 >= text.size()) return std::nullopt;
      const auto byte = from_hex(text.substr(i + 1, 2));
      if (!byte) return std::nullopt;
      out.push_back(static_cast<char>((*byte)[0]));
      i += 2;
    } else {
      out.push_back(text[i]);
    }
  }
  return out;
}

std::string percent_encode(std::string_view text) { return upcall::percent_encode(text); }

bool parse_target(HttpRequest& request) {
  const std::string_view target = request.target;
  if (target.empty() || target[0] != '/' || target.size() > 8192) return false;
  const std::size_t mark = target.find('?');
  request.path = std::string(target.substr(0, mark));
  request.segments.clear();
  request.query.clear();
  if (request.path != "/") {
    for (const std::string& raw : split(std::string_view(request.path).substr(1), '/')) {
      auto decoded = percent_decode(raw, false);
      if (!decoded || decoded->find('\0') != std::string::npos) return false;
      request.segments.push_back(std::move(*decoded));
    }
  }
  if (mark == std::string_view::npos) return true;
  for (const std::string& pair : split(target.substr(mark + 1), '&')) {
    if (pair.empty()) continue;
    const std::size_t equals = pair.find('=');
    auto name = percent_decode(std::string_view(pair).substr(0, equals), true);
    auto value = equals == std::string::npos ? std::optional<std::string>("")
                                             : percent_decode(std::string_view(pair).substr(equals + 1), true);
    if (!name || !value) return false;
    request.query.emplace_back(std::move(*name), std::move(*value));
  }
  return true;
}

std::string json_quote(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto b = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += {'\\', c};
    } else if (b < 0x20) {
      static constexpr char kHex[] = "0123456789abcdef";
      out += "\\u00";
      out += {kHex[b >> 4], kHex[b & 15]};
    } else {
      out.push_back(c);
    }
  }
  out.push_back('"');
  return out;
}

namespace {

// The stable word for programs and for pages that translate: routes of api name finer ones.
std::string_view status_code_word(int status) {
  switch (status) {
    case 400: return "bad_request";
    case 401: return "not_logged_in";
    case 403: return "forbidden";
    case 404: return "not_found";
    case 405: return "method_not_allowed";
    case 408: return "timed_out";
    case 409: return "conflict";
    case 410: return "gone";
    case 413: return "too_large";
    case 416: return "range_not_satisfiable";
    case 429: return "rate_limited";
    case 503: return "unavailable";
    default: return status >= 500 ? "internal" : "bad_request";
  }
}

}  // namespace

HttpResponse error_response(int status, std::string_view message, std::string_view request_id) {
  HttpResponse out;
  out.status = status;
  out.set("content-type", "application/json");
  out.body = "{\"message\":" + json_quote(message) + ",\"code\":" + json_quote(status_code_word(status)) +
             ",\"reqId\":" + json_quote(request_id) + "}";
  return out;
}

int http_status(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid_argument: return 400;
    case ErrorCode::unauthenticated: return 401;
    case ErrorCode::forbidden: return 403;
    case ErrorCode::not_found: return 404;
    case ErrorCode::conflict: return 409;
    case ErrorCode::gone: return 410;
    case ErrorCode::too_large: return 413;
    case ErrorCode::exhausted: return 429;
    case ErrorCode::unavailable: return 503;
    case ErrorCode::corrupt: return 500;
    case ErrorCode::internal: return 500;
  }
  return 500;
}

void Router::add(std::string method, std::string pattern, HttpHandler handler) {
  Route route{std::move(method), pattern, {}, std::move(handler), {}};
  if (pattern != "/") route.parts = split(std::string_view(pattern).substr(1), '/');
  routes_.push_back(std::move(route));
}

void Router::add_websocket(std::string pattern, WebSocketRoute websocket) {
  Route route{"WEBSOCKET", pattern, {}, {}, std::move(websocket)};
  if (pattern != "/") route.parts = split(std::string_view(pattern).substr(1), '/');
  routes_.push_back(std::move(route));
}

bool Router::match(const Route& route, HttpRequest& request) {
  std::vector<std::pair<std::string, std::string>> values;
  std::size_t at = 0;
  for (const std::string& part : route.parts) {
    if (part.size() > 5 && part.front() == '{' && part.ends_with("...}")) {
      std::string rest;
      for (; at < request.segments.size(); ++at) {
        if (!rest.empty()) rest.push_back('/');
        rest += request.segments[at];
      }
      values.emplace_back(part.substr(1, part.size() - 5), std::move(rest));
      request.route_values = std::move(values);
      request.route_pattern = route.pattern;
      return true;
    }
    if (at >= request.segments.size()) return false;
    if (part.size() > 2 && part.front() == '{' && part.back() == '}') {
      values.emplace_back(part.substr(1, part.size() - 2), request.segments[at]);
    } else if (part != request.segments[at]) {
      return false;
    }
    ++at;
  }
  if (at != request.segments.size()) return false;
  request.route_values = std::move(values);
  request.route_pattern = route.pattern;
  return true;
}

HttpResponse Router::dispatch(HttpRequest& request) const {
  HttpResponse response;
  const Route* chosen = nullptr;
  std::string allow;
  for (const Route& route : routes_) {
    if (!route.handler || !match(route, request)) continue;
    if (route.method == request.method || (request.method == "HEAD" && route.method == "GET")) {
      chosen = &route;
      break;
    }
    if (allow.find(route.method) == std::string::npos) allow += (allow.empty() ? "" : ", ") + route.method;
  }
  if (chosen != nullptr) {
    response = chosen->handler(request);
  } else if (!allow.empty()) {
    // The finisher turns a preflight OPTIONS into an answer; without one it stays a 405.
    response = error_response(405, "this method is not available here", request.request_id);
    response.set("allow", allow);
  } else {
    response = error_response(404, "nothing lives at this address", request.request_id);
  }
  finish(request, response);
  return response;
}

std::optional<WebSocketAnswer> Router::dispatch_websocket(HttpRequest& request,
                                                          const std::vector<std::string>& subprotocols) const {
  for (const Route& route : routes_) {
    if (!route.websocket || !match(route, request)) continue;
    WebSocketAnswer answer = route.websocket(request, subprotocols);
    if (!answer.handler) finish(request, answer.refusal);
    return answer;
  }
  return std::nullopt;
}

std::vector<std::pair<std::string, std::string>> Router::routes() const {
  std::vector<std::pair<std::string, std::string>> out;
  for (const Route& route : routes_) out.emplace_back(route.method, route.pattern);
  return out;
}

}  // namespace upcall::wire
