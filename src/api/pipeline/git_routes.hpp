// /git/{repository}.git: the pipeline's repository for git clients. The credential is the repository's own user by HTTP Basic;
// a staff token opens nothing here.
#pragma once

#include "io/git/git_backend.hpp"
#include "service/pipeline/git_user.hpp"
#include "wire/http.hpp"

namespace upcall::api {

inline constexpr std::string_view kGitPrefix = "/git/";

struct GitApi {
  store::Store& store;
  service::GitUsers& users;
  git::Backend& backend;
  // TLS, or nobody but this host can connect (a proxy in front): otherwise passwords would cross the network in clear.
  bool private_transport = false;
  std::size_t push_max_bytes = std::size_t{2} << 30;
};

// `api` must outlive the router.
void add_git_routes(wire::Router& router, GitApi& api);
// Before a body is read: a pack of gigabytes is taken from the repository's user only.
wire::BodyGate git_body_gate(GitApi& api, const wire::HttpRequest& request);

}  // namespace upcall::api
