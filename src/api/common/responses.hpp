// The shapes in which the solution API answers: {"success","data","reqId"} and {"message","reqId"}. Include it in .cpp
// files only (Boost.JSON).
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
// The error's own status; a 5xx text is replaced by a general one, so that nothing internal leaves.
wire::HttpResponse failure(const wire::HttpRequest& request, const Error& error);
inline wire::HttpResponse failure(const wire::HttpRequest& request, ErrorCode code, std::string message) {
  return failure(request, Error{code, std::move(message)});
}

// The body as an object whatever content type it names (browsers send text/plain to avoid a preflight). 413 over
// kBodyMax, 400 otherwise.
Result<boost::json::object> body_object(const wire::HttpRequest& request);

// The vendor's error shape, for /aws: {"Message","__type"} with x-amzn-errortype.
wire::HttpResponse aws_failure(const wire::HttpRequest& request, int status, std::string_view type, std::string_view message);

}  // namespace upcall::api
