// RTCP of a meeting: every end reports to us and hears from us; nothing but key-frame requests, the smallest REMB and
// sender reports on their origin's clock passes from one attendee to another.
#include <algorithm>

#include "rtc/rtcp/rtcp.hpp"
#include "sfu/meeting.hpp"

namespace upcall::sfu {

namespace {
// SSRC of our own reports and feedback (a receiver-only source): the value libwebrtc uses, harmless everywhere.
constexpr std::uint32_t kOurSsrc = 1;
// Nobody reports more often on one stream (libwebrtc: 72 ms at 2.5 Mbit/s); each goes to every receiver, and a compound
// holds fifty.
constexpr Duration kSenderReportsApart = Duration::ms(50);

// Numbers of one compound's NACKs that are looked at: a packet of 1 472 bytes can name 6 200, and a receiver that misses so
// many needs a key frame. What is left is asked for again.
constexpr std::size_t kNackedOfCompoundMax = 256;

bool too_soon(Instant now, const rtc::ReceiveStats& stats) {
  return stats.last_sender_report() && now - *stats.last_sender_report() < kSenderReportsApart;
}
}  // namespace

VideoSubscription* Meeting::subscription_by_ssrc(Connection& receiver, std::uint32_t ssrc) {
  for (auto& s : receiver.subscriptions) {
    if (s->config.ssrc == ssrc) return s.get();
  }
  return nullptr;
}

// Its decoder has lost the picture that it is sent.
void Meeting::want_shown_picture(Instant now, VideoSubscription& to, Outbox& out) {
  VideoLayer* shown = to.publisher != nullptr && to.publisher->video_in ? to.publisher->video_in->by_epoch(to.rewriter.epoch().source) : nullptr;
  if (shown != nullptr && !to.waiting_for_key) request_key_frame(now, *to.publisher, *shown, out);
  else want_picture(now, to, out);
}

void Meeting::on_rtcp(Instant now, Connection& c, MutBytes datagram, Outbox& out) {
  if (!c.srtp_in) {
    c.drop(Drop::before_keys);
    return;
  }
  const auto size = c.srtp_in->unprotect_rtcp(datagram);
  if (!size) {
    c.drop(drop_of(size.error()));
    return;
  }
  c.heard(now);
  rtc::RtcpReader reader(datagram.first(*size));
  bool remb_came = false;
  std::size_t nacked = 0;
  while (auto item = reader.next()) {
    if (const auto* sr = std::get_if<rtc::SenderReport>(&*item)) {
      on_sender_report(now, c, sr->ssrc, sr->ntp, sr->timestamp, out);
      on_report_blocks(now, c, sr->report_blocks);
    } else if (const auto* rr = std::get_if<rtc::ReceiverReport>(&*item)) {
      on_report_blocks(now, c, rr->report_blocks);
    } else if (const auto* nack = std::get_if<rtc::Nack>(&*item)) {
      if (VideoSubscription* s = subscription_by_ssrc(c, nack->media_ssrc)) {
        ++c.nacks_received;
        rtc::for_each_nacked(*nack, [&](std::uint16_t sequence) {
          if (nacked++ < kNackedOfCompoundMax) repair(now, *s, sequence, out);
        });
      }
    } else if (const auto* pli = std::get_if<rtc::Pli>(&*item)) {
      ++c.plis_received;
      if (VideoSubscription* s = subscription_by_ssrc(c, pli->media_ssrc)) want_shown_picture(now, *s, out);
    } else if (const auto* fir = std::get_if<rtc::Fir>(&*item)) {
      ++c.plis_received;
      for (std::size_t at = 0; at + 8 <= fir->entries.size(); at += 8) {
        const std::uint32_t ssrc = Reader(fir->entries.subspan(at, 4)).u32();
        if (VideoSubscription* s = subscription_by_ssrc(c, ssrc)) want_shown_picture(now, *s, out);
      }
    } else if (const auto* remb = std::get_if<rtc::Remb>(&*item)) {
      c.down.remb_bps = remb->bitrate_bps;
      c.down.remb_at = now;
      remb_came = true;
    } else if (const auto* feedback = std::get_if<rtc::TransportFeedback>(&*item)) {
      on_transport_feedback(now, c, feedback->fci, out);
    }
  }
  // The last of a compound counts: one estimate in, one estimate out.
  if (remb_came && !(c.down.estimator && c.down.estimator->heard())) allocate_videos(now, c, out);
  if (reader.failed()) c.drop(Drop::rtcp_malformed);
}

void Meeting::on_report_blocks(Instant now, Connection& c, Bytes blocks) {
  const auto take = [&](Delivery& delivery, const rtc::ReportBlock& block, const StreamRewriter& numbers, std::uint32_t packets) {
    if (const auto sample = delivery.round_trip(now, block)) {
      c.rtt = c.rtt_at ? (c.rtt * 7 + *sample) / 8 : *sample;
      c.rtt_at = now;
    }
    if (const auto loss = delivery.on_block(block, numbers.last_sequence(), packets)) {
      c.link.count_down(loss->expected, loss->lost);
      c.down_expected += loss->expected;
      c.down_lost += loss->lost;
      // Of all streams: receivers tell about sound every five seconds only.
      if (c.audio_out && c.audio_out->red) c.audio_out->red->on_report(now, loss->expected, loss->lost);
      if (!(c.down.estimator && c.down.estimator->heard()) && loss->expected > 0) {
        c.down.report_loss.update(now, static_cast<std::uint64_t>(loss->expected), static_cast<std::uint64_t>(std::max<std::int64_t>(0, loss->lost)),
                                  c.down.bps(now, std::max(c.down.wanted_bps, Downlink::kUnmeasuredBps)), c.rtt);
      }
    }
  };
  for (std::size_t i = 0; i < rtc::report_block_count(blocks); ++i) {
    const auto block = rtc::read_report_block(blocks, i);
    if (c.audio_out && c.audio_out->config.send_ssrc == block.ssrc) {
      take(c.audio_out->delivery, block, c.audio_out->rewriter, c.audio_out->packets);
    } else if (VideoSubscription* s = subscription_by_ssrc(c, block.ssrc)) {
      take(s->delivery, block, s->rewriter, s->packets);
    }
  }
}

// With the reports' period: each second of a connection is judged once.
void Meeting::judge_link(Instant now, Connection& c, Outbox& out) {
  const bool fresh = c.rtt_at && now - *c.rtt_at < kRoundTripFresh;
  if (c.link.judge(now - c.last_heard, fresh ? std::optional(c.rtt) : std::nullopt)) {
    out.event(wire::SfuLinkQuality{c.no, c.link.strength()});
  }
  c.figures_due = !c.figures_due;
  if (!c.figures_due) return;
  wire::SfuConnectionFigures figures = c.figures(now);
  if (!fresh) figures.rtt_ms = -1;
  out.event(figures);
}

void Meeting::on_sender_report(Instant now, Connection& c, std::uint32_t ssrc, std::uint64_t ntp, std::uint32_t timestamp,
                               Outbox& out) {
  const std::uint64_t ours = shared_.ntp.at(now);
  std::uint8_t buffer[128];
  if (c.audio_in && c.audio_in->ssrc == ssrc) {
    if (too_soon(now, c.audio_in->stats)) return;
    c.clock.on_report(ntp, ours);
    c.audio_in->stats.on_sender_report(ntp, now);
    for (auto& tap : taps_) {
      for (const TapSourceRef& ref : c.audio_in->taps) {
        if (ref.tap == tap->no()) tap_write(now, *tap, wire::TapSenderReport{tap->at_us(now), ref.source, ntp, timestamp});
      }
    }
    for (auto& listener : connections_) {
      if (!listener->audio_out || listener->audio_out->source != c.no || !listener->can_send()) continue;
      AudioOut& audio = *listener->audio_out;
      Writer rtcp(buffer);
      audio.delivery.report_sent(c.clock.to_ours(ntp), now);
      rtc::write_sender_report(rtcp, {.ssrc = audio.config.send_ssrc, .ntp = c.clock.to_ours(ntp),
                                      .timestamp = audio.rewriter.map_timestamp(timestamp), .packets = audio.packets,
                                      .octets = audio.octets, .report_blocks = {}}, {});
      audio.last_report = now;
      listener->send_rtcp(out, rtcp.written());
    }
  } else if (VideoLayer* layer = c.video_in ? c.video_in->by_ssrc(ssrc) : nullptr; layer != nullptr && ssrc != 0) {
    if (too_soon(now, layer->stats)) return;
    c.clock.on_report(ntp, ours);
    layer->stats.on_sender_report(ntp, now);
    layer->clock = {ntp, timestamp};
    for (auto& tap : taps_) {
      if (c.video_in->tapped_epoch != layer->epoch) break;
      for (const TapSourceRef& ref : c.video_in->taps) {
        if (ref.tap == tap->no()) tap_write(now, *tap, wire::TapSenderReport{tap->at_us(now), ref.source, ntp, timestamp});
      }
    }
    for (VideoSubscription* s : c.video_in->subscribers) {
      if (!s->rewriter.sent_any() || !s->rewriter.fed_by(layer->epoch) || !s->receiver.can_send()) continue;
      Writer rtcp(buffer);
      s->delivery.report_sent(c.clock.to_ours(ntp), now);
      rtc::write_sender_report(rtcp, {.ssrc = s->config.ssrc, .ntp = c.clock.to_ours(ntp),
                                      .timestamp = s->rewriter.map_timestamp(timestamp), .packets = s->packets,
                                      .octets = s->octets, .report_blocks = {}}, {});
      s->receiver.send_rtcp(out, rtcp.written());
    }
  }
}

void Meeting::send_reports(Instant now, Connection& c, Outbox& out) {
  c.report_due = now + kReportPeriod;
  std::array<rtc::ReportBlock, 1 + wire::kLayersMax> blocks;
  std::size_t count = 0;
  const auto add = [&](std::uint32_t ssrc, rtc::ReceiveStats& stats) {
    if (ssrc == 0 || stats.packets() == 0) return;
    const auto b = stats.take_report(now);
    c.link.count_up(b.expected_now, b.lost_now);
    blocks[count++] = {.ssrc = ssrc, .fraction_lost = b.fraction_lost, .cumulative_lost = b.cumulative_lost,
                       .extended_highest_sequence = b.extended_highest_sequence, .jitter = b.jitter,
                       .last_sr = b.last_sr, .delay_since_last_sr = b.delay_since_last_sr};
  };
  if (c.audio_in) add(c.audio_in->ssrc, c.audio_in->stats);
  if (c.video_in) {
    for (const auto& layer : c.video_in->layers) add(layer->ssrc, layer->stats);
  }
  std::uint8_t buffer[256];
  Writer rtcp(buffer);
  if (c.audio_out && c.audio_out->mixing && now - c.audio_out->last_report >= Duration::s(2)) {
    // A mix has no origin: its clock is ours.
    AudioOut& audio = *c.audio_out;
    audio.last_report = now;
    audio.delivery.report_sent(shared_.ntp.at(now), now);
    const auto since = static_cast<std::uint32_t>((now - audio.rewriter.last_sent_at()).us() * 48 / 1000);
    rtc::write_sender_report(rtcp, {.ssrc = audio.config.send_ssrc, .ntp = shared_.ntp.at(now),
                                    .timestamp = audio.rewriter.last_timestamp() + since, .packets = audio.packets,
                                    .octets = audio.octets, .report_blocks = {}}, std::span(blocks).first(count));
  } else if (count > 0) {
    rtc::write_receiver_report(rtcp, kOurSsrc, std::span(blocks).first(count));
  } else {
    return;
  }
  c.send_rtcp(out, rtcp.written());
}

void Meeting::send_feedback(Instant now, Connection& c, Outbox& out) {
  const std::uint32_t video = c.video_in ? c.video_in->layers.front()->ssrc : 0;
  const std::uint32_t media = video != 0 ? video : c.audio_in ? c.audio_in->ssrc : 0;
  while (c.feedback.pending()) {
    std::uint8_t buffer[1100];
    Writer rtcp(buffer);
    if (!c.feedback.write(rtcp, kOurSsrc, media)) break;
    c.send_rtcp(out, rtcp.written());
  }
  c.feedback_due = Instant::never();
  (void)now;
}

void Meeting::send_nacks(Instant now, Connection& c, Outbox& out) {
  if (!c.video_in) return;
  for (const auto& owned : c.video_in->layers) {
    VideoLayer& layer = *owned;
    const auto type = wire::video_type_of(c.video_in->config, tap_codec(layer.codec));
    if (!type || type->rtx_payload_type == 0) continue;
    std::array<std::uint16_t, 64> due;
    const std::size_t count = layer.nacks.take_due(now, c.rtt, due);
    wake_at(layer.nacks.next_deadline());
    if (layer.nacks.take_gave_up()) request_key_frame(now, c, layer, out);
    if (count == 0) continue;
    std::uint8_t buffer[512];
    Writer rtcp(buffer);
    if (!rtc::write_nack(rtcp, kOurSsrc, layer.ssrc, std::span(due).first(count))) continue;
    ++c.nacks_sent;
    c.send_rtcp(out, rtcp.written());
  }
}

}  // namespace upcall::sfu
