// Which layer of a publication goes where: bound by its rid, chosen for each receiver by what its link carries and what it
// can use, changed at a key frame of the layer that it goes over to. A publication of one stream has one layer.
#include <algorithm>

#include "sfu/meeting.hpp"

namespace upcall::sfu {

namespace {

// Of several layers one that rests while another flows has been turned off; a share's picture may stand still for seconds,
// in all its layers alike.
constexpr Duration kLayerSilence = Duration::ms(1500);
constexpr Duration kTriedFor = Duration::s(10);   // a larger layer that is given up within that did not fit
// What two clocks are believed to differ by at a change of layer, beyond that the time that passed counts.
constexpr std::int64_t kAlignedMost = 90'000;

std::int64_t ticks_between(std::uint64_t ntp_from, std::uint64_t ntp_until) {
  const auto difference = static_cast<std::int64_t>(ntp_until - ntp_from);   // 32.32 seconds
  return static_cast<std::int64_t>(static_cast<double>(difference) * 90'000.0 / 4294967296.0);
}

// Ticks from the packet of `from` at one RTP time to the packet of `to` at another, by the sender's own clock.
std::optional<std::int64_t> aligned(const VideoLayer& from, std::uint32_t from_timestamp, const VideoLayer& to, std::uint32_t to_timestamp) {
  if (!from.clock || !to.clock) return std::nullopt;
  const std::int64_t ticks = ticks_between(from.clock->ntp, to.clock->ntp) + static_cast<std::int32_t>(to_timestamp - to.clock->timestamp) -
                             static_cast<std::int32_t>(from_timestamp - from.clock->timestamp);
  if (ticks < -kAlignedMost || ticks > kAlignedMost) return std::nullopt;
  return ticks;
}

}  // namespace

VideoLayer* Meeting::layer_of(Instant now, Connection& c, const rtc::RtpView& rtp, bool repair) {
  VideoIn& video = *c.video_in;
  for (const auto& layer : video.layers) {
    if ((repair ? layer->rtx_ssrc : layer->ssrc) == rtp.ssrc) return layer.get();
  }
  VideoLayer& first = *video.layers.front();
  if (first.rid.empty()) {
    if (repair) return &first;
    // Without a=ssrc the first stream of the section's payload type is it.
    if (first.ssrc != 0) return nullptr;
    first.ssrc = rtp.ssrc;
    return &first;
  }
  const auto rid = rtp.extension(repair ? c.session.extensions.repaired_rid : c.session.extensions.rid);
  if (!rid) return nullptr;
  for (const auto& layer : video.layers) {
    if (layer->rid != std::string_view(reinterpret_cast<const char*>(rid->data()), rid->size())) continue;
    if (repair) {
      layer->rtx_ssrc = rtp.ssrc;
      return layer.get();
    }
    if (layer->ssrc != 0) restart_layer(now, c, *layer);
    layer->ssrc = rtp.ssrc;
    return layer.get();
  }
  return nullptr;
}

void Meeting::restart_layer(Instant now, Connection& c, VideoLayer& layer) {
  VideoIn& video = *c.video_in;
  if (video.tapped_epoch == layer.epoch) {
    tap_end(now, video.taps);
    video.tapped_epoch = 0;
  }
  layer.restart(++video.epochs);
}

void Meeting::change_codec(Instant now, Connection& c, VideoLayer& layer, rtc::VideoCodec codec, std::int64_t sequence) {
  VideoIn& video = *c.video_in;
  const bool begins = layer.last_key_frame == Instant() && video.tapped_epoch != layer.epoch;
  layer.codec = codec;
  layer.codec_since = sequence;
  if (begins) return;
  layer.codec_changed_at = now;
  // Receivers begin anew, at the key frame that comes with it; a recording has another source from here on.
  if (video.tapped_epoch == layer.epoch) {
    tap_end(now, video.taps);
    video.tapped_epoch = 0;
  }
  layer.epoch = ++video.epochs;
}

void Meeting::begin_flow(Instant now, Connection& c, VideoLayer& layer, Outbox& out) {
  VideoIn& video = *c.video_in;
  const bool began = !layer.flowing;
  layer.flowing = true;
  if (began) {
    wake_at(now + (video.is_simulcast() ? kLayerSilence : kVideoSilence));
    if (video.is_simulcast()) {
      // Whoever can use it is asked at the end of this turn.
      for (VideoSubscription* s : video.subscribers) s->receiver.down.allocate_due = now;
      wake_at(now);
    }
  }
  const VideoLayer& largest = *video.largest_flowing();
  if (video.flowing && video.width == largest.width && video.height == largest.height) return;
  video.flowing = true;
  video.width = largest.width;
  video.height = largest.height;
  out.event(wire::SfuVideoState{c.no, video.config.stream_id, true, video.width, video.height});
}

void Meeting::switch_to(Instant now, VideoSubscription& to, const VideoIn& video, const VideoLayer& layer, const MediaPacket& first) {
  std::optional<std::int64_t> since_last;
  bool from_another = false;
  if (to.rewriter.sent_any()) {
    const StreamEpoch& before = to.rewriter.epoch();
    const VideoLayer* from = video.by_epoch(before.source);
    from_another = from != nullptr && from != &layer;
    if (from_another) since_last = aligned(*from, to.rewriter.last_timestamp() - before.timestamp_offset, layer, first.timestamp);
  }
  StreamEpoch& epoch = to.rewriter.begin_epoch(first.sequence, first.timestamp, now, layer.epoch, since_last);
  // What was lost, held or thrown away before it is not repaired; what came to this receiver of another layer is.
  epoch.anew = to.waiting_for_key || !from_another;
  to.layer = layer.index;
  to.waiting_for_key = false;
  to.type = wire::video_type_of(to.config, tap_codec(layer.codec)).value_or(wire::SfuVideoType{});
  if (to.rewriter.sent_any()) {
    epoch.picture_id_offset = static_cast<std::uint16_t>(to.last_picture_id + 1 - first.picture_id);
    epoch.tl0_offset = static_cast<std::uint8_t>(to.last_tl0 + 1 - first.tl0_picture_index);
  }
}

void Meeting::want_layer(Instant now, VideoSubscription& to, int index, Outbox& out) {
  if (to.layer_wanted == index) return;
  if (to.layer_wanted >= 0 && index > to.layer_wanted) to.layer_rose_at = now;
  if (index < to.layer_wanted && to.layer_rose_at && now - *to.layer_rose_at < kTriedFor) to.layer_failed_at = now;
  to.layer_wanted = index;
  to.layer_wanted_at = now;
  if (index != to.layer || to.waiting_for_key) want_picture(now, to, out);
}

void Meeting::want_picture(Instant now, VideoSubscription& to, Outbox& out) {
  if (to.publisher == nullptr || !to.publisher->video_in) return;
  VideoIn& video = *to.publisher->video_in;
  if (!video.is_simulcast()) to.layer_wanted = 0;
  VideoLayer* layer = nullptr;
  if (to.layer_wanted >= 0 && static_cast<std::size_t>(to.layer_wanted) < video.layers.size()) layer = video.layers[static_cast<std::size_t>(to.layer_wanted)].get();
  if (layer == nullptr || (!layer->flowing && video.flowing)) layer = video.largest_flowing(to.config.layer_max);
  if (layer == nullptr) layer = video.layers.front().get();
  request_key_frame(now, *to.publisher, *layer, out);
}

bool Meeting::take_for_taps(Instant now, Connection& c, VideoLayer& layer, bool key_frame, Outbox& out) {
  VideoIn& video = *c.video_in;
  if (video.tapped_epoch == layer.epoch) return true;
  const VideoLayer* taken = video.tapped();
  const bool better = taken == nullptr || !taken->flowing || taken->index < layer.index;
  if (!better) return false;
  // Of one stream everything is taken: its beginning may be needed by whoever repairs it later.
  if (video.is_simulcast() && !key_frame) {
    if (&layer == video.largest_flowing()) request_key_frame(now, c, layer, out);
    return false;
  }
  tap_end(now, video.taps);
  video.tapped_epoch = layer.epoch;
  return true;
}

void Meeting::request_tap_key_frame(Instant now, Connection& c, Outbox& out, Duration period) {
  VideoIn& video = *c.video_in;
  VideoLayer* layer = video.largest_flowing();
  request_key_frame(now, c, layer != nullptr ? *layer : *video.layers.front(), out, period);
}

void Meeting::tend_video(Instant now, Connection& c, Outbox& out) {
  VideoIn& video = *c.video_in;
  const Instant latest = video.last_packet();
  for (const auto& layer : video.layers) {
    // Asked again until one comes, but a layer that is not sent has none.
    if (layer->key_wanted && now >= layer->key_due) {
      if (layer->flowing) request_key_frame(now, c, *layer, out, Duration());
      else layer->key_wanted = false;
    }
    if (layer->key_wanted) wake_at(layer->key_due);
    if (!layer->flowing || !video.is_simulcast()) continue;
    if (latest - layer->last_packet < kLayerSilence) {
      wake_at(now + kLayerSilence);
      continue;
    }
    layer->flowing = false;
    for (VideoSubscription* s : video.subscribers) {
      s->receiver.down.allocate_due = now;
      if (s->layer == layer->index) s->waiting_for_key = true;
      if (s->layer_wanted == layer->index) s->layer_wanted = -1;
      if (s->waiting_for_key) want_picture(now, *s, out);
    }
    wake_at(now);
    if (!taps_.empty()) request_tap_key_frame(now, c, out, kKeyRequestPeriod);
  }
  if (!video.flowing) return;
  if (now - latest >= kVideoSilence) {
    video.flowing = false;
    for (const auto& layer : video.layers) layer->flowing = false;
    tap_end(now, video.taps);
    video.tapped_epoch = 0;
    out.event(wire::SfuVideoState{c.no, video.config.stream_id, false, 0, 0});
    return;
  }
  wake_at(latest + kVideoSilence);
  if (taps_.empty()) return;
  const Duration wanted = c.content ? kTapKeyFrameContent : kTapKeyFrame;
  const VideoLayer* taken = video.tapped();
  const Instant last_key = taken != nullptr ? taken->last_key_frame : Instant();
  if (now - last_key >= wanted) request_tap_key_frame(now, c, out, kKeyRequestPeriod);
  wake_at(std::max(last_key + wanted, now + kKeyRequestPeriod));
}

}  // namespace upcall::sfu
