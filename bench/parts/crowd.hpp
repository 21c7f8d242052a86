// Many headless attendees in one thread: client::Attendee with a UDP socket and a WebSocket each, over the real
// network. What they send was encoded before or never was (frames of one packet that nobody decodes; the sound is real
// Opus, because the server mixes it), so that hundreds of them cost a fraction of one real encoder.
//
// One thread; the WebSockets' own threads only leave messages.
#pragma once

#include <boost/json/object.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "client/attendee.hpp"
#include "crypto/random.hpp"
#include "io/net/websocket_client.hpp"
#include "io/udp/udp_socket.hpp"

namespace upcall::bench {

class Crowd {
 public:
  Crowd();
  ~Crowd();

  // Opens the socket (blocks for its handshake) and begins to join. `attendee` and `meeting` as the API gives them.
  Result<void> join(const boost::json::object& meeting, const boost::json::object& attendee);
  // Looks after everybody until `done` or for `within`; false: not done by then.
  bool run(Duration within, const std::function<bool()>& done);
  // All who joined are connected (again).
  bool all_connected() const;
  std::size_t size() const { return people_.size(); }

  // Sends by the clock from now on: packets of 1 100 bytes of video a second from each (a key frame when one is asked
  // for), and 50 of sound. 0 and false: nothing.
  void publish(double video_packets_per_second, bool sound);
  // The same with real pictures: these frames again and again, so many a second, and sound. The first is a key frame;
  // who is asked for one begins with it again.
  void replay(std::vector<ByteVector> frames, int frames_per_second);
  // One packet of each kind from everybody now; for filling memory faster or slower than real time.
  void publish_round();

  std::uint64_t received() const { return received_; }
  std::uint64_t sent() const { return sent_; }
  std::uint64_t frames_sent() const { return frames_sent_; }

 private:
  struct Person;
  void take_messages();
  void step(Person& person);
  void apply(Person& person);
  void send_video(Person& person);
  void send_audio(Person& person);

  crypto::SystemRandom random_;
  std::unique_ptr<dtls::DtlsContext> context_;
  std::vector<std::unique_ptr<Person>> people_;
  std::unique_ptr<udp::UdpSocket::ReceiveMemory> memory_;
  struct Message {
    std::size_t person;
    ByteVector bytes;
    std::uint16_t closed = 0;  // the close code, when it is the end
  };
  std::mutex mutex_;                // guards messages_
  std::vector<Message> messages_;
  std::vector<ByteVector> opus_;    // a second of sound
  ByteVector frame_;
  int epoll_ = -1;
  std::vector<ByteVector> replayed_;
  std::uint32_t video_ticks_ = 3000;   // RTP clock between two pictures
  client::Output out_;
  std::vector<udp::UdpSocket::Item> items_;
  Duration video_interval_;
  bool sound_ = false;
  std::uint64_t received_ = 0, sent_ = 0, frames_sent_ = 0;
};

}  // namespace upcall::bench
