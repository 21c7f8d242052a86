// What is known of a film that is being made or is complete: where its fragments lie in the file, how it goes on, and its
// `sidx` box (ISO/IEC 14496-12 §8.16.3), which lets a player seek and know the length at once.
//
// The file: ftyp and moov, a place of kIndexReserve bytes (`free` while the film grows, `sidx` when it is complete),
// fragments. Pure; one thread.
#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "wire/film_message.hpp"

namespace upcall::compose {

// Bytes to reserve so that an index and the box that fills the rest always fit: of 21 000 fragments, which are twelve hours.
inline constexpr std::size_t kIndexReserve = 256 << 10;

struct IndexEntry {
  std::uint32_t size = 0;         // bytes, moof and mdat
  std::uint64_t duration = 0;     // in the index's timescale
};
// `free` box of exactly kIndexReserve bytes.
ByteVector reserved_box();
// `sidx` and a `free` box, together exactly kIndexReserve bytes. Fragments beyond what fits are joined in groups.
// Every fragment begins with a key frame of the track and follows the reserve without gaps.
ByteVector index_box(std::uint32_t track_id, std::uint32_t timescale, std::uint64_t earliest_time,
                     const std::vector<IndexEntry>& fragments);

class FilmIndex {
 public:
  struct Fragment {
    std::uint64_t offset = 0;     // in the file
    std::uint32_t size = 0;
    std::int64_t start_tick = 0, end_tick = 0;
  };

  // conflict: there is a header already. invalid_argument: it is none of a film.
  Result<void> begin(const wire::FilmHeader& header);
  // invalid_argument: not the next one, or it runs backwards.
  Result<void> add(const wire::FilmFragment& fragment);
  Result<void> may_add(const wire::FilmFragment& fragment) const;

  bool begun() const { return header_bytes_ != 0; }
  std::uint64_t header_bytes() const { return header_bytes_; }
  // Of the file as far as it is there.
  std::uint64_t bytes() const { return bytes_; }
  const std::vector<Fragment>& fragments() const { return fragments_; }
  int fps() const { return fps_; }
  std::int64_t end_tick() const { return fragments_.empty() ? 0 : fragments_.back().end_tick; }
  std::int64_t duration_ms() const { return fps_ == 0 ? 0 : end_tick() * 1000 / fps_; }
  // How long a fragment is shown: up to the next one's first picture.
  std::int64_t ticks_of(std::size_t fragment) const;

  // What stands in the reserved place when the film is complete.
  ByteVector index() const;
  // How another composer goes on. Only with at least one fragment.
  const wire::FilmResume& resume() const { return resume_; }

 private:
  std::uint64_t header_bytes_ = 0, bytes_ = 0;
  std::uint32_t timescale_ = 0;
  int fps_ = 0;
  std::vector<Fragment> fragments_;
  wire::FilmResume resume_;
};

}  // namespace upcall::compose
