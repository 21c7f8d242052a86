// Audio of a meeting: one outgoing stream a listener, for life. Nobody or one speaks: forwarded as it is; two or more:
// mixed. The numbers of the stream go on across every change.
#include <algorithm>

#include "rtc/red/red.hpp"
#include "sfu/extensions.hpp"
#include "sfu/meeting.hpp"

namespace upcall::sfu {

bool Meeting::speaks(const Connection& c, Instant now) const {
  return c.audio_in && c.audio_in->started && !c.muted && now < c.audio_in->active_until;
}

bool Meeting::needs_mixer() const {
  // Is there a listener with two or more sources that are not its own? With three sources always; with two only when
  // somebody listens who sends nothing.
  std::size_t sources = 0;
  std::array<const Connection*, 2> first{};
  for (const auto& c : connections_) {
    if (!c->audio_in || !c->audio_in->started) continue;
    if (sources < first.size()) first[sources] = c.get();
    if (++sources >= 3) return true;
  }
  if (sources < 2) return false;
  return std::any_of(connections_.begin(), connections_.end(), [&](const auto& c) {
    return c->audio_out && c->audio_out->config.sends && c->owner != first[0]->owner && c->owner != first[1]->owner;
  });
}

void Meeting::on_audio(Instant now, Connection& c, const rtc::RtpView& rtp, Outbox& out) {
  AudioIn& audio = *c.audio_in;
  MediaPacket packet;
  packet.sequence = audio.stats.on_packet(rtp.sequence, rtp.timestamp, now);
  packet.timestamp = rtp.timestamp;
  packet.marker = rtp.marker;
  packet.payload = rtp.payload;
  if (rtp.payload_type != audio.payload_type) {
    // From here on nobody can tell a frame that was lost from any other.
    const auto red = rtc::parse_red(rtp.payload);
    if (!red) {
      c.drop(Drop::rtp_malformed);
      return;
    }
    packet.payload = red->primary.payload;
    const bool follows = audio.started;
    for (const rtc::RedFrame& frame : audio.red.split(packet.sequence, packet.timestamp, audio.payload_type, *red)) {
      if (frame.sequence == packet.sequence || !follows || !audio.seen.insert(frame.sequence)) continue;
      ++audio.recovered;
      MediaPacket lost;
      lost.sequence = frame.sequence;
      lost.timestamp = frame.timestamp;
      lost.payload = frame.payload;
      lost.recovered = true;
      on_audio_frame(now, c, lost, std::nullopt, out);
    }
    if (red->primary.payload_type != audio.payload_type) return;
  }
  if (!audio.seen.insert(packet.sequence)) {
    c.drop(Drop::duplicate);
    return;
  }
  audio.started = true;
  if (packet.payload.empty()) return;
  std::optional<std::uint8_t> level_byte;
  if (const auto level = rtp.extension(c.session.extensions.audio_level); level && level->size() == 1) {
    level_byte = (*level)[0];
    audio.minus_dbov = *level_byte & 0x7f;
  } else {
    // No level on the wire: Opus in silence makes tiny packets (DTX and comfort noise are 1-3 bytes).
    audio.minus_dbov = packet.payload.size() > 10 ? 40 : 127;
  }
  if (audio.minus_dbov <= kSpeechLevel && !c.muted) {
    if (!speaks(c, now)) talkers_until_ = {};
    audio.active_until = now + kSpeechHangover;
    if (next_levels_ <= now) wake_at(now);
    else wake_at(next_levels_);
  }
  on_audio_frame(now, c, packet, level_byte, out);
}

void Meeting::on_audio_frame(Instant now, Connection& c, const MediaPacket& packet, std::optional<std::uint8_t> level, Outbox& out) {
  AudioIn& audio = *c.audio_in;
  if (!taps_.empty()) {
    wire::TapPacket record;
    record.sequence = static_cast<std::uint16_t>(packet.sequence);
    record.timestamp = packet.timestamp;
    record.marker = packet.marker;
    record.audio_level = level;
    record.payload = packet.payload;
    tap_packet(now, audio.taps, c, wire::TapKind::audio, record);
  }
  // As soon as somebody may have to hear two at once every decoder is kept warm. Of a crowd only those who spoke lately:
  // decoding what is silence costs as much as speech.
  const bool warm = connections_.size() <= kAllWarmMost || now < audio.active_until + kWarmFor;
  if (shared_.mixers != nullptr && warm && needs_mixer()) {
    if (!mixer_) mixer_ = shared_.mixers->make();
    mixer_->push(c.no.value, packet.sequence, packet.timestamp, packet.payload);
  }
  route_audio(now, c, packet, out);
}

std::span<const Connection* const> Meeting::talkers(Instant now) {
  if (now < talkers_until_) return talkers_;
  talkers_.clear();
  talkers_until_ = Instant::never();
  for (const auto& c : connections_) {
    if (!speaks(*c, now)) continue;
    talkers_.push_back(c.get());
    talkers_until_ = std::min(talkers_until_, c->audio_in->active_until);
  }
  return talkers_;
}

void Meeting::route_audio(Instant now, Connection& from, const MediaPacket& packet, Outbox& out) {
  const auto speaking = talkers(now);
  // In a large meeting nearly all packets are silence beside somebody's speech: they reach only those who hear nobody
  // that speaks, which is at most the one who does.
  std::optional<std::uint32_t> only;
  if (!speaking.empty() && !restricted_hearing_ && std::find(speaking.begin(), speaking.end(), &from) == speaking.end()) {
    only = speaking.front()->owner;
    if (std::any_of(speaking.begin(), speaking.end(), [&](const Connection* c) { return c->owner != *only; })) return;
  }
  for (auto& listener : connections_) {
    Connection& to = *listener;
    if (only && to.owner != *only) continue;
    if (!to.audio_out || !to.audio_out->config.sends || !to.can_send()) continue;
    if (to.owner == from.owner || !to.hears(from)) continue;
    AudioOut& audio = *to.audio_out;
    std::size_t talkers = 0;
    const Connection* talker = nullptr;
    for (const Connection* c : speaking) {
      if (c->owner == to.owner || !to.hears(*c)) continue;
      if (++talkers == 2 && mixer_) break;  // who they are is the mixer's business
      // Without a mixer the loudest is heard.
      if (talker == nullptr || c->audio_in->minus_dbov < talker->audio_in->minus_dbov) talker = c;
    }
    if (talkers >= 2 && mixer_) {
      if (!audio.mixing) {
        audio.mixing = true;
        audio.source = {};
        if (next_mix_.is_never()) next_mix_ = now;
        wake_at(next_mix_);
      }
      continue;
    }
    wire::ConnectionNo chosen;
    if (talkers >= 1) {
      chosen = talker->no;
    } else if (audio.source == from.no) {
      chosen = from.no;   // as below, without looking for it
    } else if (const Connection* last = audio.source ? find(audio.source) : nullptr; last != nullptr && to.hears(*last) && last->rights.send_audio) {
      chosen = audio.source;  // silence: whoever was heard last goes on
    } else {
      chosen = from.no;
    }
    if (chosen != from.no) continue;
    // What is late begins nothing.
    if (packet.recovered && (audio.mixing || audio.source != from.no)) continue;
    if (audio.mixing || audio.source != from.no || audio.rewriter.leaps(packet.sequence)) {
      audio.mixing = false;
      audio.source = from.no;
      audio.rewriter.begin_epoch(packet.sequence, packet.timestamp, now);
    }
    const auto numbers = audio.rewriter.map(packet.sequence, packet.timestamp);
    if (numbers) send_audio(now, to, *numbers, packet.marker, packet.payload, out);
  }
}

void Meeting::send_audio(Instant now, Connection& to, const StreamRewriter::Out& numbers, bool marker, Bytes payload,
                         Outbox& out) {
  AudioOut& audio = *to.audio_out;
  std::uint8_t payload_type = audio.config.payload_type;
  std::uint8_t repeating[rtc::RedSender::kPayloadMax];
  if (audio.red) {
    if (const std::size_t size = audio.red->encode(numbers.sequence, numbers.timestamp, payload_type, payload, repeating)) {
      payload = Bytes(repeating).first(size);
      payload_type = audio.config.red_payload_type;
    }
  }
  rtc::RtpBuilder builder(out.rtp_slot(), {.payload_type = payload_type, .marker = marker,
                                       .sequence = static_cast<std::uint16_t>(numbers.sequence),
                                       .timestamp = numbers.timestamp, .ssrc = audio.config.send_ssrc});
  const std::uint8_t mid_id = to.session.extensions.mid;
  if (mid_id != 0 && !audio.config.mid.empty()) builder.add_extension(mid_id, as_bytes(audio.config.mid));
  add_transport_sequence(builder, to);
  const MutBytes whole = builder.finish(payload);
  if (whole.empty()) {
    to.drop(Drop::oversize);
    return;
  }
  audio.rewriter.sent(numbers, now);
  ++audio.packets;
  audio.octets += static_cast<std::uint32_t>(payload.size());
  to.send_rtp(now, out, whole.size());
}

void Meeting::mix_tick(Instant now, Outbox& out) {
  if (next_mix_.is_never()) return;
  if (now < next_mix_) {
    wake_at(next_mix_);
    return;
  }
  bool anybody = false;
  mixer_->advance();
  const auto speaking = talkers(now);
  // The loudest few of those who speak.
  std::array<std::pair<std::uint8_t, std::uint32_t>, kConnectionsMax> loudest;
  for (auto& listener : connections_) {
    Connection& to = *listener;
    if (!to.audio_out || !to.audio_out->mixing || !to.audio_out->config.sends || !to.can_send()) continue;
    std::size_t count = 0;
    for (const Connection* c : speaking) {
      if (c->owner == to.owner || !to.hears(*c)) continue;
      loudest[count++] = {c->audio_in->minus_dbov, c->no.value};
    }
    if (count < 2) {
      // Back to forwarding with the next packet of whoever remains; until then the stream pauses for less than 20 ms.
      to.audio_out->mixing = false;
      continue;
    }
    anybody = true;
    const std::size_t top = std::min(count, kMixedTalkersMax);
    std::partial_sort(loudest.begin(), loudest.begin() + static_cast<std::ptrdiff_t>(top),
                      loudest.begin() + static_cast<std::ptrdiff_t>(count));
    std::array<std::uint32_t, kMixedTalkersMax> chosen{};
    for (std::size_t i = 0; i < top; ++i) chosen[i] = loudest[i].second;
    std::sort(chosen.begin(), chosen.begin() + static_cast<std::ptrdiff_t>(top));
    std::uint8_t payload[1276];  // RFC 6716 §3.2.1: the largest Opus frame, 1275
    const std::size_t size = mixer_->mix(std::span(chosen).first(top), payload);
    if (size == 0) continue;
    StreamRewriter& rewriter = to.audio_out->rewriter;
    send_audio(now, to, rewriter.next(now, AudioMixer::kFrame), false, Bytes(payload).first(size), out);
  }
  if (!anybody) {
    next_mix_ = Instant::never();
    return;
  }
  next_mix_ = next_mix_ + Duration::ms(20);
  // After a stall: go on from now rather than send a burst.
  if (next_mix_ + Duration::ms(60) < now) next_mix_ = now + Duration::ms(20);
  wake_at(next_mix_);
}

void Meeting::tell_levels(Instant now, Outbox& out) {
  if (now < next_levels_) {
    if (levels_told_) wake_at(next_levels_);
    return;
  }
  wire::SfuAudioLevels levels;
  levels.meeting = no_;
  for (const auto& c : connections_) {
    if (speaks(*c, now)) levels.levels.push_back({c->no, c->audio_in->minus_dbov});
  }
  const bool talking = !levels.levels.empty();
  // Silence after speech is told by nobody being named for a while: the client decays by itself.
  if (talking) {
    out.event(std::move(levels));
    next_levels_ = now + kLevelsPeriod;
    wake_at(next_levels_);
  }
  levels_told_ = talking;
}

}  // namespace upcall::sfu
