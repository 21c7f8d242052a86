#include "wire/film_message.hpp"

namespace upcall::wire {

namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kCodecConfigMax = 4096;
constexpr std::int64_t kTicksMax = std::int64_t{60} * 3600 * 24 * 8;        // eight days at 60 a second
constexpr std::int64_t kSamplesMax = std::int64_t{48000} * 3600 * 24 * 8;
constexpr std::size_t kDamageBytes = 1 + 4 + 8 + 4;

bool is_tick(std::int64_t v) { return v >= -kTicksMax && v <= kTicksMax; }
bool is_sample(std::int64_t v) { return v >= 0 && v <= kSamplesMax; }

std::int64_t signed_of(Reader& in) { return static_cast<std::int64_t>(in.u64()); }
void write_signed(Writer& out, std::int64_t v) { out.u64(static_cast<std::uint64_t>(v)); }

void write_damage(Writer& out, const std::vector<FilmDamage>& damage, bool unknown) {
  out.u8(unknown ? 1 : 0);
  out.u16(static_cast<std::uint16_t>(damage.size()));
  for (const FilmDamage& d : damage) {
    out.u8(d.sound ? 1 : 0);
    out.u32(d.number);
    out.u64(d.ordinal);
    out.u32(d.samples);
  }
}

bool read_damage(Reader& in, std::vector<FilmDamage>& damage, bool& unknown) {
  unknown = in.u8() != 0;
  const std::size_t count = in.u16();
  if (!in.ok() || count > kFilmDamageMax || count * kDamageBytes > in.remaining()) return false;
  damage.resize(count);
  for (FilmDamage& d : damage) {
    d.sound = in.u8() != 0;
    d.number = in.u32();
    d.ordinal = in.u64();
    d.samples = in.u32();
  }
  return in.ok();
}

// truncated when bytes are missing, malformed when they say nonsense.
tl::unexpected<ParseError> refuse(const Reader& in) {
  return fail(in.ok() ? ParseError::malformed : ParseError::truncated);
}

}  // namespace

ByteVector encode_head(const FilmHeader& h) {
  ByteVector out(64 + h.video_headers.size() + h.audio_config.size());
  Writer w(out);
  w.u8(kVersion);
  w.u16(h.width);
  w.u16(h.height);
  w.u8(h.fps);
  w.u32(h.timescale);
  write_signed(w, h.first_decode_tick);
  w.sized_bytes(h.video_headers);
  w.sized_bytes(h.audio_config);
  w.u32(static_cast<std::uint32_t>(h.boxes.size()));
  out.resize(w.size());
  return out;
}

ParseResult<FilmHeader> parse_film_header(Bytes body) {
  Reader in(body);
  const std::uint8_t version = in.u8();
  if (in.ok() && version != kVersion) return fail(ParseError::unsupported);
  FilmHeader out;
  out.width = in.u16();
  out.height = in.u16();
  out.fps = in.u8();
  out.timescale = in.u32();
  out.first_decode_tick = signed_of(in);
  out.video_headers = in.sized_bytes();
  out.audio_config = in.sized_bytes();
  const std::size_t size = in.u32();
  if (in.ok() && size > kFilmBoxesMax) return fail(ParseError::too_long);
  out.boxes = in.bytes(size);
  if (!in.ok() || in.remaining() != 0 || out.boxes.size() < 8 || out.fps == 0 || out.timescale == 0 ||
      !is_tick(out.first_decode_tick) || out.first_decode_tick > 0 || out.video_headers.size() > kCodecConfigMax ||
      out.audio_config.size() > kCodecConfigMax) {
    return refuse(in);
  }
  return out;
}

ByteVector encode_head(const FilmFragment& f) {
  ByteVector out(64 + f.damage.size() * kDamageBytes);
  Writer w(out);
  w.u8(kVersion);
  w.u64(f.number);
  write_signed(w, f.start_tick);
  write_signed(w, f.end_tick);
  write_signed(w, f.next_decode_tick);
  write_signed(w, f.next_sample);
  write_damage(w, f.damage, f.damage_unknown);
  w.u32(static_cast<std::uint32_t>(f.boxes.size()));
  out.resize(w.size());
  return out;
}

ParseResult<FilmFragment> parse_film_fragment(Bytes body) {
  Reader in(body);
  const std::uint8_t version = in.u8();
  if (in.ok() && version != kVersion) return fail(ParseError::unsupported);
  FilmFragment out;
  out.number = in.u64();
  out.start_tick = signed_of(in);
  out.end_tick = signed_of(in);
  out.next_decode_tick = signed_of(in);
  out.next_sample = signed_of(in);
  if (!read_damage(in, out.damage, out.damage_unknown)) return refuse(in);
  const std::size_t size = in.u32();
  if (in.ok() && size > kFilmBoxesMax) return fail(ParseError::too_long);
  out.boxes = in.bytes(size);
  if (!in.ok() || in.remaining() != 0 || out.boxes.size() < 8 || out.start_tick < 0 || out.end_tick <= out.start_tick ||
      !is_tick(out.end_tick) || !is_tick(out.next_decode_tick) || !is_sample(out.next_sample)) {
    return refuse(in);
  }
  return out;
}

ByteVector encode(const FilmResume& r) {
  ByteVector out(100 + r.video_headers.size() + r.audio_config.size() + r.damage.size() * kDamageBytes);
  Writer w(out);
  w.u8(kVersion);
  w.u64(r.fragment);
  write_signed(w, r.tick);
  write_signed(w, r.decode_tick);
  write_signed(w, r.sample);
  write_signed(w, r.first_decode_tick);
  w.u32(r.timescale);
  w.sized_bytes(r.video_headers);
  w.sized_bytes(r.audio_config);
  write_damage(w, r.damage, r.damage_unknown);
  out.resize(w.size());
  return out;
}

ParseResult<FilmResume> parse_film_resume(Bytes bytes) {
  Reader in(bytes);
  const std::uint8_t version = in.u8();
  if (in.ok() && version != kVersion) return fail(ParseError::unsupported);
  FilmResume out;
  out.fragment = in.u64();
  out.tick = signed_of(in);
  out.decode_tick = signed_of(in);
  out.sample = signed_of(in);
  out.first_decode_tick = signed_of(in);
  out.timescale = in.u32();
  const Bytes video = in.sized_bytes(), audio = in.sized_bytes();
  if (!read_damage(in, out.damage, out.damage_unknown)) return refuse(in);
  if (!in.ok() || in.remaining() != 0 || out.fragment == 0 || out.tick <= 0 || !is_tick(out.tick) ||
      !is_tick(out.decode_tick) || out.decode_tick > out.tick || !is_sample(out.sample) ||
      !is_tick(out.first_decode_tick) || out.first_decode_tick > 0 || out.timescale == 0 || video.size() > kCodecConfigMax ||
      audio.size() > kCodecConfigMax) {
    return refuse(in);
  }
  out.video_headers.assign(video.begin(), video.end());
  out.audio_config.assign(audio.begin(), audio.end());
  return out;
}

}  // namespace upcall::wire
