#include "io/journal/journal_files.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

namespace upcall::journal {

namespace {

constexpr std::size_t kReserveBytes = 64 << 10;
constexpr const char* kReserveName = "/reserve";

// Reads a file through a callback in pieces; false when it cannot be read.
template <class F>
bool read_file(const std::string& path, F&& each) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  ByteVector piece(256 << 10);
  bool ok = true;
  while (true) {
    const ssize_t n = ::read(fd, piece.data(), piece.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) ok = false;
    if (n <= 0) break;
    each(Bytes(piece).first(static_cast<std::size_t>(n)));
  }
  ::close(fd);
  return ok;
}

}  // namespace

std::vector<std::uint32_t> list_segments(const std::string& directory) {
  std::vector<std::uint32_t> out;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
    if (const auto number = parse_segment_file_name(entry.path().filename().string())) out.push_back(*number);
  }
  std::sort(out.begin(), out.end());
  return out;
}

Result<Recovered> recover_journal(const std::string& directory, Bytes recording_key) {
  Recovered out;
  const auto segments = list_segments(directory);
  if (segments.empty()) return out;
  for (const std::uint32_t segment : segments) {
    std::error_code error;
    const auto size = std::filesystem::file_size(directory + "/" + segment_file_name(segment), error);
    if (!error) out.bytes += size;
  }
  WindowKeyReader places(directory);
  std::uint32_t highest_epoch = 0;
  bool broken = false;
  // From the back: a segment whose first block never reached the disk says nothing.
  for (auto it = segments.rbegin(); it != segments.rend(); ++it) {
    JournalReader reader(recording_key, true, &places);
    reader.begin_segment();
    ByteVector head;
    const bool readable = read_file(directory + "/" + segment_file_name(*it), [&](Bytes piece) {
      if (head.size() < kHeaderSize) head.insert(head.end(), piece.begin(), piece.end());
      reader.append(piece);
      for (ReadStatus status = reader.next(); status == ReadStatus::record || status == ReadStatus::forgotten;) status = reader.next();
    });
    if (!readable) return fail(ErrorCode::unavailable, "a segment of the journal cannot be read");
    // Unauthenticated, but taking a higher epoch than needed does no harm.
    if (const auto header = parse_segment_header(head)) highest_epoch = std::max(highest_epoch, header->epoch);
    if (reader.position().epoch == 0) {
      out.tail_discarded = true;
      if (reader.corruption()) broken = true;
      continue;
    }
    out.position = reader.position();
    if (reader.corruption()) out.tail_discarded = true;
    break;
  }
  // Without any whole block it is a crash within the first 250 ms; with blocks that do not open it is something else,
  // and writing on would make it worse.
  if (out.position.epoch == 0 && broken) {
    return fail(ErrorCode::corrupt, "the journal has no valid seal: wrong key or damaged");
  }
  out.position.epoch = std::max(out.position.epoch, highest_epoch);
  out.position.next_segment = segments.back() + 1;
  return out;
}

SegmentFiles::SegmentFiles(std::string directory, std::uint64_t bytes_present, void (*after_close)(void*, int),
                           void* context, std::shared_ptr<WindowKeyFile> keys)
    : directory_(std::move(directory)), bytes_(bytes_present), after_close_(after_close), context_(context), keys_(std::move(keys)) {}

SegmentFiles::~SegmentFiles() {
  if (fd_ >= 0) after_close_(context_, fd_);
  if (reserve_held_) ::unlink((directory_ + kReserveName).c_str());
}

Result<void> SegmentFiles::prepare() {
  std::error_code error;
  std::filesystem::create_directories(directory_, error);
  if (error) return fail(ErrorCode::unavailable, "cannot make the journal's directory: " + error.message());
  ::chmod(directory_.c_str(), 0700);
  const int fd = ::open((directory_ + kReserveName).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return fail(ErrorCode::unavailable, std::string("cannot write the journal's directory: ") + std::strerror(errno));
  // Without room for the reserve a recording would end without its end.
  const int failed = ::posix_fallocate(fd, 0, static_cast<off_t>(kReserveBytes));
  ::close(fd);
  reserve_held_ = true;
  if (failed != 0) return fail(ErrorCode::exhausted, std::string("no room for a journal: ") + std::strerror(failed));
  return {};
}

bool SegmentFiles::open_segment(std::uint32_t segment) {
  const std::string path = directory_ + "/" + segment_file_name(segment);
  fd_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  size_ = 0;
  if (fd_ < 0) errno_ = errno;
  return fd_ >= 0;
}

bool SegmentFiles::write(Bytes bytes) {
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t n = ::pwrite(fd_, bytes.data() + done, bytes.size() - done, static_cast<off_t>(size_ + done));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      errno_ = n < 0 ? errno : ENOSPC;
      // A half-written block in the middle would hide everything after it.
      if (::ftruncate(fd_, static_cast<off_t>(size_)) != 0) errno_ = EIO;
      return false;
    }
    done += static_cast<std::size_t>(n);
  }
  size_ += bytes.size();
  bytes_ += bytes.size();
  dirty_ = true;
  errno_ = 0;
  return true;
}

bool SegmentFiles::write_window(std::uint32_t window, const WindowPlace& place) {
  if (keys_ && keys_->write(window, place)) return true;
  errno_ = errno;
  return false;
}

void SegmentFiles::close_segment() {
  if (fd_ < 0) return;
  // No block is promised without its key.
  if (const int keys = take_key_sync_descriptor(); keys >= 0) after_close_(context_, keys);
  after_close_(context_, fd_);
  fd_ = -1;
  dirty_ = false;
}

void SegmentFiles::spend_reserve() {
  if (!reserve_held_) return;
  ::unlink((directory_ + kReserveName).c_str());
  reserve_held_ = false;
}

int SegmentFiles::take_sync_descriptor() {
  if (fd_ < 0 || !dirty_) return -1;
  dirty_ = false;
  return ::fcntl(fd_, F_DUPFD_CLOEXEC, 0);
}

}  // namespace upcall::journal
