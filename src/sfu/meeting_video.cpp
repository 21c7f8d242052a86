// Video of a meeting: what a publisher sends goes unchanged to its receivers, under numbers of their own.
#include <algorithm>

#include "rtc/codec/video_payload.hpp"
#include "rtc/rtcp/rtcp.hpp"
#include "sfu/extensions.hpp"
#include "sfu/meeting.hpp"

namespace upcall::sfu {

namespace {

constexpr Duration kCodecChangesApart = Duration::s(1);
constexpr int kRetransmitBudget = 200;                       // packets a receiver may ask again ...
constexpr Duration kRetransmitWindow = Duration::ms(200);    // ... in this time
// Of a packet beside its payload, about: RTP with extensions, SRTP, UDP, IP.
constexpr std::size_t kPacketHeaders = 80;

}  // namespace

void Meeting::on_video(Instant now, Connection& c, VideoLayer& layer, const rtc::RtpView& rtp, rtc::VideoCodec codec, bool from_rtx, Outbox& out) {
  VideoIn& video = *c.video_in;
  MediaPacket packet;
  packet.timestamp = rtp.timestamp;
  packet.marker = rtp.marker;
  packet.payload = rtp.payload;
  std::uint16_t sequence = rtp.sequence;
  if (from_rtx) {
    // RFC 4588 §4: the original sequence number stands before the payload; padding alone is a bandwidth probe.
    if (rtp.payload.size() <= 2) return;
    sequence = static_cast<std::uint16_t>(rtp.payload[0] << 8 | rtp.payload[1]);
    packet.payload = rtp.payload.subspan(2);
    if (layer.stats.packets() == 0) {
      c.drop(Drop::rtx_unknown);
      return;
    }
  }
  packet.sequence = from_rtx ? layer.stats.extend(sequence) : layer.stats.on_packet(sequence, rtp.timestamp, now);
  if (!layer.seen.insert(packet.sequence)) {
    c.drop(Drop::duplicate);
    return;
  }
  layer.nacks.on_packet(packet.sequence, now);
  wake_at(layer.nacks.next_deadline());
  if (layer.nacks.take_gave_up()) request_key_frame(now, c, layer, out);
  layer.last_packet = now;
  if (packet.payload.empty()) return;  // padding only: it counts, nobody needs it

  if (codec != layer.codec) {
    // Late, of the codec before: nobody goes back to it. A sender that changes all the time is not followed: each change
    // is a new source of a recording.
    if (packet.sequence < layer.codec_since || (layer.codec_changed_at && now - *layer.codec_changed_at < kCodecChangesApart)) {
      c.drop(Drop::other_codec);
      return;
    }
    change_codec(now, c, layer, codec, packet.sequence);
  }
  const auto parsed = rtc::parse_video_payload(codec, packet.payload);
  packet.key_frame = parsed && parsed->key_frame;
  if (parsed) {
    packet.picture_id = parsed->picture_id.value_or(0);
    packet.tl0_picture_index = parsed->tl0_picture_index.value_or(0);
  }
  if (const auto rotation = rtp.extension(c.session.extensions.orientation); rotation && !rotation->empty()) {
    packet.rotation = (*rotation)[0] & 3;
  }
  if (packet.key_frame) {
    layer.last_key_frame = now;
    layer.key_wanted = false;
    layer.nacks.forget_before(packet.sequence);
    if (const auto size = parsed->size) {
      layer.width = size->width;
      layer.height = size->height;
    }
  }
  if (!layer.flowing || packet.key_frame) begin_flow(now, c, layer, out);
  layer.rate.add(now, packet.payload.size() + kPacketHeaders);
  layer.history.put(packet.sequence, packet.timestamp, packet.marker, packet.rotation, packet.payload);

  if (!taps_.empty() && take_for_taps(now, c, layer, packet.key_frame, out)) {
    wire::TapPacket record;
    record.sequence = static_cast<std::uint16_t>(packet.sequence);
    record.timestamp = packet.timestamp;
    record.marker = packet.marker;
    record.key_frame = packet.key_frame;
    record.rotation = packet.rotation;
    record.payload = packet.payload;
    tap_packet(now, video.taps, c, wire::TapKind::video, record);
  }
  forward_video(now, c, layer, packet, out);
}

void Meeting::forward_video(Instant now, Connection& c, VideoLayer& layer, const MediaPacket& packet, Outbox& out) {
  for (VideoSubscription* to : c.video_in->subscribers) {
    if (!to->receiver.can_send()) continue;
    to->not_taken = !wire::video_type_of(to->config, tap_codec(layer.codec));
    if (to->not_taken) {
      to->waiting_for_key = true;
      continue;
    }
    if (to->paused) continue;
    if (to->held) {
      shared_.video_held += layer.index == 0;   // of several layers one would have been sent
      continue;
    }
    const bool goes_on = !to->waiting_for_key && to->rewriter.fed_by(layer.epoch) && !to->rewriter.leaps(packet.sequence);
    if (!goes_on) {
      const bool lost = to->waiting_for_key || to->layer == layer.index || c.video_in->by_epoch(to->rewriter.epoch().source) == nullptr;
      const bool wanted = to->layer_wanted == layer.index || (lost && to->layer_wanted < 0);
      // A smaller picture is better than none.
      if (!wanted && !(lost && layer.index < to->layer_wanted)) continue;
      if (!packet.key_frame) {
        if (lost) to->waiting_for_key = true;
        shared_.video_held += wanted && lost;
        if (wanted) request_key_frame(now, c, layer, out);
        continue;
      }
      switch_to(now, *to, *c.video_in, layer, packet);
    }
    send_video(now, *to, packet, out);
    if (!to->receiver.first_video_told) tell_first_video(now, *to, out);
  }
}

void Meeting::begin_subscription(Instant now, VideoSubscription& subscription, Outbox& out) {
  if (!subscription.wanted_at) subscription.wanted_at = now;
  want_picture(now, subscription, out);
}

void Meeting::tell_first_video(Instant now, const VideoSubscription& subscription, Outbox& out) {
  subscription.receiver.first_video_told = true;
  const Instant wanted = subscription.wanted_at.value_or(now);
  out.event(wire::SfuFirstVideo{subscription.receiver.no, wanted, subscription.asked_at.value_or(now), now});
}

void Meeting::send_video(Instant now, VideoSubscription& to, const MediaPacket& packet, Outbox& out) {
  const auto numbers = to.rewriter.map(packet.sequence, packet.timestamp);
  if (!numbers) return;
  const StreamEpoch& epoch = to.rewriter.epoch();
  if (numbers->sequence > to.rewriter.last_sequence() || !to.rewriter.sent_any()) {
    to.last_picture_id = static_cast<std::uint16_t>(packet.picture_id + epoch.picture_id_offset);
    to.last_tl0 = static_cast<std::uint8_t>(packet.tl0_picture_index + epoch.tl0_offset);
  }
  to.rewriter.sent(*numbers, now);
  ++to.packets;
  to.octets += static_cast<std::uint32_t>(packet.payload.size());
  Pacer& pacer = to.receiver.down.pacer;
  const std::size_t bytes = packet.payload.size() + kPacketHeaders;
  if (pacer.idle() && pacer.budget.allows(now, bytes)) {
    write_video(now, to, {video_codec(to.type.codec), *numbers, packet.marker, packet.rotation, packet.payload, epoch.picture_id_offset, epoch.tl0_offset}, out);
    return;
  }
  queue_video(now, to, {.to = &to, .source_sequence = packet.sequence, .numbers = *numbers, .source_epoch = epoch.source,
                        .picture_id_offset = epoch.picture_id_offset, .tl0_offset = epoch.tl0_offset,
                        .bytes = static_cast<std::uint16_t>(bytes), .since = now}, out);
}

void Meeting::write_video(Instant now, VideoSubscription& to, const OutgoingVideo& packet, Outbox& out) {
  Connection& receiver = to.receiver;
  const auto type = wire::video_type_of(to.config, tap_codec(packet.codec));
  if (!type) return;
  rtc::RtpBuilder builder(out.rtp_slot(), {.payload_type = type->payload_type, .marker = packet.marker,
                                       .sequence = static_cast<std::uint16_t>(packet.numbers.sequence),
                                       .timestamp = packet.numbers.timestamp, .ssrc = to.config.ssrc});
  add_video_extensions(builder, receiver, to.config.mid, packet.rotation, now);
  const std::size_t header = builder.finish_header();
  const MutBytes whole = builder.finish(packet.payload);
  if (whole.empty()) {
    receiver.drop(Drop::oversize);
    return;
  }
  if (packet.picture_id_offset != 0 || packet.tl0_offset != 0) {
    rtc::shift_video_ids(packet.codec, whole.subspan(header), packet.picture_id_offset, packet.tl0_offset);
  }
  receiver.send_rtp(now, out, whole.size());
}

void Meeting::retransmit(Instant now, VideoSubscription& to, std::uint16_t sequence, Outbox& out) {
  Connection& receiver = to.receiver;
  // Without RTX a packet must not be sent again: the same SRTP index would meet another extension block.
  if (to.publisher == nullptr || !to.publisher->video_in || !receiver.can_send()) return;
  if (now - to.rtx_budget_at >= kRetransmitWindow) {
    to.rtx_budget_at = now;
    to.rtx_budget = kRetransmitBudget;
  }
  if (to.rtx_budget-- <= 0) return;
  const std::int64_t last = to.rewriter.last_sequence();
  const std::int64_t wanted = last - static_cast<std::uint16_t>(static_cast<std::uint16_t>(last) - sequence);
  // Where it came from: perhaps from a layer that was left since.
  const StreamEpoch* epoch = to.rewriter.epoch_of(wanted);
  if (epoch == nullptr) return;
  const VideoLayer* layer = to.publisher->video_in->by_epoch(epoch->source);
  if (layer == nullptr) return;
  const auto type = wire::video_type_of(to.config, tap_codec(layer->codec));
  if (!type || type->rtx_payload_type == 0) return;
  const auto stored = layer->history.find(wanted - epoch->sequence_offset);
  if (!stored) return;
  rtc::RtpBuilder builder(out.rtp_slot(), {.payload_type = type->rtx_payload_type, .marker = stored->marker,
                                       .sequence = to.rtx_sequence, .timestamp = stored->timestamp + epoch->timestamp_offset,
                                       .ssrc = to.config.rtx_ssrc});
  add_video_extensions(builder, receiver, to.config.mid, stored->rotation, now);
  const std::size_t header = builder.finish_header();
  const MutBytes slot = out.rtp_slot();
  const std::size_t size = header + 2 + stored->payload.size();
  if (size > slot.size()) return;
  slot[header] = static_cast<std::uint8_t>(sequence >> 8);
  slot[header + 1] = static_cast<std::uint8_t>(sequence);
  const MutBytes payload = slot.subspan(header + 2, stored->payload.size());
  std::copy(stored->payload.begin(), stored->payload.end(), payload.begin());
  rtc::shift_video_ids(layer->codec, payload, epoch->picture_id_offset, epoch->tl0_offset);
  ++to.rtx_sequence;
  ++receiver.retransmitted;
  receiver.send_rtp(now, out, size);
}

void Meeting::request_key_frame(Instant now, Connection& publisher, VideoLayer& layer, Outbox& out, Duration period) {
  // From here on it is the publisher that is waited for.
  const auto asked = [&] {
    for (VideoSubscription* s : publisher.video_in->subscribers) {
      if (s->wanted_at && !s->asked_at) s->asked_at = now;
    }
  };
  // Nothing came yet; the first frame is a key frame anyway.
  if (!publisher.can_send() || layer.ssrc == 0 || layer.last_packet == Instant()) asked();
  if (!publisher.can_send() || layer.ssrc == 0) return;
  if (layer.key_request_sent && now - layer.last_key_request < period) {
    if (layer.last_key_frame < layer.last_key_request) asked();   // the answer is still to come
    // Asked again when the period is over, unless one arrived.
    const Instant due = layer.last_key_request + period;
    layer.key_due = layer.key_wanted ? std::min(layer.key_due, due) : due;
    layer.key_wanted = true;
    wake_at(layer.key_due);
    return;
  }
  std::uint8_t buffer[64];
  Writer rtcp(buffer);
  if (!rtc::write_pli(rtcp, 1, layer.ssrc)) return;
  layer.key_request_sent = true;
  ++layer.key_requests;
  layer.last_key_request = now;
  layer.key_wanted = true;
  layer.key_due = now + kKeyRequestPeriod;
  wake_at(layer.key_due);
  ++publisher.plis_sent;
  publisher.send_rtcp(out, rtcp.written());
  asked();
}

void Meeting::end_video(Instant now, Connection& c) {
  tap_end(now, c.video_in->taps);
  for (VideoSubscription* s : c.video_in->subscribers) {
    s->receiver.down.pacer.forget(s);
    s->publisher = nullptr;
    s->waiting_for_key = true;
    s->layer = s->layer_wanted = -1;
  }
  c.video_in.reset();
}

}  // namespace upcall::sfu
