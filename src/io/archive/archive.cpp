#include "io/archive/archive.hpp"

#include <archive.h>
#include <archive_entry.h>

#include <cerrno>

namespace upcall::archive {

namespace {

Error error_of(struct ::archive* a, bool reading) {
  const int number = archive_errno(a);
  if (number == ENOSPC || number == EDQUOT) return {ErrorCode::exhausted, "the disk is full"};
  if (reading) return {ErrorCode::corrupt, "not a whole archive of ours"};
  const char* text = archive_error_string(a);
  return {ErrorCode::unavailable, std::string("the archive cannot be written: ") + (text != nullptr ? text : "unknown")};
}

}  // namespace

struct Writer::Impl {
  struct ::archive* a = archive_write_new();
  struct ::archive_entry* entry = archive_entry_new();
  ~Impl() {
    archive_entry_free(entry);
    archive_write_free(a);
  }
};

Writer::Writer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Writer::~Writer() {
  // What was not finished is not to be ended well by the destructor.
  if (impl_) archive_write_fail(impl_->a);
}

Result<std::unique_ptr<Writer>> Writer::start(int fd) {
  auto impl = std::make_unique<Impl>();
  struct ::archive* a = impl->a;
  if (archive_write_add_filter_zstd(a) != ARCHIVE_OK || archive_write_set_format_pax_restricted(a) != ARCHIVE_OK ||
      archive_write_set_filter_option(a, "zstd", "compression-level", "3") != ARCHIVE_OK || archive_write_open_fd(a, fd) != ARCHIVE_OK) {
    return tl::unexpected(error_of(a, false));
  }
  return std::unique_ptr<Writer>(new Writer(std::move(impl)));
}

Result<void> Writer::begin(const std::string& path, std::uint64_t bytes) {
  archive_entry_clear(impl_->entry);
  archive_entry_set_pathname(impl_->entry, path.c_str());
  archive_entry_set_size(impl_->entry, static_cast<la_int64_t>(bytes));
  archive_entry_set_filetype(impl_->entry, AE_IFREG);
  archive_entry_set_perm(impl_->entry, 0600);
  if (archive_write_header(impl_->a, impl_->entry) != ARCHIVE_OK) return tl::unexpected(error_of(impl_->a, false));
  return {};
}

Result<void> Writer::write(Bytes bytes) {
  while (!bytes.empty()) {
    const la_ssize_t n = archive_write_data(impl_->a, bytes.data(), bytes.size());
    if (n <= 0) return tl::unexpected(error_of(impl_->a, false));
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
  return {};
}

Result<void> Writer::finish() {
  if (archive_write_close(impl_->a) != ARCHIVE_OK) return tl::unexpected(error_of(impl_->a, false));
  return {};
}

struct Reader::Impl {
  struct ::archive* a = archive_read_new();
  ~Impl() { archive_read_free(a); }
};

Reader::Reader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Reader::~Reader() = default;

Result<std::unique_ptr<Reader>> Reader::open(const std::string& file) {
  auto impl = std::make_unique<Impl>();
  archive_read_support_filter_zstd(impl->a);
  archive_read_support_format_tar(impl->a);
  if (archive_read_open_filename(impl->a, file.c_str(), 128 << 10) != ARCHIVE_OK) {
    const int number = archive_errno(impl->a);
    if (number == ENOENT) return fail(ErrorCode::not_found, "there is no file " + file);
    if (number == EACCES) return fail(ErrorCode::forbidden, "the file " + file + " may not be read");
    return tl::unexpected(error_of(impl->a, true));
  }
  return std::unique_ptr<Reader>(new Reader(std::move(impl)));
}

Result<std::optional<Entry>> Reader::next() {
  struct ::archive_entry* entry = nullptr;
  const int done = archive_read_next_header(impl_->a, &entry);
  if (done == ARCHIVE_EOF) return std::optional<Entry>();
  const char* path = done == ARCHIVE_OK ? archive_entry_pathname(entry) : nullptr;
  if (path == nullptr || archive_entry_filetype(entry) != AE_IFREG || archive_entry_hardlink(entry) != nullptr || archive_entry_size(entry) < 0) {
    return tl::unexpected(error_of(impl_->a, true));
  }
  return std::optional<Entry>(Entry{path, static_cast<std::uint64_t>(archive_entry_size(entry))});
}

Result<std::size_t> Reader::read(MutBytes out) {
  const la_ssize_t n = archive_read_data(impl_->a, out.data(), out.size());
  if (n < 0) return tl::unexpected(error_of(impl_->a, true));
  return static_cast<std::size_t>(n);
}

}  // namespace upcall::archive
