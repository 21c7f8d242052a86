// How a film becomes the parts of a multipart upload while it grows: every part but the last has at least the 5 MiB that
// S3 asks for, cut anywhere; the first comes last, because its reserved place is filled when the film is over. Parts get
// larger far behind the front, so that the longest call stays below 10 000 of them. Pure.
#pragma once

#include <cstdint>
#include <optional>

namespace upcall::compose {

inline constexpr std::uint64_t kPartBytes = 5u << 20;   // smallest part that S3 accepts, except the last

struct FilmPart {
  std::uint32_t number = 0;       // from 1
  std::uint64_t offset = 0, size = 0;
  bool operator==(const FilmPart&) const = default;
};

// The part with this number of a film that has no end yet.
FilmPart part_of(std::uint32_t number, std::uint64_t part_bytes = kPartBytes);

// Which part can be put next. Value type.
class PartPlanner {
 public:
  explicit PartPlanner(std::uint64_t part_bytes = kPartBytes) : part_bytes_(part_bytes) {}

  // `available`: bytes of the film that are there; `complete`: it has no more. Nothing: wait, or all parts are put.
  std::optional<FilmPart> next(std::uint64_t available, bool complete) const;
  // The part that next() answered is put.
  void put(const FilmPart& part);
  bool finished() const { return finished_; }
  // Bytes that have to be there for next() to answer something while the film grows.
  std::uint64_t wanted() const;

 private:
  std::uint64_t part_bytes_;
  std::uint32_t next_ = 2;
  bool finished_ = false;
};

}  // namespace upcall::compose
