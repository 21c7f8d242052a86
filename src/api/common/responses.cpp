#include "api/common/responses.hpp"

#include "json/json.hpp"

namespace upcall::api {

namespace bj = boost::json;

wire::HttpResponse json_response(int status, const bj::value& body) {
  wire::HttpResponse response;
  response.status = status;
  response.body = bj::serialize(body);
  response.set("content-type", "application/json");
  response.set("cache-control", "no-store");
  return response;
}

wire::HttpResponse success(const wire::HttpRequest& request, std::string_view text, bj::value data) {
  return json_response(200, bj::object{{"success", text}, {"data", std::move(data)}, {"reqId", request.request_id}});
}

wire::HttpResponse failure(const wire::HttpRequest& request, const ApiError& error) {
  const int status = wire::http_status(error.code);
  const std::string_view text = status == 503   ? "The service is not available at the moment."
                                : status >= 500 ? "Something went wrong on our side."
                                                : std::string_view(error.message);
  wire::HttpResponse response = wire::error_response(status, text, request.request_id);
  if (!error.word.empty() && status < 500) {
    response.body = bj::serialize(bj::object{{"message", text}, {"code", error.word}, {"reqId", request.request_id}});
  }
  if (status == 401) response.set("www-authenticate", "Bearer");
  if (status == 429) response.set("retry-after", "1");
  return response;
}

Result<bj::object> body_object(const wire::HttpRequest& request) {
  if (request.body.size() > kBodyMax) return fail(ErrorCode::too_large, "the body is larger than 64 KiB");
  auto object = json::parse_object(request.body, kBodyMax);
  if (!object) return fail(ErrorCode::invalid_argument, "the body is not a JSON object");
  return std::move(*object);
}

wire::HttpResponse aws_failure(const wire::HttpRequest& request, int status, std::string_view type, std::string_view message) {
  wire::HttpResponse response = json_response(status, bj::object{{"Message", message}, {"__type", type}});
  response.set("x-amzn-errortype", std::string(type));
  response.set("x-amzn-requestid", request.request_id);
  return response;
}

}  // namespace upcall::api
