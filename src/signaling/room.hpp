// The control side of one meeting: the signalling sessions of its attendees, the roster, the index of video sources,
// and what the media worker must do. Sans-I/O: inputs with their time go in, RoomOutput comes out. One thread.
//
// Life of a session: open → JOIN (JOIN_ACK, INDEX) → SUBSCRIBE (SUBSCRIBE_ACK, SfuSetSession) → connected (roster) →
// LEAVE or close. A socket that was lost keeps its seat and its media for kSeatGrace, so that a reconnect (same token,
// same audio_session_id) is not seen by the others.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "base/ids.hpp"
#include "base/rng.hpp"
#include "base/time.hpp"
#include "rtc/sdp/sdp_writer.hpp"
#include "signaling/answer.hpp"
#include "signaling/data_messages.hpp"
#include "signaling/relay_offer.hpp"
#include "signaling/session.hpp"
#include "wire/sfu.hpp"
#include "wire/signal/client_metrics.hpp"
#include "wire/signal/signal_frame.hpp"

namespace upcall::signaling {

struct RoomOptions {
  wire::MeetingNo meeting;
  std::string fingerprint;                        // of our DTLS certificate
  std::vector<rtc::SdpCandidate> candidates;      // where media is received
  RelaySettings relay;                            // for clients that these cannot be reached from
  std::uint32_t video_subscription_limit = 25;
  CodecSet video_codecs = kTakesAll;              // at least one
  std::size_t sessions_max = 600;                 // sockets, content shares included
  std::size_t attendees_max = 250;                // people that have joined at once
  std::size_t video_senders_max = 25;             // cameras
  Duration idle_end = {};                         // nobody connected for so long, from the beginning on: it is over; zero: never
  Instant ends_at = Instant::never();             // whoever is there
  std::size_t content_shares_max = 2;
};

// What happened, for the store and the outbox.
enum class RoomEventKind : std::uint8_t {
  attendee_joined, attendee_left, attendee_dropped, video_started, video_stopped,
  attendee_authorized,          // its token joins again, from another device
  meeting_idle, meeting_too_old // told once, without an attendee: whoever manages the meeting ends it
};
struct RoomEvent {
  RoomEventKind kind;
  std::string attendee_id;
  bool content = false;
};

struct RoomOutput {
  struct Send {
    SessionNo session;
    std::string message;
  };
  struct Close {
    SessionNo session;
    std::uint16_t code;
    std::string reason;
  };
  // A JOIN, or a SUBSCRIBE that was accepted, whose answer is among `sends`: for whoever measures what it took.
  struct Answered {
    SessionNo session;
    wire::ConnectionNo connection;
    bool subscribe = false;
    bool receives_video = false;  // of a SUBSCRIBE
  };
  // What was measured of a person's connection, by the media worker or by its client. Not of content shares.
  struct Measured {
    std::string attendee_id;
    std::variant<wire::SfuConnectionFigures, wire::ClientMetrics> what;
  };
  std::vector<Answered> answered;
  std::vector<Measured> measured;
  std::vector<Send> sends;      // before the closes of the same session
  std::vector<Close> closes;
  std::vector<wire::SfuCommand> commands;
  std::vector<RoomEvent> events;
};

struct AnswerInput;

class Room {
 public:
  static constexpr Duration kSeatGrace = Duration::s(30);
  static constexpr Duration kJoinTimeout = Duration::s(15);
  // The client pings each 10 s and gives up after 4 unanswered pings; so do we.
  static constexpr Duration kSilenceTimeout = Duration::s(45);

  // `random` and `connection_numbers` (a server-wide counter) must outlive the room.
  Room(Now now, RoomOptions options, RandomSource& random, std::function<wire::ConnectionNo()> connection_numbers,
       RoomOutput& out);

