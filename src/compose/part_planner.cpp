#include "compose/part_planner.hpp"

#include <algorithm>

namespace upcall::compose {

namespace {
constexpr std::uint32_t kStride = 2500;   // parts of one size; four sizes: 183 GiB
}  // namespace

FilmPart part_of(std::uint32_t number, std::uint64_t part_bytes) {
  FilmPart out{number, 0, part_bytes};
  std::uint32_t left = number - 1;
  for (; left >= kStride; left -= kStride) {
    out.offset += kStride * out.size;
    out.size *= 2;
  }
  out.offset += left * out.size;
  return out;
}

std::uint64_t PartPlanner::wanted() const {
  const FilmPart part = part_of(next_, part_bytes_);
  return part.offset + part.size;
}

std::optional<FilmPart> PartPlanner::next(std::uint64_t available, bool complete) const {
  if (finished_) return std::nullopt;
  FilmPart part = part_of(next_, part_bytes_);
  if (part.offset + part.size <= available) return part;
  if (!complete || available == 0) return std::nullopt;
  if (part.offset < available) {
    part.size = available - part.offset;
    return part;
  }
  part = part_of(1, part_bytes_);
  part.size = std::min(part.size, available);
  return part;
}

void PartPlanner::put(const FilmPart& part) {
  if (part.number == 1) {
    finished_ = true;
  } else {
    next_ = part.number + 1;
  }
}

}  // namespace upcall::compose
