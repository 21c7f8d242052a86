#include "service/recording/kept_journals.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "journal/format.hpp"
#include "journal/window_keys.hpp"

namespace upcall::service::kept_journals {

namespace fs = std::filesystem;

namespace {

constexpr const char* kMark = "kept";

bool is_journal(const std::string& file) { return file == journal::kWindowFileName || journal::parse_segment_file_name(file).has_value(); }

bool sync_path(const std::string& path, int flags) {
  const int fd = ::open(path.c_str(), flags | O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool done = ::fsync(fd) == 0;
  ::close(fd);
  return done;
}

struct Kept {
  fs::path folder;
  WallTime until;
};

std::vector<Kept> all(const std::string& spool) {
  std::vector<Kept> out;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(spool, error)) {
    if (const auto until = kept_until(entry.path().string())) out.push_back({entry.path(), *until});
  }
  return out;
}

}  // namespace

Result<void> keep(const std::string& folder, WallTime until) {
  const std::string mark = folder + "/" + kMark, made = mark + ".new";
  std::ofstream(made, std::ios::trunc) << until.unix_ms() << "\n";
  std::error_code error;
  if (!sync_path(made, 0)) return fail(ErrorCode::unavailable, "a journal's mark cannot be written");
  fs::rename(made, mark, error);
  if (error || !sync_path(folder, O_DIRECTORY)) return fail(ErrorCode::unavailable, "a journal's mark cannot be written");
  std::vector<fs::path> rest;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    if (name != kMark && !is_journal(name)) rest.push_back(entry.path());
  }
  for (const fs::path& path : rest) fs::remove_all(path, error);
  return {};
}

std::optional<WallTime> kept_until(const std::string& folder) {
  std::ifstream in(folder + "/" + kMark);
  std::string text;
  if (!std::getline(in, text)) return std::nullopt;
  std::int64_t ms = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), ms);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return WallTime::from_unix_ms(ms);
}

int drop_over(const std::string& spool, WallTime now, const std::function<bool(const std::string& recording_id)>& there) {
  int gone = 0;
  std::error_code error;
  for (const Kept& kept : all(spool)) {
    if (kept.until > now && there(kept.folder.filename().string())) continue;
    if (fs::remove_all(kept.folder, error) > 0) ++gone;
  }
  return gone;
}

bool drop_first(const std::string& spool) {
  const std::vector<Kept> list = all(spool);
  const auto first = std::min_element(list.begin(), list.end(), [](const Kept& a, const Kept& b) { return a.until < b.until; });
  std::error_code error;
  return first != list.end() && fs::remove_all(first->folder, error) > 0;
}

Result<void> link(const std::string& folder, const std::string& to) {
  if (!kept_until(folder)) return fail(ErrorCode::not_found, "The recording's journal is not kept.");
  if (::mkdir(to.c_str(), 0700) != 0) return fail(ErrorCode::unavailable, "a folder of the spool cannot be made");
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    if (is_journal(name)) fs::create_hard_link(entry.path(), to + "/" + name, error);
    if (error) break;
  }
  if (error || !sync_path(to, O_DIRECTORY)) {
    fs::remove_all(to, error);
    return fail(ErrorCode::unavailable, "a journal cannot be linked");
  }
  return {};
}

}  // namespace upcall::service::kept_journals
