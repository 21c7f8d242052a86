#include "quality/attendee_quality.hpp"

#include <algorithm>
#include <cmath>

#include "quality/score.hpp"

namespace upcall::quality {

namespace {

using Optional = std::optional<double>;

constexpr std::int64_t kEnoughPackets = 40;       // below that no loss is told from chance
constexpr double kCodingMs = 20;                  // a packet's worth of sound, twice, less what overlaps
constexpr double kFullShare = 0.6;                // of what a way carries: then it is the way that limits
constexpr double kOthersLimit = 0.8;              // of what we allow: above, the others' ways limit, not this one
constexpr double kCauseLoss = 2, kCauseJitterMs = 30, kLossNotWidth = 5, kHardlyAnyKbps = 100;
constexpr double kSoundPps = 15;                  // below that its sender is silent on purpose, and nothing is made up for a loss
constexpr Duration kSettling = Duration::s(4);    // of pictures that begin
constexpr Duration kStill = Duration::s(4), kGone = Duration::s(3);
constexpr double kNoPictureKbps = 10;

// Percent behind `tries` further chances that are lost as often.
double behind_repair(double percent, int tries) { return 100 * std::pow(percent / 100, 1 + tries); }

struct Count {
  std::int64_t expected = 0, lost = 0;
  Optional percent() const {
    if (expected < kEnoughPackets) return std::nullopt;
    return std::clamp(100.0 * static_cast<double>(lost) / static_cast<double>(expected), 0.0, 100.0);
  }
};
// Counters that went back belong to a stream that began anew.
std::int64_t grown(std::int64_t before, std::int64_t now, bool same) { return same ? now - before : 0; }
double kbps_of(std::uint64_t before, std::uint64_t now, double seconds) {
  return now >= before && seconds > 0 ? static_cast<double>(now - before) * 8 / 1000 / seconds : 0;
}

}  // namespace

std::string_view to_string(Reason reason) {
  constexpr std::array<std::string_view, kReasonCount> kWords = {"none", "gone", "narrow_up", "narrow_down", "loss_up", "loss_down", "delay", "jitter",
                                                                 "sound_gaps", "picture_freezes", "few_frames", "camera_still", "busy_device"};
  return kWords[static_cast<std::size_t>(reason)];
}

struct AttendeeQuality::Sums {
  bool known = false;
  double silence_s = 0, still_s = 0;
  Optional sound_loss_up, video_loss_up, loss_up, loss_down;
  int sound_tries_down = 0;
  bool repairs_video = false, speaks = false;
  double rtt_ms = 0, jitter_up_ms = 0, buffer_down_ms = 0;
  bool rtt_known = false;
  double sent_kbps = 0, received_kbps = 0, camera_up_kbps = 0, camera_down_kbps = 0;
  Optional up_kbps, down_kbps;
  bool up_limited = false, down_limited = false;
  bool camera_published = false, camera_flows = false;
  std::uint32_t cameras_sent = 0, cameras_held = 0;
  Optional encode_fps, decode_fps, gaps_percent, cpu;
  double frozen_share = 0;
  int freezes = 0;
  bool client = false;
};

void AttendeeQuality::on_server(Instant now, const wire::SfuConnectionFigures& f) {
  const Server* last = servers_ > 0 ? &server_[(servers_ - 1) % server_.size()] : nullptr;
  if (last != nullptr && last->f.connection != f.connection) {
    servers_ = clients_ = 0;
    last = nullptr;
  }
  if (f.camera_published && !f.video_flows) {
    if (!still_since_) still_since_ = now;
  } else {
    still_since_.reset();
  }
  server_[servers_++ % server_.size()] = {now, f};
  if (sends(now) < kGoodScore) sent_badly_at_ = now;
}

void AttendeeQuality::on_client(Instant now, const wire::ClientMetrics& metrics) {
  client_[clients_++ % client_.size()] = {now, metrics};
  ++client_frames_;
}

void AttendeeQuality::on_happening(Instant now, Happening what) {
  series_.note(now, what);
  if (what == Happening::joined) present_ = true;
  if (what == Happening::left || what == Happening::dropped) {
    present_ = camera_on_ = false;
    servers_ = clients_ = 0;
    still_since_.reset();
  }
  if (what == Happening::video_on) camera_on_ = true;
  if (what == Happening::video_off) camera_on_ = false;
}

AttendeeQuality::Sums AttendeeQuality::sums(Instant now, bool others_send_well, Duration window) const {
  Sums out;
  if (servers_ == 0) return out;
  const std::size_t kept = std::min(servers_, server_.size());
  const Server& last = server_[(servers_ - 1) % server_.size()];
  const Server* first = &last;
  Instant pictures_since = last.at;   // cameras have been sent without a break
  bool pictures = last.f.cameras_sent > 0;
  for (std::size_t back = 1; back < kept; ++back) {
    const Server& one = server_[(servers_ - 1 - back) % server_.size()];
    if (now - one.at > window) break;
    first = &one;
    pictures = pictures && one.f.cameras_sent > 0;
    if (pictures) pictures_since = one.at;
  }
  const wire::SfuConnectionFigures& a = first->f;
  const wire::SfuConnectionFigures& b = last.f;
  out.known = true;
  out.silence_s = b.silence_ms / 1000.0 + std::max(0.0, (now - last.at).seconds() - 2);
  out.still_s = still_since_ ? (now - *still_since_).seconds() : 0;
  const double seconds = (last.at - first->at).seconds();
  const bool same_audio = b.audio_expected >= a.audio_expected, same_video = b.video_expected >= a.video_expected;
  const Count audio{grown(a.audio_expected, b.audio_expected, same_audio), grown(a.audio_lost, b.audio_lost, same_audio)};
  const Count repaired{audio.expected, audio.lost - grown(a.audio_recovered, b.audio_recovered, same_audio)};
  const Count video{grown(a.video_expected, b.video_expected, same_video), grown(a.video_lost, b.video_lost, same_video)};
  const Count down{b.down_expected - a.down_expected, b.down_lost - a.down_lost};
  out.speaks = audio.expected > 0;
  out.sound_loss_up = repaired.percent();
  out.video_loss_up = video.percent();
  out.loss_up = Count{audio.expected + video.expected, audio.lost + video.lost}.percent();
  out.loss_down = down.percent();
  out.sound_tries_down = static_cast<int>(b.audio_repeated);
  out.repairs_video = b.repairs_video;
  out.sent_kbps = kbps_of(a.bytes_in, b.bytes_in, seconds);
  out.received_kbps = kbps_of(a.bytes_out, b.bytes_out, seconds);
  out.camera_up_kbps = static_cast<double>(b.video_bps) / 1000;
  out.camera_published = b.camera_published;
  out.camera_flows = b.video_flows;
  out.cameras_sent = b.cameras_sent;
  out.cameras_held = b.cameras_held;
  out.jitter_up_ms = b.jitter_ms;
  if (b.estimate_bps > 0) out.down_kbps = static_cast<double>(b.estimate_bps) / 1000;

  Optional client_rtt;
  double sum_fps = 0, sum_gaps = 0, freeze_ms = 0, still_ms = 0, sum_kbps = 0;
  int with_fps = 0, with_gaps = 0, with_pictures = 0;
  bool froze = false;
  for (std::size_t i = clients_ - std::min(clients_, client_.size()); i < clients_; ++i) {
    const Client& one = client_[i % client_.size()];
    if (now - one.at > kWindow) continue;
    const wire::ClientMetrics& m = one.m;
    out.client = true;
    if (m.rtt_ms) client_rtt = m.rtt_ms;
    if (m.available_send_kbps) out.up_kbps = m.available_send_kbps;
    if (m.encode_fps) out.encode_fps = m.encode_fps;
    if (m.cpu_pressure) out.cpu = m.cpu_pressure;
    if (m.jitter_buffer_ms) out.buffer_down_ms = *m.jitter_buffer_ms;
    if (now - one.at < kSeenSoon) continue;   // symptoms from here on
    if (m.sound_concealed_percent && m.sound_pps.value_or(0) >= kSoundPps) {
      sum_gaps += *m.sound_concealed_percent;
      ++with_gaps;
    }
    if (m.cameras == 0 || !pictures || one.at < pictures_since + kSettling) continue;
    ++with_pictures;
    sum_kbps += m.received_kbps.value_or(0) / m.cameras;
    freeze_ms += m.freeze_ms.value_or(0);
    const bool still = m.decode_fps && *m.decode_fps == 0;
    if (still) still_ms += 1000;
    if (m.decode_fps && !still) {
      sum_fps += *m.decode_fps;
      ++with_fps;
    }
    const bool freezes = still || m.freeze_ms.value_or(0) > 0;
    if (freezes && !froze) ++out.freezes;
    froze = freezes;
  }
  out.rtt_known = b.rtt_ms >= 0 || client_rtt;
  out.rtt_ms = b.rtt_ms >= 0 ? b.rtt_ms : client_rtt.value_or(0);
  if (with_pictures > 0) {
    out.frozen_share = std::min(1.0, std::max(freeze_ms, still_ms) / (1000.0 * with_pictures));
    out.decode_fps = with_fps > 0 ? sum_fps / with_fps : 0;
    out.camera_down_kbps = sum_kbps / with_pictures;
  } else if (out.cameras_sent > 0) {
    out.camera_down_kbps = std::max(0.0, out.received_kbps - 50) / out.cameras_sent;
  }
  if (with_gaps > 0) out.gaps_percent = sum_gaps / with_gaps;
  if (!others_send_well) {
    out.decode_fps.reset();
    out.gaps_percent.reset();
    out.frozen_share = 0;
    out.freezes = 0;
  }
  const double allowed_kbps = static_cast<double>(b.allowed_bps) / 1000;
  out.up_limited = out.up_kbps && *out.up_kbps < kEnoughVideoKbps && out.sent_kbps >= kFullShare * *out.up_kbps &&
                   (allowed_kbps == 0 || *out.up_kbps < kOthersLimit * allowed_kbps);
  out.down_limited = out.cameras_held > 0 || (out.down_kbps && *out.down_kbps < kEnoughVideoKbps && out.received_kbps >= kFullShare * *out.down_kbps);
  return out;
}

double AttendeeQuality::sound(const Sums& s) const {
  const double network = s.rtt_ms / 2 + kCodingMs;
  double worst = sound_score({network + s.buffer_down_ms, s.gaps_percent.value_or(behind_repair(s.loss_down.value_or(0), s.sound_tries_down))});
  if (s.speaks) worst = std::min(worst, sound_score({network + 2 * s.jitter_up_ms, s.sound_loss_up.value_or(0)}));
  return worst;
}

Optional AttendeeQuality::picture_up(const Sums& s) const {
  if (!s.camera_published) return std::nullopt;
  if (!s.camera_flows) return s.still_s >= kStill.seconds() ? Optional(1) : std::nullopt;
  return picture_score({.kbps = s.up_limited ? s.camera_up_kbps : kEnoughVideoKbps,
                        .fps = s.encode_fps.value_or(30),
                        .loss_percent = behind_repair(s.video_loss_up.value_or(0), s.repairs_video ? 1 : 0)});
}

Optional AttendeeQuality::picture_down(const Sums& s) const {
  if (s.cameras_sent == 0) return s.cameras_held > 0 ? Optional(1) : std::nullopt;
  // A picture that is held back is one that is not there: it counts as its share.
  const double shown = static_cast<double>(s.cameras_sent) / (s.cameras_sent + s.cameras_held);
  return picture_score({.kbps = (s.down_limited ? s.camera_down_kbps : kEnoughVideoKbps) * shown,
                        .fps = s.decode_fps.value_or(30),
                        .loss_percent = behind_repair(s.loss_down.value_or(0), 1),
                        .freezes = s.freezes,
                        .frozen_share = s.frozen_share});
}

double AttendeeQuality::whole(const Sums& s) const {
  if (s.silence_s >= kGone.seconds()) return 1;
  return std::min({sound(s), picture_up(s).value_or(5), picture_down(s).value_or(5)});
}

double AttendeeQuality::sends(Instant now) const {
  const Sums s = sums(now, false, kSentWindow);
  if (s.silence_s >= kGone.seconds() || (s.camera_flows && s.camera_up_kbps < kNoPictureKbps)) return 1;
  const double speech = s.speaks ? sound_score({s.rtt_ms / 2 + kCodingMs + 2 * s.jitter_up_ms, s.sound_loss_up.value_or(0)}) : 5;
  return std::min(speech, picture_up(s).value_or(5));
}

// Takes each fault away by itself: the one without which most would be better is the reason. A symptom whose cause is seen
// is told as its cause.
void AttendeeQuality::explain(const Sums& s, Figures& out) const {
  const auto tell = [&](Reason reason, double value) {
    out.reason = reason;
    out.reason_value = value;
  };
  if (s.silence_s >= kGone.seconds()) return tell(Reason::gone, s.silence_s);
  if (s.camera_published && !s.camera_flows && s.still_s >= kStill.seconds()) return tell(Reason::camera_still, s.still_s);
  const auto faults = [&](const Sums& with) {
    double sum = 0;
    for (const double score : {sound(with), picture_up(with).value_or(5), picture_down(with).value_or(5)}) sum += (5 - score) * (5 - score);
    return sum;
  };
  Reason reason = Reason::none;
  double least = faults(s);
  const auto without = [&](Reason fault, auto&& take_away) {
    Sums other = s;
    take_away(other);
    const double left = faults(other);
    if (left >= least - 1e-9) return;
    least = left;
    reason = fault;
  };
  without(Reason::narrow_down, [](Sums& o) { o.down_limited = false; o.cameras_sent += o.cameras_held; o.cameras_held = 0; });
  without(Reason::narrow_up, [](Sums& o) { o.up_limited = false; });
  without(Reason::loss_down, [](Sums& o) { o.loss_down = 0; });
  without(Reason::loss_up, [](Sums& o) { o.sound_loss_up = o.video_loss_up = 0; });
  without(Reason::delay, [](Sums& o) { o.rtt_ms = 0; });
  without(Reason::jitter, [](Sums& o) { o.jitter_up_ms = o.buffer_down_ms = 0; });
  without(Reason::sound_gaps, [](Sums& o) { o.gaps_percent = 0; });
  without(Reason::picture_freezes, [](Sums& o) { o.frozen_share = 0; o.freezes = 0; });
  without(Reason::few_frames, [](Sums& o) { o.decode_fps = o.encode_fps = 30; });

  const double loss_up = s.loss_up.value_or(0), loss_down = s.loss_down.value_or(0);
  if (reason == Reason::sound_gaps || reason == Reason::picture_freezes || reason == Reason::few_frames) {
    const bool encodes_few = reason == Reason::few_frames && s.encode_fps.value_or(30) < s.decode_fps.value_or(30);
    if (!encodes_few && s.down_limited) reason = Reason::narrow_down;
    else if (!encodes_few && loss_down >= kCauseLoss) reason = Reason::loss_down;
    else if (reason != Reason::sound_gaps && s.cpu.value_or(0) >= 2) reason = Reason::busy_device;
    else if (!encodes_few && s.jitter_up_ms >= kCauseJitterMs) reason = Reason::jitter;
  }
  // Where much is lost the estimate of what the way carries falls with it.
  if (reason == Reason::narrow_up && loss_up >= kLossNotWidth && s.up_kbps.value_or(0) >= kHardlyAnyKbps) reason = Reason::loss_up;
  if (reason == Reason::narrow_down && loss_down >= kLossNotWidth && s.down_kbps.value_or(0) >= kHardlyAnyKbps) reason = Reason::loss_down;
  switch (reason) {
    case Reason::narrow_up: return tell(reason, s.up_kbps.value_or(s.sent_kbps));
    case Reason::narrow_down: return tell(reason, s.down_kbps.value_or(s.received_kbps));
    case Reason::loss_up: return tell(reason, loss_up);
    case Reason::loss_down: return tell(reason, loss_down);
    case Reason::delay: return tell(reason, s.rtt_ms);
    case Reason::jitter: return tell(reason, std::max(s.jitter_up_ms, s.buffer_down_ms));
    case Reason::sound_gaps: return tell(reason, s.gaps_percent.value_or(0));
    case Reason::picture_freezes: return tell(reason, 100 * s.frozen_share);
    case Reason::few_frames: return tell(reason, std::min(s.decode_fps.value_or(30), s.encode_fps.value_or(30)));
    case Reason::busy_device: return tell(reason, s.cpu.value_or(0));
    default: return;
  }
}

Figures AttendeeQuality::judge(Instant now, bool others_send_well) const {
  const Sums s = sums(now, others_send_well);
  Figures out;
  if (!s.known) return out;
  out.score = whole(s);
  out.sound = sound(s);
  const auto up = picture_up(s), down = picture_down(s);
  if (up || down) out.picture = std::min(up.value_or(5), down.value_or(5));
  if (s.rtt_known) out.rtt_ms = s.rtt_ms;
  out.loss_up_percent = s.loss_up;
  out.loss_down_percent = s.loss_down;
  out.jitter_ms = s.jitter_up_ms;
  out.up_kbps = s.up_kbps;
  out.down_kbps = s.down_kbps;
  out.sent_kbps = s.sent_kbps;
  out.received_kbps = s.received_kbps;
  out.fps = s.decode_fps;
  out.frozen_percent = 100 * s.frozen_share;
  out.sound_gaps_percent = s.gaps_percent;
  if (s.cpu) out.cpu_pressure = static_cast<int>(*s.cpu);
  out.client_tells = s.client;
  if (out.score < kGoodScore) explain(s, out);
  return out;
}

std::optional<Figures> AttendeeQuality::tick(Instant now, bool others_send_well) {
  if (!present_ || servers_ == 0) return std::nullopt;
  const Figures out = judge(now, others_send_well);
  series_.add(now, out);
  return out;
}

}  // namespace upcall::quality
