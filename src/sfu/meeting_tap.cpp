// Taps of a meeting: who is there, what they send, as records of each open recording.
#include <algorithm>

#include "sfu/meeting.hpp"

namespace upcall::sfu {

void Meeting::open_tap(Now now, const wire::SfuOpenTap& command, Outbox& out) {
  if (has_tap(command.tap)) return;
  taps_.push_back(std::make_unique<Tap>(now, command));
  tap_announce(now.mono, *taps_.back(), out, kKeyRequestPeriodAtStart);
  taps_.back()->publish();
  wake_at(now.mono + kKeyRequestPeriod);
  out.event(wire::SfuTapOpened{command.tap});
}

void Meeting::close_tap(Instant now, wire::TapNo no, wire::TapStopReason reason, Outbox& out) {
  const auto at = std::find_if(taps_.begin(), taps_.end(), [&](const auto& t) { return t->no() == no; });
  if (at == taps_.end()) return;
  Tap& tap = **at;
  tap.stop(now, reason);
  tap.publish();
  out.event(wire::SfuTapClosed{no, tap.records(), tap.dropped()});
  tap_forget(no);
  taps_.erase(at);
}

void Meeting::refresh_tap(Instant now, wire::TapNo no, Outbox& out) {
  for (auto& tap : taps_) {
    // One that is behind begins anew by itself as soon as it can.
    if (tap->no() != no || tap->behind()) continue;
    if (tap->refresh(now)) tap_announce(now, *tap, out, kKeyRequestPeriod);
    else wake_at(now + kTapRecoverPeriod);
  }
}

void Meeting::pause_tap(Instant now, wire::TapNo no, bool paused, Outbox& out) {
  for (auto& tap : taps_) {
    if (tap->no() != no || tap->paused() == paused) continue;
    tap->pause(now, paused);
    if (tap->behind()) wake_at(now + kTapRecoverPeriod);
    tap->publish();
    if (!paused) refresh_tap(now, no, out);
  }
}

void Meeting::recover_taps(Instant now, Outbox& out) {
  for (auto& tap : taps_) {
    if (!tap->behind()) continue;
    if (tap->recover(now)) tap_announce(now, *tap, out, kKeyRequestPeriod);
    if (tap->behind()) wake_at(now + kTapRecoverPeriod);
  }
}

// Who is there and what flows, under new source numbers; a picture of each camera follows.
void Meeting::tap_announce(Instant now, Tap& tap, Outbox& out, Duration key_period) {
  tap_forget(tap.no());
  for (auto& c : connections_) tap_attendee(now, tap, *c);
  for (auto& c : connections_) {
    tap_streams(now, tap, *c);
    if (c->video_in) request_tap_key_frame(now, *c, out, key_period);
  }
}

void Meeting::tap_forget(wire::TapNo no) {
  const auto forget = [&](std::vector<TapSourceRef>& refs) {
    std::erase_if(refs, [&](const TapSourceRef& ref) { return ref.tap == no; });
  };
  for (auto& c : connections_) {
    if (c->audio_in) forget(c->audio_in->taps);
    if (c->video_in) forget(c->video_in->taps);
  }
}

void Meeting::tap_write(Instant now, Tap& tap, const wire::TapRecord& record) {
  if (!tap.write(now, record)) wake_at(now + kTapRecoverPeriod);
}

bool Meeting::has_tap(wire::TapNo no) const {
  return std::any_of(taps_.begin(), taps_.end(), [&](const auto& t) { return t->no() == no; });
}

void Meeting::tap_attendee(Instant now, Tap& tap, const Connection& c) {
  tap_write(now, tap, wire::TapAttendee{tap.at_us(now), c.attendee_id, c.display_name, c.muted});
}

void Meeting::tap_streams(Instant now, Tap& tap, Connection& c) {
  if (c.audio_in && c.audio_in->started) tap_source(now, tap, c, wire::TapKind::audio, c.audio_in->taps);
  if (!c.video_in || !c.video_in->flowing) return;
  VideoIn& video = *c.video_in;
  if (video.taps.empty()) video.tapped_epoch = video.largest_flowing()->epoch;   // nobody has begun with another one
  if (video.tapped() != nullptr) tap_source(now, tap, c, wire::TapKind::video, video.taps);
}

std::uint32_t Meeting::tap_source(Instant now, Tap& tap, Connection& c, wire::TapKind kind, std::vector<TapSourceRef>& refs) {
  for (const TapSourceRef& ref : refs) {
    if (ref.tap == tap.no()) return ref.source;
  }
  wire::TapSource source;
  source.at_us = tap.at_us(now);
  source.source = tap.next_source();
  source.attendee_id = c.attendee_id;
  source.kind = kind;
  source.codec = kind == wire::TapKind::audio ? wire::TapCodec::opus : tap_codec((c.video_in->tapped() != nullptr ? *c.video_in->tapped() : *c.video_in->layers.front()).codec);
  source.clock_rate = kind == wire::TapKind::audio ? 48000 : 90000;
  source.content = c.content;
  if (kind == wire::TapKind::video) source.layer = c.video_in->tapped() != nullptr ? c.video_in->tapped()->index : std::uint8_t{0};
  refs.push_back({tap.no(), source.source});
  tap_write(now, tap, source);
  return source.source;
}

void Meeting::tap_end(Instant now, std::vector<TapSourceRef>& refs) {
  for (const TapSourceRef& ref : refs) {
    for (auto& tap : taps_) {
      if (tap->no() == ref.tap) tap_write(now, *tap, wire::TapSourceEnd{tap->at_us(now), ref.source});
    }
  }
  refs.clear();
}

void Meeting::tap_packet(Instant now, std::vector<TapSourceRef>& refs, Connection& c, wire::TapKind kind, wire::TapPacket& packet) {
  for (auto& tap : taps_) {
    if (tap->paused()) continue;
    packet.source = tap_source(now, *tap, c, kind, refs);
    packet.at_us = tap->at_us(now);
    if (!tap->write(now, packet)) wake_at(now + kTapRecoverPeriod);
  }
}

}  // namespace upcall::sfu