  // A socket whose token was checked. Nothing (with a closing code) when the meeting is over or full.
  SessionNo open(Now now, const AttendeeIdentity& attendee, RoomOutput& out);
  void on_message(Now now, SessionNo session, Bytes message, RoomOutput& out);
  void on_close(Now now, SessionNo session, RoomOutput& out);
  void on_sfu_event(Now now, const wire::SfuEvent& event, RoomOutput& out);

  // Attendees without a connection: RECORDING. Shown in the roster, counted nowhere.
  void add_silent_attendee(Now now, const AttendeeIdentity& attendee, RoomOutput& out);
  void remove_silent_attendee(Now now, const std::string& attendee_id, RoomOutput& out);

  // AUDIO_STATUS 410 to everybody, then the sockets close; the room accepts nobody any more.
  void end(Now now, RoomOutput& out);
  // AUDIO_STATUS 411 to the attendee (and its content share), also when a socket of it, whose token was still good when
  // it was checked, opens only now. Ids are never used again.
  void remove_attendee(Now now, const std::string& attendee_id, RoomOutput& out);

  // From now on the attendee (and its content share) may send and receive this much.
  void set_capabilities(Now now, const std::string& attendee_id, const wire::AttendeeCapabilities& capabilities, RoomOutput& out);

  void handle_timeout(Now now, RoomOutput& out);
  Instant next_deadline() const;

  bool ended() const { return ended_; }
  // Of an attendee that is or was connected just now; null: there is none.
  const AttendeeIdentity* identity(const std::string& attendee_id) const;
  // Attendees with media, RECORDING and content shares not counted.
  std::size_t people_connected() const;
  std::vector<wire::ConnectionNo> connections() const;
  std::uint64_t malformed_messages() const { return malformed_; }
  // Sockets that were closed because they asked for too much (SessionLimits).
  std::uint64_t floods() const { return floods_; }

 private:
  void on_join(Now now, Session& session, const wire::SignalFrame& frame, RoomOutput& out);
  void on_subscribe(Now now, Session& session, const wire::SignalFrame& frame, RoomOutput& out);
  // Whether a client should be given a relay, by what became of its device's earlier attempts.
  void note_reach(Now now, const Session& session);
  bool wants_relay(Now now, const Session& session);
  void on_audio_control(Now now, Session& session, bool muted, RoomOutput& out);
  // Tells what AUDIO_CONTROL said last, now or as soon as it may be told.
  void settle_mute(Now now, Session& session, RoomOutput& out);
  void on_video_pause(Session& session, const wire::SignalFrame& frame, RoomOutput& out);
  void on_video_update(Session& session, const wire::SignalFrame& frame, RoomOutput& out);
  void on_leave(Now now, Session& session, RoomOutput& out);
  // Data messages (room_data.cpp).
  void on_data_message(Now now, Session& session, const wire::SignalFrame& frame, RoomOutput& out);
  // What still lives and this device has not seen, in as few frames as are of a fair size.
  void replay_data_messages(Now now, Session& session, RoomOutput& out);
  void on_connected(Now now, Session& session, RoomOutput& out);
  // What this session may send and see (room_capabilities.cpp).
  static wire::SfuRights rights_of(const Session& session);
  static bool may_see(const Session& session, const Session& publisher);
  static bool shown_muted(const Session& session);
  bool may_publish(const Session& session) const;
  bool is_full_for(const Session& session) const;
  void tell_muted(Now now, const Session& session, RoomOutput& out);
  void end_publication(Session& session, RoomOutput& out);
  // What is published (room_video.cpp). The video streams that a SUBSCRIBE names: one, or a layer each.
  using VideoStreams = std::vector<const signal::SdkStreamDescriptor*>;
  void plan_camera(const Session& session, const VideoStreams& streams, AnswerInput& input) const;
  // As it was answered. True: the index has changed.
  bool publish(Session& session, const VideoStreams& streams, const wire::SfuCamera& camera);
  static void add_index_sources(const Session& publisher, signal::SdkIndexFrame& index);
  // Up to which layer a receiver that names this stream is to get the publication.
  static std::uint8_t layer_limit(const Session& receiver, const Session& publisher, std::uint32_t stream_id);
  // What is of use to a receiver at most; 0: it does not say.
  static std::uint32_t target_bps(const signal::SdkVideoSubscriptionConfiguration& wanted);
  void watch_life(Now now, RoomOutput& out);
  // What everybody who receives can take (RECORDING and shares receive nothing).
  CodecSet codecs_of_all() const;
  // Tells publishers when that has become another.
  void watch_codecs(Now now, RoomOutput& out);

