#include "sim/participant.hpp"

#include <algorithm>

namespace upcall::sim {

namespace {
client::AttendeeOptions client_options(const ParticipantOptions& options) {
  client::AttendeeOptions out;
  out.attendee_id = options.attendee_id;
  out.camera = options.camera;
  out.receive_video = !options.content;
  out.first_numbers = options.first_numbers;
  out.transport_feedback = options.transport_feedback;
  out.video_codecs = options.video_codecs;
  for (const std::uint64_t bps : options.layer_bits_per_second) out.layer_kbps.push_back(static_cast<std::uint32_t>(bps / 1000));
  return out;
}
std::string owner_of(const std::string& attendee_id) { return attendee_id.substr(0, attendee_id.find('#')); }
}  // namespace

Participant::Participant(ParticipantOptions opts, const dtls::DtlsContext& context, EventQueue& queue, RandomSource& random,
                         Fail fail, NameOf name_of)
    : options(opts),
      attendee(client_options(opts), context, random),
      camera(opts.camera),
      up(Weather{}),
      down(Weather{}),
      queue_(queue),
      random_(random),
      fail_([id = opts.attendee_id, fail = std::move(fail)](const std::string& what) { fail(id + ": " + what); }),
      name_of_(std::move(name_of)),
      audio_timestamp_(opts.first_timestamp),
      video_timestamp_(opts.first_timestamp) {}

void Participant::send_media(client::Output& out) {
  const Now now = queue_.now();
  if (next_audio_ <= now.mono) {
    next_audio_ = next_audio_ + Duration::ms(20);
    audio_timestamp_ += 960;
    const ByteVector packet = make_audio_packet({options.meeting_number, options.id, ++audio_number_});
    attendee.send_audio(now, packet, audio_timestamp_, now.mono, talking ? 30 : 100, out);
    ++seen_.audio_sent;
  }
  if (next_video_ <= now.mono) {
    const std::int64_t step_ms = 1000 / options.frames_per_second;
    next_video_ = next_video_ + Duration::ms(step_ms);
    video_timestamp_ += static_cast<std::uint32_t>(90 * step_ms);
    if (camera && !options.layer_bits_per_second.empty()) {
      send_layers(now, out);
    } else if (camera) {
      const bool key = std::exchange(key_wanted_, false);
      std::size_t mean = options.frame_bytes;
      if (options.bits_per_second != 0) {
        const std::uint64_t rate = std::min(options.bits_per_second, allowed_bps_.value_or(options.bits_per_second));
        mean = static_cast<std::size_t>(rate / 8 / static_cast<std::uint64_t>(options.frames_per_second));
      }
      // A key frame of a camera is some times a frame between.
      const std::size_t size = kVideoMin + mean / 2 + random_.below(mean) + (key ? (options.bits_per_second != 0 ? 4 : 1) * mean : 0);
      const rtc::VideoCodec codec = attendee.send_codec();
      const ByteVector frame = make_video_frame({options.meeting_number, options.id, ++video_number_}, key, size, random_, codec);
      attendee.send_video(now, codec, frame, video_timestamp_, now.mono, std::nullopt, out);
      ++seen_.frames_sent;
    }
  }
}

// The same picture in every size, under numbers that rise with it.
void Participant::send_layers(const Now& now, client::Output& out) {
  if (std::exchange(key_wanted_, false) && layer_keys_wanted_ == 0) layer_keys_wanted_ = 7;
  ++video_number_;
  for (std::size_t i = 0; i < options.layer_bits_per_second.size(); ++i) {
    const bool key = (layer_keys_wanted_ >> i & 1) != 0;
    const std::size_t mean = static_cast<std::size_t>(options.layer_bits_per_second[i] / 8 / static_cast<std::uint64_t>(options.frames_per_second));
    const std::size_t size = kVideoMin + mean / 2 + random_.below(mean) + (key ? 4 * mean : 0);
    const auto number = static_cast<std::uint32_t>(video_number_ * 4 + i);
    const ByteVector frame = make_video_frame({options.meeting_number, options.id, number}, key, size, random_, attendee.send_codec());
    attendee.send_video(now, attendee.send_codec(), frame, video_timestamp_, now.mono, std::nullopt, out, i);
  }
  layer_keys_wanted_ = 0;
  ++seen_.frames_sent;
}

void Participant::take(client::Output& out) {
  for (const auto& audio : out.media.audio) judge_audio(audio);
  for (const auto& video : out.media.video) judge_video(video);
  if (out.media.remb_bps) allowed_bps_ = out.media.remb_bps;
  layer_keys_wanted_ |= out.media.key_layers;
  if (const client::MediaSession* media = attendee.media()) {
    session_ = media->counters();
    session_lost_ = media->lost();
    judge_repair();
  }
  for (const client::Event& event : out.events) {
    switch (event.kind) {
      case client::EventKind::connected:
        was_connected_ = true;
        key_wanted_ = true;
        // Microphone and camera of one device do not tick together.
        next_audio_ = queue_.now().mono + Duration::us(static_cast<std::int64_t>(random_.below(20'000)));
        next_video_ = queue_.now().mono + Duration::us(static_cast<std::int64_t>(random_.below(100'000)));
        break;
      case client::EventKind::disconnected:
      case client::EventKind::ended:
        absorb_session();
        next_audio_ = next_video_ = Instant::never();
        if (event.kind == client::EventKind::ended) end_status_ = event.status;
        break;
      case client::EventKind::codec_changed:
        key_wanted_ = true;   // another encoder begins
        ++seen_.codec_changes;
        break;
      case client::EventKind::key_frame_wanted:
        key_wanted_ = true;
        ++seen_.key_frames_wanted;
        break;
      case client::EventKind::roster_left:
        if (event.attendee_id == options.attendee_id && attendee.connected()) fail_("was told that it left itself");
        break;
      default: break;
    }
  }
}

void Participant::absorb_session() {
  seen_.repaired += session_.repaired;
  seen_.nacks += session_.nacks_sent;
  seen_.plis_over += session_.plis_received;
  seen_.feedback += session_.feedback_received;
  seen_.reports += session_.reports_received;
  seen_.auth_failures += session_.auth_failures;
  seen_.lost += static_cast<std::uint64_t>(std::max<std::int64_t>(0, session_lost_));
  session_ = {};
  session_lost_ = 0;
  // The next session has new streams of its own.
  audio_sequence_.reset();
  videos_.clear();
  last_video_.clear();
  last_audio_.reset();
  index_.clear();
}

Participant::Seen Participant::totals() const {
  Participant::Seen out = seen_;
  out.repaired += session_.repaired;
  out.nacks += session_.nacks_sent;
  out.plis_over += session_.plis_received;
  out.feedback += session_.feedback_received;
  out.reports += session_.reports_received;
  out.auth_failures += session_.auth_failures;
  out.lost += static_cast<std::uint64_t>(std::max<std::int64_t>(0, session_lost_));
  return out;
}

std::optional<Instant> Participant::last_video_of(std::uint32_t sender) const {
  const auto at = last_video_.find(sender);
  return at == last_video_.end() ? std::nullopt : std::optional(at->second);
}

Participant::Picture Participant::picture_of(std::uint32_t sender) const {
  const auto at = pictures_.find(sender);
  if (at == pictures_.end()) return {};
  Picture out = at->second;
  out.still += std::max(Duration(), queue_.now().mono - out.last - kStill);
  return out;
}

void Participant::on_index(const wire::SignalFrame& frame) {
  index_.clear();
  for (const auto& source : frame.index().sources()) {
    if (source.stream_id() == 0 || source.group_id() == 0) fail_("an index source has no ids");
    // Two publications of one attendee: the newer wins, as in the vendor's client.
    std::uint32_t& slot = index_[source.attendee_id()];
    slot = std::max(slot, source.stream_id());
  }
  index_participants_ = frame.index().num_participants();
}

// What is missing is repaired or given up: nothing is asked for longer than a second (and the round trip of the last try).
void Participant::judge_repair() {
  const auto oldest = attendee.media()->oldest_missing();
  // While nothing arrives its timers are all that runs; they are due within a try.
  if (oldest && queue_.now().mono - *oldest > Duration::ms(1000 + 400)) fail_("a lost packet is neither repaired nor given up");
}

void Participant::judge_audio(const client::ReceivedAudio& audio) {
  if (audio_sequence_ && audio.sequence == *audio_sequence_) fail_("an audio sequence number came twice");
  if (audio_sequence_) {
    const auto step = static_cast<std::int32_t>(audio.timestamp - heard_timestamp_);
    if (audio.sequence > *audio_sequence_ && step <= 0) fail_("audio timestamps do not rise with the sequence");
    if (audio.sequence < *audio_sequence_ && step >= 0) fail_("a late audio packet has a later timestamp");
    if (audio.sequence > *audio_sequence_ + 2000) fail_("the audio sequence jumped");
    if (step > 48000 * 60) fail_("the audio timestamp jumped by more than a minute");
  }
  if (!audio_sequence_ || audio.sequence > *audio_sequence_) {
    audio_sequence_ = audio.sequence;
    heard_timestamp_ = audio.timestamp;
  }
  const auto heard = read_audio_packet(audio.payload);
  if (!heard) return fail_("an audio packet was changed on its way");
  last_audio_ = queue_.now().mono;
  if (!heard->one) {
    ++seen_.audio_mixed;
    if (heard->mixed.size() < 2) fail_("a mix of fewer than two");
    return;
  }
  ++seen_.audio_forwarded;
  const MediaLabel& label = *heard->one;
  if (label.meeting != options.meeting_number) fail_("heard another meeting");
  if (owner_of(name_of_(label.sender)) == owner_of(options.attendee_id)) fail_("heard itself");
}

void Participant::judge_video(const client::ReceivedVideo& video) {
  const auto label = read_video_frame(video.frame.data, video.codec);
  if (!label) return fail_("a frame is not whole");
  ++seen_.video_frames;
  if (std::ranges::find(options.video_codecs, video.codec) == options.video_codecs.end()) fail_("was sent a codec that it does not take");
  if (label->meeting != options.meeting_number) fail_("saw another meeting");
  const std::string sender = name_of_(label->sender);
  const std::string named = attendee.attendee_of_stream(video.stream_id);
  // The index may already have forgotten a stream whose last frames arrive.
  if (!named.empty() && named != sender) fail_("stream " + std::to_string(video.stream_id) + " of " + named + " shows " + sender);
  if (owner_of(sender) == owner_of(options.attendee_id)) fail_("saw itself");
  Video& at = videos_[video.stream_id];
  if (!at.key_seen) {
    if (!video.frame.key_frame) fail_("stream " + std::to_string(video.stream_id) + " begins without a key frame: " + std::to_string(label->number));
    at.key_seen = true;
    at.sender = label->sender;
  } else {
    if (at.sender != label->sender) fail_("a stream changed its sender");
    if (label->number <= at.number) fail_("frames are out of order");
    if (static_cast<std::int32_t>(video.frame.timestamp - at.timestamp) <= 0) fail_("video timestamps do not rise");
  }
  at.timestamp = video.frame.timestamp;
  at.number = label->number;
  const Instant now = queue_.now().mono;
  last_video_[label->sender] = now;
  Picture& picture = pictures_[label->sender];
  if (picture.frames > 0) picture.still += std::max(Duration(), now - picture.last - kStill);
  ++picture.frames;
  picture.bytes += video.frame.data.size();
  picture.last = now;
  if (picture.codec && *picture.codec != video.codec && !video.frame.key_frame) fail_("another codec begins without a key frame");
  picture.codec = video.codec;
}

}  // namespace upcall::sim
