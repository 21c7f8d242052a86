// Meetings over real UDP sockets on loopback, driven by hand in one thread, so that the CPU time of the server's turn can
// be told from that of the attendees: attendees send, then turn() does what the media thread does, then sinks drain.
// Signalling goes from object to object.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/rng.hpp"
#include "client/attendee.hpp"
#include "io/udp/by_destination.hpp"
#include "io/udp/udp_socket.hpp"
#include "sfu/worker.hpp"
#include "signaling/room.hpp"

namespace upcall::bench {

// Heap allocations of this process so far (the program counts operator new).
std::uint64_t allocations();
double thread_cpu_seconds();

struct RigAttendee {
  RigAttendee(client::AttendeeOptions options, const dtls::DtlsContext& context, RandomSource& random, udp::UdpSocket bound)
      : attendee(std::move(options), context, random), socket(std::move(bound)) {}
  client::Attendee attendee;
  udp::UdpSocket socket;
  std::string meeting;
  signaling::SessionNo session;
  bool wants_socket = false;
  bool key_wanted = false;
};

class CallRig final : public sfu::TransmitSink {
 public:
  CallRig();

  void open_meeting(const std::string& meeting);
  void end_meeting(const std::string& meeting);
  RigAttendee& add(const std::string& meeting, const std::string& attendee_id, bool camera);
  // False: somebody did not connect within 10 s.
  bool connect();
  // One packet of 1100 payload bytes as a frame of its own.
  void publish(RigAttendee& from, bool key);
  void open_tap(const std::string& meeting);
  // Reads the tap's ring empty, as the journal does.
  void drain_tap();
  std::uint64_t records() const { return records_; }

  // The server's turn: receive, forward, send. Its costs are added up.
  void turn();
  // What arrived at the attendees: counted and thrown away, or handed to them.
  std::size_t drain_sinks();
  void step_attendees();

  struct Costs {
    double cpu_seconds = 0;
    std::uint64_t packets_in = 0, packets_out = 0, allocations = 0, turns = 0;
    // Of each turn, receive returns → send returns, by the wall clock and by this thread's; kept when asked for. On a
    // machine with other work the first shows the scheduler, the second the code.
    std::vector<double> turn_us, turn_cpu_us;
  };
  Costs costs;
  bool keep_turn_times = false;

  void transmit(std::span<const sfu::Transmit> batch) override;
  const std::vector<std::unique_ptr<RigAttendee>>& attendees() const { return attendees_; }

 private:
  struct Entry {
    wire::MeetingNo no;
    std::unique_ptr<signaling::Room> room;
  };
  void apply(Entry& entry, signaling::RoomOutput& out);
  void apply(RigAttendee& a, client::Output& out);
  void after_commands();

  SeededRandom random_{1};
  dtls::DtlsContext server_context_, client_context_;
  udp::UdpSocket socket_;
  udp::ByDestination by_destination_;
  NetAddress address_;
  std::unique_ptr<sfu::Worker> worker_;
  sfu::Outbox outbox_{*this};
  std::unique_ptr<udp::UdpSocket::ReceiveMemory> memory_ = std::make_unique<udp::UdpSocket::ReceiveMemory>();
  std::unique_ptr<udp::UdpSocket::ReceiveMemory> sink_memory_ = std::make_unique<udp::UdpSocket::ReceiveMemory>();
  std::map<std::string, Entry> meetings_;
  std::map<wire::ConnectionNo, std::string> connections_;
  std::vector<std::unique_ptr<RigAttendee>> attendees_;
  std::shared_ptr<ByteRing> ring_;
  ByteVector record_, frame_;
  std::uint64_t records_ = 0;
  client::Output out_;
  std::uint32_t timestamp_ = 0;
  std::uint32_t next_meeting_ = 1, next_connection_ = 1;
};

}  // namespace upcall::bench
