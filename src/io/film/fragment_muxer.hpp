// Fragmented MP4 front to back (no seeking): libavformat writes every box but the front index, for which a place is kept
// behind the header (compose/part_planner.hpp). A fragment begins with a key frame and holds both tracks up to the next
// fragment. One thread.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "compose/part_planner.hpp"
#include "io/film/h264_encoder.hpp"

namespace upcall::film {

struct MuxerOptions {
  int width = 1920, height = 1080, fps = 30;
  Bytes video_headers;       // Annex B SPS and PPS
  Bytes audio_config;        // AudioSpecificConfig
  std::int64_t fragment_ticks = 30;   // a key frame ends a fragment at least this long
};

class FragmentMuxer {
 public:
  using Sink = std::function<Result<void>(Bytes bytes)>;
  static Result<std::unique_ptr<FragmentMuxer>> open(const MuxerOptions& options, Sink sink);
  ~FragmentMuxer();
  FragmentMuxer(const FragmentMuxer&) = delete;
  FragmentMuxer& operator=(const FragmentMuxer&) = delete;

  Result<void> video(EncodedVideo frame);            // in decoding order
  Result<void> audio(std::int64_t pts, Bytes packet);  // in samples at 48 kHz, rising
  // The last picture stays until end_tick. Writes the last fragment.
  Result<void> finish(std::int64_t end_tick);

  // After finish(): what to write over the reserved place, and where it is.
  ByteVector index() const;
  std::uint64_t index_offset() const { return index_offset_; }

 private:
  struct State;
  FragmentMuxer(std::unique_ptr<State> state, Sink sink, const MuxerOptions& options);
  Result<void> write_video(const EncodedVideo& frame, std::int64_t duration);
  Result<void> cut(std::int64_t until_tick);
  Result<void> drain(std::int64_t duration_ticks);

  std::unique_ptr<State> state_;
  Sink sink_;
  int fps_;
  std::int64_t fragment_ticks_;
  std::optional<EncodedVideo> held_;                  // its duration is known with the next one
  std::int64_t fragment_start_ = 0;                   // pts of the running fragment's first picture
  bool fragment_open_ = false;
  struct Sound {
    std::int64_t pts;
    ByteVector data;
  };
  std::deque<Sound> sounds_;
  std::uint64_t index_offset_ = 0;
  bool header_sent_ = false;
  std::vector<compose::FilmFragment> fragments_;
};

}  // namespace upcall::film
