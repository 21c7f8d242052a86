// Messages between the server and a composer child over an inherited socket pair (SOCK_STREAM). Secrets travel only
// here, never in arguments or environment.
//
// Frame: u32 length of what follows, u8 type, body. Bodies are JSON texts except `header` and `fragment`
// (wire/film_message.hpp), and `film`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace upcall::wire {

enum class ChildMessage : std::uint8_t {
  // server → child
  // first: {"version":2,"journal":DIR,"key":hex} and, all optional, "width":1920,"height":1080,"fps":30,"title":"",
  // "layout":"auto" (compose/layout.hpp), "constantRate":false (true: every tick is encoded),
  // "live":true (follow a growing journal; false: end where it ends), "preset":"live","crf":28,"threads":1,
  // "forgetSeconds":0 (of a growing journal: trail by so much, because it may still be forgotten),
  // "resume":base64 of a FilmResume (go on with a film that is there up to this fragment)
  compose = 1,
  // no body; the journal is complete as it stands: finish the file (not needed when it holds its final footer)
  stop = 2,
  // Of "check" (io/film/film_check.hpp), which gets the film's bytes in order and is not told where they come from:
  check = 3,      // first: what its composer told (`done`), and "session_ms"
  film = 4,       // the next bytes of the file; behind the last ones `stop`
  // child → server
  warm = 15,      // no body, first of all: codecs and font are loaded and tried, an order may come
  ready = 16,     // {"version":2}: codecs opened, reading
  progress = 17,  // {"composed_ms":…,"lag_ms":…,"cpu_ms":of the process so far}, at most one a second
  // 18 was `part` of version 1
  // {"fragments":of the whole film,"width":…,"height":…,"cpu_core_seconds":…,"peak_rss_mib":…,"replay_ms":time from the
  // order to the first new picture} and what apps/upcall-recorder/facts_json.hpp lists: "duration_ms", "gaps", "pauses"…
  done = 19,
  // {"message":one sentence,"restart":true when the film cannot be gone on with: begin it anew}
  failed = 20,
  header = 21,    // FilmHeader; not when it goes on with a film
  fragment = 22,  // FilmFragment, in order
  checked = 23,   // {"findings":[{"kind":…,"severity":…,"value":…,"at_ms":…}],…}: the last word of "check"
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
