// Fragmented MP4 front to back (no seeking): libavformat writes every box but the front index, for which a place is kept
// behind the header (compose/film_index.hpp). A fragment begins with a key frame and holds both tracks up to the next
// fragment. A muxer can go on with a film of another one: numbers and times of its fragments follow on. One thread.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "io/film/film_sink.hpp"
#include "io/film/h264_encoder.hpp"

namespace upcall::film {

struct MuxerOptions {
  int width = 1920, height = 1080, fps = 30;
  Bytes video_headers;       // Annex B SPS and PPS
  Bytes audio_config;        // AudioSpecificConfig
  std::int64_t fragment_ticks = 30;   // a key frame ends a fragment at least this long
  const wire::FilmResume* resume = nullptr;   // goes on here; used by open() only
};

class FragmentMuxer {
 public:
  // The sink must outlive the muxer.
  static Result<std::unique_ptr<FragmentMuxer>> open(const MuxerOptions& options, FilmSink& sink);
  ~FragmentMuxer();
  FragmentMuxer(const FragmentMuxer&) = delete;
  FragmentMuxer& operator=(const FragmentMuxer&) = delete;

  Result<void> video(EncodedVideo frame);            // in decoding order
  Result<void> audio(std::int64_t pts, Bytes packet);  // in samples at 48 kHz, rising
  // The last picture stays until end_tick. Writes the last fragment.
  Result<void> finish(std::int64_t end_tick);

 private:
  struct State;
  FragmentMuxer(std::unique_ptr<State> state, FilmSink& sink, const MuxerOptions& options);
  Result<void> write_video(const EncodedVideo& frame, std::int64_t duration);
  // The running fragment ends where the next one's first picture is shown and decoded; nothing: with the film.
  Result<void> cut(std::int64_t end_tick, std::int64_t next_decode_tick, bool last);
  Result<void> drain(const wire::FilmFragment& facts);

  std::unique_ptr<State> state_;
  FilmSink& sink_;
  int width_, height_, fps_;
  ByteVector video_headers_, audio_config_;
  std::int64_t fragment_ticks_;
  // Going on with a film: decode times before `resumed_tick_` are the old film's to say.
  std::int64_t resumed_tick_ = INT64_MIN, resumed_decode_tick_ = 0;
  std::int64_t shift_ticks_ = 0;                      // in the file everything lies this much later
  std::int64_t first_decode_tick_ = 0;
  std::optional<EncodedVideo> held_;                  // its duration is known with the next one
  std::int64_t fragment_start_ = 0;                   // pts of the running fragment's first picture
  bool fragment_open_ = false;
  struct Sound {
    std::int64_t pts;
    ByteVector data;
  };
  std::deque<Sound> sounds_;
  std::int64_t next_sample_ = 0;
  bool header_sent_ = false;
  std::uint64_t number_ = 0;                          // of the running fragment
  std::uint64_t own_fragments_ = 0;
};

}  // namespace upcall::film
