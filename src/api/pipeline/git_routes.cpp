#include "api/pipeline/git_routes.hpp"

#include "identity/basic_credentials.hpp"
#include "io/store/audit_repository.hpp"

namespace upcall::api {

namespace {

constexpr std::string_view kNobody = "You need the repository's user and password: upcall pipeline user show.\n";

wire::HttpResponse plain(int status, std::string_view text) {
  wire::HttpResponse out;
  out.status = status;
  out.set("content-type", "text/plain; charset=utf-8");
  out.body = text;
  return out;
}

wire::HttpResponse unauthorized(std::string_view text) {
  auto out = plain(401, text);
  out.set("www-authenticate", "Basic realm=\"Upcall pipeline\", charset=\"UTF-8\"");
  return out;
}

// The user's name, or the refusal.
tl::expected<std::string, wire::HttpResponse> allowed(GitApi& api, const wire::HttpRequest& request) {
  if (!api.private_transport) return tl::unexpected(plain(403, "The repository is served over TLS only.\n"));
  const auto header = request.header("authorization");
  if (!header) return tl::unexpected(unauthorized(kNobody));
  auto given = identity::parse_basic(*header);
  if (!given) return tl::unexpected(unauthorized(kNobody));
  const auto outcome = api.users.verify(given->user, given->password, request.peer_key, request.now.wall);
  using Verdict = service::GitUsers::Verdict;
  switch (outcome.verdict) {
    case Verdict::fine: return std::move(given->user);
    case Verdict::wrong: return tl::unexpected(unauthorized("User or password is wrong, or the user was revoked.\n"));
    case Verdict::too_many: {
      auto out = plain(429, "Too many failed tries; wait.\n");
      out.set("retry-after", std::to_string(outcome.wait.ms() / 1000 + 1));
      return tl::unexpected(std::move(out));
    }
    case Verdict::unavailable: break;
  }
  return tl::unexpected(plain(503, "The server cannot check the password now.\n"));
}

// "/NAME.git/info/refs" of the one repository there is; empty: not a request of the protocol.
std::string backend_path(GitApi& api, const wire::HttpRequest& request) {
  const auto settings = api.store.read([](store::Database& db) { return service::pipeline_settings(db); });
  if (!settings || settings->user.empty() || request.segments.size() < 3 || request.segments[1] != settings->repository + ".git") return {};
  std::string rest;
  for (std::size_t i = 2; i < request.segments.size(); ++i) rest += "/" + request.segments[i];
  const auto service = request.query_value("service").value_or("");
  const bool known = request.method == "GET" ? rest == "/info/refs" && (service == "git-upload-pack" || service == "git-receive-pack") : rest == "/git-upload-pack" || rest == "/git-receive-pack";
  return known ? "/" + request.segments[1] + rest : "";
}

wire::HttpResponse serve(GitApi& api, const wire::HttpRequest& request) {
  auto user = allowed(api, request);
  if (!user) return std::move(user.error());
  const std::string path = backend_path(api, request);
  if (path.empty()) return plain(404, "There is no such repository.\n");
  if (path.ends_with("/git-receive-pack")) {
    auto noted = api.store.write([&](store::Database& db) { return store::audit::add(db, {request.now.wall, *user, "pipeline.push", request.segments[1], ""}); });
    if (!noted) return plain(503, "The server cannot note the push in its audit log.\n");
  }
  return api.backend.serve(request, path, *user);
}

}  // namespace

void add_git_routes(wire::Router& router, GitApi& api) {
  for (const char* method : {"GET", "POST"}) {
    router.add(method, "/git/{rest...}", [&api](const wire::HttpRequest& request) { return serve(api, request); });
  }
}

wire::BodyGate git_body_gate(GitApi& api, const wire::HttpRequest& request) {
  wire::BodyGate out;
  auto user = allowed(api, request);
  if (!user) {
    out.refusal = std::move(user.error());
    return out;
  }
  if (backend_path(api, request).empty()) {
    out.refusal = plain(404, "There is no such repository.\n");
    return out;
  }
  auto sink = api.backend.spool();
  if (!sink) {
    out.refusal = plain(507, "The server has no room for the push.\n");
    return out;
  }
  out.max_bytes = api.push_max_bytes;
  out.sink = std::move(*sink);
  return out;
}

}  // namespace upcall::api
