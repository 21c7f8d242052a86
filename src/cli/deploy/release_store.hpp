// The releases of an installation on disk, side by side:
//
//   ROOT/releases/NAME/{bin/upcall, bin/upcall-recorder, bin/upcall-attendee, share/upcall/web/…, release.json}
//   ROOT/parts/backend → ../releases/NAME      one link a part; what runs is reached through them
//   ROOT/deployment.json                       what is deployed, and what was (deployment/state.hpp)
//   ROOT/serve.conf                            options of `upcall serve`, the administrator's
//   ROOT/lock                                  one deployment at a time
//
// A release is copied beside the others under a name of its own and then renamed; a link is replaced in one step. So whatever
// is interrupted leaves the releases and links of before. One thread.
#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "base/result.hpp"
#include "deployment/state.hpp"

namespace upcall::deploy {

class ReleaseStore {
 public:
  // Makes the folders. Errors: unavailable, or conflict while another deployment is at work.
  static Result<ReleaseStore> open(const std::string& root);
  ReleaseStore(ReleaseStore&& other) noexcept;
  ReleaseStore& operator=(ReleaseStore&&) = delete;
  ~ReleaseStore();

  Result<deployment::State> state() const;
  Result<void> save(const deployment::State& state);

  // The name of the release in this folder, when nothing of it is missing.
  static Result<std::string> look_at(const std::string& directory);
  // Copies it here unless it is here. Errors: exhausted without enough disk.
  Result<void> take(const std::string& directory, const std::string& name);
  // The links as this placement wants them.
  Result<void> place(const deployment::Placement& placement);
  // Removes all releases but those named and the newest `keep`. What a process still runs stays.
  void prune(const std::set<std::string>& needed, std::size_t keep);

  const std::string& root() const { return root_; }
  std::string part(deployment::Part part) const { return root_ + "/parts/" + std::string(deployment::to_string(part)); }
  std::string program() const { return part(deployment::Part::backend) + "/bin/upcall"; }

 private:
  explicit ReleaseStore(std::string root, int lock) : root_(std::move(root)), lock_(lock) {}
  std::string root_;
  int lock_ = -1;
};

}  // namespace upcall::deploy
