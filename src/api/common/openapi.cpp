#include "api/common/openapi.hpp"

#include "base/invariant.hpp"
#include "json/json.hpp"

namespace upcall::api {
namespace {

namespace bj = boost::json;

bj::value schema_of(std::string_view text) {
  auto value = json::parse(text);
  UPCALL_INVARIANT(value.has_value(), "an operation's schema is not JSON");
  return std::move(*value);
}

std::string_view status_text(std::string_view status) {
  if (status == "400") return "The request is wrong.";
  if (status == "401") return "Not logged in.";
  if (status == "403") return "Not allowed.";
  if (status == "404") return "Not there.";
  if (status == "409") return "Against the present state.";
  if (status == "410") return "It has ended.";
  if (status == "413") return "Too large.";
  if (status == "429") return "Too many requests.";
  return "An error.";
}

std::vector<std::string_view> words(std::string_view text) {
  std::vector<std::string_view> out;
  while (!text.empty()) {
    const std::size_t cut = text.find(' ');
    if (cut != 0) out.push_back(text.substr(0, cut));
    text.remove_prefix(cut == std::string_view::npos ? text.size() : cut + 1);
  }
  return out;
}

bj::object parameter(std::string_view name, std::string_view where) {
  return {{"name", name}, {"in", where}, {"required", true}, {"schema", {{"type", "string"}}}};
}

bj::object describe(const Operation& op) {
  bj::object out{{"operationId", op.id}, {"summary", op.summary}};
  bj::array parameters;
  for (std::size_t at = op.path.find('{'); at != std::string_view::npos; at = op.path.find('{', at + 1)) {
    parameters.push_back(parameter(op.path.substr(at + 1, op.path.find('}', at) - at - 1), "path"));
  }
  for (const std::string_view name : words(op.query)) parameters.push_back(parameter(name, "query"));
  if (!parameters.empty()) out["parameters"] = std::move(parameters);
  if (!op.request_schema.empty()) {
    out["requestBody"] = bj::object{{"required", true}, {"content", {{"application/json", {{"schema", schema_of(op.request_schema)}}}}}};
  }
  bj::object ok{{"description", "Done."}};
  if (!op.response_schema.empty()) ok["content"] = bj::object{{"application/json", {{"schema", schema_of(op.response_schema)}}}};
  bj::object responses{{"200", std::move(ok)}};
  for (const std::string_view status : words(op.statuses)) {
    responses[status] = bj::object{{"description", status_text(status)},
                                   {"content", {{"application/json", {{"schema", {{"$ref", "#/components/schemas/Error"}}}}}}}};
  }
  out["responses"] = std::move(responses);
  if (op.auth != OperationAuth::none) {
    bj::array any;
    if (op.auth == OperationAuth::staff) {
      any = {bj::object{{"bearer", bj::array{}}}, bj::object{{"sigv4", bj::array{}}}};
    } else {
      any = {bj::object{{"participant", bj::array{}}}};
    }
    out["security"] = std::move(any);
  }
  return out;
}

}  // namespace

std::string OpenApi::document(std::string_view server_url) const {
  bj::object paths;
  for (const Operation& op : operations_) {
    std::string method;
    for (const char c : op.method) method += static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    bj::value& path = paths[op.path];
    if (!path.is_object()) path = bj::object{};
    path.get_object()[method] = describe(op);
  }
  bj::object components{
      {"schemas",
       {{"Error", {{"type", "object"}, {"properties",
                   {{"message", {{"type", "string"}}},
                    {"code", {{"type", "string"}, {"description", "A stable word, for example not_logged_in."}}},
                    {"reqId", {{"type", "string"}}}}}}}}},
      {"securitySchemes",
       {{"bearer", {{"type", "http"}, {"scheme", "bearer"}, {"bearerFormat", "JWT"}}},
        {"sigv4", {{"type", "apiKey"}, {"in", "header"}, {"name", "Authorization"}, {"description", "AWS4-HMAC-SHA256 with an access key"}}},
        {"participant", {{"type", "http"}, {"scheme", "bearer"}, {"description", "the chat's ParticipantToken"}}}}}};
  return bj::serialize(bj::object{{"openapi", "3.1.0"},
                                  {"info", {{"title", "Upcall"}, {"version", UPCALL_VERSION}}},
                                  {"servers", bj::array{bj::object{{"url", server_url}}}},
                                  {"paths", std::move(paths)},
                                  {"components", std::move(components)}});
}

}  // namespace upcall::api
