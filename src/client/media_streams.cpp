// Media of a headless attendee: RTP and RTCP, both ways.
#include <algorithm>

#include "client/media_session.hpp"
#include "client/payload_types.hpp"
#include "rtc/codec/video_payload.hpp"
#include "rtc/red/red.hpp"
#include "rtc/rtcp/rtcp.hpp"

namespace upcall::client {

namespace {
constexpr std::uint8_t kOpusType = 111;
constexpr std::size_t kPayloadMax = 1100;
constexpr Duration kArrivalsPeriod = Duration::ms(50);
}  // namespace

std::array<std::uint8_t, 2> MediaSession::next_transport_sequence() {
  const std::uint16_t s = transport_sequence_++;
  return {static_cast<std::uint8_t>(s >> 8), static_cast<std::uint8_t>(s)};
}

void MediaSession::send_rtp(MutBytes buffer, std::size_t size, MediaOutput& out) {
  const auto path = ice_->selected();
  if (!path) return;
  const auto whole = srtp_out_->protect_rtp(buffer, size);
  if (!whole) return;
  ++counters_.packets_sent;
  out.datagrams.push_back({path->remote, ByteVector(buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(*whole))});
}

void MediaSession::send_rtcp(Bytes plain, MediaOutput& out) {
  const auto path = ice_->selected();
  if (!path || !srtp_out_) return;
  ByteVector buffer(plain.size() + srtp::kMaxExpansion);
  std::copy(plain.begin(), plain.end(), buffer.begin());
  const auto whole = srtp_out_->protect_rtcp(buffer, plain.size());
  if (!whole) return;
  buffer.resize(*whole);
  out.datagrams.push_back({path->remote, std::move(buffer)});
}

void MediaSession::send_audio(Instant, Bytes opus, std::uint32_t timestamp, Instant captured_at, std::uint8_t minus_dbov, MediaOutput& out) {
  if (!connected()) return;
  std::uint8_t buffer[1500];
  std::uint8_t payload_type = kOpusType;
  std::uint8_t repeating[rtc::RedSender::kPayloadMax];
  Bytes payload = opus;
  if (red_type_ != 0) {
    // As the vendor's client: all of it in redundant form, also where nothing is repeated.
    std::size_t size = red_out_.encode(audio_out_sequence_, timestamp, kOpusType, opus, repeating);
    if (size == 0) size = rtc::write_red(repeating, {}, kOpusType, opus);
    if (size != 0) {
      payload = Bytes(repeating).first(size);
      payload_type = red_type_;
    }
  }
  ++audio_out_sequence_;
  rtc::RtpBuilder builder(MutBytes(buffer).first(sizeof buffer - srtp::kMaxExpansion),
                          {.payload_type = payload_type, .sequence = audio_sequence_++, .timestamp = timestamp, .ssrc = audio_ssrc_});
  if (const std::uint8_t id = ids_[rtc::RtpExtension::mid]) builder.add_extension(id, as_bytes("0"));
  if (const std::uint8_t id = ids_[rtc::RtpExtension::audio_level]) {
    const std::uint8_t level[1] = {static_cast<std::uint8_t>(std::min<int>(minus_dbov, 127) | (minus_dbov < 60 ? 0x80 : 0))};
    builder.add_extension(id, level);
  }
  if (const std::uint8_t id = ids_[rtc::RtpExtension::transport_cc]) builder.add_extension(id, next_transport_sequence());
  const MutBytes plain = builder.finish(payload);
  if (plain.empty()) return;
  ++audio_packets_;
  audio_octets_ += static_cast<std::uint32_t>(payload.size());
  audio_timestamp_ = timestamp;
  audio_sent_at_ = captured_at;
  send_rtp(buffer, plain.size(), out);
}

void MediaSession::send_video(Instant, rtc::VideoCodec codec, Bytes frame, std::uint32_t timestamp, Instant captured_at, std::optional<std::uint8_t> rotation,
                              MediaOutput& out) {
  if (!connected() || !may_send(codec)) return;
  picture_id_ = (picture_id_ + 1) & 0x7fff;
  rtc::packetize_video(codec, frame, picture_id_, kPayloadMax, [&](Bytes payload, bool last) {
    std::uint8_t buffer[1500];
    const std::uint16_t sequence = video_sequence_++;
    rtc::RtpBuilder builder(MutBytes(buffer).first(sizeof buffer - srtp::kMaxExpansion),
                            {.payload_type = video_type(codec), .marker = last, .sequence = sequence, .timestamp = timestamp, .ssrc = video_ssrc_});
    if (const std::uint8_t id = ids_[rtc::RtpExtension::mid]) builder.add_extension(id, as_bytes("1"));
    if (const std::uint8_t id = ids_[rtc::RtpExtension::transport_cc]) builder.add_extension(id, next_transport_sequence());
    if (const std::uint8_t id = ids_[rtc::RtpExtension::orientation]; id != 0 && rotation && last) {
      const std::uint8_t value[1] = {*rotation};
      builder.add_extension(id, value);
    }
    const std::size_t header = builder.finish_header();
    const MutBytes plain = builder.finish(payload);
    if (plain.empty()) return;
    if (watch_ != nullptr) watch_->video_leaves(plain.last(payload.size()));
    SentPacket& sent = sent_[sequence % sent_.size()];
    sent.sequence = sequence;
    sent.used = true;
    sent.header_size = header;
    sent.rtx_type = rtx_type(codec);
    sent.plain.assign(plain.begin(), plain.end());
    ++video_packets_;
    video_octets_ += static_cast<std::uint32_t>(payload.size());
    send_rtp(buffer, plain.size(), out);
  });
  video_timestamp_ = timestamp;
  video_sent_at_ = captured_at;
}

void MediaSession::on_rtp(Instant now, MutBytes datagram, MediaOutput& out) {
  if (!srtp_in_) return;
  const auto size = srtp_in_->unprotect_rtp(datagram);
  if (!size) {
    ++counters_.auth_failures;
    return;
  }
  const auto rtp = rtc::parse_rtp(datagram.first(*size));
  if (!rtp) return;
  ++counters_.packets_received;
  if (const auto cc = rtp->extension(ids_[rtc::RtpExtension::transport_cc]); cc && cc->size() == 2) {
    arrivals_.on_packet(static_cast<std::uint16_t>((*cc)[0] << 8 | (*cc)[1]), now);
    if (arrivals_due_.is_never()) arrivals_due_ = now + kArrivalsPeriod;
  }
  if (rtp->payload_type == kOpusType || (red_type_ != 0 && rtp->payload_type == red_type_)) return on_audio(now, *rtp, out);
  std::optional<std::uint8_t> rotation;
  if (const auto r = rtp->extension(ids_[rtc::RtpExtension::orientation]); r && !r->empty()) rotation = (*r)[0] & 3;
  const auto codec = codec_of_type(rtp->payload_type);
  if (!codec) return;
  for (RemoteVideo& video : remotes_) {
    if (video.stream_id == 0) continue;  // given up; the server has not heard of it yet
    if (video.ssrc == rtp->ssrc) {
      if (watch_ != nullptr) watch_->video_arrived(video.stream_id, rtp->payload, false);
      deliver(now, video, *codec, video.stats.on_packet(rtp->sequence, rtp->timestamp, now), rtp->timestamp, rtp->marker, rotation,
              rtp->payload, out);
      return;
    }
    if (video.rtx_ssrc == rtp->ssrc && rtp->payload.size() > 2 && video.stats.packets() > 0) {
      const auto sequence = static_cast<std::uint16_t>(rtp->payload[0] << 8 | rtp->payload[1]);
      ++counters_.repaired;
      if (watch_ != nullptr) watch_->video_arrived(video.stream_id, rtp->payload.subspan(2), true);
      deliver(now, video, *codec, video.stats.extend(sequence), rtp->timestamp, rtp->marker, rotation, rtp->payload.subspan(2), out);
      return;
    }
  }
}

void MediaSession::on_audio(Instant now, const rtc::RtpView& rtp, MediaOutput& out) {
  const bool first = audio_stats_.packets() == 0;
  const std::int64_t sequence = audio_stats_.on_packet(rtp.sequence, rtp.timestamp, now);
  remote_audio_ssrc_ = rtp.ssrc;
  rtc::RedPayload packet;
  packet.primary = {kOpusType, 0, rtp.payload};
  if (rtp.payload_type != kOpusType) {
    const auto red = rtc::parse_red(rtp.payload);
    if (!red) return;
    packet = *red;
  }
  for (const rtc::RedFrame& frame : red_in_.split(sequence, rtp.timestamp, kOpusType, packet)) {
    std::int64_t& seen = audio_seen_[static_cast<std::size_t>(frame.sequence) % audio_seen_.size()];
    const bool recovered = frame.sequence != sequence;
    if (seen >= frame.sequence || (recovered && first)) continue;
    seen = frame.sequence;
    if (recovered) ++counters_.audio_recovered;
    out.audio.push_back({frame.sequence, frame.timestamp, now, ByteVector(frame.payload.begin(), frame.payload.end()), recovered});
  }
}

void MediaSession::on_report_blocks(Instant now, Bytes blocks) {
  for (std::size_t i = 0; i < rtc::report_block_count(blocks); ++i) {
    const auto block = rtc::read_report_block(blocks, i);
    if (block.ssrc != audio_ssrc_) continue;
    const std::int64_t highest = block.extended_highest_sequence, lost = block.cumulative_lost;
    if (audio_reported_ && highest > audio_reported_->first) {
      red_out_.on_report(now, highest - audio_reported_->first, lost - audio_reported_->second);
    }
    audio_reported_ = {highest, lost};
  }
}

void MediaSession::deliver(Instant now, RemoteVideo& video, rtc::VideoCodec codec, std::int64_t extended, std::uint32_t timestamp, bool marker,
                           std::optional<std::uint8_t> rotation, Bytes payload, MediaOutput& out) {
  video.nacks.on_packet(extended, now);
  nack_due_ = std::min(nack_due_, video.nacks.next_deadline());
  if (codec != video.codec) {
    if (extended < video.codec_since) return;  // late, of the codec before
    video.codec = codec;
    video.codec_since = extended;
    video.assembler = FrameAssembler(codec);
  }
  std::vector<AssembledFrame> frames;
  video.assembler.push(extended, timestamp, marker, rotation, payload, now, frames);
  for (AssembledFrame& frame : frames) out.video.push_back({video.stream_id, codec, std::move(frame)});
  if (video.assembler.take_key_frame_wanted()) send_pli(now, video, out);
}

void MediaSession::send_pli(Instant now, RemoteVideo& video, MediaOutput& out) {
  if (video.ssrc == 0 || (video.pli_sent && now - video.last_pli < Duration::ms(500))) return;
  video.pli_sent = true;
  video.last_pli = now;
  std::uint8_t buffer[32];
  Writer rtcp(buffer);
  rtc::write_pli(rtcp, audio_ssrc_, video.ssrc);
  ++counters_.plis_sent;
  send_rtcp(rtcp.written(), out);
}

void MediaSession::on_rtcp(Instant now, MutBytes datagram, MediaOutput& out) {
  if (!srtp_in_) return;
  const auto size = srtp_in_->unprotect_rtcp(datagram);
  if (!size) {
    ++counters_.auth_failures;
    return;
  }
  rtc::RtcpReader reader(datagram.first(*size));
  while (auto item = reader.next()) {
    if (const auto* sr = std::get_if<rtc::SenderReport>(&*item)) {
      ++counters_.reports_received;
      on_report_blocks(now, sr->report_blocks);
      if (sr->ssrc == remote_audio_ssrc_) audio_stats_.on_sender_report(sr->ntp, now);
      for (RemoteVideo& video : remotes_) {
        if (video.ssrc == sr->ssrc) video.stats.on_sender_report(sr->ntp, now);
      }
    } else if (const auto* rr = std::get_if<rtc::ReceiverReport>(&*item)) {
      ++counters_.reports_received;
      on_report_blocks(now, rr->report_blocks);
    } else if (std::holds_alternative<rtc::TransportFeedback>(*item)) {
      ++counters_.feedback_received;
    } else if (const auto* remb = std::get_if<rtc::Remb>(&*item)) {
      out.remb_bps = remb->bitrate_bps;
    } else if (const auto* pli = std::get_if<rtc::Pli>(&*item)) {
      if (pli->media_ssrc != video_ssrc_) continue;
      ++counters_.plis_received;
      out.key_frame_wanted = true;
    } else if (const auto* nack = std::get_if<rtc::Nack>(&*item)) {
      if (nack->media_ssrc != video_ssrc_) continue;
      rtc::for_each_nacked(*nack, [&](std::uint16_t sequence) {
        const SentPacket& sent = sent_[sequence % sent_.size()];
        if (!sent.used || sent.sequence != sequence) return;
        const auto original = rtc::parse_rtp(sent.plain);
        if (!original) return;
        std::uint8_t buffer[1500];
        rtc::RtpBuilder builder(MutBytes(buffer).first(sizeof buffer - srtp::kMaxExpansion),
                                {.payload_type = sent.rtx_type, .marker = original->marker, .sequence = rtx_sequence_++,
                                 .timestamp = original->timestamp, .ssrc = rtx_ssrc_});
        if (const std::uint8_t id = ids_[rtc::RtpExtension::mid]) builder.add_extension(id, as_bytes("1"));
        if (const std::uint8_t id = ids_[rtc::RtpExtension::transport_cc]) builder.add_extension(id, next_transport_sequence());
        if (const std::uint8_t id = ids_[rtc::RtpExtension::orientation]) {
          if (const auto value = original->extension(id)) builder.add_extension(id, *value);
        }
        ByteVector payload(2 + original->payload.size());
        payload[0] = static_cast<std::uint8_t>(sequence >> 8);
        payload[1] = static_cast<std::uint8_t>(sequence);
        std::copy(original->payload.begin(), original->payload.end(), payload.begin() + 2);
        const MutBytes plain = builder.finish(payload);
        if (plain.empty()) return;
        ++counters_.retransmitted;
        send_rtp(buffer, plain.size(), out);
      });
    }
  }
}

void MediaSession::send_arrivals(MediaOutput& out) {
  arrivals_due_ = Instant::never();
  while (arrivals_.pending()) {
    std::uint8_t buffer[1100];
    Writer rtcp(buffer);
    if (!arrivals_.write(rtcp, audio_ssrc_, remote_audio_ssrc_)) return;
    send_rtcp(rtcp.written(), out);
  }
}

void MediaSession::send_reports(Instant now, std::uint64_t ntp_now, MediaOutput& out) {
  report_due_ = now + Duration::s(1);
  std::vector<rtc::ReportBlock> blocks;
  const auto add = [&](std::uint32_t ssrc, rtc::ReceiveStats& stats) {
    if (ssrc == 0 || stats.packets() == 0) return;
    const auto b = stats.take_report(now);
    blocks.push_back({.ssrc = ssrc, .fraction_lost = b.fraction_lost, .cumulative_lost = b.cumulative_lost,
                      .extended_highest_sequence = b.extended_highest_sequence, .jitter = b.jitter,
                      .last_sr = b.last_sr, .delay_since_last_sr = b.delay_since_last_sr});
  };
  add(remote_audio_ssrc_, audio_stats_);
  for (RemoteVideo& video : remotes_) add(video.ssrc, video.stats);
  std::uint8_t buffer[1024];
  const auto since = [&](Instant sent, std::int64_t rate) {
    return static_cast<std::uint32_t>((now - sent).us() * rate / 1'000'000);
  };
  if (audio_packets_ > 0) {
    Writer rtcp(buffer);
    rtc::write_sender_report(rtcp, {.ssrc = audio_ssrc_, .ntp = ntp_now, .timestamp = audio_timestamp_ + since(audio_sent_at_, 48000),
                                    .packets = audio_packets_, .octets = audio_octets_, .report_blocks = {}}, blocks);
    rtc::write_sdes_cname(rtcp, audio_ssrc_, "headless");
    send_rtcp(rtcp.written(), out);
  } else if (!blocks.empty()) {
    Writer rtcp(buffer);
    rtc::write_receiver_report(rtcp, audio_ssrc_, blocks);
    send_rtcp(rtcp.written(), out);
  }
  if (video_packets_ > 0) {
    Writer rtcp(buffer);
    rtc::write_sender_report(rtcp, {.ssrc = video_ssrc_, .ntp = ntp_now, .timestamp = video_timestamp_ + since(video_sent_at_, 90000),
                                    .packets = video_packets_, .octets = video_octets_, .report_blocks = {}}, {});
    send_rtcp(rtcp.written(), out);
  }
}

}  // namespace upcall::client