  void on_audio_levels(Now now, const wire::SfuAudioLevels& levels, RoomOutput& out);
  // Tiles that the server holds back for a receiver's bandwidth; what streams come to, for all.
  void on_video_held(Now now, const wire::SfuVideoHeld& held, RoomOutput& out);
  void on_bitrates(Now now, const wire::SfuBitrates& told, RoomOutput& out);
  void on_link_quality(Now now, const wire::SfuLinkQuality& quality, RoomOutput& out);
  void on_client_metric(const Session& session, const wire::SignalFrame& frame, RoomOutput& out);

  void send(Now now, const Session& session, wire::SignalFrame& frame, RoomOutput& out);
  void send_status(Now now, const Session& session, std::uint32_t audio_status, RoomOutput& out);
  void send_index(Now now, const Session& session, RoomOutput& out);
  void broadcast_index(Now now, RoomOutput& out);
  void broadcast_roster(Now now, const signal::SdkAudioStreamIdInfo& entry, RoomOutput& out, SessionNo except = {});
  void send_full_roster(Now now, Session& session, RoomOutput& out);
  // Everybody hears of all links that are not good, and how `about`'s is. For the client whoever is not named in such a
  // frame is good, so each one is complete. A content share's link is its person's: it is never told.
  void broadcast_links(Now now, const Session& about, RoomOutput& out);
  void broadcast_metadata(Now now, wire::SignalFrame& frame, RoomOutput& out);

  // Takes the session out of the meeting: media, roster, index.
  void retire(Now now, Session& session, bool dropped, RoomOutput& out);
  // The other sessions of the same device: those it lost before it came back.
  void retire_others(Now now, const Session& session, RoomOutput& out);
  void close(Session& session, std::uint16_t code, std::string reason, RoomOutput& out);
  void refuse(Now now, Session& session, std::uint32_t status, std::string text, RoomOutput& out);
  void sweep();

  Session* find(SessionNo session);
  Session* find(wire::ConnectionNo connection);
  // Is this attendee connected by another session as well?
  bool connected_elsewhere(const Session& session) const;
  Session* publisher_of(std::uint32_t stream_id);
  // Never twice on one connection, whose keys are its own.
  std::uint32_t make_ssrc(Session& session);
  std::uint32_t participants() const;

  RoomOptions options_;
  RandomSource& random_;
  std::function<wire::ConnectionNo()> connection_numbers_;
  std::map<SessionNo, std::unique_ptr<Session>> sessions_;
  struct Silent {
    AttendeeIdentity identity;
    std::uint32_t audio_stream_id;
  };
  std::vector<Silent> silent_;
  DataMessages data_messages_;
  ReachLog reach_;
  std::set<std::string> removed_;   // attendee ids
  std::uint32_t next_session_ = 1;
  std::uint32_t next_audio_stream_ = 1;
  std::uint32_t next_stream_ = 1;   // stream and group ids: unique in the meeting, never reused
  bool ended_ = false;
  bool over_told_ = false;          // meeting_idle or meeting_too_old
  std::optional<Instant> empty_since_;
  std::uint64_t malformed_ = 0, floods_ = 0;
  CodecSet codecs_told_ = 0;        // in the last INDEX to everybody
};

}  // namespace upcall::signaling
