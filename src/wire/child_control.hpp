// Messages between the server and a composer child over an inherited socket pair (SOCK_STREAM). Secrets travel only
// here, never in arguments or environment.
//
// Frame: u32 length of what follows, u8 type, body. Bodies are JSON texts except `part`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace upcall::wire {

enum class ChildMessage : std::uint8_t {
  // server → child
  // first: {"version":1,"journal":DIR,"key":hex} and, all optional, "width":1920,"height":1080,"fps":30,"title":"",
  // "live":true (follow a growing journal; false: end where it ends), "preset":"superfast","crf":26,"threads":2
  compose = 1,
  // no body; the journal is complete as it stands: finish the file (not needed when it holds its final footer)
  stop = 2,
  // child → server
  ready = 16,     // {"version":1}: codecs opened, reading
  progress = 17,  // {"composed_ms":…,"lag_ms":…}, at most one a second
  part = 18,      // u32 part number (from 1; part 1 comes last, it holds the index), bytes of the file
  // {"parts":…,"bytes":…,"duration_ms":…,"width":…,"height":…,"video_frames":…,"complete":bool,"gaps":…,
  // "cpu_core_seconds":…,"peak_rss_mib":…,"warning":…,"sha256":hex of SHA-256 over the SHA-256 of the parts in order}
  done = 19,
  failed = 20,    // {"message":…}: one sentence
};

inline constexpr std::uint32_t kChildFrameMax = 24u << 20;

struct ChildFrame {
  ChildMessage type = ChildMessage::failed;
  Bytes body;  // view into the splitter's buffer, valid until the next call
};

// Cuts a byte stream into frames. Value type, one thread.
class ChildFrameSplitter {
 public:
  // Room to read into; call added() with how much came.
  MutBytes room(std::size_t at_least = 64 << 10);
  void added(std::size_t size) { end_ += size; }
  // The next whole frame, nothing when more bytes are needed, an error when the stream is not ours (close it).
  ParseResult<std::optional<ChildFrame>> next();

 private:
  ByteVector buffer_;
  std::size_t begin_ = 0, end_ = 0;
};

// The frame's head; the body follows as it is.
void encode_child_head(ChildMessage type, std::size_t body_size, std::uint8_t (&out)[5]);

}  // namespace upcall::wire
