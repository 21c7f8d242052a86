// Cuts a film that is written front to back into parts for a multipart upload: each but the last at least 5 MiB, the
// first kept back, because its reserved place is filled with the index when the film is over. One thread.
//
// Also here: the film's `sidx` box (ISO/IEC 14496-12 §8.16.3), which lets a player seek and know the length at once.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace upcall::compose {

inline constexpr std::size_t kPartBytes = 5u << 20;   // smallest part that S3 accepts, except the last

class PartPlanner {
 public:
  // Numbers from 1; part 1 comes last. `offset`: of the part in the file. Bytes are valid during the call.
  using Emit = std::function<Result<void>(std::uint32_t number, std::uint64_t offset, Bytes part)>;
  explicit PartPlanner(Emit emit, std::size_t part_bytes = kPartBytes) : emit_(std::move(emit)), part_bytes_(part_bytes) {}

  Result<void> append(Bytes bytes);
  // Overwrites bytes of the kept first part.
  Result<void> patch(std::uint64_t offset, Bytes bytes);
  // Emits what is left, the first part last.
  Result<void> finish();

  std::uint64_t bytes() const { return bytes_; }
  std::uint32_t parts() const { return parts_; }

 private:
  Emit emit_;
  std::size_t part_bytes_;
  ByteVector first_, current_;
  bool first_full_ = false;
  std::uint32_t parts_ = 0;       // emitted or kept
  std::uint64_t bytes_ = 0;       // appended
};

struct FilmFragment {
  std::uint32_t size = 0;         // bytes, moof and mdat
  std::uint64_t duration = 0;     // in the index's timescale
};

// Bytes to reserve so that an index and the box that fills the rest always fit.
inline constexpr std::size_t kIndexReserve = 32 << 10;

// `free` box of exactly kIndexReserve bytes: what stands there while the film is made.
ByteVector reserved_box();
// `sidx` and a `free` box, together exactly kIndexReserve bytes. Fragments beyond what fits are joined in groups.
// Every fragment begins with a key frame of the track and follows the reserve without gaps.
ByteVector index_box(std::uint32_t track_id, std::uint32_t timescale, std::uint64_t earliest_time,
                     const std::vector<FilmFragment>& fragments);

}  // namespace upcall::compose
