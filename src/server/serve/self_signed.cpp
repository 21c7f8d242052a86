#include "server/serve/self_signed.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include <fcntl.h>
#include <unistd.h>

namespace upcall::server {

namespace fs = std::filesystem;

namespace {

constexpr int kDays = 397;  // browsers refuse longer ones
constexpr Duration kRenewBefore = Duration::s(7 * 86'400);
constexpr std::size_t kNamesMax = 32;

struct Facts {
  std::int64_t ends_ms = 0;
  std::vector<std::string> names;
};

// First line: the end in Unix milliseconds; then one name a line.
Facts read_facts(const std::string& path) {
  Facts out;
  std::ifstream in(path);
  if (!(in >> out.ends_ms)) return {};
  for (std::string name; in >> name;) out.names.push_back(std::move(name));
  return out;
}

Result<void> write_file(const std::string& path, const std::string& text) {
  const std::string fresh = path + ".new";
  const int fd = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  bool ok = fd >= 0;
  for (std::size_t at = 0; ok && at < text.size();) {
    const ssize_t n = ::write(fd, text.data() + at, text.size() - at);
    ok = n > 0;
    if (ok) at += static_cast<std::size_t>(n);
  }
  if (fd >= 0) ok = ::fsync(fd) == 0 && ok;
  if (fd >= 0) ::close(fd);
  if (!ok || ::rename(fresh.c_str(), path.c_str()) != 0) return fail(ErrorCode::unavailable, "cannot write " + path);
  return {};
}

}  // namespace

Result<net::TlsIdentity> self_signed_identity(const std::string& data_dir, std::vector<std::string> names, WallTime now) {
  const std::string directory = data_dir + "/tls";
  const std::string certificate = directory + "/self-signed.crt", key = directory + "/self-signed.key", facts = directory + "/self-signed.names";
  const Facts old = read_facts(facts);
  const auto stands_for = [&](const std::string& name) { return std::find(old.names.begin(), old.names.end(), name) != old.names.end(); };
  if (WallTime::from_unix_ms(old.ends_ms) > now + kRenewBefore && std::all_of(names.begin(), names.end(), stands_for)) {
    auto kept = net::load_tls_identity(certificate, key);
    if (kept) return kept;
  }
  for (const std::string& name : old.names) {
    if (names.size() < kNamesMax && std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  auto made = net::make_self_signed(names, now, kDays);
  if (!made) return made;
  std::error_code error;
  fs::create_directories(directory, error);
  fs::permissions(directory, fs::perms::owner_all, error);
  if (error) return fail(ErrorCode::unavailable, "cannot make the directory " + directory);
  std::string text = std::to_string((now + Duration::s(std::int64_t{kDays} * 86'400)).unix_ms()) + "\n";
  for (const std::string& name : names) text += name + "\n";
  // The names last: a pair that was written in half is not taken for whole.
  if (auto done = write_file(facts, "0\n"); !done) return tl::unexpected(done.error());
  if (auto done = write_file(key, made->private_key_pem); !done) return tl::unexpected(done.error());
  if (auto done = write_file(certificate, made->certificate_pem); !done) return tl::unexpected(done.error());
  if (auto done = write_file(facts, text); !done) return tl::unexpected(done.error());
  return made;
}

}  // namespace upcall::server
