#include "wire/tap_record.hpp"

#include <type_traits>

namespace upcall::wire {

namespace {

enum Type : std::uint8_t {
  kStart = 1, kAttendee, kAttendeeLeft, kMute, kSource, kSourceEnd, kPacket, kSenderReport, kGap, kStop, kRefresh, kPause, kForgotten
};

// Flags of a packet.
constexpr std::uint8_t kMarker = 1, kKeyFrame = 2, kHasRotation = 4, kHasLevel = 8;

void put(Writer& out, const TapStart& r) {
  out.u8(kStart);
  out.u8(r.version);
  out.text(r.recording_id);
  out.text(r.meeting_id);
  out.u64(static_cast<std::uint64_t>(r.wall_unix_ms));
}
void put(Writer& out, const TapAttendee& r) {
  out.u8(kAttendee);
  out.varint(r.at_us);
  out.text(r.attendee_id);
  out.text(r.display_name);
  out.u8(r.muted);
}
void put(Writer& out, const TapAttendeeLeft& r) {
  out.u8(kAttendeeLeft);
  out.varint(r.at_us);
  out.text(r.attendee_id);
  out.u8(r.dropped);
}
void put(Writer& out, const TapMute& r) {
  out.u8(kMute);
  out.varint(r.at_us);
  out.text(r.attendee_id);
  out.u8(r.muted);
}
void put(Writer& out, const TapSource& r) {
  out.u8(kSource);
  out.varint(r.at_us);
  out.varint(r.source);
  out.text(r.attendee_id);
  out.u8(static_cast<std::uint8_t>(r.kind));
  out.u8(static_cast<std::uint8_t>(r.codec));
  out.u32(r.clock_rate);
  out.u8(r.layer);
  out.u8(r.content);
}
void put(Writer& out, const TapSourceEnd& r) {
  out.u8(kSourceEnd);
  out.varint(r.at_us);
  out.varint(r.source);
}
void put(Writer& out, const TapPacket& r) {
  out.u8(kPacket);
  out.varint(r.at_us);
  out.varint(r.source);
  out.u16(r.sequence);
  out.u32(r.timestamp);
  out.u8(static_cast<std::uint8_t>((r.marker ? kMarker : 0) | (r.key_frame ? kKeyFrame : 0) |
                                   (r.rotation ? kHasRotation : 0) | (r.audio_level ? kHasLevel : 0)));
  if (r.rotation) out.u8(*r.rotation);
  if (r.audio_level) out.u8(*r.audio_level);
  out.bytes(r.payload);  // to the end of the record
}
void put(Writer& out, const TapSenderReport& r) {
  out.u8(kSenderReport);
  out.varint(r.at_us);
  out.varint(r.source);
  out.u64(r.ntp);
  out.u32(r.timestamp);
}
void put(Writer& out, const TapGap& r) {
  out.u8(kGap);
  out.varint(r.at_us);
  out.varint(r.until_us);
  out.u8(static_cast<std::uint8_t>(r.reason));
  out.varint(r.dropped);
}
void put(Writer& out, const TapStop& r) {
  out.u8(kStop);
  out.varint(r.at_us);
  out.u8(static_cast<std::uint8_t>(r.reason));
}
void put(Writer& out, const TapPause& r) {
  out.u8(kPause);
  out.varint(r.at_us);
  out.u8(r.paused ? 1 : 0);
}
void put(Writer& out, const TapForgotten& r) {
  out.u8(kForgotten);
  out.varint(r.at_us);
  out.varint(r.until_us);
}
void put(Writer& out, const TapRefresh& r) {
  out.u8(kRefresh);
  out.varint(r.at_us);
  out.varint(r.first_source);
}

// Enumerations from outside are checked against their range.
template <class E>
E checked(std::uint8_t raw, std::uint8_t last, bool& ok) {
  if (raw < 1 || raw > last) ok = false;
  return static_cast<E>(raw);
}

}  // namespace

bool encode(const TapRecord& record, Writer& out) {
  std::visit([&](const auto& r) { put(out, r); }, record);
  return out.ok();
}

bool encode(const TapPacket& packet, Writer& out) {
  put(out, packet);
  return out.ok();
}

ParseResult<TapRecord> decode_tap_record(Bytes bytes) {
  Reader in(bytes);
  bool valid = true;
  TapRecord out;
  switch (in.u8()) {
    case kStart: {
      TapStart r;
      r.version = in.u8();
      r.recording_id = in.text();
      r.meeting_id = in.text();
      r.wall_unix_ms = static_cast<std::int64_t>(in.u64());
      if (in.ok() && r.version != kTapVersion) return fail(ParseError::unsupported);
      out = std::move(r);
      break;
    }
    case kAttendee: {
      TapAttendee r;
      r.at_us = in.varint();
      r.attendee_id = in.text();
      r.display_name = in.text();
      r.muted = in.u8() != 0;
      out = std::move(r);
      break;
    }
    case kAttendeeLeft: {
      TapAttendeeLeft r;
      r.at_us = in.varint();
      r.attendee_id = in.text();
      r.dropped = in.u8() != 0;
      out = std::move(r);
      break;
    }
    case kMute: {
      TapMute r;
      r.at_us = in.varint();
      r.attendee_id = in.text();
      r.muted = in.u8() != 0;
      out = std::move(r);
      break;
    }
    case kSource: {
      TapSource r;
      r.at_us = in.varint();
      r.source = static_cast<std::uint32_t>(in.varint());
      r.attendee_id = in.text();
      r.kind = checked<TapKind>(in.u8(), 2, valid);
      r.codec = checked<TapCodec>(in.u8(), 5, valid);
      r.clock_rate = in.u32();
      r.layer = in.u8();
      r.content = in.u8() != 0;
      if (r.clock_rate == 0) valid = false;
      out = std::move(r);
      break;
    }
    case kSourceEnd: {
      TapSourceEnd r;
      r.at_us = in.varint();
      r.source = static_cast<std::uint32_t>(in.varint());
      out = r;
      break;
    }
    case kPacket: {
      TapPacket r;
      r.at_us = in.varint();
      r.source = static_cast<std::uint32_t>(in.varint());
      r.sequence = in.u16();
      r.timestamp = in.u32();
      const std::uint8_t flags = in.u8();
      r.marker = (flags & kMarker) != 0;
      r.key_frame = (flags & kKeyFrame) != 0;
      if (flags & kHasRotation) r.rotation = in.u8() & 3;
      if (flags & kHasLevel) r.audio_level = in.u8();
      r.payload = in.rest();
      out = r;
      break;
    }
    case kSenderReport: {
      TapSenderReport r;
      r.at_us = in.varint();
      r.source = static_cast<std::uint32_t>(in.varint());
      r.ntp = in.u64();
      r.timestamp = in.u32();
      out = r;
      break;
    }
    case kGap: {
      TapGap r;
      r.at_us = in.varint();
      r.until_us = in.varint();
      r.reason = checked<TapGapReason>(in.u8(), 3, valid);
      r.dropped = in.varint();
      out = r;
      break;
    }
    case kStop: {
      TapStop r;
      r.at_us = in.varint();
      r.reason = checked<TapStopReason>(in.u8(), 4, valid);
      out = r;
      break;
    }
    case kRefresh: {
      TapRefresh r;
      r.at_us = in.varint();
      r.first_source = static_cast<std::uint32_t>(in.varint());
      out = r;
      break;
    }
    case kPause: {
      TapPause r;
      r.at_us = in.varint();
      const std::uint8_t paused = in.u8();
      valid = paused <= 1;
      r.paused = paused != 0;
      out = r;
      break;
    }
    case kForgotten: {
      TapForgotten r;
      r.at_us = in.varint();
      r.until_us = in.varint();
      valid = r.at_us <= r.until_us;
      out = r;
      break;
    }
    default:
      return fail(bytes.empty() ? ParseError::truncated : ParseError::unsupported);
  }
  if (!in.ok()) return fail(ParseError::truncated);
  if (!valid || in.remaining() != 0) return fail(ParseError::malformed);
  return out;
}

std::optional<TapPeek> peek_tap_record(Bytes bytes) {
  Reader in(bytes);
  TapPeek out;
  const std::uint8_t type = in.u8();
  if (type == kStart) {
    in.u8();
    in.sized_bytes();
    in.sized_bytes();
    out.start_wall_ms = static_cast<std::int64_t>(in.u64());
  } else if (type >= kAttendee && type <= kForgotten) {
    out.at_us = in.varint();
    if (type == kSource) out.new_source = static_cast<std::uint32_t>(in.varint());
    if (type == kPacket) {
      const auto source = static_cast<std::uint32_t>(in.varint());
      in.skip(6);
      if (in.u8() & kKeyFrame) out.key_frame_of = source;
    }
    out.stop = type == kStop;
    out.refresh = type == kRefresh;
    if (type == kPause) out.paused = in.u8() != 0;
  }
  if (!in.ok()) return std::nullopt;
  return out;
}

}  // namespace upcall::wire
