// A network between attendees and a server's media port, in user space: needs no rights and repeats from a seed. It
// stands at the address that the server advertises; each attendee gets a socket of its own towards the server, as
// behind a NAT. What a path does to datagrams is sim::Link, the same as in the simulation.
//
// Sans-I/O: datagrams and the time go in, datagrams come out of `due`. Sockets are numbers that the shell binds. One thread.
#pragma once

#include <cstdint>
#include <map>
#include <queue>
#include <vector>

#include "base/bytes.hpp"
#include "base/net_address.hpp"
#include "base/rng.hpp"
#include "sim/weather.hpp"

namespace upcall::relay {

using SocketId = std::uint32_t;   // a source address towards the server; never used again

struct Counts {
  std::uint64_t up = 0, up_lost = 0, up_duplicated = 0;        // offered by attendees; what became of them
  std::uint64_t down = 0, down_lost = 0, down_duplicated = 0;
  std::uint64_t to_old = 0;         // what the server sent to an address after the NAT gave it up
  std::uint64_t strays = 0;         // sent from an address that was given up
  std::uint64_t rebinds = 0, attendees = 0;
  // Since the last rebinding of any attendee: until the server first sent to the new address. Nothing: not yet.
  std::vector<Duration> back_after;
};

class Relay {
 public:
  explicit Relay(std::uint64_t seed) : random_(seed) {}

  // Of all, those who come later among them; or of one alone: the first that sent anything is 1.
  void set_up(const sim::Weather& weather, std::uint32_t of = 0);
  void set_down(const sim::Weather& weather, std::uint32_t of = 0);
  // From here on nothing passes in either direction.
  void set_blocked(bool blocked) { blocked_ = blocked; }
  // The NAT gives every attendee another address; the old ones are deaf from now on, datagrams under way to them too.
  void rebind(Instant now);
  // The next `count` media datagrams of each attendee go out a second time, from the address before its last rebinding.
  void stray(std::uint32_t count);

  struct Due {
    bool to_server = false;
    SocketId socket = 0;             // to_server: from here; the shell binds it when it is new
    NetAddress attendee;             // else: to this one
    ByteVector bytes;
  };
  void from_attendee(Instant now, const NetAddress& attendee, Bytes datagram);
  void from_server(Instant now, SocketId socket, Bytes datagram);
  // Takes what must leave by `now`, in the order of its time.
  std::vector<Due> due(Instant now);
  Instant next_deadline() const { return waiting_.empty() ? Instant::never() : waiting_.top().at; }

  const Counts& counts() const { return counts_; }

 private:
  struct Attendee {
    explicit Attendee(const sim::Weather& up_weather, const sim::Weather& down_weather) : up(up_weather), down(down_weather) {}
    SocketId socket = 0, before = 0;
    std::uint32_t number = 0;
    sim::Link up, down;
    std::uint32_t strays = 0;
    Instant rebound_at;
    bool awaits_answer = false;
  };
  struct Waiting {
    Instant at;
    std::uint64_t order;             // of those of one time
    Due due;
    bool operator<(const Waiting& o) const { return at != o.at ? at > o.at : order > o.order; }
  };
  void enqueue(Instant at, Due due) { waiting_.push({at, order_++, std::move(due)}); }

  SeededRandom random_;
  sim::Weather up_{.delay = Duration()}, down_{.delay = Duration()};
  bool blocked_ = false;
  std::map<NetAddress, Attendee> attendees_;
  std::map<SocketId, NetAddress> owner_;
  SocketId next_socket_ = 1;
  std::priority_queue<Waiting> waiting_;
  std::uint64_t order_ = 0;
  Counts counts_;
};

}  // namespace upcall::relay
