// One deployment from beginning to end: look, plan, copy, switch, hand over, verify; and back again when that fails. What has
// to be asked of the world is passed in, so that a deployment is a sequence that can be read. One thread.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "cli/deploy/release_store.hpp"
#include "deployment/plan.hpp"

namespace upcall::deploy {

struct DeployOptions {
  std::string data_dir;
  std::string release;                       // a release's folder; empty with `back`
  std::vector<deployment::Part> parts;       // named ones; empty: all
  bool recording_on = true;                  // deployRecordingStack
  bool back = false;                         // to what was before the last deployment
  bool verify = true;
  bool insecure = false;                     // of the verification: the server's own certificate is fine
  std::string verify_url;                    // of the verification; empty: what the server hands out
  int verify_seconds = 4;
  std::function<void(const std::string& step, bool ok, std::int64_t ms, const std::string& note)> on_step;
};

struct DeployResult {
  deployment::Plan plan;
  std::string release;
  pid_t pid = 0;
  std::int64_t rollback_ms = -1;             // not negative: it was rolled back, in so long
};

// Only what would change. Errors: a release that is not whole, a part that is missing.
Result<DeployResult> plan_deployment(const ReleaseStore& store, const DeployOptions& options);
// Errors: the sentence of what failed and of what runs now. A deployment that failed leaves what was deployed before.
Result<DeployResult> deploy(ReleaseStore& store, const DeployOptions& options);

}  // namespace upcall::deploy
