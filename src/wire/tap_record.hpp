// What the tap of a meeting hands to the journal: one record a packet or event, in the order the media worker saw them.
// The encoding is the journal's payload and therefore frozen with the first golden journal: kTapVersion only grows, and
// a reader skips record types it does not know.
//
// One record = u8 type, then fields (big-endian integers, varints, length-prefixed texts) as listed at each struct.
// Times are microseconds since the recording's start (`at_us`), from the worker's monotonic clock.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace upcall::wire {

inline constexpr std::uint8_t kTapVersion = 1;

enum class TapKind : std::uint8_t { audio = 1, video = 2 };
enum class TapCodec : std::uint8_t { opus = 1, vp8 = 2, h264 = 3, vp9 = 4, av1 = 5 };

// 1: always the first record.
struct TapStart {
  std::uint8_t version = kTapVersion;
  std::string recording_id;
  std::string meeting_id;           // external meeting id, as the title shows it
  std::int64_t wall_unix_ms = 0;    // UTC at at_us = 0
};

// 2: somebody is in the roster (also sent for everybody present at the start). Content shares are attendees of their
// own, `attendee_id` ending in "#content".
struct TapAttendee {
  std::uint64_t at_us = 0;
  std::string attendee_id;
  std::string display_name;
  bool muted = false;
};

// 3
struct TapAttendeeLeft {
  std::uint64_t at_us = 0;
  std::string attendee_id;
  bool dropped = false;
};

// 4
struct TapMute {
  std::uint64_t at_us = 0;
  std::string attendee_id;
  bool muted = false;
};

// 5: a stream begins. `source` numbers are unique in the recording and never reused.
struct TapSource {
  std::uint64_t at_us = 0;
  std::uint32_t source = 0;
  std::string attendee_id;
  TapKind kind = TapKind::audio;
  TapCodec codec = TapCodec::opus;
  std::uint32_t clock_rate = 0;     // Hz
  std::uint8_t layer = 0;           // simulcast layer, 0 the smallest
  bool content = false;             // of a content share
};

// 6: the stream ended (camera off, left, replaced).
struct TapSourceEnd {
  std::uint64_t at_us = 0;
  std::uint32_t source = 0;
};

// 7: one RTP packet after decryption and RTX removal, before any rewrite. Padding and extensions are gone; those that
// matter are fields.
struct TapPacket {
  std::uint64_t at_us = 0;          // arrival
  std::uint32_t source = 0;
  std::uint16_t sequence = 0;
  std::uint32_t timestamp = 0;
  bool marker = false;
  bool key_frame = false;           // first packet of a key frame (footer index)
  std::optional<std::uint8_t> rotation;      // degrees clockwise / 90 to upright, 0..3 (3GPP TS 26.114 §7.4.5 CVO)
  std::optional<std::uint8_t> audio_level;   // -dBov 0..127 (RFC 6464), bit 7: voice
  Bytes payload;                    // view into the caller's memory
};

// 8: a sender report as received (RFC 3550 §6.4.1).
struct TapSenderReport {
  std::uint64_t at_us = 0;
  std::uint32_t source = 0;
  std::uint64_t ntp = 0;            // 32.32 seconds since 1900
  std::uint32_t timestamp = 0;
};

enum class TapGapReason : std::uint8_t { ring_full = 1, server_restart = 2, disk_full = 3 };

// 9: media of this span may be missing.
struct TapGap {
  std::uint64_t at_us = 0;
  std::uint64_t until_us = 0;
  TapGapReason reason = TapGapReason::ring_full;
  std::uint64_t dropped = 0;        // records, 0: unknown
};

enum class TapStopReason : std::uint8_t { requested = 1, meeting_ended = 2, spool_full = 3, server_shutdown = 4 };

// 10: always the last record of a completed recording.
struct TapStop {
  std::uint64_t at_us = 0;
  TapStopReason reason = TapStopReason::requested;
};

// 11: records were lost before this one, so what is known of roster and streams may be wrong: it is void from here on.
// Everybody who is there and every stream that flows is announced next, at the same moment.
struct TapRefresh {
  std::uint64_t at_us = 0;
  std::uint32_t first_source = 1;   // sources below this number have ended
};

// 12: recording pauses, or goes on. While it pauses there is no packet and no sender report; behind the end of a pause
// stands a TapRefresh. It may be repeated.
struct TapPause {
  std::uint64_t at_us = 0;
  bool paused = false;
};

// 13: what lay in this span was destroyed on request (journal/window_keys.hpp). Written by the journal; a TapRefresh
// follows.
struct TapForgotten {
  std::uint64_t at_us = 0;
  std::uint64_t until_us = 0;
};

using TapRecord = std::variant<TapStart, TapAttendee, TapAttendeeLeft, TapMute, TapSource, TapSourceEnd, TapPacket,
                               TapSenderReport, TapGap, TapStop, TapRefresh, TapPause, TapForgotten>;

// Writes one record; false when `out` is too small. A packet needs at most payload + 40 bytes.
bool encode(const TapRecord& record, Writer& out);
// Packets are the hot path: no variant around them.
bool encode(const TapPacket& packet, Writer& out);

// Reads one whole record (the journal delimits them). `unsupported`: a type from the future, to be skipped.
// A TapPacket's payload is a view into `bytes`.
ParseResult<TapRecord> decode_tap_record(Bytes bytes);

// What an index needs to know of an encoded record, without decoding the rest.
struct TapPeek {
  std::uint64_t at_us = 0;
  std::optional<std::uint32_t> new_source;       // a TapSource: its number
  std::optional<std::uint32_t> key_frame_of;     // a packet that begins a key frame: its source
  std::optional<std::int64_t> start_wall_ms;     // a TapStart: UTC of at_us = 0
  bool stop = false;                             // a TapStop
  bool refresh = false;                          // a TapRefresh
  std::optional<bool> paused;                    // a TapPause: what it says
};
// Empty: no record. Types from the future give a TapPeek with at_us 0.
std::optional<TapPeek> peek_tap_record(Bytes bytes);

}  // namespace upcall::wire
