// The shapes in which the solution API answers: {"success","data","reqId"} and {"message","code","reqId"}. Include it in
// .cpp files only (Boost.JSON).
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <string_view>

#include "wire/http.hpp"

namespace upcall::api {

inline constexpr std::size_t kBodyMax = 64 << 10;

wire::HttpResponse json_response(int status, const boost::json::value& body);
// 200 {"success": text, "data": …, "reqId": …}
wire::HttpResponse success(const wire::HttpRequest& request, std::string_view text, boost::json::value data);

// An error with the word that pages translate by ("no_such_meeting"): words are stable, texts are not. Any Error is one
// too; its word then follows from its status (wire::error_response).
struct ApiError {
  ErrorCode code = ErrorCode::internal;
  std::string message;
  std::string_view word;  // a literal; empty: by status

  ApiError(ErrorCode c, std::string m, std::string_view w = {}) : code(c), message(std::move(m)), word(w) {}
  ApiError(const Error& e, std::string_view w = {}) : code(e.code), message(e.message), word(w) {}  // NOLINT: implicit on purpose
};
inline tl::unexpected<ApiError> refuse(ErrorCode code, std::string_view word, std::string message) {
  return tl::unexpected<ApiError>(ApiError{code, std::move(message), word});
}

// The error's own status; a 5xx text is replaced by a general one, so that nothing internal leaves.
wire::HttpResponse failure(const wire::HttpRequest& request, const ApiError& error);
inline wire::HttpResponse failure(const wire::HttpRequest& request, ErrorCode code, std::string message) {
  return failure(request, ApiError{code, std::move(message)});
}
inline wire::HttpResponse failure(const wire::HttpRequest& request, ErrorCode code, std::string_view word, std::string message) {
  return failure(request, ApiError{code, std::move(message), word});
}

// The base of addresses that this client will follow: those by which it has reached us, or the public URL.
inline const std::string& base_url(const wire::HttpRequest& request, const std::string& public_url) {
  return request.own_origin.empty() ? public_url : request.own_origin;
}
// http → ws, https → wss
inline std::string socket_base_url(const wire::HttpRequest& request, const std::string& public_url) {
  return "ws" + base_url(request, public_url).substr(4);
}

// The body as an object whatever content type it names (browsers send text/plain to avoid a preflight). 413 over
// kBodyMax, 400 otherwise.
Result<boost::json::object> body_object(const wire::HttpRequest& request);

// The vendor's error shape, for /aws: {"Message","__type"} with x-amzn-errortype.
wire::HttpResponse aws_failure(const wire::HttpRequest& request, int status, std::string_view type, std::string_view message);

}  // namespace upcall::api
