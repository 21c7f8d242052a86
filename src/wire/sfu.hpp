// Commands to a media worker and events from it: the only way control and media talk. Values, moved through bounded
// queues; kSfuVersion changes when a worker of another process must not understand them any more.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/ids.hpp"
#include "base/spsc_ring.hpp"
#include "base/time.hpp"
#include "wire/tap_record.hpp"

namespace upcall::wire {

inline constexpr int kSfuVersion = 1;

using MeetingNo = StrongId<struct MeetingNoTag>;        // unique in a server's life
using ConnectionNo = StrongId<struct ConnectionNoTag>;  // one transport of one attendee; a reconnect gets a new one
using TapNo = StrongId<struct TapNoTag>;

// ---- commands ------------------------------------------------------------------------------------------------------

struct SfuCreateMeeting {
  MeetingNo meeting;
};
// Ends everything of the meeting; taps get their TapStop.
struct SfuEndMeeting {
  MeetingNo meeting;
};

// A session of an attendee that will connect with these local ICE credentials.
struct SfuAddConnection {
  MeetingNo meeting;
  ConnectionNo connection;
  std::string attendee_id;       // "…#content" for a content share
  std::string owner_attendee_id; // of a content share: who shares (never hears it); else equal to attendee_id
  std::string display_name;
  bool muted = false;
  std::string local_ufrag, local_pwd;
};

// Negotiated ids of RTP header extensions (RFC 8285), the same for all sections of a bundle; 0: not negotiated.
struct SfuExtensionIds {
  std::uint8_t mid = 0, audio_level = 0, abs_send_time = 0, transport_cc = 0, orientation = 0, rid = 0, repaired_rid = 0;
};

// The audio section, both ways.
struct SfuAudio {
  std::uint8_t payload_type = 0;   // Opus
  std::uint8_t red_payload_type = 0;  // Opus with earlier frames beside it (RFC 2198), both ways; 0: not negotiated
  std::uint32_t send_ssrc = 0;     // ours, constant for the connection's life
  std::uint32_t receive_ssrc = 0;  // theirs, 0 unknown
  std::string mid;
  bool receives = true;            // they send
  bool sends = true;               // they listen (a content share does not)
};
// Payload types of one codec in a section; rtx 0: none.
struct SfuVideoType {
  TapCodec codec = TapCodec::vp8;
  std::uint8_t payload_type = 0, rtx_payload_type = 0;
  bool operator==(const SfuVideoType&) const = default;
};
// One encoding of a camera that is sent several times over (simulcast, RFC 8853).
struct SfuLayer {
  std::string rid;                 // in the packets until its SSRC is known (RFC 8852)
  std::uint32_t stream_id = 0;     // unique in the meeting
  std::uint32_t max_bitrate_bps = 0;  // 0: not sent now
};
inline constexpr std::size_t kLayersMax = 3;

// The camera slot: what the attendee publishes.
struct SfuCamera {
  std::string mid;
  std::uint32_t stream_id = 0;     // the publication, unique in the meeting
  std::uint8_t payload_type = 0, rtx_payload_type = 0;  // VP8; 0: not agreed on
  std::vector<SfuVideoType> other_types;                // beside VP8; a codec may have several
  std::uint32_t ssrc = 0, rtx_ssrc = 0;                 // theirs; 0 unknown: bound by MID
  std::uint32_t max_bitrate_bps = 1'500'000;            // what its encoder may come to
  std::vector<SfuLayer> layers;    // the smallest first, at most kLayersMax; empty: one stream
};
// A section that receives another attendee's video.
struct SfuReceive {
  std::string mid;
  std::uint32_t stream_id = 0;     // publication wanted
  std::uint8_t payload_type = 0, rtx_payload_type = 0;  // VP8; 0: not agreed on
  std::vector<SfuVideoType> other_types;                // beside VP8; the first of a codec is used
  std::uint32_t ssrc = 0, rtx_ssrc = 0;                 // ours
  std::uint32_t priority = 0;      // among the receiver's cameras, where its link is narrow: larger gives way later
  std::uint8_t layer_max = 255;    // no layer above this one is sent
  std::uint32_t target_bps = 0;    // more is of no use to the receiver; 0: anything is
};

// Of a camera or a receiving section: the types of this codec; nothing: it is not agreed on.
template <class Section>
std::optional<SfuVideoType> video_type_of(const Section& section, TapCodec codec) {
  if (codec == TapCodec::vp8) {
    if (section.payload_type == 0) return std::nullopt;
    return SfuVideoType{codec, section.payload_type, section.rtx_payload_type};
  }
  for (const SfuVideoType& type : section.other_types) {
    if (type.codec == codec) return type;
  }
  return std::nullopt;
}

// What the latest offer and answer agreed on; replaces everything of the one before.
struct SfuSetSession {
  ConnectionNo connection;
  std::string remote_ufrag, remote_pwd;
  std::string remote_fingerprint;  // sha-256, upper-case hex with colons
  SfuExtensionIds extensions;
  bool transport_feedback = false; // the attendee tells when what packet of ours arrived (transport-cc)
  std::optional<SfuAudio> audio;
  std::optional<SfuCamera> camera;
  std::vector<SfuReceive> receives;
};

struct SfuRemoveConnection {
  ConnectionNo connection;
  bool dropped = false;
};
struct SfuSetMuted {
  ConnectionNo connection;
  bool muted = false;
};
// What the connection may send, and of whom it receives; all of it until something else is said.
struct SfuRights {
  bool send_audio = true, send_video = true;
  bool hear = true;         // people
  bool see_cameras = true;
  bool get_content = true;  // shares, with their sound
  bool operator==(const SfuRights&) const = default;
};
struct SfuSetRights {
  ConnectionNo connection;
  SfuRights rights;
};
// The receiver paused (or resumed) a tile.
struct SfuPauseReceive {
  ConnectionNo connection;
  std::uint32_t stream_id = 0;
  bool paused = false;
};

// What the receiver prefers has changed; sections that are not named keep their priority.
struct SfuPreferReceives {
  ConnectionNo connection;
  struct One {
    std::string mid;
    std::uint32_t priority = 0;
    std::uint8_t layer_max = 255;
    std::uint32_t target_bps = 0;
  };
  std::vector<One> receives;
};

// Opens the tap of a meeting; records go into `ring` from this turn on, beginning with TapStart and the roster.
struct SfuOpenTap {
  MeetingNo meeting;
  TapNo tap;
  std::shared_ptr<ByteRing> ring;
  std::string recording_id, meeting_title;
  Instant started;                 // at_us = 0 of this recording (the journal's start)
  bool resumed = false;            // after a server restart: the journal has its TapStart already
  std::uint32_t first_source = 1;  // source numbers from here on are free
  bool paused = false;             // begins paused (SfuPauseTap)
};
struct SfuCloseTap {
  TapNo tap;
  TapStopReason reason = TapStopReason::requested;
};
// Records that the tap had written were lost behind its ring (the journal's disk was full): the roster and all streams
// are announced anew behind a TapRefresh, and every video source is asked for a key frame.
struct SfuRefreshTap {
  TapNo tap;
};
// No media reaches the recording until it goes on; then everybody and every stream is announced behind a TapRefresh, and
// every video source is asked for a key frame. The roster is written all the time.
struct SfuPauseTap {
  TapNo tap;
  bool paused = false;
};
// Asks for SfuMeetingReport.
struct SfuInspect {
  MeetingNo meeting;
  std::uint64_t request = 0;
};

using SfuCommand = std::variant<std::monostate, SfuCreateMeeting, SfuEndMeeting, SfuAddConnection, SfuSetSession,
                                SfuRemoveConnection, SfuSetMuted, SfuSetRights, SfuPauseReceive, SfuPreferReceives, SfuOpenTap, SfuCloseTap,
                                SfuRefreshTap, SfuPauseTap, SfuInspect>;

// ---- events --------------------------------------------------------------------------------------------------------

enum class SfuFailure : std::uint8_t { ice_timeout, dtls_failed, wrong_fingerprint, consent_lost };

struct SfuConnected {   // ICE validated, DTLS done, keys installed
  ConnectionNo connection;
  std::uint32_t ice_ms = 0, dtls_ms = 0;  // since the session was set
  Instant at;
};
// Once a connection, before SfuConnected: a check of the client's came in, so one of our addresses can be reached.
struct SfuValidated {
  ConnectionNo connection;
};
// Once a connection: the first packet of a key frame was forwarded to it.
struct SfuFirstVideo {
  ConnectionNo connection;
  Instant wanted;                  // subscribed and connected: nothing but the key frame was missing
  Instant asked;                   // the publisher was asked for it, or there was nothing to ask for: it had sent nothing
  Instant sent;
};
struct SfuFailed {
  ConnectionNo connection;
  SfuFailure failure = SfuFailure::ice_timeout;
};
// No packet and no check for 15 s: the attendee is gone (its signalling may still be there).
struct SfuDropped {
  ConnectionNo connection;
};
// First packet of a publication, or silence of 5 s after there were some.
struct SfuVideoState {
  ConnectionNo connection;
  std::uint32_t stream_id = 0;
  bool flowing = false;
  std::uint16_t width = 0, height = 0;
};
// How good a person's way to us and back is; the values are those of the client's protocol.
enum class SfuLinkStrength : std::uint8_t { none = 0, weak = 1, good = 2 };
constexpr std::string_view to_string(SfuLinkStrength strength) {
  return strength == SfuLinkStrength::good ? "good" : strength == SfuLinkStrength::weak ? "weak" : "none";
}
// The judgement of a connection has changed; it begins as good and is made anew each second (sfu/link_quality.hpp).
struct SfuLinkQuality {
  ConnectionNo connection;
  SfuLinkStrength strength = SfuLinkStrength::good;
};
// Every two seconds of a connection that is up: its counters since it began, and what is known of both ways now.
struct SfuConnectionFigures {
  ConnectionNo connection;
  std::uint32_t silence_ms = 0;        // since anything came
  std::int64_t audio_expected = 0, audio_lost = 0, audio_recovered = 0;   // from the person; recovered: of the lost, beside later frames
  std::int64_t video_expected = 0, video_lost = 0;                        // before repair
  std::int64_t down_expected = 0, down_lost = 0;                          // to the person, as it reports
  std::uint64_t bytes_in = 0, bytes_out = 0;
  float rtt_ms = -1;                   // negative: not measured lately
  float jitter_ms = 0;                 // of its sound
  std::uint32_t audio_repeated = 0;    // earlier frames in each packet that it hears
  bool repairs_video = false;          // what is lost of its camera is asked for again
  bool camera_published = false, video_flows = false;   // its camera: may send, and does (until 5 s of silence)
  std::uint64_t video_bps = 0, allowed_bps = 0;       // its camera: what comes, and what we let it come to (0: not limited)
  std::uint64_t estimate_bps = 0;      // what the way to it carries; 0: not measured
  std::uint32_t cameras_sent = 0, cameras_held = 0;   // to it: that flow, and those held back for its bandwidth
};
// A receiver's video is held back, or goes on, because of its bandwidth.
struct SfuVideoHeld {
  ConnectionNo connection;         // who receives
  std::uint32_t stream_id = 0;
  bool held = false;
};
// Every two seconds of a meeting in which video flows: what publications come to, and what receivers' links carry.
struct SfuBitrates {
  MeetingNo meeting;
  struct Stream {
    std::uint32_t stream_id = 0;     // of a layer
    std::uint64_t bps = 0;
  };
  struct Receiver {
    ConnectionNo connection;
    std::uint64_t available_bps = 0;
  };
  std::vector<Stream> streams;
  std::vector<Receiver> receivers;   // those whose links have been measured
};
// Talkers of a meeting, at most every 200 ms and only while somebody talks or just stopped.
struct SfuAudioLevels {
  MeetingNo meeting;
  struct Level {
    ConnectionNo connection;
    std::uint8_t minus_dbov = 127;
  };
  std::vector<Level> levels;
};
struct SfuTapOpened {
  TapNo tap;
};
struct SfuTapClosed {
  TapNo tap;
  std::uint64_t records = 0, dropped = 0;
};

struct SfuConnectionReport {
  ConnectionNo connection;
  std::string attendee_id;
  std::string ice, dtls;             // states as words
  std::uint64_t packets_in = 0, packets_out = 0, bytes_in = 0, bytes_out = 0;
  std::uint64_t retransmitted = 0, nacks_received = 0, nacks_sent = 0, plis_received = 0, plis_sent = 0;
  std::uint64_t lost_in = 0;
  std::uint64_t audio_recovered = 0;   // frames that were lost and came beside a later one
  std::uint32_t audio_repeated = 0;    // earlier frames in each packet that this attendee hears
  double rtt_ms = 0;
  SfuLinkStrength strength = SfuLinkStrength::good;
  double loss_up_percent = 0, loss_down_percent = 0;  // of the last seconds, as it is judged
  std::uint64_t remb_bps = 0;
  std::uint64_t estimate_bps = 0;    // what its way to it carries; 0: not measured
  double queue_ms = 0;               // what waits on that way
  std::string video_codec;           // what its camera sends now; empty: nothing
  std::uint64_t videos_not_taken = 0;  // subscriptions to a codec that it cannot receive
  std::uint64_t videos_held = 0;     // subscriptions that are held back for bandwidth now
  std::uint64_t paced = 0, probed = 0, expired = 0;  // packets that waited here, probes sent, packets that waited too long
  // Drop reason → count.
  std::vector<std::pair<std::string, std::uint64_t>> drops;
};
struct SfuMeetingReport {
  MeetingNo meeting;
  std::uint64_t request = 0;
  bool found = false;
  std::vector<SfuConnectionReport> connections;
  std::size_t taps = 0;
};

using SfuEvent = std::variant<std::monostate, SfuValidated, SfuConnected, SfuFirstVideo, SfuFailed, SfuDropped, SfuVideoState,
                              SfuLinkQuality, SfuConnectionFigures, SfuVideoHeld, SfuBitrates, SfuAudioLevels, SfuTapOpened, SfuTapClosed, SfuMeetingReport>;

}  // namespace upcall::wire
