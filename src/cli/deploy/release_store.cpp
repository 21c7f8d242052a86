#include "cli/deploy/release_store.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>
#include <vector>

#include "json/json.hpp"

namespace upcall::deploy {

namespace fs = std::filesystem;
namespace bj = boost::json;

namespace {

constexpr std::uint64_t kSpare = 256u << 20;   // that must be free beside the release

Result<std::string> read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return fail(ErrorCode::not_found, "cannot read " + path);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

Result<void> on_disk(const std::string& path, int flags) {
  const int fd = ::open(path.c_str(), flags | O_CLOEXEC);
  const bool ok = fd >= 0 && ::fsync(fd) == 0;
  if (fd >= 0) ::close(fd);
  if (!ok) return fail(ErrorCode::unavailable, path + ": " + std::strerror(errno));
  return {};
}

// Whole or not at all, also over a loss of power.
Result<void> write_file(const std::string& path, const std::string& text) {
  const std::string temporary = path + ".new";
  {
    std::ofstream out(temporary, std::ios::binary | std::ios::trunc);
    out << text;
    out.flush();
    if (!out) return fail(ErrorCode::unavailable, "cannot write " + temporary);
  }
  if (auto synced = on_disk(temporary, O_RDONLY); !synced) return synced;
  if (::rename(temporary.c_str(), path.c_str()) != 0) return fail(ErrorCode::unavailable, "cannot write " + path + ": " + std::strerror(errno));
  return on_disk(fs::path(path).parent_path().string(), O_RDONLY | O_DIRECTORY);
}

std::uint64_t size_of(const std::string& directory) {
  std::uint64_t bytes = 0;
  std::error_code error;
  for (const auto& entry : fs::recursive_directory_iterator(directory, error)) {
    if (entry.is_regular_file(error)) bytes += entry.file_size(error);
  }
  return bytes;
}

// Releases below `releases` that some process runs a program of.
std::set<std::string> running(const std::string& releases) {
  std::set<std::string> out;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/proc", error)) {
    std::error_code gone;
    const std::string program = fs::read_symlink(entry.path() / "exe", gone).string();
    if (gone || !program.starts_with(releases + "/")) continue;
    const std::string rest = program.substr(releases.size() + 1);
    out.insert(rest.substr(0, rest.find('/')));
  }
  return out;
}

}  // namespace

