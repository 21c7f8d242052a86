#include "io/git/repository.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "io/git/git_command.hpp"

namespace upcall::git {

namespace fs = std::filesystem;

namespace {

constexpr Duration kCloneWithin = Duration::s(30 * 60);
constexpr std::string_view kMirrorMark = "upcall-mirror";  // a file in the repository

std::string shell_quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

Result<void> write_script(const fs::path& file, const std::string& text) {
  const fs::path fresh = file.string() + ".new";
  {
    std::ofstream out(fresh, std::ios::binary | std::ios::trunc);
    out << text;
    out.flush();
    if (!out) return fail(ErrorCode::unavailable, "cannot write " + file.string());
  }
  if (::chmod(fresh.c_str(), 0755) != 0 || ::rename(fresh.c_str(), file.c_str()) != 0) return fail(ErrorCode::unavailable, "cannot write " + file.string());
  return {};
}

Result<std::string> git(process::ChildHost& host, std::vector<std::string> arguments, const std::string& home, Duration within = Duration::s(60)) {
  auto answer = run(host, std::move(arguments), home, within);
  if (!answer) return tl::unexpected(answer.error());
  if (!answer->ok()) return fail(ErrorCode::unavailable, answer->complaint.empty() ? "git failed" : answer->complaint);
  while (answer->output.ends_with('\n')) answer->output.pop_back();
  return std::move(answer->output);
}

Result<void> fill(process::ChildHost& host, const NewRepository& wanted, const std::string& at, const std::string& home) {
  if (wanted.origin == Origin::fresh) {
    auto made = git(host, {"init", "--quiet", "--bare", "--initial-branch=" + wanted.branch, at}, home);
    if (!made) return tl::unexpected(made.error());
  } else {
    std::error_code error;
    const std::string source = wanted.origin == Origin::adopted ? fs::absolute(wanted.source, error).string() : wanted.source;
    auto made = git(host, {"-c", "safe.directory=*", "clone", "--quiet", "--mirror", "--no-hardlinks", "--", source, at}, home, kCloneWithin);
    if (!made) return fail(ErrorCode::invalid_argument, "cannot copy the repository: " + made.error().message);
  }
  if (wanted.origin == Origin::adopted) {
    if (auto done = git(host, {"-C", at, "remote", "remove", "origin"}, home); !done) return tl::unexpected(done.error());
  }
  if (wanted.origin == Origin::mirrored) std::ofstream(fs::path(at) / kMirrorMark) << "pushes are refused, the runner fetches\n";
  // Runs fetch the commit that was pushed, also when the branch has moved on.
  const std::pair<const char*, const char*> settings[] = {{"uploadpack.allowAnySHA1InWant", "true"}, {"receive.fsckObjects", "true"}, {"core.logAllRefUpdates", "true"}};
  for (const auto& [name, value] : settings) {
    if (auto done = git(host, {"-C", at, "config", name, value}, home); !done) return tl::unexpected(done.error());
  }
  if (wanted.origin != Origin::fresh) {
    if (auto done = git(host, {"-C", at, "symbolic-ref", "HEAD", "refs/heads/" + wanted.branch}, home); !done) return tl::unexpected(done.error());
  }
  return {};
}

}  // namespace

Result<void> write_hooks(const NewRepository& wanted) {
  const fs::path hooks = fs::path(wanted.directory) / "hooks";
  std::error_code error;
  fs::create_directories(hooks, error);
  auto done = write_script(hooks / "post-receive", "#!/bin/sh\n# Written by `upcall pipeline init`: a push becomes a run.\nprogram=" + shell_quoted(wanted.program) + "\ndata=" + shell_quoted(wanted.data_dir) +
                                                       "\nexec \"${UPCALL_PROGRAM:-$program}\" pipeline hook --data-dir \"${UPCALL_DATA_DIR:-$data}\"\n");
  if (!done || !is_mirror(wanted.directory)) return done;
  return write_script(hooks / "pre-receive", "#!/bin/sh\n# Written by `upcall pipeline init`.\necho 'This repository mirrors another one: push there.' >&2\nexit 1\n");
}

Result<void> make_repository(process::ChildHost& host, const NewRepository& wanted) {
  std::error_code error;
  if (fs::exists(wanted.directory, error)) return fail(ErrorCode::conflict, "there is a repository already: " + wanted.directory);
  const fs::path parent = fs::path(wanted.directory).parent_path();
  fs::create_directories(parent, error);
  if (error) return fail(ErrorCode::unavailable, "cannot make " + parent.string());
  fs::permissions(parent, fs::perms::owner_all, error);
  NewRepository fresh = wanted;
  fresh.directory = wanted.directory + ".new";
  fs::remove_all(fresh.directory, error);
  auto done = fill(host, wanted, fresh.directory, parent.string());
  if (done) done = write_hooks(fresh);
  if (done) {
    fs::rename(fresh.directory, wanted.directory, error);
    if (error) done = fail(ErrorCode::unavailable, "cannot make " + wanted.directory);
  }
  if (!done) fs::remove_all(fresh.directory, error);
  return done;
}

bool is_mirror(const std::string& directory) {
  std::error_code error;
  return fs::exists(fs::path(directory) / kMirrorMark, error);
}

Result<void> update_mirror(process::ChildHost& host, const std::string& directory) {
  auto done = git(host, {"-C", directory, "remote", "update", "--prune"}, fs::path(directory).parent_path().string(), kCloneWithin);
  if (!done) return tl::unexpected(done.error());
  return {};
}

bool is_commit_id(std::string_view text) {
  return (text.size() == 40 || text.size() == 64) && std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

Result<std::string> tip(process::ChildHost& host, const std::string& directory, std::string_view branch) {
  auto found = git(host, {"-C", directory, "for-each-ref", "--format=%(objectname)", "refs/heads/" + std::string(branch)}, directory);
  if (!found) return found;
  return is_commit_id(*found) ? *found : std::string();
}

Result<CommitFacts> commit_facts(process::ChildHost& host, const std::string& directory, std::string_view commit) {
  if (!is_commit_id(commit)) return fail(ErrorCode::invalid_argument, "this is no commit");
  auto text = git(host, {"-C", directory, "show", "--no-patch", "--format=%H%n%an%n%s", std::string(commit)}, directory);
  if (!text) return tl::unexpected(text.error());
  CommitFacts out;
  const std::size_t first = text->find('\n'), second = first == std::string::npos ? first : text->find('\n', first + 1);
  out.id = text->substr(0, first);
  if (second != std::string::npos) {
    out.author = text->substr(first + 1, second - first - 1).substr(0, 120);
    out.subject = text->substr(second + 1).substr(0, 200);
  }
  return out;
}

}  // namespace upcall::git
