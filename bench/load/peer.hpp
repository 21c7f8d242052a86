// One end of a call, sans-I/O, whatever the server speaks: an attendee of ours, or one of another server that is measured
// beside it. Calls fill an output that Callers carries out. One thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "client/attendee.hpp"

namespace upcall::bench {

struct PeerOutput {
  client::Output first;           // media of the first socket; sockets and messages of signalling
  client::MediaOutput second;     // of the second one, for who has two connections
  void clear() {
    first.clear();
    second.clear();
  }
};

class Peer {
 public:
  virtual ~Peer() = default;
  virtual void start(Now now, PeerOutput& out) = 0;
  virtual void on_socket_open(Now now, PeerOutput& out) = 0;
  virtual void on_socket_message(Now now, Bytes message, PeerOutput& out) = 0;
  virtual void on_socket_closed(Now now, std::uint16_t code, PeerOutput& out) = 0;
  virtual void on_datagram(Now now, std::size_t socket, const NetAddress& from, MutBytes datagram, PeerOutput& out) = 0;
  virtual void handle_timeout(Now now, PeerOutput& out) = 0;
  virtual Instant next_deadline() const = 0;
  virtual void send_audio(Now now, Bytes opus, std::uint32_t timestamp, std::uint8_t minus_dbov, PeerOutput& out) = 0;
  virtual void send_video(Now now, Bytes frame, std::uint32_t timestamp, PeerOutput& out) = 0;
  virtual bool connected() const = 0;
  virtual bool speaks_text() const { return false; }   // its messages
};

class AttendeePeer final : public Peer {
 public:
  AttendeePeer(client::AttendeeOptions options, const dtls::DtlsContext& context, RandomSource& random) : attendee_(std::move(options), context, random) {}
  void start(Now now, PeerOutput& out) override { attendee_.start(now, out.first); }
  void on_socket_open(Now now, PeerOutput& out) override { attendee_.on_socket_open(now, out.first); }
  void on_socket_message(Now now, Bytes message, PeerOutput& out) override { attendee_.on_socket_message(now, message, out.first); }
  void on_socket_closed(Now now, std::uint16_t code, PeerOutput& out) override { attendee_.on_socket_closed(now, code, out.first); }
  void on_datagram(Now now, std::size_t, const NetAddress& from, MutBytes datagram, PeerOutput& out) override {
    attendee_.on_datagram(now, from, datagram, out.first);
  }
  void handle_timeout(Now now, PeerOutput& out) override { attendee_.handle_timeout(now, out.first); }
  Instant next_deadline() const override { return attendee_.next_deadline(); }
  void send_audio(Now now, Bytes opus, std::uint32_t timestamp, std::uint8_t minus_dbov, PeerOutput& out) override {
    attendee_.send_audio(now, opus, timestamp, now.mono, minus_dbov, out.first);
  }
  void send_video(Now now, Bytes frame, std::uint32_t timestamp, PeerOutput& out) override {
    attendee_.send_video(now, frame, timestamp, now.mono, std::nullopt, out.first);
  }
  bool connected() const override { return attendee_.connected(); }

 private:
  client::Attendee attendee_;
};

}  // namespace upcall::bench
