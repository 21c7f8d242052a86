// A room on a table: sockets, frames in and out, the captured offers of the real client.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/rng.hpp"
#include "signaling/room.hpp"

namespace upcall::signaling {

std::string captured(const std::string& file);   // a file under tests/captures

class RoomBench {
 public:
  explicit RoomBench(RelaySettings relay = {}, std::size_t sessions_max = 16);

  SessionNo open(const std::string& attendee_id);
  void feed(SessionNo session, wire::SignalFrame frame);
  void feed_bytes(SessionNo session, Bytes bytes);
  void close(SessionNo session);
  void sfu(const wire::SfuEvent& event);
  void run_for(Duration time);

  // Whole steps.
  void join(SessionNo session, std::uint32_t audio_session_id = 77, const std::string& browser = "chrome");
  // `receive`: receive_stream_ids; `camera`: DUPLEX with a video send stream.
  void subscribe(SessionNo session, const std::string& offer, std::vector<std::uint32_t> receive = {0}, bool camera = false);
  // open + JOIN + SUBSCRIBE + media connected.
  SessionNo enter(const std::string& attendee_id, bool camera = false, std::uint32_t audio_session_id = 77);

  // What this socket got, and forgets it.
  std::vector<wire::SignalFrame> take(SessionNo session);
  std::vector<wire::SfuCommand> take_commands() { return std::exchange(out.commands, {}); }
  wire::ConnectionNo connection_of(SessionNo session) const { return connections_.at(session); }

  RoomOutput out;
  SeededRandom random{1};
  Now now{Instant::from_ms(1'000'000), WallTime::from_unix_ms(1'800'000'000'000)};
  std::uint32_t next_connection = 1;
  std::unique_ptr<Room> room;

 private:
  void absorb(SessionNo by);
  std::map<SessionNo, wire::ConnectionNo> connections_;
};

}  // namespace upcall::signaling
