// All live meetings of this server: their rooms on one control thread, between the signalling sockets, the media worker
// and whoever manages meetings. Knows nothing of the store: who may join is asked through `find_attendee`, what happened
// is told through `on_event`.
//
// Threads: every public member from any thread; on_event and tap callbacks run on the control thread and must be short.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/rng.hpp"
#include "base/spsc_ring.hpp"
#include "io/metrics/metrics.hpp"
#include "io/udp/media_thread.hpp"
#include "service/meetings/join_times.hpp"
#include "service/meetings/meeting_quality.hpp"
#include "signaling/room.hpp"
#include "wire/http.hpp"

namespace upcall::service {

struct MeetingRuntimeOptions {
  udp::MediaThreadOptions media;
  // Who may join this meeting with this join token (without "#content")? Runs on a network pool thread, may block.
  std::function<std::optional<signaling::AttendeeIdentity>(const std::string& meeting_id, std::string_view token)> find_attendee;
  // For clients that no media address can be reached from. Asked on the control thread each time a meeting opens: a new
  // setting counts from the next meeting on. Empty: none.
  std::function<signaling::RelaySettings()> relay;
  // For the store and the outbox.
  std::function<void(const std::string& meeting_id, const signaling::RoomEvent& event)> on_event;
  // How the people of a meeting fare, every two seconds, and what to keep of it; a last time when it or the runtime ends.
  // Nobody is judged without.
  std::function<void(QualityUpdate update)> on_quality;
  metrics::Registry* metrics = nullptr;  // null: joins are measured for inspect() alone; else outlives the runtime
};

// What a meeting's room holds to. The defaults: the room's own limits, and it lives until it is ended.
struct MeetingRules {
  std::size_t attendees_max = 250, video_senders_max = 25;
  signaling::CodecSet video_codecs = signaling::kTakesAll;
  Duration idle_end = {};              // zero: never
  std::optional<Duration> life_left;
};

// How a recording's tap is asked for.
struct TapRequest {
  std::string recording_id;
  std::string title;                  // shown in the picture
  std::shared_ptr<ByteRing> ring;     // of the open journal
  Instant started;
  bool resumed = false;
  std::uint32_t first_source = 1;
  bool paused = false;
};

struct TapResult {
  std::uint64_t records = 0, dropped = 0;
};

class MeetingRuntime {
 public:
  // `context`, `mixers` (may be null) and `random` must outlive the runtime; `random` is used from several threads.
  static Result<std::unique_ptr<MeetingRuntime>> start(MeetingRuntimeOptions options, const dtls::DtlsContext& context,
                                                       sfu::AudioMixerFactory* mixers, RandomSource& random);
  ~MeetingRuntime();
  MeetingRuntime(const MeetingRuntime&) = delete;
  MeetingRuntime& operator=(const MeetingRuntime&) = delete;

  // Makes the meeting joinable; nothing when it is already.
  void open_meeting(const std::string& meeting_id, const MeetingRules& rules = {});
  // AUDIO_STATUS 410 to everybody; open taps end with TapStop(meeting_ended).
  void end_meeting(const std::string& meeting_id);
  void remove_attendee(const std::string& meeting_id, const std::string& attendee_id);
  void set_capabilities(const std::string& meeting_id, const std::string& attendee_id, const wire::AttendeeCapabilities& capabilities);
  // RECORDING: in the roster, nowhere else. The future is ready when the frames are queued to every socket.
  std::future<void> add_silent_attendee(const std::string& meeting_id, const signaling::AttendeeIdentity& attendee);
  void remove_silent_attendee(const std::string& meeting_id, const std::string& attendee_id);

  // `opened` when the worker writes records; `closed` exactly once, after the last record (also when the meeting ends
  // by itself, or is not there at all: then without `opened`).
  void open_tap(const std::string& meeting_id, TapRequest request, std::function<void()> opened,
                std::function<void(const TapResult&)> closed);
  void close_tap(const std::string& recording_id, wire::TapStopReason reason);
  // What the tap wrote was lost behind its ring: it begins anew with roster, streams and key frames.
  void refresh_tap(const std::string& recording_id);
  // While it pauses no media reaches the journal.
  void pause_tap(const std::string& recording_id, bool paused);

  // GET /control/{meetingId}: the subprotocols carry the join token. Never refuses by HTTP status: the client could not
  // see it; a bad token is accepted and closed with 4403.
  wire::WebSocketAnswer accept(const std::string& meeting_id, const std::vector<std::string>& subprotocols);

  struct Inspection {
    wire::SfuMeetingReport media;
    std::size_t people_connected = 0, sessions = 0;
    std::uint64_t malformed_messages = 0;
    std::uint64_t floods = 0;        // sockets that were closed because they asked for too much
    std::map<wire::ConnectionNo, JoinTimes> joins;
    std::vector<PersonQuality> quality;
  };
  // Nothing when no such meeting is live here.
  std::future<std::optional<Inspection>> inspect(const std::string& meeting_id);

  struct Counters {
    std::uint64_t meetings = 0, sockets = 0, refused_tokens = 0, lost_events = 0, command_backlog_max = 0;
    udp::MediaThreadCounters media;
    Duration media_cpu;
  };
  Counters counters() const;
  // Are clients without UDP served? No: something else has a TCP port of media.
  bool media_over_tcp() const;

  // Drain: closes every socket with 4500 (clients reconnect, here or elsewhere); media goes on until then.
  void drain();
  // Ends both threads: from here on no callback comes any more. The members above may still be called; they do nothing.
  void stop();

 private:
  class Core;
  class Socket;
  explicit MeetingRuntime(std::shared_ptr<Core> core);
  std::shared_ptr<Core> core_;
};

}  // namespace upcall::service
