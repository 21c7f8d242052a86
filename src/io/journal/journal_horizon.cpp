#include "io/journal/journal_horizon.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "io/journal/journal_files.hpp"

namespace upcall::journal {

namespace {

bool read_at(int fd, std::uint64_t offset, MutBytes out) {
  ssize_t n;
  do {
    n = ::pread(fd, out.data(), out.size(), static_cast<off_t>(offset));
  } while (n < 0 && errno == EINTR);
  return n == static_cast<ssize_t>(out.size());
}

}  // namespace

JournalHorizon::JournalHorizon(std::string directory) : directory_(std::move(directory)) {}

JournalHorizon::~JournalHorizon() {
  if (fd_ >= 0) ::close(fd_);
}

void JournalHorizon::look() {
  if (complete_) return;
  if (fd_ >= 0) walk();
  const auto segments = list_segments(directory_);
  if (segments.empty() || static_cast<std::int64_t>(segments.back()) == segment_) return;
  const int fd = ::open((directory_ + "/" + segment_file_name(segments.back())).c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return;
  if (fd_ >= 0) ::close(fd_);
  fd_ = fd;
  segment_ = segments.back();
  offset_ = 0;
  version_ = 0;
  walk();
}

void JournalHorizon::walk() {
  struct stat about {};
  if (::fstat(fd_, &about) != 0) return;
  const auto size = static_cast<std::uint64_t>(about.st_size);
  if (version_ == 0) {
    std::array<std::uint8_t, kHeaderSize> raw{};
    if (!read_at(fd_, 0, raw)) return;
    const auto header = parse_segment_header(raw);
    if (!header) return;
    version_ = header->version;
    offset_ = kHeaderSize;
  }
  const std::size_t head_size = block_head_size(version_);
  std::array<std::uint8_t, kBlockHeadMax> raw{};
  while (offset_ + head_size <= size && read_at(fd_, offset_, MutBytes(raw).first(head_size))) {
    const auto head = parse_block_head(Bytes(raw).first(head_size), version_);
    if (!head) return;
    const std::uint64_t end = offset_ + head_size + head->size + kTagSize;
    if (end > size) return;
    offset_ = end;
    until_us_ = std::max(until_us_, head->until_us);
    if (head->kind == BlockKind::final_footer) complete_ = true;
  }
}

}  // namespace upcall::journal
