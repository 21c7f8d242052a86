#include "compose/film_reader.hpp"

#include <algorithm>
#include <climits>

namespace upcall::compose {

namespace {
constexpr std::uint64_t kHeaderMax = 1u << 20, kMoofMax = 4u << 20, kMdatMax = 64u << 20;
constexpr std::uint32_t kSamplesMax = 100'000;       // of a fragment
constexpr std::uint32_t kTimescaleMax = 10'000'000;
constexpr std::int64_t kLongest = 1ll << 42;         // of a time in its timescale: a week at the finest, and no overflow

struct Box {
  std::string_view type;
  Bytes body;
};

// The next whole box of a container; nothing at its end or when it is damaged.
std::optional<Box> next_box(Reader& in) {
  const std::uint32_t size = in.u32();
  const Bytes type = in.bytes(4);
  if (!in.ok() || size < 8) return std::nullopt;
  const Bytes body = in.bytes(size - 8);
  if (!in.ok()) return std::nullopt;
  return Box{as_text(type), body};
}

std::optional<Bytes> child(Bytes container, std::string_view type) {
  Reader in(container);
  while (auto box = next_box(in)) {
    if (box->type == type) return box->body;
  }
  return std::nullopt;
}

std::optional<Bytes> path(Bytes container, std::initializer_list<std::string_view> types) {
  std::optional<Bytes> out = container;
  for (const std::string_view type : types) {
    if (out) out = child(*out, type);
  }
  return out;
}

std::int64_t to_us(std::int64_t time, std::uint32_t timescale) {
  return time / timescale * 1'000'000 + time % timescale * 1'000'000 / timescale;
}

// The decoder's specific information in an esds (ISO/IEC 14496-1 §7.2.6): descriptors 3, 4, 5 in one another.
ByteVector specific_info(Bytes esds) {
  Reader in(esds);
  in.skip(4);
  const auto length = [&] {
    std::uint32_t out = 0;
    for (int i = 0; i < 4; ++i) {
      const std::uint8_t b = in.u8();
      out = out << 7 | (b & 0x7f);
      if (!(b & 0x80)) break;
    }
    return out;
  };
  while (in.ok() && in.remaining() > 0) {
    const std::uint8_t tag = in.u8();
    const std::uint32_t size = length();
    if (tag == 3) {
      in.skip(2);
      if (in.u8() != 0) return {};   // optional fields: not ours
    } else if (tag == 4) {
      in.skip(13);
    } else if (tag == 5) {
      const Bytes body = in.bytes(size);
      return ByteVector(body.begin(), body.end());
    } else {
      in.skip(size);
    }
  }
  return {};
}
}  // namespace

void FilmReader::feed(Bytes bytes) {
  fed_ += bytes.size();
  if (broken_) return;
  if (skip_ > 0) {
    const auto over = static_cast<std::size_t>(std::min<std::uint64_t>(skip_, bytes.size()));
    skip_ -= over;
    bytes = bytes.subspan(over);
  }
  if (begin_ > 0) {
    buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(begin_));
    begin_ = 0;
  }
  buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
}

FilmReader::Event FilmReader::next() {
  const auto give_up = [this] {
    broken_ = true;
    return Event::broken;
  };
  while (!broken_) {
    const Bytes rest = Bytes(buffer_).subspan(begin_);
    Reader in(rest);
    std::uint64_t before = 0;
    if (moof_) {
      before = in.u32();
      in.skip(before - 4);
    }
    std::uint64_t size = in.u32();
    const Bytes type_bytes = in.bytes(4);
    if (!in.ok()) return Event::more;
    const std::string_view type = as_text(type_bytes);
    if (size == 1) {
      size = in.u64();
      if (!in.ok()) return Event::more;
    }
    if (size < in.position() - before) return give_up();
    if (moof_ && type != "mdat") return give_up();
    const bool wanted = type == "moov" || type == "sidx" || type == "moof" || type == "mdat";
    if (!wanted || (type == "mdat" && !moof_)) {
      // Boxes are named by letters and digits: anything else is no box.
      for (const char c : type) {
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == ' ')) return give_up();
      }
      const auto here = static_cast<std::size_t>(std::min<std::uint64_t>(size, rest.size()));
      begin_ += here;
      skip_ = size - here;
      if (skip_ > 0) return Event::more;
      continue;
    }
    if (size > (type == "moof" ? kMoofMax : type == "mdat" ? kMdatMax : kHeaderMax)) return give_up();
    if (rest.size() < before + size) return Event::more;
    const Bytes body = rest.subspan(in.position(), before + size - in.position());
    if (type == "moof") {
      if (!video_) return give_up();
      moof_ = true;
      continue;
    }
    begin_ += before + size;
    if (type == "moov") {
      if (video_ || !read_header(body)) return give_up();
      return Event::header;
    }
    if (type == "sidx") {
      read_index(body, fed_ - (buffer_.size() - begin_));
      continue;
    }
    moof_ = false;
    if (!read_fragment(rest.first(before + size), before)) return give_up();
    return Event::fragment;
  }
  return Event::broken;
}

