// A whole server in virtual time: rooms and a media worker joined by the two queues between control and media, each with
// a small random delay, so that their races happen here too.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/spsc_ring.hpp"
#include "sfu/worker.hpp"
#include "signaling/room.hpp"
#include "sim/event_queue.hpp"
#include "sim/fake_mixer.hpp"

namespace upcall::sim {

using SocketNo = StrongId<struct SimSocketTag>;

// A recording's tap and what came out of it.
struct Recording {
  std::string meeting;
  wire::TapNo tap;
  std::shared_ptr<ByteRing> ring;
  std::vector<ByteVector> records;
  bool opened = false, closed = false;
  std::uint64_t reported_records = 0, reported_dropped = 0;
  void drain();
};

class Server final : public sfu::TransmitSink {
 public:
  // The world's side: what the server sends.
  struct Wires {
    std::function<void(const NetAddress& to, Bytes datagram)> datagram;
    std::function<void(SocketNo socket, std::string message)> message;
    std::function<void(SocketNo socket, std::uint16_t code)> close;
    std::function<void(const std::string& what)> breach;
  };
  Server(EventQueue& queue, const dtls::DtlsContext& context, RandomSource& random, Wires wires);

  std::string forged;                // this attendee's offers name somebody else's certificate
  std::map<std::string, wire::SfuFailure> failures;   // the last of each attendee
  signaling::RelaySettings relay;   // of meetings that are opened from now on
  void open_meeting(const std::string& meeting);
  void end_meeting(const std::string& meeting);
  void remove_attendee(const std::string& meeting, const std::string& attendee_id);
  Recording& start_recording(const std::string& meeting, std::size_t ring_bytes);
  void stop_recording(Recording& recording);

  void socket_opened(SocketNo socket, const std::string& meeting, const signaling::AttendeeIdentity& attendee);
  void socket_message(SocketNo socket, Bytes message);
  void socket_closed(SocketNo socket);
  void datagram(const NetAddress& from, MutBytes datagram);

  void handle_timeout();
  Instant next_deadline() const;

  static NetAddress media_address() { return NetAddress::v4(198, 51, 100, 1, 40000); }
  const sfu::Worker& worker() const { return worker_; }
  bool misses_packets(wire::ConnectionNo connection) const;
  signaling::Room* room(const std::string& meeting);
  std::map<wire::ConnectionNo, std::string>& meeting_of_connection() { return connections_; }
  std::map<wire::ConnectionNo, std::string>& attendee_of_connection() { return attendees_; }
  // Latest report of each connection, also of those that are gone (asked before they were removed).
  const std::vector<std::unique_ptr<Recording>>& recordings() const { return recordings_; }
  std::uint64_t room_events(signaling::RoomEventKind kind) const;

  void transmit(std::span<const sfu::Transmit> batch) override;

 private:
  struct Entry {
    wire::MeetingNo no;
    std::unique_ptr<signaling::Room> room;
    std::map<signaling::SessionNo, SocketNo> sockets;
  };
  struct Socket {
    std::string meeting;
    signaling::SessionNo session;
  };
  void apply(Entry& entry, const std::string& meeting, signaling::RoomOutput& out);
  void post(wire::SfuCommand command);
  void end_turn();
  void judge_requests();
  void judge_rates();
  void on_media_event(const wire::SfuEvent& event);
  Duration hop() { return Duration::us(static_cast<std::int64_t>(random_.below(3000))); }

  EventQueue& queue_;
  const dtls::DtlsContext& context_;
  RandomSource& random_;
  Wires wires_;
  FakeMixerFactory mixers_;
  sfu::Worker worker_;
  sfu::Outbox outbox_{*this};
  std::map<std::string, Entry> meetings_;
  std::map<SocketNo, Socket> sockets_;
  std::map<wire::ConnectionNo, std::string> connections_, attendees_;
  std::vector<std::unique_ptr<Recording>> recordings_;
  std::map<signaling::RoomEventKind, std::uint64_t> events_seen_;
  Instant command_ready_, event_ready_;
  // Key frames asked of each layer, by its stream, to judge how often.
  struct Asked {
    std::uint64_t requests = 0;
    Instant last;
  };
  std::map<std::pair<wire::ConnectionNo, std::uint32_t>, Asked> asked_;
  Instant tap_opened_;
  // What was sent to each address in the last second, and what could have been.
  struct Sent {
    struct Step {
      Instant at;
      std::size_t bytes = 0;
      std::uint64_t bps = 0;   // from then on
    };
    std::deque<Step> steps;
    std::size_t now_bytes = 0;
  };
  std::map<NetAddress, Sent> sent_;
  std::uint32_t next_meeting_ = 1, next_connection_ = 1, next_tap_ = 1;
};

}  // namespace upcall::sim
