#include "sim/fake_media.hpp"

#include "rtc/codec/h264.hpp"

namespace upcall::sim {

namespace {
constexpr std::uint8_t kForwarded = 0xa1, kMixed = 0xa2;
constexpr std::size_t kVideoHeader = 10;

std::uint32_t checksum(Bytes bytes) {
  std::uint32_t h = 2166136261u;  // FNV-1a
  for (const std::uint8_t b : bytes) h = (h ^ b) * 16777619u;
  return h;
}
const ByteVector kVp9Key = {0x82, 0x49, 0x83, 0x42, 0x00, 0x13, 0xf0, 0x0b, 0x36}, kVp9Inter = {0x86, 0x00, 0x40};
// A sequence parameter set, then an IDR slice that is the picture's first; a slice of another picture.
const ByteVector kH264Key = {0, 0, 0, 1, 0x67, 0x42, 0xc0, 0x0a, 0xda, 0x1c, 0x9e, 0x22, 0x23, 0x01, 0x10, 0, 0, 3, 0, 0x10, 0, 0, 3, 3, 0x20, 0xf1, 0x22, 0x6a,
                             0, 0, 0, 1, 0x65, 0x88};
const ByteVector kH264Inter = {0, 0, 0, 1, 0x41, 0x9a};

// Around a frame of VP8's shape what another codec has before it.
ByteVector wrapped(Bytes frame, bool key, rtc::VideoCodec codec) {
  if (codec == rtc::VideoCodec::vp8) return ByteVector(frame.begin(), frame.end());
  if (codec == rtc::VideoCodec::vp9) {
    ByteVector out = key ? kVp9Key : kVp9Inter;
    out.insert(out.end(), frame.begin(), frame.end());
    return out;
  }
  ByteVector out = key ? kH264Key : kH264Inter;
  for (const std::uint8_t b : frame) {   // no byte is 0: no start code appears inside
    out.push_back(static_cast<std::uint8_t>(0x80 | b >> 4));
    out.push_back(static_cast<std::uint8_t>(0x80 | (b & 15)));
  }
  return out;
}

ByteVector unwrapped(Bytes frame, rtc::VideoCodec codec) {
  if (codec == rtc::VideoCodec::vp8) return ByteVector(frame.begin(), frame.end());
  if (codec == rtc::VideoCodec::vp9) {
    const Bytes body = frame.subspan(std::min(frame.size(), frame.empty() || frame[0] == kVp9Inter[0] ? kVp9Inter.size() : kVp9Key.size()));
    return ByteVector(body.begin(), body.end());
  }
  Bytes slice;
  rtc::for_each_h264_nal(frame, [&](Bytes nal) { slice = nal; });
  ByteVector out;
  for (std::size_t i = 2; i + 1 < slice.size(); i += 2) out.push_back(static_cast<std::uint8_t>((slice[i] & 15) << 4 | (slice[i + 1] & 15)));
  return out;
}

}  // namespace

ByteVector make_video_frame(const MediaLabel& label, bool key, std::size_t size, RandomSource& random, rtc::VideoCodec codec) {
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
  return wrapped(out, key, codec);
}

std::optional<MediaLabel> read_video_frame(Bytes sent, rtc::VideoCodec codec) {
  const ByteVector inside = unwrapped(sent, codec);
  const Bytes frame = inside;
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
