// Taps of a meeting: who is there, what they send, as records of each open recording.
#include <algorithm>

#include "sfu/meeting.hpp"

namespace upcall::sfu {

void Meeting::open_tap(Now now, const wire::SfuOpenTap& command, Outbox& out) {
  if (has_tap(command.tap)) return;
  taps_.push_back(std::make_unique<Tap>(now, command));
  Tap& tap = *taps_.back();
  for (auto& c : connections_) tap_attendee(now.mono, tap, *c);
  for (auto& c : connections_) {
    tap_streams(now.mono, tap, *c);
    // A recording that starts in mid-call starts with a picture.
    if (c->video_in) request_key_frame(now.mono, *c, out, kKeyRequestPeriodAtStart);
  }
  tap.publish();
  wake_at(now.mono + kKeyRequestPeriod);
  out.event(wire::SfuTapOpened{command.tap});
}

void Meeting::close_tap(Instant now, wire::TapNo no, wire::TapStopReason reason, Outbox& out) {
  const auto at = std::find_if(taps_.begin(), taps_.end(), [&](const auto& t) { return t->no() == no; });
  if (at == taps_.end()) return;
  Tap& tap = **at;
  tap.write(now, wire::TapRecord(wire::TapStop{tap.at_us(now), reason}));
  tap.publish();
  out.event(wire::SfuTapClosed{no, tap.records(), tap.dropped()});
  const auto forget = [&](std::vector<TapSourceRef>& refs) {
    std::erase_if(refs, [&](const TapSourceRef& ref) { return ref.tap == no; });
  };
  for (auto& c : connections_) {
    if (c->audio_in) forget(c->audio_in->taps);
    if (c->video_in) forget(c->video_in->taps);
  }
  taps_.erase(at);
}

bool Meeting::has_tap(wire::TapNo no) const {
  return std::any_of(taps_.begin(), taps_.end(), [&](const auto& t) { return t->no() == no; });
}

void Meeting::tap_attendee(Instant now, Tap& tap, const Connection& c) {
  tap.write(now, wire::TapRecord(wire::TapAttendee{tap.at_us(now), c.attendee_id, c.display_name, c.muted}));
}

void Meeting::tap_streams(Instant now, Tap& tap, Connection& c) {
  if (c.audio_in && c.audio_in->started) tap_source(now, tap, c, wire::TapKind::audio, c.audio_in->taps);
  if (c.video_in && c.video_in->flowing) tap_source(now, tap, c, wire::TapKind::video, c.video_in->taps);
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
  source.codec = kind == wire::TapKind::audio ? wire::TapCodec::opus : wire::TapCodec::vp8;
  source.clock_rate = kind == wire::TapKind::audio ? 48000 : 90000;
  source.content = c.content;
  refs.push_back({tap.no(), source.source});
  tap.write(now, wire::TapRecord(source));
  return source.source;
}

void Meeting::tap_end(Instant now, std::vector<TapSourceRef>& refs) {
  for (const TapSourceRef& ref : refs) {
    for (auto& tap : taps_) {
      if (tap->no() == ref.tap) tap->write(now, wire::TapRecord(wire::TapSourceEnd{tap->at_us(now), ref.source}));
    }
  }
  refs.clear();
}

void Meeting::tap_packet(Instant now, std::vector<TapSourceRef>& refs, Connection& c, wire::TapKind kind, wire::TapPacket& packet) {
  for (auto& tap : taps_) {
    packet.source = tap_source(now, *tap, c, kind, refs);
    packet.at_us = tap->at_us(now);
    tap->write(now, packet);
  }
}

}  // namespace upcall::sfu
