// A journal's directory: its segment files for a writer, and what a restarted writer has to know. Blocking file work.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "io/journal/window_key_file.hpp"
#include "journal/reader.hpp"
#include "journal/writer.hpp"

namespace upcall::journal {

// Segment numbers present in `directory`, ascending; empty when there is no such directory.
std::vector<std::uint32_t> list_segments(const std::string& directory);

struct Recovered {
  JournalPosition position;       // epoch: the highest that is known to have written
  std::uint64_t bytes = 0;        // of all files present
  bool tail_discarded = false;    // something after the last valid seal is ignored from now on
};
// Reads the last segments of a journal. An absent or empty directory gives an empty position. corrupt: no valid block in
// a directory that has segments (wrong key or tampering).
Result<Recovered> recover_journal(const std::string& directory, Bytes recording_key);

// Writes segments below `directory` (made with mode 0700, files 0600). Holds a small reserve file, so that the end of a
// recording can still be written to a full disk. One thread.
class SegmentFiles final : public JournalSink {
 public:
  // after_close takes ownership of a descriptor of a finished segment: sync and close it.
  // `keys`: of a journal of version 2.
  SegmentFiles(std::string directory, std::uint64_t bytes_present, void (*after_close)(void*, int fd), void* context,
               std::shared_ptr<WindowKeyFile> keys = nullptr);
  ~SegmentFiles() override;
  SegmentFiles(const SegmentFiles&) = delete;
  SegmentFiles& operator=(const SegmentFiles&) = delete;

  Result<void> prepare();
  bool open_segment(std::uint32_t segment) override;
  bool write(Bytes bytes) override;
  void close_segment() override;
  bool write_window(std::uint32_t window, const WindowPlace& place) override;

  // From now on the reserve may be spent.
  void spend_reserve();
  // Duplicates of descriptors for a sync elsewhere, -1: nothing to sync; the key file's is to be synced before the open
  // segment's. The caller closes them.
  int take_key_sync_descriptor() { return keys_ ? keys_->take_sync_descriptor() : -1; }
  int take_sync_descriptor();
  const std::shared_ptr<WindowKeyFile>& keys() const { return keys_; }
  std::uint64_t bytes() const { return bytes_; }
  int last_errno() const { return errno_; }

 private:
  std::string directory_;
  std::uint64_t bytes_ = 0;
  void (*after_close_)(void*, int);
  void* context_;
  std::shared_ptr<WindowKeyFile> keys_;
  int fd_ = -1;
  std::uint64_t size_ = 0;      // of the open segment, whole blocks only
  bool dirty_ = false, reserve_held_ = false;
  int errno_ = 0;
};

}  // namespace upcall::journal
