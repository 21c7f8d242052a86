// The streams of a connection: what comes in (publications) and what goes out (subscriptions). Plain state; the rules
// are in meeting_video.cpp and meeting_audio.cpp. Owned by a Connection, on the meeting's thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "rtc/nack/receive_stream.hpp"
#include "rtc/red/red_receiver.hpp"
#include "rtc/red/red_sender.hpp"
#include "sfu/delivery.hpp"
#include "sfu/ntp_clock.hpp"
#include "sfu/seen_window.hpp"
#include "sfu/stream_rewriter.hpp"
#include "sfu/video_in.hpp"
#include "wire/sfu.hpp"

namespace upcall::sfu {

struct Connection;

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

struct VideoSubscription {
  VideoSubscription(Connection& to, const wire::SfuReceive& what, std::uint16_t first_sequence,
                    std::uint16_t first_rtx_sequence, std::uint32_t first_timestamp)
      : receiver(to), config(what), rewriter(90000, first_sequence, first_timestamp), rtx_sequence(first_rtx_sequence) {}

  Connection& receiver;
  wire::SfuReceive config;
  Connection* publisher = nullptr;   // null: the stream is gone
  StreamRewriter rewriter;           // the source of its epochs: VideoLayer::epoch
  wire::SfuVideoType type;           // of the present epoch
  bool not_taken = false;            // what is sent now is of a codec that its receiver has not agreed on
  bool waiting_for_key = true;
  int layer = -1;                    // that is sent
  int layer_wanted = -1;             // that it goes over to at its next key frame; -1: whichever brings one
  std::optional<Instant> layer_wanted_at;  // when that changed
  std::optional<Instant> layer_rose_at, layer_failed_at;  // it went up; it had to come down again soon after
  bool paused = false;               // by the receiver
  bool held = false;                 // by us: its link does not carry it, or
  bool shed = false;                 // this thread does not (load_shedder.hpp)
  Instant held_changed_at;
  std::optional<Instant> unfit_since;   // it would have to be held
  std::uint64_t granted_bps = 0;     // what its publisher may come to for this receiver's sake; 0: not known
  std::uint16_t last_picture_id = 0;
  std::uint8_t last_tl0 = 0;
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
