#include <algorithm>

#include "api/s3/s3_parts.hpp"
#include "s3/served_xml.hpp"

namespace upcall::api {

S3Fault access_denied() { return {403, "AccessDenied", "Access Denied"}; }
S3Fault no_such_key(const std::string& key) { return {404, "NoSuchKey", "The specified key does not exist.", {{"Key", key}}}; }
S3Fault not_implemented() { return {501, "NotImplemented", "A header or query you provided implies functionality that is not implemented."}; }

S3Fault internal_error(const Error& error) {
  if (error.code == ErrorCode::exhausted || error.code == ErrorCode::unavailable) {
    return {503, "ServiceUnavailable", "The service is not available at the moment. Please try again."};
  }
  return {500, "InternalError", "We encountered an internal error. Please try again."};
}

wire::HttpResponse s3_document(const wire::HttpRequest& request, std::string xml) {
  wire::HttpResponse out;
  out.set("content-type", "application/xml");
  out.set("x-amz-request-id", request.request_id);
  out.body = std::move(xml);
  return out;
}

wire::HttpResponse s3_failure(const wire::HttpRequest& request, const S3Fault& fault) {
  wire::HttpResponse out = s3_document(request, s3::error_xml(fault.code, fault.message, request.path, request.request_id, fault.extra));
  out.status = fault.status;
  if (fault.status == 405) out.set("allow", "GET, HEAD");
  if (fault.status == 503) out.set("retry-after", "1");
  return out;
}

std::optional<S3Query> s3_query(const wire::HttpRequest& request) {
  S3Query out;
  const std::size_t mark = request.target.find('?');
  if (mark == std::string::npos) return out;
  std::string_view rest = std::string_view(request.target).substr(mark + 1);
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('&'), rest.size());
    const std::string_view pair = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (pair.empty()) continue;
    const std::size_t equals = pair.find('=');
    auto name = wire::percent_decode(pair.substr(0, equals), false);
    auto value = equals == std::string_view::npos ? std::optional<std::string>("") : wire::percent_decode(pair.substr(equals + 1), false);
    if (!name || !value) return std::nullopt;
    out.emplace_back(std::move(*name), std::move(*value));
  }
  return out;
}

std::optional<std::string_view> query_value(const S3Query& query, std::string_view name) {
  for (const auto& [key, value] : query) {
    if (key == name) return value;
  }
  return std::nullopt;
}

}  // namespace upcall::api
