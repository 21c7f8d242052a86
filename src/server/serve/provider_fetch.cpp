#include "server/serve/provider_fetch.hpp"

#include "io/net/http_client.hpp"

namespace upcall::server {

Result<std::string> fetch_from_provider(const service::FetchRequest& request) {
  net::HttpClientOptions options;
  options.timeout = Duration::s(5);
  options.max_body_bytes = 256 << 10;
  net::HttpClient client(options);
  net::HttpClientRequest out;
  out.url = request.url;
  out.total = Duration::s(10);
  out.headers.emplace_back("accept", "application/json");
  if (!request.authorization.empty()) out.headers.emplace_back("authorization", request.authorization);
  if (!request.form.empty()) {
    out.method = "POST";
    out.headers.emplace_back("content-type", "application/x-www-form-urlencoded");
    out.body = request.form;
  }
  auto answer = client.send(out);
  if (!answer) return fail(ErrorCode::unavailable, "the other provider did not answer");
  if (answer->status != 200) return fail(ErrorCode::unavailable, "the other provider answered with status " + std::to_string(answer->status));
  return std::move(answer->body);
}

}  // namespace upcall::server
