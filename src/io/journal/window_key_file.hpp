// The key file of a journal's directory (journal/window_keys.hpp): of the one who writes the journal and forgets, and of
// readers. It is the only place where the keys of windows lie: nobody copies it, and it is overwritten in place.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "journal/window_keys.hpp"

namespace upcall::journal {

// For readers. The file is opened when it is needed first: a directory without one has a journal of version 1.
class WindowKeyReader final : public WindowPlaces {
 public:
  explicit WindowKeyReader(const std::string& directory);
  ~WindowKeyReader() override;
  WindowKeyReader(const WindowKeyReader&) = delete;
  WindowKeyReader& operator=(const WindowKeyReader&) = delete;
  std::size_t read(std::uint32_t place, MutBytes out) override;

 private:
  std::string path_;
  int fd_ = -1;
};

// For the writer; one thread, but what is told of another. Descriptors are its own.
class WindowKeyFile {
 public:
  // Opens or makes the file (mode 0600), and ends what was being forgotten when its writer died: blocking, synced.
  // corrupt: it is another key's, or no key file.
  static Result<std::unique_ptr<WindowKeyFile>> open(const std::string& directory, Bytes recording_key);
  ~WindowKeyFile();
  WindowKeyFile(const WindowKeyFile&) = delete;
  WindowKeyFile& operator=(const WindowKeyFile&) = delete;

  // Behind every place that was ever used.
  std::uint32_t next_window() const { return next_window_; }
  bool write(std::uint32_t window, const WindowPlace& place);

  // Marks all windows that hold something of from_us and later as forgotten; not synced, and without waiting for a disk
  // that has room for nothing. From here on no reader on this host opens them. begin_us: where the first of them begins.
  // An empty range: there is nothing. unavailable: what was marked before is not destroyed yet.
  Result<WindowRange> mark(std::uint64_t from_us, std::uint64_t& begin_us);
  // The rest, blocking, any thread while no other mark() or destroy() runs: what is marked is synced, overwritten,
  // synced, and the mark taken away. internal: the mark stays, and it may be tried again.
  Result<void> destroy(const WindowRange& marked) const;

  // A duplicate of the descriptor for a sync elsewhere, -1: nothing new. The caller closes it.
  int take_sync_descriptor();

 private:
  WindowKeyFile(int fd, Bytes recording_key) : fd_(fd), secrets_(recording_key) {}
  std::size_t read(std::uint32_t place, MutBytes out) const;
  bool put(std::uint32_t place, const WindowPlace& bytes) const;

  int fd_;
  WindowSecrets secrets_;
  std::uint32_t next_window_ = 1;
  bool dirty_ = false;
};

}  // namespace upcall::journal
