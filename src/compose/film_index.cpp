#include "compose/film_index.hpp"

#include "base/invariant.hpp"

namespace upcall::compose {

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
                     const std::vector<IndexEntry>& fragments) {
  constexpr std::size_t kMost = (kIndexReserve - kSidxHead - kBoxHead) / kReference;
  const std::size_t group = (fragments.size() + kMost - 1) / kMost;
  std::vector<IndexEntry> joined;
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
  for (const IndexEntry& f : joined) {
    w.u32(f.size & 0x7fffffffu);      // reference_type 0: media
    w.u32(static_cast<std::uint32_t>(f.duration));
    w.u32(1u << 31 | 1u << 28);       // starts with a stream access point of type 1
  }
  write_free(w, kIndexReserve - size);
  UPCALL_INVARIANT(w.ok() && w.size() == kIndexReserve, "the index does not fill its place");
  return out;
}

Result<void> FilmIndex::begin(const wire::FilmHeader& h) {
  if (begun()) return fail(ErrorCode::conflict, "the film has a header already");
  if (h.boxes.empty() || h.fps == 0) return fail(ErrorCode::invalid_argument, "this is not the header of a film");
  header_bytes_ = h.boxes.size();
  bytes_ = header_bytes_ + kIndexReserve;
  timescale_ = h.timescale;
  fps_ = h.fps;
  resume_.first_decode_tick = h.first_decode_tick;
  resume_.timescale = h.timescale;
  resume_.video_headers.assign(h.video_headers.begin(), h.video_headers.end());
  resume_.audio_config.assign(h.audio_config.begin(), h.audio_config.end());
  return {};
}

Result<void> FilmIndex::may_add(const wire::FilmFragment& f) const {
  if (!begun() || f.number != fragments_.size()) return fail(ErrorCode::invalid_argument, "this is not the film's next fragment");
  if (f.start_tick < end_tick() || f.end_tick <= f.start_tick || f.next_decode_tick > f.end_tick ||
      (!fragments_.empty() && (f.next_sample < resume_.sample || f.next_decode_tick <= resume_.decode_tick))) {
    return fail(ErrorCode::invalid_argument, "a fragment of the film runs backwards");
  }
  return {};
}

Result<void> FilmIndex::add(const wire::FilmFragment& f) {
  if (auto may = may_add(f); !may) return may;
  fragments_.push_back({bytes_, static_cast<std::uint32_t>(f.boxes.size()), f.start_tick, f.end_tick});
  bytes_ += f.boxes.size();
  resume_.fragment = fragments_.size();
  resume_.tick = f.end_tick;
  resume_.decode_tick = f.next_decode_tick;
  resume_.sample = f.next_sample;
  resume_.damage_unknown = resume_.damage_unknown || f.damage_unknown ||
                           resume_.damage.size() + f.damage.size() > wire::kFilmDamageMax;
  if (resume_.damage_unknown) {
    resume_.damage.clear();
  } else {
    resume_.damage.insert(resume_.damage.end(), f.damage.begin(), f.damage.end());
  }
  return {};
}

std::int64_t FilmIndex::ticks_of(std::size_t fragment) const {
  const Fragment& f = fragments_[fragment];
  const std::int64_t end = fragment + 1 < fragments_.size() ? fragments_[fragment + 1].start_tick : f.end_tick;
  return end - f.start_tick;
}

ByteVector FilmIndex::index() const {
  // In the track's own timescale: libavformat's demuxer (and so Chromium) reads the sum as the track's duration.
  std::vector<IndexEntry> entries;
  entries.reserve(fragments_.size());
  for (std::size_t i = 0; i < fragments_.size(); ++i) {
    entries.push_back({fragments_[i].size,
                       static_cast<std::uint64_t>(ticks_of(i)) * timescale_ / static_cast<std::uint64_t>(fps_)});
  }
  return index_box(1, timescale_, 0, entries);
}

}  // namespace upcall::compose
