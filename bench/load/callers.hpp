// Many attendees of many meetings in one thread, as load: a peer with its UDP sockets and a WebSocket each, over the real
// network, all sending the same clip by the clock. Counts what becomes of each packet in a window of time.
//
// The loop wakes once a millisecond and takes all that is there; arrival times are the kernel's, departure times are
// taken before encryption, so how late the loop is falls on nobody's delay. One thread.
#pragma once

#include <boost/json/object.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "clip.hpp"
#include "crypto/random.hpp"
#include "peer.hpp"
#include "stamp.hpp"
#include "timed_socket.hpp"
#include "web_sockets.hpp"

namespace upcall::bench {

struct CallerOptions {
  std::size_t meeting = 0;   // a number of the caller's own: who is in one meeting has the same
  int group = 0;             // measured apart
  bool camera = true;
  bool speaks = true;        // else it sends silence, as one who listens
};

// One kind of packet in a window, over all pairs of a sender and somebody who is to get it.
struct Flow {
  std::uint64_t sent = 0;        // packets that left senders
  std::uint64_t due = 0;         // packets × receivers
  std::uint64_t arrived = 0;     // of those; each once
  std::uint64_t duplicates = 0;
  DelayHistogram delay;
  std::uint64_t missing() const { return due > arrived ? due - arrived : 0; }
};

struct WindowResult {
  Flow audio, video;
  std::uint64_t dropped_at_receivers = 0;   // found no room in an attendee's own socket
  std::uint64_t not_sent = 0;               // the kernel did not take them
  std::uint64_t held = 0;                   // the server said that it did not pass them on: it has more to do than it can
  std::uint64_t sound_packets = 0;          // mixed or not, all listeners together
  std::uint64_t reconnects = 0;
  double loop_late_ms_p99 = 0;              // how late this program itself was
  // Of packets that the server was given and that did not come, and were not dropped at the receiver's own socket.
  double lost_share() const {
    const std::uint64_t due = audio.due + video.due, missing = audio.missing() + video.missing();
    return due == 0 ? 0 : static_cast<double>(missing - std::min(missing, dropped_at_receivers + held)) / static_cast<double>(due);
  }
  double repaired = 0;                      // retransmissions that came
};

class Callers {
 public:
  explicit Callers(const Clip& clip);
  ~Callers();
  Callers(const Callers&) = delete;
  Callers& operator=(const Callers&) = delete;

  // `meeting` and `attendee` as the API gives them. It does nothing until start().
  Result<void> add(const boost::json::object& meeting, const boost::json::object& attendee, const CallerOptions& options);
  // Somebody in a room of Janus (janus_peer.hpp), whose WebSocket is at `url`; with sockets at an address that is not
  // loopback.
  Result<void> add_janus(const std::string& url, std::uint64_t room, const NetAddress& at, const CallerOptions& options);
  // All of a group that have not begun, at once.
  void start(int group);
  bool run(Duration within, const std::function<bool()>& done);
  bool connected(int group) const;
  std::size_t size(int group) const;
  std::size_t connected_count(int group) const;

  // Packets that leave from now on until the end are counted.
  void begin_window();
  // Waits a second for what is on its way.
  WindowResult end_window(int group);

  // Milliseconds of each in the group from start(), or from restart_join_clock(), until media could flow (again), and
  // until the first picture came after that; who does not have it yet is left out.
  std::vector<double> join_ms(int group) const;
  std::vector<double> first_picture_ms(int group) const;
  void restart_join_clock(int group);

 private:
  struct Person;
  Result<Person*> add_person(const CallerOptions& options, std::size_t sockets, const NetAddress& at);
  void apply(Person& p);
  void open_socket(Person& p);
  void send(Person& p, std::size_t socket, const client::MediaOutput& media);
  void receive(Person& p, std::size_t socket);
  void send_all_due();
  void send_due(Person& p, Instant now);
  void send_sound(Person& p);
  void send_picture(Person& p);
  void sound_arrived(Person& p, Bytes payload);
  void tally(const Stamp& stamp, Flow& flow, std::vector<Arrived>& from);
  void tick();

  const Clip& clip_;
  crypto::SystemRandom random_;
  std::unique_ptr<dtls::DtlsContext> context_;
  std::unique_ptr<TimedSocket::Memory> memory_;
  WebSockets web_sockets_;
  std::vector<std::unique_ptr<Person>> people_;
  std::vector<std::vector<std::size_t>> meetings_;   // who is in which
  int epoll_ = -1;
  std::uint16_t window_ = 0, last_window_ = 0;       // 0: nothing is counted
  std::int64_t arrival_ns_ = 0;                      // of the datagram that is being handled
  PeerOutput out_;
  std::vector<udp::UdpSocket::Item> items_;
  DelayHistogram late_;
};

// The same loop and packets of the same lengths between pairs of sockets without anything between them: what the
// machine itself takes.
Result<DelayHistogram> direct_loop(const Clip& clip, std::size_t people, Duration span);

}  // namespace upcall::bench
