// What every attendee sends, encoded once before anything is measured: two seconds of a 360p camera at 15 pictures a
// second, and a second of speech-like sound whose packets end in room for a stamp (padding, RFC 6716 §3.2.5: decoders
// pass over it, so the server may still mix them).
#pragma once

#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace upcall::bench {

struct Clip {
  static constexpr int kFps = 15;
  std::vector<ByteVector> opus;     // 20 ms each
  std::vector<ByteVector> video;    // VP8; the first is a key frame, the only one
  double video_kbps = 0;
};

Result<Clip> make_clip(int video_kbps);

}  // namespace upcall::bench
