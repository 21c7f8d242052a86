// A film on its way from its composer to the server, piece by piece: bodies of the control messages `header` and
// `fragment`, and what the film spool seals (io/film_spool). The composer decodes what strangers sent, so that its words
// are bytes from outside too: everything here is checked when it is read.
//
// Times: ticks of the film's grid (1/fps s) for pictures, samples at 48 kHz for sound; both from the film's start. Views
// point into the memory that was parsed. Pure.
#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace upcall::wire {

// A frame or packet that a decoder answered otherwise than it promises: who composes again without decoding everything
// has to be told, or its film would take another way.
struct FilmDamage {
  bool sound = false;
  std::uint32_t number = 0;      // video: the tap's source; sound: lanes in the order in which they were opened, from 0
  std::uint64_t ordinal = 0;     // of the frame or packet among those its decoder was given, from 0
  std::uint32_t samples = 0;     // sound: what came out; video: 0
  bool operator==(const FilmDamage&) const = default;
};

// Before the first fragment, once a film.
struct FilmHeader {
  std::uint16_t width = 0, height = 0;
  std::uint8_t fps = 0;
  std::uint32_t timescale = 0;          // of the video track
  std::int64_t first_decode_tick = 0;   // decoding begins this much before the first picture is shown: 0 or less
  Bytes video_headers;                  // SPS and PPS, Annex B
  Bytes audio_config;                   // AudioSpecificConfig
  Bytes boxes;                          // ftyp and moov; the place of the index follows them in the file
};

// A fragment begins with a key frame and holds both tracks up to the next one.
struct FilmFragment {
  std::uint64_t number = 0;             // from 0
  std::int64_t start_tick = 0;          // its first picture
  std::int64_t end_tick = 0;            // the next fragment's first picture, or the film's end
  std::int64_t next_decode_tick = 0;    // decode time at which the next fragment's pictures begin
  std::int64_t next_sample = 0;         // the next fragment's sound begins here
  std::vector<FilmDamage> damage;       // noticed since the fragment before
  bool damage_unknown = false;          // there was more than a list holds
  Bytes boxes;                          // moof and mdat
};

// All that a composer needs to go on with a film that another one began. Owns its memory.
struct FilmResume {
  std::uint64_t fragment = 0;           // number of the next one
  std::int64_t tick = 0, decode_tick = 0, sample = 0, first_decode_tick = 0;
  std::uint32_t timescale = 0;          // of the video track, as the header says
  ByteVector video_headers, audio_config;   // it must make the same
  std::vector<FilmDamage> damage;
  bool damage_unknown = false;
  bool operator==(const FilmResume&) const = default;
};

inline constexpr std::size_t kFilmDamageMax = 256;      // of one fragment, and of a film
inline constexpr std::size_t kFilmBoxesMax = 16u << 20; // a fragment's; two seconds of the encoder's cap are 3 MiB

// What stands before the boxes of an encoded message, which are its last bytes.
ByteVector encode_head(const FilmHeader& header);
ByteVector encode_head(const FilmFragment& fragment);
ParseResult<FilmHeader> parse_film_header(Bytes body);
ParseResult<FilmFragment> parse_film_fragment(Bytes body);

ByteVector encode(const FilmResume& resume);
ParseResult<FilmResume> parse_film_resume(Bytes bytes);

}  // namespace upcall::wire
