// A bare repository over HTTP: each request is a `git http-backend` (git's own CGI program), whose answer streams to the
// client while it is made. Who may is decided before: nothing here checks a password.
//
// Bodies (packs that are pushed) wait in files that have no name, so a large push takes disk and no memory. Any thread.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "base/result.hpp"
#include "base/time.hpp"
#include "io/process/child_process.hpp"
#include "wire/http.hpp"

namespace upcall::git {

struct BackendOptions {
  std::string project_root;  // DATA/pipeline: repositories are its folders "NAME.git"
  std::string data_dir;      // for the hook
  std::string program;       // of the hook: `upcall`
  std::size_t at_once = 4;   // requests; further ones get 503
  Duration time_limit = Duration::s(2 * 3600);
};

class Backend {
 public:
  explicit Backend(BackendOptions options);
  ~Backend();  // ends those that run

  // For a request's body. Errors: unavailable (no room, no such directory).
  Result<std::shared_ptr<wire::BodySink>> spool() const;
  // `path`: "/NAME.git/info/refs"; `user`: who was authenticated; `peer`: for nothing but the reflog's absence.
  // Answers 503 when too many run, 502 when git fails before its first byte.
  wire::HttpResponse serve(const wire::HttpRequest& request, const std::string& path, const std::string& user);
  // The server is about to go: hooks that follow a run say so and end, so that pushes are answered as what they are, done.
  void drain();

  struct Running;

 private:
  BackendOptions options_;
  process::ChildHost host_;
  std::shared_ptr<Running> running_;
};

}  // namespace upcall::git
