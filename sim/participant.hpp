// One attendee (or content share) of a simulated meeting: the headless client, labelled media in, a judge for what comes
// out. The judge knows the rules a subscriber may rely on and reports every breach at once.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "client/attendee.hpp"
#include "sim/event_queue.hpp"
#include "sim/fake_media.hpp"
#include "sim/weather.hpp"

namespace upcall::sim {

struct ParticipantOptions {
  std::uint32_t id = 0;               // unique in the world; the label of its media
  std::uint32_t meeting_number = 0;
  std::string meeting;
  std::string attendee_id;
  bool content = false;
  bool camera = false;
  std::uint32_t first_timestamp = 0;  // of both media: put it next to the wrap
  std::optional<client::FirstNumbers> first_numbers;
  int frames_per_second = 10;
  std::size_t frame_bytes = 1800;     // about; packets carry 1100
  // A camera whose encoder has a rate: so much, and no more than the server allows (REMB). Replaces frame_bytes.
  std::uint64_t bits_per_second = 0;
  // A camera in so many sizes, the smallest first, each with an encoder that keeps to its rate.
  std::vector<std::uint64_t> layer_bits_per_second;
  // What it receives; it sends the first that all receivers take.
  std::vector<rtc::VideoCodec> video_codecs = {rtc::VideoCodec::vp8};
  bool transport_feedback = true;     // tells the server when what packet arrived
};

class Participant {
 public:
  using Fail = std::function<void(const std::string& what)>;
  // Who is allowed to be heard and seen under a label: attendee id, or empty when there is no such sender.
  using NameOf = std::function<std::string(std::uint32_t id)>;

  Participant(ParticipantOptions options, const dtls::DtlsContext& context, EventQueue& queue, RandomSource& random, Fail fail,
              NameOf name_of);

  // Makes what is due of microphone and camera.
  void send_media(client::Output& out);
  Instant next_media() const { return std::min(next_audio_, next_video_); }
  // Judges what the client handed over in `out`, and takes its events.
  void take(client::Output& out);
  void on_index(const wire::SignalFrame& frame);

  struct Seen {  // sums over all its connections
    std::uint64_t video_frames = 0, audio_forwarded = 0, audio_mixed = 0;
    std::uint64_t frames_sent = 0, audio_sent = 0;
    std::uint64_t plis_over = 0;          // of sessions that ended, with repaired and lost
    std::uint64_t repaired = 0, lost = 0, nacks = 0, feedback = 0, reports = 0, auth_failures = 0;
    std::uint64_t key_frames_wanted = 0;
    std::uint64_t codec_changes = 0;
  };
  Seen totals() const;                     // sessions that ended and the present one
  // When the last good frame of this sender came; nothing: never in this session.
  std::optional<Instant> last_video_of(std::uint32_t sender) const;
  std::optional<Instant> last_audio() const { return last_audio_; }
  const std::map<std::string, std::uint32_t>& index() const { return index_; }  // attendee → stream id
  std::uint32_t index_participants() const { return index_participants_; }
  std::uint64_t audio_received() const { return seen_.audio_forwarded + seen_.audio_mixed; }
  std::optional<std::uint32_t> end_status() const { return end_status_; }
  // Frames of this sender so far, and how long its picture stood still in sum: gaps between frames beyond kStill.
  static constexpr Duration kStill = Duration::ms(400);
  struct Picture {
    std::uint64_t frames = 0, bytes = 0;
    Duration still;
    Instant last;
    std::optional<rtc::VideoCodec> codec;   // of the last frame
  };
  Picture picture_of(std::uint32_t sender) const;
  // What the server allows this camera; nothing: all it wants.
  std::optional<std::uint64_t> allowed_bps() const { return allowed_bps_; }

  const ParticipantOptions options;
  client::Attendee attendee;
  bool muted = false, camera = false, talking = false, gone = false;
  std::vector<bool> relays_offered;   // by each JOIN_ACK so far
  bool link_troubled = false;   // at any time: whoever never was must be good to everybody
  Link up, down;
  NetAddress address;

 private:
  void judge_audio(const client::ReceivedAudio& audio);
  void judge_video(const client::ReceivedVideo& video);
  void judge_repair();
  void absorb_session();
  void send_layers(const Now& now, client::Output& out);

  EventQueue& queue_;
  RandomSource& random_;
  Fail fail_;
  NameOf name_of_;
  Seen seen_;
  Instant next_audio_ = Instant::never(), next_video_ = Instant::never();
  std::uint32_t audio_number_ = 0, video_number_ = 0;
  std::uint32_t audio_timestamp_, video_timestamp_;
  bool key_wanted_ = true;
  std::uint32_t layer_keys_wanted_ = 0;   // a bit each
  bool was_connected_ = false;
  client::MediaCounters session_;
  std::int64_t session_lost_ = 0;
  std::optional<std::int64_t> audio_sequence_;
  std::uint32_t heard_timestamp_ = 0;
  std::map<std::uint32_t, std::uint32_t> heard_number_;       // by sender
  struct Video {
    std::uint32_t timestamp = 0, number = 0, sender = 0;
    bool key_seen = false;
  };
  std::map<std::uint32_t, Video> videos_;                     // by stream id
  std::map<std::uint32_t, Instant> last_video_;               // by sender
  std::map<std::uint32_t, Picture> pictures_;                 // by sender
  std::optional<std::uint64_t> allowed_bps_;
  std::optional<Instant> last_audio_;
  std::map<std::string, std::uint32_t> index_;
  std::uint32_t index_participants_ = 0;
  std::optional<std::uint32_t> end_status_;
};

}  // namespace upcall::sim
