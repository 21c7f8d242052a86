#include "cli/sample_data.hpp"

#include <fstream>
#include <iterator>

#include <fcntl.h>
#include <unistd.h>

#include "base/ids.hpp"
#include "cli/admin_call.hpp"
#include "json/json.hpp"

namespace upcall::cli {

namespace bj = boost::json;

namespace {

constexpr std::size_t kPasswordBytes = 9;  // of randomness: 12 characters

struct Person {
  const char *username, *name, *profile, *second_profile, *group, *role;
};
constexpr Person kPeople[] = {
    {"alice@example.com", "Alice Agent", "Agent", "", "Demo/Team", "agent"},
    {"sam@example.com", "Sam Supervisor", "QualityAnalyst", "VideoCallRecordingPlayback", "Demo", "supervisor, may watch Alice's recordings"},
    {"otto@example.com", "Otto Other", "QualityAnalyst", "VideoCallRecordingPlayback", "Elsewhere", "supervisor of another group, may not"},
    {"admin@example.com", "Ada Admin", "Admin", "VideoCallRecordingPlayback", "", "administrator"},
};

}  // namespace

Result<std::string> sample_log_ins(const std::string& data_dir, RandomSource& random) {
  const std::string path = data_dir + "/log-ins.txt";
  if (std::ifstream in(path); in) return std::string(std::istreambuf_iterator<char>(in), {});
  std::string text;
  for (const Person& p : kPeople) {
    const std::string password = make_token(random, kPasswordBytes);
    bj::array profiles{p.profile};
    if (*p.second_profile != 0) profiles.emplace_back(p.second_profile);
    bj::object user{{"username", p.username}, {"email", p.username}, {"password", password}, {"name", p.name}, {"security-profile", std::move(profiles)}};
    if (*p.group != 0) user["hierarchy-group"] = p.group;
    auto added = admin_call(data_dir, "user.add", user);
    if (!added) return tl::unexpected(added.error());
    const auto pad = [](std::string column, std::size_t width) { return column + std::string(column.size() < width ? width - column.size() : 1, ' '); };
    text += pad(p.username, 20) + pad(password, 16) + p.role + "\n";
  }
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  const bool written = fd >= 0 && ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  if (fd >= 0) ::close(fd);
  if (!written) return fail(ErrorCode::unavailable, "cannot write " + path);
  return text;
}

}  // namespace upcall::cli
