// The pipeline's bare repository: made, adopted or mirrored, with the hook that tells of pushes. Any thread, but two must not
// make the same one.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "io/process/child_process.hpp"

namespace upcall::git {

enum class Origin : std::uint8_t { fresh, adopted, mirrored };

struct NewRepository {
  std::string directory;  // DATA/pipeline/NAME.git, must not exist
  std::string branch;
  Origin origin = Origin::fresh;
  std::string source;     // of adopted: a directory, which stays as it is; of mirrored: an address that git clones
  std::string program;    // `upcall`, whole path
  std::string data_dir;   // whole path
};
// All or nothing: a copy that fails leaves no repository. Errors: conflict (there is one), invalid_argument (source), not_found (git).
Result<void> make_repository(process::ChildHost& host, const NewRepository& wanted);
// Writes hooks and settings again: after an upgrade, or when the program has moved.
Result<void> write_hooks(const NewRepository& wanted);
// Takes what the mirrored repository has. Errors: unavailable (git's own last line).
Result<void> update_mirror(process::ChildHost& host, const std::string& directory);
bool is_mirror(const std::string& directory);
// The commit at the branch's tip; empty: there is no such branch yet.
Result<std::string> tip(process::ChildHost& host, const std::string& directory, std::string_view branch);
// Forty (or sixty-four) hex digits.
bool is_commit_id(std::string_view text);

struct CommitFacts {
  std::string id, author, subject;
};
Result<CommitFacts> commit_facts(process::ChildHost& host, const std::string& directory, std::string_view commit);

}  // namespace upcall::git
