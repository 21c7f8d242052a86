#include "io/journal/window_key_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace upcall::journal {

namespace {

std::string path_of(const std::string& directory) { return directory + "/" + kWindowFileName; }

off_t offset_of(std::uint32_t place) { return static_cast<off_t>(place) * static_cast<off_t>(kWindowPlaceSize); }

std::size_t read_place(int fd, std::uint32_t place, MutBytes out) {
  std::size_t done = 0;
  while (done < out.size()) {
    const ssize_t n = ::pread(fd, out.data() + done, out.size() - done, offset_of(place) + static_cast<off_t>(done));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    done += static_cast<std::size_t>(n);
  }
  return done;
}

Error failed(ErrorCode code, const char* what) { return {code, std::string(what) + ": " + std::strerror(errno)}; }

}  // namespace

WindowKeyReader::WindowKeyReader(const std::string& directory) : path_(path_of(directory)) {}

WindowKeyReader::~WindowKeyReader() {
  if (fd_ >= 0) ::close(fd_);
}

std::size_t WindowKeyReader::read(std::uint32_t place, MutBytes out) {
  if (fd_ < 0) fd_ = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
  return fd_ < 0 ? 0 : read_place(fd_, place, out);
}

WindowKeyFile::~WindowKeyFile() { ::close(fd_); }

std::size_t WindowKeyFile::read(std::uint32_t place, MutBytes out) const { return read_place(fd_, place, out); }

bool WindowKeyFile::put(std::uint32_t place, const WindowPlace& bytes) const {
  ssize_t n;
  do {
    n = ::pwrite(fd_, bytes.data(), bytes.size(), offset_of(place));
  } while (n < 0 && errno == EINTR);
  return n == static_cast<ssize_t>(bytes.size());
}

Result<std::unique_ptr<WindowKeyFile>> WindowKeyFile::open(const std::string& directory, Bytes recording_key) {
  const int fd = ::open(path_of(directory).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return tl::unexpected(failed(ErrorCode::unavailable, "cannot open the journal's key file"));
  std::unique_ptr<WindowKeyFile> out(new WindowKeyFile(fd, recording_key));
  struct stat about {};
  if (::fstat(fd, &about) != 0) return tl::unexpected(failed(ErrorCode::unavailable, "cannot read the journal's key file"));
  const auto places = (static_cast<std::uint64_t>(about.st_size) + kWindowPlaceSize - 1) / kWindowPlaceSize;
  if (places > UINT32_MAX) return fail(ErrorCode::corrupt, "the journal's key file is no key file");
  out->next_window_ = std::max<std::uint32_t>(1, static_cast<std::uint32_t>(places));
  WindowPlace head{};
  const auto marked = out->secrets_.parse_head(Bytes(head).first(out->read(0, head)));
  if (!marked) {
    // A server that died while it made the file has used none of it.
    if (marked.error() != ParseError::truncated || places > 1) return fail(ErrorCode::corrupt, "the journal's key file is no key file");
    if (!out->put(0, out->secrets_.head({}))) return tl::unexpected(failed(ErrorCode::unavailable, "no room for a journal's key file"));
    out->dirty_ = true;
  } else if (marked->first != 0) {
    if (auto done = out->destroy(*marked); !done) return tl::unexpected(done.error());
  }
  return out;
}

bool WindowKeyFile::write(std::uint32_t window, const WindowPlace& place) {
  if (window >= next_window_) next_window_ = window + 1;
  if (!put(window, place)) return false;
  dirty_ = true;
  return true;
}

Result<WindowRange> WindowKeyFile::mark(std::uint64_t from_us, std::uint64_t& begin_us) {
  WindowRange range = windows_since(from_us, next_window_ - 1, [this](std::uint32_t n, MutBytes out) { return read(n, out); }, begin_us);
  if (range.first == 0) return range;
  WindowPlace head{};
  const auto before = secrets_.parse_head(Bytes(head).first(read(0, head)));
  if (before && before->first != 0) return fail(ErrorCode::unavailable, "what was to be forgotten before is not destroyed yet");
  if (!put(0, secrets_.head(range))) return tl::unexpected(failed(ErrorCode::unavailable, "the journal's key file cannot be written"));
  return range;
}

Result<void> WindowKeyFile::destroy(const WindowRange& marked) const {
  // The mark first: whatever happens from here on, these windows are forgotten.
  if (::fdatasync(fd_) != 0) return tl::unexpected(failed(ErrorCode::internal, "the journal's key file cannot be synced"));
  for (std::uint32_t window = marked.first; window <= marked.last; ++window) {
    WindowPlace place{};
    const auto head = read(window, place) == place.size() ? parse_window_head(place) : ParseResult<WindowHead>(fail(ParseError::truncated));
    const WindowPlace over = head && head->window == window ? secrets_.forgotten(window, head->from_us) : WindowPlace{};
    if (!put(window, over)) return tl::unexpected(failed(ErrorCode::internal, "the journal's key file cannot be written"));
  }
  if (::fdatasync(fd_) != 0) return tl::unexpected(failed(ErrorCode::internal, "the journal's key file cannot be synced"));
  if (!put(0, secrets_.head({})) || ::fdatasync(fd_) != 0) return tl::unexpected(failed(ErrorCode::internal, "the journal's key file cannot be written"));
  return {};
}

int WindowKeyFile::take_sync_descriptor() {
  if (!dirty_) return -1;
  dirty_ = false;
  return ::fcntl(fd_, F_DUPFD_CLOEXEC, 0);
}

}  // namespace upcall::journal
