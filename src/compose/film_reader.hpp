// Reads a fragmented MP4 front to back from a stream of bytes, as compose/film_index.hpp describes it: the header's tracks,
// then fragment by fragment its samples with their times. Nothing of it is trusted; nothing is decoded. Memory: one
// fragment. Pure; one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace upcall::compose {

struct FilmTrack {
  std::uint32_t id = 0;
  bool video = false;
  std::uint32_t timescale = 0;
  ByteVector config;              // avcC, or AudioSpecificConfig
  int width = 0, height = 0;
  int rate = 0, channels = 0;
  std::int64_t shift = 0;         // of the edit list, in the timescale: shown time = composition time + shift
  std::uint32_t default_duration = 0, default_size = 0;
};

struct FilmSample {
  std::int64_t decode_us = 0, shown_us = 0, duration_us = 0;   // from the film's start, edit list applied
  Bytes data;                     // in the reader's memory, until the next call
};

struct FilmPiece {
  std::vector<FilmSample> video, audio;   // in decoding order
};

class FilmReader {
 public:
  enum class Event : std::uint8_t {
    more,       // feed it, or it is over
    header,     // tracks are known
    fragment,   // piece() is the next one
    broken,     // this is no film, or a film no more: nothing further is read
  };
  void feed(Bytes bytes);
  Event next();

  const std::optional<FilmTrack>& video() const { return video_; }
  const std::optional<FilmTrack>& audio() const { return audio_; }
  const FilmPiece& piece() const { return piece_; }
  // A sidx stood before the first fragment; the time of all its entries.
  bool indexed() const { return indexed_; }
  std::int64_t index_us() const { return index_us_; }
  // Of the whole file, by the index.
  std::uint64_t index_bytes() const { return index_bytes_; }
  std::uint64_t bytes() const { return fed_; }
  // All that was fed has been read and it ends where a fragment does.
  bool at_end() const { return !broken_ && begin_ == buffer_.size() && skip_ == 0 && !moof_; }

 private:
  bool read_header(Bytes moov);
  bool read_track(Bytes trak, std::uint32_t movie_timescale);
  void read_index(Bytes sidx, std::uint64_t end);
  bool read_fragment(Bytes whole, std::size_t moof_size);
  bool read_traf(Bytes traf, Bytes whole);

  ByteVector buffer_;
  std::size_t begin_ = 0;
  std::uint64_t skip_ = 0;        // of a box that nobody needs
  std::uint64_t fed_ = 0;
  bool moof_ = false;             // the buffer begins with a moof that was seen whole
  bool broken_ = false, indexed_ = false;
  std::int64_t index_us_ = 0;
  std::uint64_t index_bytes_ = 0;
  std::optional<FilmTrack> video_, audio_;
  FilmPiece piece_;
};

}  // namespace upcall::compose
