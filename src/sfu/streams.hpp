// The streams of a connection: what comes in (publications) and what goes out (subscriptions). Plain state; the rules
// are in meeting_video.cpp and meeting_audio.cpp. Owned by a Connection, on the meeting's thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "rtc/codec/video_payload.hpp"
#include "rtc/nack/receive_stream.hpp"
#include "rtc/red/red_receiver.hpp"
#include "rtc/red/red_sender.hpp"
#include "sfu/delivery.hpp"
#include "sfu/ntp_clock.hpp"
#include "sfu/packet_history.hpp"
#include "sfu/rate_meter.hpp"
#include "sfu/seen_window.hpp"
#include "sfu/stream_rewriter.hpp"
#include "wire/sfu.hpp"

namespace upcall::sfu {

struct Connection;
struct VideoSubscription;

// Number of a stream in a recording, one a tap.
struct TapSourceRef {
  wire::TapNo tap;
  std::uint32_t source = 0;
};

struct AudioIn {
  std::uint32_t ssrc = 0;
  std::uint8_t payload_type = 0, red_payload_type = 0;
  rtc::ReceiveStats stats{48000};
  rtc::RedReceiver red;
  std::uint64_t recovered = 0;       // frames that were lost and came beside a later one
  SeenWindow seen;
  std::uint8_t minus_dbov = 127;
  Instant active_until;              // speaks, with hangover
  bool started = false;
  std::vector<TapSourceRef> taps;
};

constexpr wire::TapCodec tap_codec(rtc::VideoCodec codec) {
  return codec == rtc::VideoCodec::vp8 ? wire::TapCodec::vp8 : codec == rtc::VideoCodec::h264 ? wire::TapCodec::h264 : wire::TapCodec::vp9;
}
constexpr rtc::VideoCodec video_codec(wire::TapCodec codec) {
  return codec == wire::TapCodec::h264 ? rtc::VideoCodec::h264 : codec == wire::TapCodec::vp9 ? rtc::VideoCodec::vp9 : rtc::VideoCodec::vp8;
}

struct VideoIn {
  wire::SfuCamera config;
  std::uint32_t epoch = 1;           // another SSRC or another codec feeds it
  rtc::VideoCodec codec = rtc::VideoCodec::vp8;   // of what came last
  std::int64_t codec_since = INT64_MIN;           // the first sequence of it
  std::optional<Instant> codec_changed_at;
  rtc::ReceiveStats stats{90000};
  rtc::NackList nacks;
  SeenWindow seen;
  PacketHistory history;
  Instant last_packet, last_key_frame, last_key_request;
  bool key_wanted = false;
  Instant key_due;                   // while wanted: when to ask (again)
  bool key_request_sent = false;
  bool flowing = false;
  std::uint16_t width = 0, height = 0;
  std::vector<VideoSubscription*> subscribers;
  std::vector<TapSourceRef> taps;
  RateMeter rate;
  std::uint64_t allowed_bps = 0;     // as it was told last (REMB); 0: never
  Instant allowed_at;
  std::optional<Instant> overdraws_since;   // sends clearly more than it is allowed
};

struct VideoSubscription {
  VideoSubscription(Connection& to, const wire::SfuReceive& what, std::uint16_t first_sequence,
                    std::uint16_t first_rtx_sequence, std::uint32_t first_timestamp)
      : receiver(to), config(what), rewriter(90000, first_sequence, first_timestamp), rtx_sequence(first_rtx_sequence) {}

  Connection& receiver;
  wire::SfuReceive config;
  Connection* publisher = nullptr;   // null: the stream is gone
  StreamRewriter rewriter;
  std::uint32_t source_epoch = 0;
  wire::SfuVideoType type;           // of the present epoch
  bool not_taken = false;            // what is sent now is of a codec that its receiver has not agreed on
  bool waiting_for_key = true;
  bool paused = false;               // by the receiver
  bool held = false;                 // by us: its link does not carry it
  Instant held_changed_at;
  std::optional<Instant> unfit_since;   // it would have to be held
  std::uint64_t granted_bps = 0;     // what its publisher may come to for this receiver's sake; 0: not known
  std::uint16_t picture_id_offset = 0, last_picture_id = 0;
  std::uint8_t tl0_offset = 0, last_tl0 = 0;
  std::uint16_t rtx_sequence;
  std::uint32_t packets = 0, octets = 0;
  Delivery delivery;
  std::optional<Instant> wanted_at, asked_at;  // of the first key frame (wire::SfuFirstVideo)
  Instant rtx_budget_at;
  int rtx_budget = 0;
};

struct AudioOut {
  AudioOut(const wire::SfuAudio& what, std::uint16_t first_sequence, std::uint32_t first_timestamp)
      : config(what), rewriter(48000, first_sequence, first_timestamp) {}
  wire::SfuAudio config;
  StreamRewriter rewriter;
  wire::ConnectionNo source;         // forwarded now; 0 while mixed or before the first packet
  bool mixing = false;
  std::uint32_t packets = 0, octets = 0;
  Delivery delivery;
  std::unique_ptr<rtc::RedSender> red;  // when its receiver understands it
  Instant last_report;
};

}  // namespace upcall::sfu
