// A headless attendee, sans-I/O: the other end of signalling and media, as the demo, the simulation and load tests use
// it. It speaks the same frames as the vendor's client, with one socket, one peer connection, a microphone, perhaps a
// camera, and every remote video the index names.
//
// Inputs carry their time; each call fills an Output that the shell carries out. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/rng.hpp"
#include "base/time.hpp"
#include "client/media_session.hpp"
#include "rtc/dtls/transport.hpp"
#include "wire/signal/signal_frame.hpp"

namespace upcall::client {

struct AttendeeOptions {
  std::string attendee_id;          // with "#content" for a share
  bool camera = false;              // publishes video
  bool receive_video = true;
  std::uint32_t video_kbps = 1500;
  // What it receives; it sends the first of them that all receivers take and the answer has.
  std::vector<rtc::VideoCodec> video_codecs = {rtc::VideoCodec::vp8, rtc::VideoCodec::h264, rtc::VideoCodec::vp9};
  Duration reconnect_limit = Duration::s(120);
  std::optional<FirstNumbers> first_numbers;   // of every session
  bool transport_feedback = true;   // for what it receives; without it the server has its receiver reports alone
  PacketWatch* watch = nullptr;     // of every session; outlives the attendee
};

enum class EventKind : std::uint8_t {
  connected,          // media can flow (again)
  disconnected,       // the socket or the transport was lost; it tries again by itself
  ended,              // for good: see status
  roster_joined, roster_left, roster_muted, roster_unmuted,
  signal_strength,    // the server told another one of this attendee (which may be the own one)
  key_frame_wanted,   // the encoder must make one
  codec_changed,      // of its camera: frames of send_codec() are wanted from now on
};

struct Event {
  EventKind kind;
  std::string attendee_id;          // roster events, signal_strength
  std::uint32_t status = 0;         // ended: 200 left, 410 meeting ended, 411 removed, 301 other device, else an error
  bool dropped = false;
  std::uint32_t strength = 2;       // signal_strength: 0 none, 1 weak, 2 good
};

struct Output {
  bool open_socket = false;         // with the two subprotocols; the shell answers by on_socket_open/closed
  bool close_socket = false;        // after the messages were sent
  std::vector<std::string> messages;
  MediaOutput media;
  std::vector<Event> events;
  void clear() {
    open_socket = close_socket = false;
    messages.clear();
    media.clear();
    events.clear();
  }
};

class Attendee {
 public:
  Attendee(AttendeeOptions options, const dtls::DtlsContext& context, RandomSource& random);

  // Asks for the socket.
  void start(Now now, Output& out);
  void leave(Now now, Output& out);
  void set_muted(Now now, bool muted, Output& out);
  void set_camera(Now now, bool on, Output& out);

  void on_socket_open(Now now, Output& out);
  void on_socket_message(Now now, Bytes message, Output& out);
  void on_socket_closed(Now now, std::uint16_t code, Output& out);
  void on_datagram(Now now, const NetAddress& from, MutBytes datagram, Output& out);
  void handle_timeout(Now now, Output& out);
  Instant next_deadline() const;

  // Media to send; ignored while not connected. Timestamps in 1/48000 and 1/90000 s; captured_at: when the first sample
  // or the picture was taken (the sender reports relate the two, so encoding time does not shift the lips).
  void send_audio(Now now, Bytes opus, std::uint32_t timestamp, Instant captured_at, std::uint8_t minus_dbov, Output& out);
  void send_video(Now now, rtc::VideoCodec codec, Bytes frame, std::uint32_t timestamp, Instant captured_at, std::optional<std::uint8_t> rotation, Output& out);
  // VP8.
  void send_video(Now now, Bytes frame, std::uint32_t timestamp, Instant captured_at, std::optional<std::uint8_t> rotation, Output& out) {
    send_video(now, rtc::VideoCodec::vp8, frame, timestamp, captured_at, rotation, out);
  }
  rtc::VideoCodec send_codec() const { return send_codec_; }

  bool connected() const { return connected_; }
  bool ended() const { return phase_ == Phase::ended; }
  std::uint32_t reconnects() const { return reconnects_; }
  const MediaSession* media() const { return media_.get(); }
  // Everybody the server named, by attendee id; value: muted.
  const std::vector<std::pair<std::string, bool>>& roster() const { return roster_view_; }
  // What the server says of this attendee's link: 0 none, 1 weak, 2 good (also of whom it says nothing).
  std::uint32_t signal_strength(std::string_view attendee_id) const;
  // Attendee whose video comes in under this stream id; empty when unknown.
  std::string attendee_of_stream(std::uint32_t stream_id) const;

 private:
  enum class Phase : std::uint8_t { idle, opening, joining, subscribing, running, waiting, leaving, ended };
  void on_frame(Now now, const wire::SignalFrame& frame, Output& out);
  void on_index(Now now, const wire::SignalFrame& frame, Output& out);
  void on_answer(Now now, const wire::SignalFrame& frame, Output& out);
  void on_roster(const wire::SignalFrame& frame, Output& out);
  void on_metadata(const wire::SignalFrame& frame, Output& out);
  void subscribe(Now now, Output& out);
  rtc::VideoCodec preferred_codec() const;
  void send(Now now, wire::SignalFrame& frame, Output& out);
  void lost(Now now, Output& out);
  void end(std::uint32_t status, Output& out);
  void update_connected(Now now, Output& out);

  AttendeeOptions options_;
  const dtls::DtlsContext& context_;
  RandomSource& random_;
  Phase phase_ = Phase::idle;
  bool connected_ = false, muted_ = false, joined_once_ = false;
  bool subscribe_outstanding_ = false, subscribe_again_ = false;
  std::uint64_t audio_session_id_ = 0;
  std::unique_ptr<MediaSession> media_;
  bool compresses_ = false;          // descriptions, as the server asked
  std::string last_answer_;          // what the next compressed one is read against
  struct Source {
    std::uint32_t stream_id;
    std::string attendee_id;
  };
  std::vector<Source> index_;
  std::vector<rtc::VideoCodec> receivers_take_;   // as the last INDEX says; empty: it says nothing
  rtc::VideoCodec send_codec_ = rtc::VideoCodec::vp8, offered_codec_ = rtc::VideoCodec::vp8;
  struct RosterEntry {
    std::uint32_t audio_stream_id;
    std::string attendee_id;
    bool muted;
    std::uint32_t strength = 2;
  };
  std::vector<RosterEntry> roster_;
  std::vector<std::pair<std::string, bool>> roster_view_;
  bool first_roster_ = true;
  std::uint32_t ping_id_ = 0;
  Instant next_ping_ = Instant::never(), next_attempt_ = Instant::never(), deadline_ = Instant::never();
  std::uint32_t attempt_ = 0, reconnects_ = 0;
  Instant outage_since_;
};

}  // namespace upcall::client
