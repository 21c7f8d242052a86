// Everything together in virtual time: a server, networks, attendees, and the judges. All follows from the seed.
//
//   World world(seed, [](Instant now) { set_openssl_clock(now); });
//   world.open_meeting("m"); auto& a = world.add("m", "a", {.camera = true}); world.run_for(Duration::s(5));
//   EXPECT_THAT(world.breaches(), IsEmpty());
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/rng.hpp"
#include "sim/event_queue.hpp"
#include "sim/participant.hpp"
#include "sim/server.hpp"

namespace upcall::sim {

class World {
 public:
  // `on_clock` is told of every step of the virtual clock (OpenSSL's timers have one of their own).
  World(std::uint64_t seed, std::function<void(Instant)> on_clock);

  struct AddOptions {
    bool camera = false;
    Weather weather;
    std::uint32_t first_timestamp = 0;
    std::optional<client::FirstNumbers> first_numbers;
    int frames_per_second = 10;
    std::size_t frame_bytes = 1800;
    std::uint64_t bits_per_second = 0;
    bool transport_feedback = true;
    std::vector<std::uint64_t> layer_bits_per_second;
    std::vector<rtc::VideoCodec> video_codecs;   // what it takes, the one it likes best first; empty: VP8
  };
  void open_meeting(const std::string& meeting);
  Participant& add(const std::string& meeting, const std::string& attendee_id, AddOptions options);
  void leave(Participant& p);
  void set_muted(Participant& p, bool muted);
  void set_camera(Participant& p, bool on);
  // The signalling socket breaks: the client sees it at once, the server after `server_notices`.
  void cut_socket(Participant& p, Duration server_notices);
  // A NAT gave it another address: what was sent to the old one is lost.
  void rebind(Participant& p);
  // The process dies: no word, the socket is reset.
  void vanish(Participant& p);
  void set_weather(Participant& p, Weather up, Weather down);
  void set_weather(Participant& p, Weather weather) { set_weather(p, weather, weather); }
  void set_all_weather(Weather weather);

  void run_for(Duration time);
  // Nothing is missing anywhere: to be asked when the weather has been clear for seconds.
  void judge_repaired(const std::string& meeting);
  // Everybody takes everybody's link for good: the same.
  void judge_links(const std::string& meeting);
  // Runs until the condition holds or the limit passes; the condition's last value.
  bool run_until(const std::function<bool()>& condition, Duration limit);

  // What everybody must agree on once nothing has changed for a while, and whether media flows from all to all.
  void judge_agreement(const std::string& meeting);
  // The records of a closed recording.
  void judge_recording(const Recording& recording);
  // After all meetings have ended: the worker holds nothing any more.
  void judge_emptiness();

  EventQueue& queue() { return queue_; }
  RandomSource& random() { return random_; }
  Server& server() { return *server_; }
  const std::vector<std::unique_ptr<Participant>>& participants() const { return participants_; }
  std::vector<Participant*> present(const std::string& meeting) const;
  const std::vector<std::string>& breaches() const { return breaches_; }
  std::uint64_t datagrams() const { return datagrams_; }

 private:
  struct ClientSocket {
    Participant* owner = nullptr;
    bool client_open = false, server_open = false;
    Instant up_ready, down_ready;   // messages keep their order
  };
  void apply(Participant& p, client::Output& out);
  void open_socket(Participant& p);
  void close_from_client(SocketNo socket);
  void to_client(const NetAddress& to, Bytes datagram);
  void judge_strength(const Participant& told, const client::Event& event);
  void breach(const std::string& what);
  void step_timers();
  Instant next_instant() const;
  NetAddress fresh_address();
  Duration socket_delay() { return Duration::us(static_cast<std::int64_t>(2000 + random_.below(15'000))); }

  std::function<void(Instant)> on_clock_;
  SeededRandom random_;
  EventQueue queue_;
  std::unique_ptr<Server> server_;
  std::vector<std::unique_ptr<Participant>> participants_;
  std::map<std::string, std::uint32_t> meeting_numbers_;
  std::map<NetAddress, Participant*> by_address_;
  std::map<SocketNo, ClientSocket> sockets_;
  std::map<Participant*, SocketNo> socket_of_;
  std::vector<std::string> breaches_;
  std::uint64_t datagrams_ = 0;
  std::uint32_t next_socket_ = 1, next_host_ = 1;
};

}  // namespace upcall::sim