bool FilmReader::read_header(Bytes moov) {
  std::uint32_t movie_timescale = 0;
  if (const auto mvhd = child(moov, "mvhd")) {
    Reader in(*mvhd);
    const bool wide = in.u8() == 1;
    in.skip(wide ? 3 + 16 : 3 + 8);
    movie_timescale = in.u32();
  }
  if (movie_timescale == 0 || movie_timescale > kTimescaleMax) return false;
  Reader in(moov);
  while (auto box = next_box(in)) {
    if (box->type == "trak" && !read_track(box->body, movie_timescale)) return false;
  }
  if (!video_) return false;
  if (const auto mvex = child(moov, "mvex")) {
    Reader each(*mvex);
    while (auto box = next_box(each)) {
      if (box->type != "trex") continue;
      Reader t(box->body);
      t.skip(4);
      const std::uint32_t id = t.u32();
      t.skip(4);
      const std::uint32_t duration = t.u32(), size = t.u32();
      for (auto* track : {&video_, &audio_}) {
        if (!*track || (*track)->id != id) continue;
        (*track)->default_duration = duration;
        (*track)->default_size = size;
      }
    }
  }
  return true;
}

bool FilmReader::read_track(Bytes trak, std::uint32_t movie_timescale) {
  FilmTrack out;
  const auto tkhd = child(trak, "tkhd"), mdhd = path(trak, {"mdia", "mdhd"}), hdlr = path(trak, {"mdia", "hdlr"}),
             stsd = path(trak, {"mdia", "minf", "stbl", "stsd"});
  if (!tkhd || !mdhd || !hdlr || !stsd) return false;
  Reader t(*tkhd);
  t.skip(t.u8() == 1 ? 3 + 16 : 3 + 8);
  out.id = t.u32();
  Reader m(*mdhd);
  m.skip(m.u8() == 1 ? 3 + 16 : 3 + 8);
  out.timescale = m.u32();
  Reader h(*hdlr);
  h.skip(8);
  const std::string_view handler = as_text(h.bytes(4));
  if (!t.ok() || !m.ok() || !h.ok() || out.timescale == 0 || out.timescale > kTimescaleMax) return false;
  out.video = handler == "vide";
  auto& place = out.video ? video_ : audio_;
  if ((!out.video && handler != "soun") || place) return true;   // none of ours, or a second one
  Reader entries(*stsd);
  entries.skip(8);
  const auto entry = next_box(entries);
  if (!entry) return false;
  Reader e(entry->body);
  if (out.video) {
    e.skip(24);
    out.width = e.u16();
    out.height = e.u16();
    e.skip(50);
    const auto config = child(e.rest(), "avcC");
    if (entry->type != "avc1" || !config) return false;
    out.config.assign(config->begin(), config->end());
  } else {
    e.skip(16);
    out.channels = e.u16();
    e.skip(6);
    out.rate = e.u16();
    e.skip(2);
    const auto config = child(e.rest(), "esds");
    if (entry->type != "mp4a" || !config) return false;
    out.config = specific_info(*config);
  }
  if (const auto elst = path(trak, {"edts", "elst"})) {
    Reader list(*elst);
    const bool wide = list.u8() == 1;
    list.skip(3);
    const std::uint32_t count = std::min<std::uint32_t>(list.u32(), 16);
    for (std::uint32_t i = 0; i < count && list.ok(); ++i) {
      const std::uint64_t duration = wide ? list.u64() : list.u32();
      const std::int64_t media = wide ? static_cast<std::int64_t>(list.u64()) : static_cast<std::int32_t>(list.u32());
      list.skip(4);
      if (media < 0) {
        out.shift += to_us(static_cast<std::int64_t>(std::min<std::uint64_t>(duration, 1ull << 40)), movie_timescale) / 1000 *
                     out.timescale / 1000;
      } else {
        out.shift -= std::min(media, kLongest);
        break;
      }
    }
  }
  place = std::move(out);
  return true;
}

