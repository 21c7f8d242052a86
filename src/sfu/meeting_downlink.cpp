// What a receiver's link carries, and who gives way when it is less than all: budget, queues, probes, allocation.
#include <algorithm>

#include "rtc/rtcp/rtcp.hpp"
#include "sfu/allocation.hpp"
#include "sfu/extensions.hpp"
#include "sfu/meeting.hpp"

namespace upcall::sfu {

namespace {
constexpr std::uint32_t kOurSsrc = 1;
constexpr std::size_t kRepairBytes = 1250;         // about, before it is looked up
constexpr std::size_t kPaddingMost = 255;          // of one RTP packet (RFC 3550 §5.1)
constexpr std::size_t kPaddingPacket = kPaddingMost + 80;
constexpr Duration kPaceApart = Duration::ms(1);
// What a camera of one stream may be taken down to for the sake of a receiver; with several receivers one bad link must not
// spoil it for all: below, that one does without.
constexpr std::uint64_t kLeastForOne = 150'000, kLeastForMany = 400'000, kLeastContent = 300'000;
constexpr Duration kUnfitFor = Duration::ms(400);  // before it is held: estimates dip
constexpr Duration kHeldFor = Duration::s(2);      // before it may go on, or a larger layer be tried
constexpr Duration kTriedAgainAfter = Duration::s(10);   // one that did not fit
// Whose picture stays when some have to go; long, so that a talk between several does not make pictures come and go.
constexpr Duration kSpokeLately = Duration::s(30);
constexpr Duration kOverdrawnFor = Duration::s(2); // until a publisher is taken for one that follows nobody
constexpr std::uint64_t kComfortBps = 5'000'000;   // what is worth knowing to be there: key frames go out at once then
constexpr double kLossMost = 0.2;                  // share of the rate that repairs are given at most
}  // namespace

std::size_t Meeting::cameras_asked_most() const {
  std::size_t most = 0;
  for (const auto& c : connections_) most = std::max(most, c->down.cameras_asked);
  return most;
}

void Meeting::reallocate(Instant now) {
  for (auto& c : connections_) {
    if (!c->down.allocate_due.is_never()) c->down.allocate_due = now;
  }
  wake_at(now);
}

void Meeting::on_transport_feedback(Instant now, Connection& c, Bytes fci, Outbox& out) {
  Downlink& down = c.down;
  if (!down.estimator) return;
  const std::uint64_t before = down.bps(now, unknown_bps());
  if (!down.estimator->on_feedback(now, fci, c.rtt)) {
    c.drop(Drop::rtcp_malformed);
    return;
  }
  down.set_budget(now, unknown_bps());
  const std::uint64_t after = down.bps(now, unknown_bps());
  if (after < before * 95 / 100 || after > before * 110 / 100) allocate_videos(now, c, out);
  if (!down.probe) down.probe = down.estimator->plan_probe(now, down.wanted_bps, down.wants_more);
  // At the end of the turn: an input is not answered by more than itself.
  if (down.probe || !down.pacer.idle()) {
    down.pace_due = now;
    wake_at(now);
  }
}

void Meeting::tend_downlink(Instant now, Connection& c, Outbox& out) {
  Downlink& down = c.down;
  if (down.allocate_due <= now) {
    if (down.estimator) {
      down.estimator->handle_timeout(now);
      if (!down.probe) down.probe = down.estimator->plan_probe(now, down.wanted_bps, down.wants_more);
    }
    down.set_budget(now, unknown_bps());
    allocate_videos(now, c, out);
    if (down.probe) pace(now, c, out);
  }
  if (!down.allocate_due.is_never()) wake_at(down.allocate_due);
  if (down.pace_due <= now) pace(now, c, out);
  if (!down.pace_due.is_never()) wake_at(down.pace_due);
}

void Meeting::queue_video(Instant now, VideoSubscription& to, const WaitingVideo& packet, Outbox& out) {
  Connection& receiver = to.receiver;
  auto& queue = to.publisher->content ? receiver.down.pacer.queues().content : receiver.down.pacer.queues().cameras;
  if (queue.full()) {
    --to.packets;
    drop_waiting(now, to, out);
    return;
  }
  queue.push(packet);
  ++receiver.down.paced;
  if (receiver.down.pace_due.is_never()) {
    receiver.down.pace_due = std::max(now + kPaceApart, receiver.down.pacer.budget.ready_at(packet.bytes));
    wake_at(receiver.down.pace_due);
  }
}

void Meeting::drop_waiting(Instant now, VideoSubscription& subscription, Outbox& out) {
  const std::size_t gone = subscription.receiver.down.pacer.forget(&subscription);
  subscription.packets -= static_cast<std::uint32_t>(gone);
  subscription.receiver.down.expired += gone;
  subscription.waiting_for_key = true;
  if (!subscription.held) want_picture(now, subscription, out);
}

void Meeting::repair(Instant now, VideoSubscription& to, std::uint16_t sequence, Outbox& out) {
  Downlink& down = to.receiver.down;
  ++to.receiver.repairs_looked_up;
  if (down.pacer.idle() && down.pacer.budget.allows(now, kRepairBytes)) {
    retransmit(now, to, sequence, out);
    return;
  }
  auto& repairs = down.pacer.queues().repairs;
  if (repairs.full()) return;   // it will be asked for again
  if (repairs.contains([&](const WaitingRepair& w) { return w.to == &to && w.sequence == sequence; })) return;
  repairs.push({&to, sequence});
  if (down.pace_due.is_never()) {
    down.pace_due = std::max(now + kPaceApart, down.pacer.budget.ready_at(kRepairBytes));
    wake_at(down.pace_due);
  }
}

void Meeting::pace(Instant now, Connection& c, Outbox& out) {
  Downlink& down = c.down;
  down.pace_due = Instant::never();
  if (!c.can_send()) return;
  std::size_t next_bytes = 0;
  if (down.probe) {
    // Video waits for it, at most as long as the budget's depth: a link that is always full would never be probed else.
    if (down.pacer.budget.allows(now, down.probe->bytes)) send_probe(now, c, out);
    else next_bytes = down.probe->bytes;
  }
  while (next_bytes == 0 && !down.pacer.idle()) {
    Pacer::Queues& queues = down.pacer.queues();
    if (!queues.repairs.empty()) {
      if (!down.pacer.budget.allows(now, kRepairBytes)) {
        next_bytes = kRepairBytes;
        break;
      }
      const WaitingRepair next = queues.repairs.front();
      queues.repairs.pop();
      retransmit(now, *next.to, next.sequence, out);
      continue;
    }
    const bool content = !queues.content.empty();
    const WaitingVideo next = content ? queues.content.front() : queues.cameras.front();
    if (now - next.since > (content ? Pacer::kContentWaitsMost : Pacer::kCameraWaitsMost)) {
      drop_waiting(now, *next.to, out);
      continue;
    }
    if (!down.pacer.budget.allows(now, next.bytes)) {
      next_bytes = next.bytes;
      break;
    }
    if (content) queues.content.pop();
    else queues.cameras.pop();
    if (!send_waiting(now, *next.to, next, out)) --next.to->packets;
  }
  if (next_bytes == 0) return;
  down.pace_due = std::max(now + kPaceApart, down.pacer.budget.ready_at(next_bytes));
  wake_at(down.pace_due);
}

bool Meeting::send_waiting(Instant now, VideoSubscription& to, const WaitingVideo& packet, Outbox& out) {
  if (to.publisher == nullptr || !to.publisher->video_in) return false;
  const VideoLayer* layer = to.publisher->video_in->by_epoch(packet.source_epoch);
  if (layer == nullptr) return false;
  const auto stored = layer->history.find(packet.source_sequence);
  if (!stored) return false;   // it waited longer than the history reaches back
  write_video(now, to, {layer->codec, packet.numbers, stored->marker, stored->rotation, stored->payload, packet.picture_id_offset, packet.tl0_offset}, out);
  return true;
}

// Padding on the repair stream (RFC 4588): no decoder sees it, nobody repairs it.
void Meeting::send_probe(Instant now, Connection& c, Outbox& out) {
  const rtc::bwe::ProbePlan plan = *c.down.probe;
  c.down.probe.reset();
  const auto at = std::find_if(c.subscriptions.begin(), c.subscriptions.end(), [](const auto& s) {
    return s->type.rtx_payload_type != 0 && s->rewriter.sent_any();
  });
  if (at == c.subscriptions.end()) return;
  VideoSubscription& through = **at;
  const std::size_t packets = std::max(rtc::bwe::ProbePlanner::kPacketsLeast, plan.bytes / kPaddingPacket);
  for (std::size_t i = 0; i < packets; ++i) {
    const MutBytes slot = out.rtp_slot();
    rtc::RtpBuilder builder(slot, {.payload_type = through.type.rtx_payload_type, .sequence = through.rtx_sequence++,
                                   .timestamp = through.rewriter.last_timestamp(), .ssrc = through.config.rtx_ssrc});
    add_video_extensions(builder, c, through.config.mid, std::nullopt, now);
    const std::size_t header = builder.finish_header();
    const MutBytes padding = slot.subspan(header, kPaddingMost);
    std::fill(padding.begin(), padding.end(), std::uint8_t{0});
    padding.back() = kPaddingMost;
    slot[0] |= 0x20;
    c.send_rtp(now, out, header + kPaddingMost, plan.cluster);
  }
  ++c.down.probed;
  c.down.estimator->probe_sent(now, plan, packets);
}

void Meeting::hold_video(Instant now, VideoSubscription& subscription, bool held, Outbox& out) {
  if (subscription.held == held) return;
  subscription.held = held;
  subscription.held_changed_at = now;
  subscription.unfit_since.reset();
  subscription.waiting_for_key = true;
  if (held) drop_waiting(now, subscription, out);
  else if (!subscription.paused) want_picture(now, subscription, out);
  out.event(wire::SfuVideoHeld{subscription.receiver.no, subscription.config.stream_id, held});
}

void Meeting::allocate_videos(Instant now, Connection& c, Outbox& out) {
  Downlink& down = c.down;
  down.allocate_due = c.subscriptions.empty() ? Instant::never() : now + Downlink::kAllocatePeriod;
  std::array<VideoDemand, kConnectionsMax> demands;
  std::array<VideoSubscription*, kConnectionsMax> whose{};
  std::array<VideoGrant, kConnectionsMax> grants;
  std::array<LayerList, kConnectionsMax> layers_of;
  std::array<std::uint64_t, kConnectionsMax> useful_bps;
  std::size_t count = 0;
  for (auto& s : c.subscriptions) {
    if (s->publisher == nullptr || !s->publisher->video_in || !s->publisher->video_in->flowing || s->paused) {
      s->shed = false;
      if (s->held) hold_video(now, *s, false, out);
      s->granted_bps = 0;
      continue;
    }
    if (count == demands.size()) break;
    VideoIn& video = *s->publisher->video_in;
    VideoDemand& demand = demands[count];
    demand.content = s->publisher->content;
    demand.priority = s->config.priority;
    demand.spoke = s->publisher->audio_in && s->publisher->audio_in->started && now - s->publisher->audio_in->active_until < kSpokeLately;
    demand.now = s->held ? kHeld : 0;
    demand.may_rise = !s->held || now - s->held_changed_at >= kHeldFor;
    if (video.is_simulcast()) {
      useful_bps[count] = demand_layers(now, *s, demand, layers_of[count]);
    } else {
      const std::uint64_t measured = video.layers.front()->rate.bps(now);
      const bool follows = !video.overdraws_since || now - *video.overdraws_since < kOverdrawnFor;
      const std::uint64_t floor = s->publisher->content ? kLeastContent : video.subscribers.size() > 1 ? kLeastForMany : kLeastForOne;
      if (follows) {
        demand.least_bps = std::min(floor, std::max<std::uint64_t>(measured, 30'000));
        demand.most_bps = std::max<std::uint64_t>(video.config.max_bitrate_bps, demand.least_bps);
        useful_bps[count] = demand.most_bps;
      } else {
        demand.layer_bps[0] = measured;
        useful_bps[count] = measured;
      }
    }
    whose[count++] = s.get();
  }
  down.cameras_asked = 0;
  for (std::size_t i = 0; i < count; ++i) down.cameras_asked += !demands[i].content;
  const auto known = down.known_bps(now);
  if (!known || count == 0) {
    allocate(unknown_bps(), std::span(demands).first(count), std::span(grants).first(count), shared_.cameras_most);
    std::uint64_t most = Downlink::kAudioBps;
    for (std::size_t i = 0; i < count; ++i) {
      VideoSubscription& s = *whose[i];
      s.granted_bps = 0;
      s.shed = grants[i].shed;
      hold_video(now, s, s.shed, out);
      if (grants[i].shed) continue;
      most += useful_bps[i];
      if (s.publisher->video_in->is_simulcast()) want_layer(now, s, layers_of[i][static_cast<std::size_t>(std::max(0, grants[i].layer))], out);
    }
    down.wanted_bps = most;
    down.wants_more = false;
    return;
  }
  const bool listens = c.audio_out && c.audio_out->config.sends;
  const double loss = std::min(down.estimator ? down.estimator->loss() : 0.0, kLossMost);
  // What waits here is to be gone within a second.
  const std::uint64_t taken = (listens ? Downlink::kAudioBps : 0) + down.pacer.waiting_bytes() * 8;
  const std::uint64_t rate = down.rate_bps(now, unknown_bps());
  const auto available = static_cast<std::uint64_t>(static_cast<double>(rate - std::min(rate, taken)) * (1 - loss));
  down.wants_more = allocate(available, std::span(demands).first(count), std::span(grants).first(count), shared_.cameras_most);
  std::uint64_t most = Downlink::kAudioBps;
  for (std::size_t i = 0; i < count; ++i) most += grants[i].shed ? 0 : useful_bps[i];
  // A layer that did not fit is tried again where there is ample room: that must be known.
  const bool tried = std::any_of(demands.begin(), demands.begin() + static_cast<std::ptrdiff_t>(count), [](const VideoDemand& d) { return d.tried; });
  down.wanted_bps = down.wants_more ? most * (tried ? 17 : 12) / 10 : std::max(most * 2, kComfortBps);
  for (std::size_t i = 0; i < count; ++i) {
    VideoSubscription& s = *whose[i];
    s.granted_bps = grants[i].layer == kHeld ? 0 : grants[i].bps;
    s.shed = grants[i].shed;
    if (s.shed) {
      hold_video(now, s, true, out);
      if (holds_back(s)) allow_publisher(now, *s.publisher, out);
      continue;
    }
    // What does not fit gives way when that lasts: estimates dip.
    const bool layered = s.publisher->video_in->is_simulcast();
    const int layer = grants[i].layer == kHeld ? kHeld : layered ? layers_of[i][static_cast<std::size_t>(grants[i].layer)] : 0;
    // Too much by far: what it has does not fit even without the others.
    const std::uint64_t far = layered && s.layer_wanted >= 0 ? s.publisher->video_in->layers[static_cast<std::size_t>(s.layer_wanted)]->usual_bps(now) * 3 / 4 : 0;
    const bool gives_way = !s.held && (layer == kHeld || (layered && layer < s.layer_wanted));
    if (!gives_way) s.unfit_since.reset();
    else if (!s.unfit_since) s.unfit_since = now;
    if (gives_way && layer == kHeld && layered && s.layer_wanted > layers_of[i][0]) {
      want_layer(now, s, layers_of[i][0], out);   // the smallest before none
      s.unfit_since.reset();
    } else if (!gives_way || now - *s.unfit_since >= kUnfitFor || (layer != kHeld && available < far)) {
      if (layered && layer != kHeld) want_layer(now, s, layer, out);
      hold_video(now, s, layer == kHeld, out);
      if (gives_way) s.unfit_since.reset();
    }
    if (holds_back(s)) allow_publisher(now, *s.publisher, out);
  }
}

// Must all of its receivers be asked what they can take? Not as long as none ever could take less than all.
bool Meeting::holds_back(const VideoSubscription& s) {
  const VideoIn& video = *s.publisher->video_in;
  return video.allowed_bps != 0 || (s.granted_bps != 0 && s.granted_bps < video.config.max_bitrate_bps);
}

// What this receiver may be given of a publication in layers: those that flow. Answers what the largest comes to.
std::uint64_t Meeting::demand_layers(Instant now, const VideoSubscription& s, VideoDemand& demand, LayerList& list) {
  const VideoIn& video = *s.publisher->video_in;
  demand.layers = 0;
  demand.target_bps = s.config.target_bps;
  for (const auto& layer : video.layers) {
    if (!layer->flowing || (layer->index > s.config.layer_max && demand.layers > 0)) continue;
    if (s.layer_wanted >= layer->index && !s.held) demand.now = static_cast<int>(demand.layers);
    list[demand.layers] = layer->index;
    demand.layer_bps[demand.layers++] = std::max<std::uint64_t>(layer->usual_bps(now), 30'000);
  }
  if (demand.layers == 0) {   // none of them does at this moment
    demand.layers = 1;
    list[0] = 0;
  }
  const std::uint64_t top = demand.layer_bps[demand.layers - 1];
  if (s.held) return top;
  // A picture that has just begun is not held back to a small one first.
  if (s.layer_wanted < 0) demand.now = static_cast<int>(demand.layers) - 1;
  demand.may_rise = !s.layer_wanted_at || now - *s.layer_wanted_at >= kHeldFor;
  demand.tried = s.layer_failed_at && now - *s.layer_failed_at < kTriedAgainAfter;
  return top;
}

// A publisher of one stream is told the smallest of what its receivers can take.
void Meeting::allow_publisher(Instant now, Connection& publisher, Outbox& out) {
  VideoIn& video = *publisher.video_in;
  if (video.is_simulcast()) return;   // there is a layer for everybody
  std::uint64_t smallest = 0;
  for (const VideoSubscription* s : video.subscribers) {
    if (s->paused || s->held || s->granted_bps == 0) continue;
    smallest = smallest == 0 ? s->granted_bps : std::min(smallest, s->granted_bps);
  }
  const std::uint64_t measured = video.layers.front()->rate.bps(now);
  if (video.allowed_bps == 0 || measured <= video.allowed_bps * 3 / 2) video.overdraws_since.reset();
  else if (!video.overdraws_since) video.overdraws_since = now;
  const std::uint32_t ssrc = video.layers.front()->ssrc;
  if (smallest == 0 || ssrc == 0 || !publisher.can_send()) return;
  if (video.allowed_bps == 0 && smallest >= video.config.max_bitrate_bps) return;   // it was never told less
  const bool fresh = now - video.allowed_at >= Duration::s(1);
  const bool fell = smallest < video.allowed_bps * 97 / 100;
  if (!fresh && !fell) return;
  video.allowed_at = now;
  video.allowed_bps = smallest;
  std::uint8_t buffer[64];
  Writer rtcp(buffer);
  const std::uint32_t ssrcs[] = {ssrc};
  if (rtc::write_remb(rtcp, kOurSsrc, smallest, ssrcs)) publisher.send_rtcp(out, rtcp.written());
}

void Meeting::tell_bitrates(Instant now, Outbox& out) {
  const bool flows = std::any_of(connections_.begin(), connections_.end(), [](const auto& c) { return c->video_in && c->video_in->flowing; });
  if (!flows) return;
  if (now >= next_bitrates_) {
    next_bitrates_ = now + kBitratesPeriod;
    wire::SfuBitrates told{.meeting = no_};
    for (const auto& c : connections_) {
      if (c->video_in) {
        for (const auto& layer : c->video_in->layers) {
          if (layer->flowing) told.streams.push_back({layer->stream_id, layer->rate.bps(now)});
        }
      }
      if (c->down.estimator && c->down.estimator->heard()) told.receivers.push_back({c->no, c->down.estimator->bps()});
    }
    out.event(std::move(told));
  }
  wake_at(next_bitrates_);
}

}  // namespace upcall::sfu