Result<ReleaseStore> ReleaseStore::open(const std::string& root) {
  std::error_code error;
  const std::string whole = fs::absolute(root, error).lexically_normal().string();
  for (const char* folder : {"releases", "parts"}) {
    fs::create_directories(whole + "/" + folder, error);
    if (error) return fail(ErrorCode::unavailable, "cannot make " + whole + "/" + folder + ": " + error.message());
  }
  const int fd = ::open((whole + "/lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return fail(ErrorCode::unavailable, "cannot lock " + whole + ": " + std::strerror(errno));
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    ::close(fd);
    return fail(ErrorCode::conflict, "another deployment is at work in " + whole + "; wait for its end");
  }
  // What an interrupted deployment left.
  for (const auto& entry : fs::directory_iterator(whole + "/releases", error)) {
    if (entry.path().filename().string().starts_with(".")) fs::remove_all(entry.path(), error);
  }
  return ReleaseStore(whole, fd);
}

ReleaseStore::ReleaseStore(ReleaseStore&& other) noexcept : root_(std::move(other.root_)), lock_(std::exchange(other.lock_, -1)) {}
ReleaseStore::~ReleaseStore() {
  if (lock_ >= 0) ::close(lock_);
}

Result<deployment::State> ReleaseStore::state() const {
  std::error_code error;
  if (!fs::exists(root_ + "/deployment.json", error)) return deployment::State{};
  auto text = read_file(root_ + "/deployment.json");
  if (!text) return tl::unexpected(text.error());
  return deployment::parse_state(*text);
}

Result<void> ReleaseStore::save(const deployment::State& state) { return write_file(root_ + "/deployment.json", deployment::to_json(state) + "\n"); }

Result<std::string> ReleaseStore::look_at(const std::string& directory) {
  std::error_code error;
  if (!fs::is_directory(directory, error)) return fail(ErrorCode::invalid_argument, directory + " is no folder; a release is made by tools/release.sh");
  for (const char* program : {"bin/upcall", "bin/upcall-recorder", "bin/upcall-attendee"}) {
    if (::access((directory + "/" + program).c_str(), X_OK) != 0) return fail(ErrorCode::invalid_argument, "this is half a release: " + directory + "/" + program + " is missing or cannot be run");
  }
  for (const char* page : {"share/upcall/web/agent-app/index.html", "share/upcall/web/demo-website"}) {
    if (!fs::exists(directory + "/" + page, error)) return fail(ErrorCode::invalid_argument, "this is half a release: " + directory + "/" + page + " is missing");
  }
  auto text = read_file(directory + "/release.json");
  if (!text) return fail(ErrorCode::invalid_argument, "this is half a release: " + directory + "/release.json is missing");
  auto facts = json::parse_object(*text);
  const std::string name = facts ? json::text_or(*facts, "name") : "";
  if (!deployment::is_release_name(name)) return fail(ErrorCode::invalid_argument, directory + "/release.json names no release");
  return name;
}

Result<void> ReleaseStore::take(const std::string& directory, const std::string& name) {
  const std::string there = root_ + "/releases/" + name;
  std::error_code error;
  if (fs::exists(there, error)) {
    // Its name is its content's: what is here under that name was renamed only when it was whole.
    return look_at(there).map([](const auto&) {});
  }
  const std::uint64_t needed = size_of(directory) + kSpare;
  struct statvfs disk{};
  if (::statvfs(root_.c_str(), &disk) == 0 && std::uint64_t{disk.f_bavail} * disk.f_frsize < needed) {
    return fail(ErrorCode::exhausted, "the disk of " + root_ + " has too little room: " + std::to_string(needed >> 20) + " MiB are needed, " +
                                          std::to_string((std::uint64_t{disk.f_bavail} * disk.f_frsize) >> 20) + " are free. Nothing was changed");
  }
  const std::string incoming = root_ + "/releases/." + name;
  fs::copy(directory, incoming, fs::copy_options::recursive | fs::copy_options::copy_symlinks, error);
  if (error) {
    std::error_code ignored;
    fs::remove_all(incoming, ignored);
    return fail(ErrorCode::unavailable, "cannot copy the release to " + root_ + ": " + error.message() + ". Nothing was changed");
  }
  ::sync();
  if (::rename(incoming.c_str(), there.c_str()) != 0) return fail(ErrorCode::unavailable, "cannot name " + there + ": " + std::strerror(errno));
  return {};
}

Result<void> ReleaseStore::place(const deployment::Placement& placement) {
  for (const deployment::Part one : deployment::kParts) {
    const std::string link = part(one);
    const auto at = placement.find(one);
    if (at == placement.end()) {
      if (::unlink(link.c_str()) != 0 && errno != ENOENT) return fail(ErrorCode::unavailable, "cannot remove " + link + ": " + std::strerror(errno));
      continue;
    }
    const std::string next = link + ".new", target = "../releases/" + at->second;
    ::unlink(next.c_str());
    if (::symlink(target.c_str(), next.c_str()) != 0 || ::rename(next.c_str(), link.c_str()) != 0) {
      return fail(ErrorCode::unavailable, "cannot set " + link + ": " + std::strerror(errno));
    }
  }
  return on_disk(root_ + "/parts", O_RDONLY | O_DIRECTORY);
}

void ReleaseStore::prune(const std::set<std::string>& needed, std::size_t keep) {
  std::error_code error;
  std::vector<fs::directory_entry> all;
  for (const auto& entry : fs::directory_iterator(root_ + "/releases", error)) all.push_back(entry);
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
    std::error_code unknown;
    return a.last_write_time(unknown) > b.last_write_time(unknown);
  });
  const std::set<std::string> used = running(root_ + "/releases");
  for (std::size_t i = keep; i < all.size(); ++i) {
    const std::string name = all[i].path().filename().string();
    if (!needed.contains(name) && !used.contains(name)) fs::remove_all(all[i].path(), error);
  }
}

}  // namespace upcall::deploy