// `end`: place in the file at which the box ends.
void FilmReader::read_index(Bytes sidx, std::uint64_t end) {
  Reader in(sidx);
  const bool wide = in.u8() == 1;
  in.skip(3 + 4);
  const std::uint32_t timescale = in.u32();
  in.skip(wide ? 8 : 4);
  std::uint64_t bytes = end + (wide ? in.u64() : in.u32());
  in.skip(2);
  const std::uint16_t count = in.u16();
  std::int64_t ticks = 0;
  for (std::uint16_t i = 0; i < count; ++i) {
    bytes += in.u32() & 0x7fffffffu;
    ticks += in.u32();
    in.skip(4);
  }
  if (!in.ok() || timescale == 0) return;
  indexed_ = true;
  index_bytes_ = bytes;
  index_us_ = to_us(ticks, timescale);
}

bool FilmReader::read_fragment(Bytes whole, std::size_t moof_size) {
  piece_ = {};
  Reader in(whole.subspan(8, moof_size - 8));
  while (auto box = next_box(in)) {
    if (box->type == "traf" && !read_traf(box->body, whole)) return false;
  }
  return true;
}

bool FilmReader::read_traf(Bytes traf, Bytes whole) {
  const auto tfhd = child(traf, "tfhd"), tfdt = child(traf, "tfdt");
  if (!tfhd || !tfdt) return false;
  Reader h(*tfhd);
  const std::uint32_t flags = h.u32() & 0xffffff, id = h.u32();
  const FilmTrack* track = video_ && video_->id == id ? &*video_ : audio_ && audio_->id == id ? &*audio_ : nullptr;
  if (!track) return true;
  if (flags & 1) return false;       // places from the file's beginning: not in a film of ours
  if (flags & 2) h.skip(4);
  std::uint32_t duration = track->default_duration, size = track->default_size;
  if (flags & 8) duration = h.u32();
  if (flags & 0x10) size = h.u32();
  Reader d(*tfdt);
  const bool wide = d.u8() == 1;
  d.skip(3);
  const std::uint64_t base = wide ? d.u64() : d.u32();
  if (!h.ok() || !d.ok() || base > static_cast<std::uint64_t>(kLongest)) return false;
  auto decode = static_cast<std::int64_t>(base);
  auto& samples = track->video ? piece_.video : piece_.audio;
  std::uint64_t at = 0;
  Reader boxes(traf);
  while (auto box = next_box(boxes)) {
    if (box->type != "trun") continue;
    Reader r(box->body);
    const std::uint32_t run = r.u32() & 0xffffff, count = r.u32();
    if (run & 1) at = r.u32();
    if (run & 4) r.skip(4);
    if (!r.ok() || count > kSamplesMax) return false;
    for (std::uint32_t i = 0; i < count; ++i) {
      const std::uint32_t length = run & 0x100 ? r.u32() : duration, bytes = run & 0x200 ? r.u32() : size;
      if (run & 0x400) r.skip(4);
      const std::int64_t composition = run & 0x800 ? static_cast<std::int32_t>(r.u32()) : 0;
      if (!r.ok() || at > whole.size() || bytes > whole.size() - at || decode > kLongest) return false;
      FilmSample s;
      s.decode_us = to_us(decode + track->shift, track->timescale);
      s.shown_us = to_us(decode + composition + track->shift, track->timescale);
      s.duration_us = to_us(length, track->timescale);
      s.data = whole.subspan(at, bytes);
      samples.push_back(s);
      at += bytes;
      decode += length;
    }
  }
  return samples.size() <= kSamplesMax;
}

}  // namespace upcall::compose
