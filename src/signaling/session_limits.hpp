// How much one signalling socket may ask for. A client of good will stays far below: it sends a SUBSCRIBE at a time and waits
// for the answer, and a person presses the mute button some times a second at most. What is beyond closes the socket with
// 4503 (the client comes back, with everything said anew), except for AUDIO_CONTROL, of which the last word counts a little
// later. Data messages have limits of their own (data_messages.hpp). Pure.
#pragma once

#include <cstddef>

#include "base/token_bucket.hpp"
#include "wire/signal/signal_frame.hpp"

namespace upcall::signaling {

class SessionLimits {
 public:
  // Tokens a second, and how many at once.
  static constexpr double kFrameRate = 100, kFrameBurst = 300;          // of all kinds
  static constexpr double kSubscribeRate = 5, kSubscribeBurst = 50;     // each is parsed, answered and told to all
  static constexpr double kVideoRate = 20, kVideoBurst = 100;           // PAUSE, RESUME, REMOTE_VIDEO_UPDATE
  static constexpr double kMuteRate = 5, kMuteBurst = 10;               // each goes to everybody
  static constexpr Duration kMuteApart = Duration::ms(200);             // = 1 / kMuteRate
  // In one frame: of streams and sections. A SUBSCRIBE has 64 sections at most, of which so many receive.
  static constexpr int kListMax = 256;
  // Of one attendee id, open at once: several devices, and sockets that were lost and not yet missed.
  static constexpr std::size_t kSocketsMax = 8;
  // SSRCs given out over the life of one connection, two a section that shows another stream.
  static constexpr std::size_t kSsrcsMax = 8192;

  // May this frame be handled? Its lists count too: protobuf packs hundreds of thousands of numbers into a message.
  bool take(Instant now, const wire::SignalFrame& frame) {
    using F = wire::SignalFrame;
    if (frame.type() == F::DATA_MESSAGE) return true;
    if (!frames_.take(now)) return false;
    switch (frame.type()) {
      case F::SUBSCRIBE:
        return subscribes_.take(now) && frame.sub().receive_stream_ids_size() <= kListMax && frame.sub().send_streams_size() <= kListMax &&
               frame.sub().video_subscription_configuration_size() <= kListMax;
      case F::PAUSE:
      case F::RESUME: return videos_.take(now) && frame.pause().stream_ids_size() <= kListMax;
      case F::REMOTE_VIDEO_UPDATE:
        return videos_.take(now) && frame.remote_video_update().added_or_updated_video_subscriptions_size() <= kListMax;
      default: return true;
    }
  }
  // May it be told now that somebody is muted or not?
  bool take_mute(Instant now) { return mutes_.take(now); }

 private:
  TokenBucket frames_{kFrameRate, kFrameBurst}, subscribes_{kSubscribeRate, kSubscribeBurst}, videos_{kVideoRate, kVideoBurst},
      mutes_{kMuteRate, kMuteBurst};
};

}  // namespace upcall::signaling
