#include "sim/fake_media.hpp"

namespace upcall::sim {

namespace {
constexpr std::uint8_t kForwarded = 0xa1, kMixed = 0xa2;
constexpr std::size_t kVideoHeader = 10;

std::uint32_t checksum(Bytes bytes) {
  std::uint32_t h = 2166136261u;  // FNV-1a
  for (const std::uint8_t b : bytes) h = (h ^ b) * 16777619u;
  return h;
}
}  // namespace

ByteVector make_video_frame(const MediaLabel& label, bool key, std::size_t size, RandomSource& random) {
  ByteVector out(std::max(size, kVideoMin));
  random.fill(MutBytes(out).subspan(kVideoHeader));
  Writer w{MutBytes(out)};
  w.u8(key ? 0x10 : 0x11);  // show_frame; bit 0: not a key frame
  w.u16(0);
  w.u8(0x9d);
  w.u8(0x01);
  w.u8(0x2a);
  w.u8(640 & 0xff);
  w.u8(640 >> 8);
  w.u8(360 & 0xff);
  w.u8(360 >> 8);
  w.u32(label.meeting);
  w.u32(label.sender);
  w.u32(label.number);
  Writer tail(MutBytes(out).last(4));
  tail.u32(checksum(Bytes(out).first(out.size() - 4)));
  return out;
}

std::optional<MediaLabel> read_video_frame(Bytes frame) {
  if (frame.size() < kVideoMin) return std::nullopt;
  if (Reader(frame.last(4)).u32() != checksum(frame.first(frame.size() - 4))) return std::nullopt;
  Reader r(frame.subspan(kVideoHeader));
  MediaLabel out;
  out.meeting = r.u32();
  out.sender = r.u32();
  out.number = r.u32();
  return out;
}

ByteVector make_audio_packet(const MediaLabel& label) {
  ByteVector out(17);
  Writer w{MutBytes(out)};
  w.u8(kForwarded);
  w.u32(label.meeting);
  w.u32(label.sender);
  w.u32(label.number);
  w.u32(checksum(Bytes(out).first(13)));
  return out;
}

std::optional<HeardAudio> read_audio_packet(Bytes packet) {
  if (packet.size() < 6) return std::nullopt;
  if (Reader(packet.last(4)).u32() != checksum(packet.first(packet.size() - 4))) return std::nullopt;
  Reader r(packet.first(packet.size() - 4));
  const std::uint8_t kind = r.u8();
  HeardAudio out;
  if (kind == kForwarded && r.remaining() == 12) {
    MediaLabel label;
    label.meeting = r.u32();
    label.sender = r.u32();
    label.number = r.u32();
    out.one = label;
    return out;
  }
  if (kind != kMixed || r.remaining() % 4 != 0) return std::nullopt;
  while (r.remaining() > 0) out.mixed.push_back(r.u32());
  return out;
}

std::size_t write_mixed_packet(std::span<const std::uint32_t> sources, MutBytes out) {
  const std::size_t size = 1 + sources.size() * 4 + 4;
  if (out.size() < size) return 0;
  Writer w(out);
  w.u8(kMixed);
  for (const std::uint32_t s : sources) w.u32(s);
  w.u32(checksum(Bytes(out).first(size - 4)));
  return size;
}

}  // namespace upcall::sim
