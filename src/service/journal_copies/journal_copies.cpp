#include "service/journal_copies/journal_copies.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "io/journal/journal_files.hpp"
#include "io/log/log.hpp"
#include "io/store/recording_repository.hpp"
#include "journal/format.hpp"
#include "journal/window_keys.hpp"

namespace upcall::service {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kFolder = "JOURNALS/";
constexpr const char* kRestored = ".restored";   // all of it is here, and on its way into the journal's folder
constexpr std::uint64_t kSegmentMax = 1u << 30;
constexpr std::chrono::milliseconds kLookAgain(1000);   // whether copies are wanted by now

std::string key_of(const std::string& recording_id, const std::string& file) { return std::string(kFolder) + recording_id + "/" + file; }

Result<ByteVector> read_source(wire::BodySource& source) {
  if (source.size() > kSegmentMax) return fail(ErrorCode::corrupt, "too large for a segment");
  ByteVector out(static_cast<std::size_t>(source.size()));
  for (std::size_t at = 0; at < out.size();) {
    const auto got = source.read(at, MutBytes(out).subspan(at));
    if (!got) return tl::unexpected(got.error());
    if (*got == 0) return fail(ErrorCode::corrupt, "the copy ends early");
    at += *got;
  }
  return out;
}

// Whole and synced, or an error.
Result<void> write_file(const std::string& path, Bytes bytes) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return fail(ErrorCode::unavailable, "a file of the spool cannot be made");
  bool good = true;
  while (good && !bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    good = n > 0;
    if (good) bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
  good = good && ::fsync(fd) == 0;
  ::close(fd);
  return good ? Result<void>() : fail(ErrorCode::unavailable, "a file of the spool cannot be written");
}

void sync_directory(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  ::fsync(fd);
  ::close(fd);
}

}  // namespace

JournalCopies::JournalCopies(JournalCopyOptions options, store::Store& store, objects::ObjectStore& objects, std::function<Now()> clock)
    : options_(std::move(options)), store_(store), objects_(objects), clock_(std::move(clock)) {}

JournalCopies::~JournalCopies() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void JournalCopies::start() {
  thread_ = std::thread([this] { run(); });
}

void JournalCopies::run() {
  std::unique_lock lock(mutex_);
  Instant last;
  while (!stop_) {
    const Duration every = options_.every();
    const Instant now = clock_().mono;
    if (every > Duration() && now - last >= every) {
      last = now;
      lock.unlock();
      if (auto done = copy(); !done) log::warn("journal_copies.failed", {{"why", done.error().message}});
      lock.lock();
    }
    wake_.wait_for(lock, kLookAgain, [this] { return stop_; });
  }
}

Result<std::set<std::string>> JournalCopies::unfinished() const {
  auto rows = store_.read([](store::Database& db) { return store::recordings::unfinished(db); });
  if (!rows) return tl::unexpected(rows.error());
  std::set<std::string> out;
  for (const store::Recording& row : *rows) out.insert(row.recording_id);
  return out;
}

Result<void> JournalCopies::copy() {
  const std::lock_guard round(round_);
  if (!looked_) {
    // What the process before this one has put, whatever became of its recordings since.
    auto left = objects_.list(kFolder);
    if (!left) return tl::unexpected(left.error());
    for (const objects::ObjectInfo& object : *left) {
      const std::size_t end = object.key.find('/', kFolder.size());
      if (end != std::string::npos) copied_.try_emplace(object.key.substr(kFolder.size(), end - kFolder.size()));
    }
    looked_ = true;
  }
  auto live = unfinished();
  if (!live) return tl::unexpected(live.error());
  Result<void> first;
  const auto note = [&](Result<void> result) {
    if (result) return true;
    if (first) first = std::move(result);
    const std::lock_guard lock(mutex_);
    ++counters_.failed;
    return false;
  };
  for (const std::string& id : *live) {
    if (!unreadable_.contains(id)) note(copy_journal(id, copied_[id]));
  }
  for (auto at = copied_.begin(); at != copied_.end();) {
    bool gone = !live->contains(at->first) && !unreadable_.contains(at->first);
    if (gone) {
      // A recording that failed has no film: its copies may be all there is of it, and stay as long as its row.
      auto row = store_.read([&](store::Database& db) { return store::recordings::find(db, at->first); });
      if (!row) return tl::unexpected(row.error());
      gone = (!*row || (*row)->state != store::RecordingState::failed) && note(remove_copies(at->first));
    }
    at = gone ? copied_.erase(at) : std::next(at);
  }
  return first;
}

