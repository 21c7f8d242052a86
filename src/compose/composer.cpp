#include "compose/composer.hpp"

#include <algorithm>
#include <cmath>
#include <type_traits>

namespace upcall::compose {

namespace {
constexpr std::int64_t kVideoWaitUs = 800'000;       // for packets that are missing
constexpr std::int64_t kStepUs = 100'000;            // composing follows feeding in steps of this
constexpr std::int64_t kLongestUs = 7ll * 24 * 3600 * 1'000'000;   // a week: more is a broken clock, not a call
constexpr std::uint8_t kVoiceLevel = 45;             // -dBov: louder is a voice and no room
constexpr std::int64_t kGapEchoUs = 2'000'000;       // behind a gap pictures wait for a key frame
constexpr std::size_t kGapSpansMax = 1000;
constexpr float kLimit = 0.8f;                       // where the limiter begins

std::int64_t time_of_record(const wire::TapRecord& record) {
  return std::visit(
      [](const auto& r) -> std::int64_t {
        if constexpr (std::is_same_v<std::decay_t<decltype(r)>, wire::TapStart>) {
          return 0;
        } else {
          return static_cast<std::int64_t>(std::min<std::uint64_t>(r.at_us, INT64_MAX / 4));
        }
      },
      record);
}

// Straight up to kLimit, then bent so that no sum of voices clips.
float limited(float v) {
  const float a = std::abs(v);
  if (a <= kLimit) return v;
  const float bent = kLimit + (1 - kLimit) * std::tanh((a - kLimit) / (1 - kLimit));
  return v < 0 ? -bent : bent;
}
}  // namespace

Composer::Composer(ComposerOptions options, Studio& studio)
    : options_(std::move(options)), studio_(studio), mix_(kAudioBlock * 2) {}

Result<void> Composer::feed(const wire::TapRecord& record) {
  if (time_of_record(record) > kLongestUs) return fail(ErrorCode::corrupt, "a record lies more than a week after the start");
  ingest(record);
  horizon_us_ = std::max(horizon_us_, time_of_record(record));
  timeline_.advance(horizon_us_);
  if (horizon_us_ - advanced_us_ >= kStepUs) {
    advanced_us_ = horizon_us_;
    return compose_until(horizon_us_ - options_.lookahead_us);
  }
  return {};
}

Result<void> Composer::advance(std::int64_t sealed_until_us) {
  if (sealed_until_us > kLongestUs) return fail(ErrorCode::corrupt, "a seal lies more than a week after the start");
  // The last step below is left to the records, so that feeding in other portions gives the same film.
  horizon_us_ = std::max(horizon_us_, sealed_until_us - kStepUs);
  timeline_.advance(horizon_us_);
  return compose_until(horizon_us_ - options_.lookahead_us - kStepUs);
}

void Composer::ingest(const wire::TapPacket& p) {
  const auto it = sources_.find(p.source);
  const auto at = static_cast<std::int64_t>(p.at_us);
  pauses_.on_packet(at);
  if (it == sources_.end() || !it->second.decodable) return;
  Source& source = it->second;
  const std::int64_t timestamp = timeline_.on_packet(p.source, at, p.timestamp);
  if (source.video) {
    source.assembler.push({p.sequence, timestamp, p.marker, p.rotation, at, p.payload});
    return;
  }
  if (source.lane) source.lane->push(p.sequence, timestamp, p.payload);
  if (source.lane && p.audio_level && (*p.audio_level & 0x7f) <= kVoiceLevel) {
    if (auto* second = facts_.log.at(at); second && second->voices < 255) ++second->voices;
  }
  // A level counts when it arrives: that is where the least delayed sound lies on the film's clock.
  if (p.audio_level && !source.info.content) levels_.push_back({at, p.source, *p.audio_level});
}

void Composer::ingest(const wire::TapRecord& record) {
  if (const auto* p = std::get_if<wire::TapPacket>(&record)) return ingest(*p);
  if (const auto* r = std::get_if<wire::TapSenderReport>(&record)) {
    timeline_.on_sender_report(r->source, static_cast<std::int64_t>(r->at_us), r->ntp, r->timestamp);
    return;
  }
  if (const auto* s = std::get_if<wire::TapSource>(&record)) open_source(*s);
  if (const auto* s = std::get_if<wire::TapStart>(&record)) meeting_id_ = s->meeting_id;
  if (const auto* s = std::get_if<wire::TapStop>(&record)) stop_us_ = static_cast<std::int64_t>(s->at_us);
  if (const auto* s = std::get_if<wire::TapPause>(&record)) pauses_.mark(static_cast<std::int64_t>(s->at_us), s->paused);
  if (const auto* f = std::get_if<wire::TapForgotten>(&record)) {
    forgotten(time_of_record(*f), static_cast<std::int64_t>(std::min<std::uint64_t>(f->until_us, kLongestUs)));
    return;
  }
  if (const auto* g = std::get_if<wire::TapGap>(&record)) note_gap(*g);
  if (const auto* fresh = std::get_if<wire::TapRefresh>(&record)) {
    const std::int64_t at = time_of_record(*fresh);
    facts_.log.mark_gap(at, at + kGapEchoUs);
  }
  events_.emplace_back(time_of_record(record), record);
}

void Composer::note_gap(const wire::TapGap& gap) {
  ++facts_.gaps;
  if (gap.reason == wire::TapGapReason::server_restart) pauses_.on_restart();
  const auto from = time_of_record(gap);
  const auto until = static_cast<std::int64_t>(std::min<std::uint64_t>(gap.until_us, kLongestUs));
  facts_.log.mark_gap(from, std::max(from, until) + kGapEchoUs);
  if (facts_.gap_spans.size() >= kGapSpansMax) return;
  facts_.gap_spans.push_back({{from, std::max(from, until)}, gap.reason, gap.dropped});
}

void Composer::open_source(const wire::TapSource& info) {
  // Numbers are never reused; a repeated announcement changes nothing.
  if (sources_.contains(info.source)) return;
  Source source(options_.fps);
  source.info = info;
  source.person = person_of(info.attendee_id);
  source.video = info.kind == wire::TapKind::video;
  if (source.video) {
    const auto codec = video_codec(info.codec);
    source.decodable = codec && studio_.open_video(info.source, info.codec);
    if (codec) source.assembler = VideoAssembler(kVideoWaitUs, *codec);
  } else {
    auto decoder = studio_.open_audio(info.codec);
    source.decodable = decoder != nullptr;
    if (decoder) source.lane = std::make_unique<AudioLane>(info.source, std::move(decoder));
  }
  timeline_.add_source(info.source, source.person, info.clock_rate);
  sources_.emplace(info.source, std::move(source));
}

void Composer::end_source(std::uint32_t number) {
  const auto it = sources_.find(number);
  if (it == sources_.end()) return;
  facts_.freezes += it->second.assembler.freezes();
  facts_.lost_video_packets += it->second.assembler.lost_packets();
  if (it->second.lane) facts_.concealed_samples += it->second.lane->concealed_samples();
  if (it->second.video) studio_.close_video(number);
  timeline_.remove_source(number);
  sources_.erase(it);
  scene_dirty_ = true;
}

// True: the source has a new picture.
bool Composer::decode_due(std::uint32_t number, Source& source, std::int64_t tick) {
  bool fresh = false;
  while (true) {
    if (!source.pending) {
      source.pending = source.assembler.next(horizon_us_);
      if (!source.pending) return fresh;
      source.pending_tick = source.grid.place(timeline_.time_of(number, source.pending->timestamp));
    }
    if (source.pending_tick > tick) return fresh;
    if (studio_.decode_video(number, source.pending->data, source.pending->rotation)) {
      fresh = true;
      if (!source.has_picture) {
        source.has_picture = true;
        scene_dirty_ = true;
      }
    } else {
      source.assembler.require_key_frame();
    }
    source.pending.reset();
  }
}

Result<void> Composer::compose_tick(std::int64_t tick) {
  const std::int64_t now_us = tick_us(tick);
  while (!events_.empty() && events_.front().first <= now_us) {
    apply(events_.front().second);
    events_.pop_front();
  }
  if (roster_.settle(now_us)) scene_dirty_ = true;
  // Both at once: that it was forgotten says more.
  const Card card = forgotten_.covers(now_us) ? Card::forgotten : pauses_.covers(now_us) ? Card::paused : Card::none;
  if (card != card_) {
    card_ = card;
    scene_dirty_ = true;
  }
  listen(now_us);
  for (auto& [number, source] : sources_) {
    if (source.video && source.decodable && decode_due(number, source, tick)) changed_.push_back(number);
  }
  bool relaid = false, marked = false;
  if (scene_dirty_) {
    scene_dirty_ = false;
    Scene scene = build_scene(now_us);
    relaid = !same_but_for_marks(scene, scene_);
    marked = relaid || scene != scene_;
    scene_ = std::move(scene);
  }
  const bool visible_change = std::any_of(changed_.begin(), changed_.end(), [&](std::uint32_t number) {
    return std::any_of(scene_.tiles.begin(), scene_.tiles.end(), [&](const Tile& t) { return t.source == number; });
  });
  const bool held_long = options_.constant_rate || tick_us(tick - last_shown_tick_) >= options_.hold_us;
  if (last_shown_tick_ >= 0 && !marked && !visible_change && !held_long) return {};
  if (auto shown = studio_.show(tick, scene_, changed_, relaid || last_shown_tick_ < 0); !shown) return shown;
  log_picture(now_us);
  changed_.clear();
  last_shown_tick_ = tick;
  ++facts_.video_frames;
  return {};
}

void Composer::log_picture(std::int64_t now_us) {
  recording::SessionSecond* second = facts_.log.at(now_us);
  if (!second) return;
  second->people = std::max(second->people, static_cast<std::uint8_t>(std::min<std::size_t>(scene_.tiles.size(), 255)));
  const Studio::Drawn drawn = studio_.drawn();
  if (drawn == Studio::Drawn::unknown) second->unknown = true;
  if (drawn == Studio::Drawn::different && second->pictures < 255) ++second->pictures;
}

Result<void> Composer::compose_sound(std::int64_t until_us) {
  while (sound_us_ + 20'000 <= until_us) {
    const bool heard = studio_.listens();
    const std::span<float> mix = heard ? std::span<float>(mix_) : std::span<float>();
    std::fill(mix_.begin(), mix_.end(), 0.0f);
    for (auto& [number, source] : sources_) {
      if (source.lane) source.lane->render(sound_us_, timeline_, mix);
    }
    for (float& v : mix) v = limited(v);
    pauses_.hush(sound_us_, mix);
    forgotten_.hush(sound_us_, mix);
    if (heard) {
      meter_.add(static_cast<std::int64_t>(sound_blocks_ * kAudioBlock), mix.data(), mix.data() + 1, 2, kAudioBlock);
    } else if (auto* second = facts_.log.at(sound_us_)) {
      second->unknown = true;
    }
    if (auto done = studio_.sound(mix_); !done) return done;
    ++sound_blocks_;
    sound_us_ = static_cast<std::int64_t>(sound_blocks_) * 20'000;
  }
  return {};
}

Result<void> Composer::compose_until(std::int64_t time_us) {
  if (stop_us_) time_us = std::min(time_us, *stop_us_);
  while (tick_us(next_tick_) < time_us) {
    if (auto done = compose_tick(next_tick_); !done) return done;
    ++next_tick_;
    if (auto done = compose_sound(tick_us(next_tick_)); !done) return done;
  }
  return {};
}

Result<void> Composer::finish() {
  if (finished_) return {};
  finished_ = true;
  const std::int64_t end_us = stop_us_ ? *stop_us_ : horizon_us_;
  // Nothing more will come: holes are holes.
  horizon_us_ = std::max(horizon_us_, end_us) + 10'000'000;
  if (auto done = compose_until(std::max<std::int64_t>(end_us, 1)); !done) return done;
  facts_.duration_us = tick_us(next_tick_);
  return studio_.finish(next_tick_);
}

ComposerFacts Composer::facts() const {
  ComposerFacts out = facts_;
  for (const auto& [number, source] : sources_) {
    out.freezes += source.assembler.freezes();
    out.lost_video_packets += source.assembler.lost_packets();
    if (source.lane) out.concealed_samples += source.lane->concealed_samples();
  }
  out.duration_us = std::max(out.duration_us, tick_us(next_tick_));
  out.markers = timeline_.markers();
  out.pauses = pauses_.until(out.duration_us);
  out.forgotten = forgotten_.until(out.duration_us);
  out.people = roster_.history();
  for (Attendance& a : out.people) {
    if (!a.spans.empty() && a.spans.back().until_us < 0) a.spans.back().until_us = std::max(out.duration_us, a.spans.back().from_us);
  }
  out.lead_in_us = roster_.first_us() < 0 ? out.duration_us : std::min(roster_.first_us(), out.duration_us);
  std::int64_t at_us = 0;
  for (const recording::SoundMeter::Second& heard : meter_.seconds()) {
    if (auto* second = out.log.at(at_us)) {
      second->peak = heard.peak;
      second->onset = heard.onset;
    }
    at_us += 1'000'000;
  }
  for (const Span& pause : out.pauses) out.log.mark_gap(pause.from_us, pause.until_us + kGapEchoUs);
  for (const Span& span : out.forgotten) out.log.mark_gap(span.from_us, span.until_us + kGapEchoUs);
  return out;
}

}  // namespace upcall::compose
