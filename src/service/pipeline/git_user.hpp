// The one user of the pipeline's repository, `codecommit-user-{repository}`: a password that is made here and stored as a
// hash. It is no person: it opens the repository and nothing else.
//
// Any thread. Unknown names, a revoked user and a wrong password take the same time, count the same and answer the same.
#pragma once

#include <semaphore>
#include <string>
#include <string_view>

#include "base/rng.hpp"
#include "io/store/store.hpp"

namespace upcall::service {

// What the parameters say about the pipeline; all have defaults.
struct PipelineSettings {
  std::string repository;  // "upcall"
  std::string source;      // where the parameter names a path or an address instead of a name: that
  std::string branch;      // "main"
  std::string stage;       // "Prod"
  bool create_new = true;  // cdkPipelineCreateNewRepository
  bool only_way = false;   // cdkPipelineEnabled
  std::string user;        // empty: init was never run
  bool user_active = false;
};
Result<PipelineSettings> pipeline_settings(store::Database& db);

// A name that is safe in a path and an address: 1 to 100 of A-Z a-z 0-9 . _ -, no dot in front, no ".git" or ".lock" at the end.
bool is_repository_name(std::string_view name);
// As git-check-ref-format has it for one branch, without its rarer characters.
bool is_branch_name(std::string_view name);

// In the caller's transaction; the answer is the password, which is nowhere else. Its form is known to pipeline::Mask.
Result<std::string> reset_git_password(store::Database& db, RandomSource& random, std::string_view user);
Result<void> revoke_git_user(store::Database& db);

class GitUsers {
 public:
  explicit GitUsers(store::Store& store) : store_(store) {}

  enum class Verdict : std::uint8_t { fine, wrong, too_many, unavailable };
  struct Outcome {
    Verdict verdict = Verdict::wrong;
    Duration wait{};  // of too_many
  };
  // Failures count per user and per address, as those of log-ins do, and are in the audit.
  Outcome verify(std::string_view user, std::string_view password, std::uint64_t peer, WallTime now);

 private:
  store::Store& store_;
  static constexpr std::ptrdiff_t kHashingMax = 2;
  std::counting_semaphore<> hashing_{kHashingMax};
};

}  // namespace upcall::service
