#include "compose/part_planner.hpp"

#include <algorithm>

#include "base/invariant.hpp"

namespace upcall::compose {

Result<void> PartPlanner::append(Bytes bytes) {
  bytes_ += bytes.size();
  if (!first_full_) {
    if (parts_ == 0) parts_ = 1;
    first_.insert(first_.end(), bytes.begin(), bytes.end());
    first_full_ = first_.size() >= part_bytes_;
    return {};
  }
  current_.insert(current_.end(), bytes.begin(), bytes.end());
  if (current_.size() < part_bytes_) return {};
  auto sent = emit_(++parts_, bytes_ - current_.size(), current_);
  current_.clear();
  return sent;
}

Result<void> PartPlanner::patch(std::uint64_t offset, Bytes bytes) {
  if (offset + bytes.size() > first_.size()) return fail(ErrorCode::internal, "the film's index lies behind its first part");
  std::copy(bytes.begin(), bytes.end(), first_.begin() + static_cast<std::ptrdiff_t>(offset));
  return {};
}

Result<void> PartPlanner::finish() {
  if (!current_.empty()) {
    auto sent = emit_(++parts_, bytes_ - current_.size(), current_);
    current_.clear();
    if (!sent) return sent;
  }
  if (parts_ == 0) return fail(ErrorCode::internal, "an empty film");
  return emit_(1, 0, first_);
}

namespace {
constexpr std::size_t kBoxHead = 8;
constexpr std::size_t kSidxHead = 12 + 4 + 4 + 8 + 8 + 2 + 2;   // full box, version 1
constexpr std::size_t kReference = 12;

void write_free(Writer& out, std::size_t size) {
  UPCALL_INVARIANT(size >= kBoxHead, "no room for a box");
  out.u32(static_cast<std::uint32_t>(size));
  out.bytes(as_bytes("free"));
  out.zeros(size - kBoxHead);
}
}  // namespace

ByteVector reserved_box() {
  ByteVector out(kIndexReserve);
  Writer w(out);
  write_free(w, kIndexReserve);
  return out;
}

ByteVector index_box(std::uint32_t track_id, std::uint32_t timescale, std::uint64_t earliest_time,
                     const std::vector<FilmFragment>& fragments) {
  constexpr std::size_t kMost = (kIndexReserve - kSidxHead - kBoxHead) / kReference;
  const std::size_t group = (fragments.size() + kMost - 1) / kMost;
  std::vector<FilmFragment> joined;
  for (std::size_t i = 0; i < fragments.size(); ++i) {
    if (i % group == 0) joined.push_back({});
    joined.back().size += fragments[i].size;
    joined.back().duration += fragments[i].duration;
  }
  const std::size_t size = kSidxHead + joined.size() * kReference;
  ByteVector out(kIndexReserve);
  Writer w(out);
  w.u32(static_cast<std::uint32_t>(size));
  w.bytes(as_bytes("sidx"));
  w.u32(1u << 24);                    // version 1, no flags
  w.u32(track_id);
  w.u32(timescale);
  w.u64(earliest_time);
  w.u64(kIndexReserve - size);        // first_offset: from the end of this box to the first fragment
  w.u16(0);
  w.u16(static_cast<std::uint16_t>(joined.size()));
  for (const FilmFragment& f : joined) {
    w.u32(f.size & 0x7fffffffu);      // reference_type 0: media
    w.u32(static_cast<std::uint32_t>(f.duration));
    w.u32(1u << 31 | 1u << 28);       // starts with a stream access point of type 1
  }
  write_free(w, kIndexReserve - size);
  UPCALL_INVARIANT(w.ok() && w.size() == kIndexReserve, "the index does not fill its place");
  return out;
}

}  // namespace upcall::compose
