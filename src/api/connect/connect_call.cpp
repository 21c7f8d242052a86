#include "api/connect/connect_call.hpp"

#include <charconv>

#include "json/json.hpp"

namespace upcall::api {

namespace bj = boost::json;

tl::unexpected<ConnectFault> refuse_call(int status, std::string_view type, std::string message) {
  return tl::unexpected(ConnectFault{status, type, std::move(message)});
}
tl::unexpected<ConnectFault> invalid_parameter(std::string message) { return refuse_call(400, "InvalidParameterException", std::move(message)); }
tl::unexpected<ConnectFault> no_such(std::string_view what) {
  return refuse_call(404, "ResourceNotFoundException", "There is no such " + std::string(what) + ".");
}
tl::unexpected<ConnectFault> access_refused() {
  return refuse_call(403, "AccessDeniedException", "The key's permissions do not cover this operation.");
}

tl::unexpected<ConnectFault> fault_of(const Error& error) {
  switch (error.code) {
    case ErrorCode::invalid_argument:
    case ErrorCode::too_large: return invalid_parameter(error.message);
    case ErrorCode::not_found:
    case ErrorCode::gone: return refuse_call(404, "ResourceNotFoundException", error.message);
    case ErrorCode::unauthenticated:
    case ErrorCode::forbidden: return access_refused();
    case ErrorCode::conflict: return refuse_call(409, "DuplicateResourceException", error.message);
    case ErrorCode::exhausted: return refuse_call(429, "LimitExceededException", error.message);
    default: return refuse_call(500, "InternalServiceException", "Something went wrong on our side.");
  }
}

std::string ConnectCall::arn(std::string_view what) const {
  return "arn:aws:connect:local:000000000000:instance/" + instance_id + (what.empty() ? "" : "/" + std::string(what));
}

std::string ConnectCall::id(std::string_view name) const {
  const std::string_view given = request.route_value(name);
  const std::size_t slash = given.rfind('/');
  return std::string(given.starts_with("arn:") && slash != std::string_view::npos ? given.substr(slash + 1) : given);
}

Result<void, ConnectFault> ConnectCall::needs(identity::Permission permission) const {
  if (!caller.may(permission)) return access_refused();
  return {};
}

ConnectResult<std::string> ConnectCall::text(std::string_view name, std::size_t min_bytes, std::size_t max_bytes, bool required) const {
  const bj::value* value = body.if_contains(name);
  if (value == nullptr || value->is_null()) {
    if (required) return invalid_parameter(std::string(name) + " is required.");
    return std::string();
  }
  const auto text = json::text_at(body, name);
  if (!text) return invalid_parameter(std::string(name) + " must be a text.");
  if (text->size() < min_bytes || text->size() > max_bytes || !json::is_clean_text(*text)) {
    return invalid_parameter(std::string(name) + " must be a text of " + std::to_string(min_bytes) + " to " + std::to_string(max_bytes) + " bytes.");
  }
  return std::string(*text);
}

ConnectResult<std::vector<std::string>> ConnectCall::texts(std::string_view name, std::size_t max_count, bool required) const {
  std::vector<std::string> out;
  const bj::value* value = body.if_contains(name);
  if (value == nullptr || value->is_null()) {
    if (required) return invalid_parameter(std::string(name) + " is required.");
    return out;
  }
  if (!value->is_array() || value->get_array().size() > max_count || (required && value->get_array().empty())) {
    return invalid_parameter(std::string(name) + " must be a list of at most " + std::to_string(max_count) + " texts.");
  }
  for (const bj::value& item : value->get_array()) {
    if (!item.is_string() || item.get_string().size() > 1024 || !json::is_clean_text(item.get_string())) {
      return invalid_parameter(std::string(name) + " must hold texts only.");
    }
    out.emplace_back(item.get_string());
  }
  return out;
}

ConnectResult<std::optional<std::int64_t>> ConnectCall::number(std::string_view name, std::int64_t least, std::int64_t most) const {
  const bj::value* value = body.if_contains(name);
  if (value == nullptr || value->is_null()) return std::optional<std::int64_t>();
  const auto number = json::integer_at(body, name);
  if (!number || *number < least || *number > most) {
    return invalid_parameter(std::string(name) + " must be a whole number from " + std::to_string(least) + " to " + std::to_string(most) + ".");
  }
  return number;
}

ConnectAnswer listed(const ConnectCall& call, std::string_view name, std::vector<bj::object> all, std::size_t most) {
  auto page = page_of(call.request, all.size(), std::min<std::size_t>(100, most), most);
  if (!page) return tl::unexpected(page.error());
  bj::array list;
  for (std::size_t i = page->begin; i < page->end; ++i) list.push_back(std::move(all[i]));
  bj::object out{{name, std::move(list)}};
  if (!page->next_token.empty()) out["NextToken"] = page->next_token;
  return out;
}

ConnectResult<bj::value> administer(ConnectCall& call, identity::Permission permission, std::string_view command, const bj::object& arguments) {
  if (auto may = call.needs(permission); !may) return tl::unexpected(may.error());
  auto done = call.api.administer(command, arguments, call.caller.id);
  if (!done) return fault_of(done.error());
  return std::move(*done);
}

ConnectResult<ConnectPage> page_of(std::string_view next_token, std::size_t size, std::size_t count) {
  ConnectPage out;
  if (!next_token.empty()) {
    const auto [end, error] = std::from_chars(next_token.data(), next_token.data() + next_token.size(), out.begin);
    if (error != std::errc() || end != next_token.data() + next_token.size()) return invalid_parameter("NextToken is not one of ours.");
  }
  out.begin = std::min(out.begin, count);
  out.end = std::min(count, out.begin + size);
  if (out.end < count) out.next_token = std::to_string(out.end);
  return out;
}

ConnectResult<ConnectPage> page_of(const wire::HttpRequest& request, std::size_t count, std::size_t default_size, std::size_t most) {
  std::size_t size = default_size;
  if (const auto given = request.query_value("maxResults")) {
    const auto [end, error] = std::from_chars(given->data(), given->data() + given->size(), size);
    if (error != std::errc() || end != given->data() + given->size() || size < 1 || size > most) {
      return invalid_parameter("maxResults must be 1 to " + std::to_string(most) + ".");
    }
  }
  return page_of(request.query_value("nextToken").value_or(""), size, count);
}

double epoch_seconds(WallTime at) { return static_cast<double>(at.unix_ms()) / 1000; }

}  // namespace upcall::api