Result<void> JournalCopies::copy_journal(const std::string& recording_id, Copied& copied) {
  const std::string folder = folder_of(recording_id);
  std::error_code error;
  if (fs::exists(folder + "/" + journal::kWindowFileName, error)) return {};
  for (const std::uint32_t segment : journal::list_segments(folder)) {
    const std::string file = journal::segment_file_name(segment);
    const std::uint64_t size = fs::file_size(folder + "/" + file, error);
    std::uint64_t& before = copied.sizes[segment];
    if (error || size <= before) continue;
    std::ifstream in(folder + "/" + file, std::ios::binary);
    ByteVector bytes(static_cast<std::size_t>(size));
    if (!in.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(size))) continue;   // stored and gone meanwhile
    auto upload = objects_.begin_upload(key_of(recording_id, file), "application/octet-stream");
    if (!upload) return tl::unexpected(upload.error());
    if (auto put = (*upload)->put_part(1, bytes); !put) return put;
    if (auto done = (*upload)->complete(clock_().wall); !done) return tl::unexpected(done.error());
    before = size;
    const std::lock_guard lock(mutex_);
    ++counters_.segments;
    counters_.bytes += size;
  }
  return {};
}

Result<void> JournalCopies::remove_copies(const std::string& recording_id) {
  auto list = objects_.list(std::string(kFolder) + recording_id + "/");
  if (!list) return tl::unexpected(list.error());
  for (const objects::ObjectInfo& object : *list) {
    auto removed = objects_.remove(object.key);
    if (!removed && removed.error().code != ErrorCode::not_found) return removed;
  }
  return {};
}

Result<int> JournalCopies::restore() {
  const std::lock_guard round(round_);
  auto live = unfinished();
  if (!live) return tl::unexpected(live.error());
  int restored = 0;
  for (const std::string& id : *live) {
    std::error_code error;
    if (!journal::list_segments(folder_of(id)).empty() && !fs::exists(folder_of(id) + kRestored, error)) continue;
    const auto back = restore_journal(id);
    if (back) {
      ++restored;
      log::warn("journal_copies.restored", {{"recordingId", id}});
    } else if (back.error().code != ErrorCode::not_found) {
      unreadable_.insert(id);
      log::error("journal_copies.not_restored", {{"recordingId", id}, {"why", back.error().message}});
    }
  }
  const std::lock_guard lock(mutex_);
  counters_.restored += static_cast<std::uint64_t>(restored);
  return restored;
}

// not_found: there are no copies.
Result<void> JournalCopies::restore_journal(const std::string& recording_id) {
  std::error_code there;
  if (fs::exists(folder_of(recording_id) + kRestored, there)) return move_in(recording_id);
  const std::string prefix = std::string(kFolder) + recording_id + "/";
  auto list = objects_.list(prefix);
  if (!list) return tl::unexpected(list.error());
  std::vector<std::string> files;
  for (const objects::ObjectInfo& object : *list) {
    std::string file = object.key.substr(prefix.size());
    if (journal::parse_segment_file_name(file)) files.push_back(std::move(file));
  }
  if (files.empty()) return fail(ErrorCode::not_found, "there are no copies");
  // All of it, then under its name: a journal without its beginning would be taken for a damaged one.
  const std::string made = folder_of(recording_id) + ".restoring";
  std::error_code error;
  fs::remove_all(made, error);
  fs::create_directories(options_.spool_directory, error);
  if (::mkdir(made.c_str(), 0700) != 0) return fail(ErrorCode::unavailable, "a folder of the spool cannot be made");
  for (const std::string& file : files) {
    auto source = objects_.open(prefix + file);
    if (!source) return tl::unexpected(source.error());
    auto bytes = read_source(**source);
    if (!bytes) return tl::unexpected(bytes.error());
    if (auto written = write_file(made + "/" + file, *bytes); !written) return written;
  }
  sync_directory(made);
  fs::rename(made, folder_of(recording_id) + kRestored, error);
  if (error) return fail(ErrorCode::unavailable, "a folder of the spool cannot be named");
  sync_directory(options_.spool_directory);
  return move_in(recording_id);
}

// Also what a process that died in here has left.
Result<void> JournalCopies::move_in(const std::string& recording_id) {
  const std::string folder = folder_of(recording_id), made = folder + kRestored;
  std::error_code error;
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return fail(ErrorCode::unavailable, "a folder of the spool cannot be made");
  for (const std::uint32_t segment : journal::list_segments(made)) {
    const std::string file = "/" + journal::segment_file_name(segment);
    fs::rename(made + file, folder + file, error);
    if (error) return fail(ErrorCode::unavailable, "a file of the spool cannot be named");
  }
  sync_directory(folder);
  fs::remove_all(made, error);
  return {};
}

JournalCopies::Counters JournalCopies::counters() const {
  const std::lock_guard lock(mutex_);
  return counters_;
}

}  // namespace upcall::service
