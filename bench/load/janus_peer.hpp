// Somebody in a room of Janus's video room plugin, over its JSON on a WebSocket: one peer connection to publish, one to
// receive the other one of a room of two. Descriptions are those of client::MediaSession; Janus offers what it sends, our
// session only knows how to offer, so each gets the other's words in the order it expects. One thread.
#pragma once

#include <boost/json/object.hpp>

#include <cstdint>
#include <memory>
#include <string>

#include "base/net_address.hpp"
#include "peer.hpp"

namespace upcall::bench {

class JanusPeer final : public Peer {
 public:
  // `publish_from`, `receive_at`: addresses of its two sockets. `watch` as in client::AttendeeOptions.
  JanusPeer(std::uint64_t room, const NetAddress& publish_from, const NetAddress& receive_at, const dtls::DtlsContext& context,
            RandomSource& random, client::PacketWatch* watch);

  void start(Now now, PeerOutput& out) override;
  void on_socket_open(Now now, PeerOutput& out) override;
  void on_socket_message(Now now, Bytes message, PeerOutput& out) override;
  void on_socket_closed(Now now, std::uint16_t code, PeerOutput& out) override;
  void on_datagram(Now now, std::size_t socket, const NetAddress& from, MutBytes datagram, PeerOutput& out) override;
  void handle_timeout(Now now, PeerOutput& out) override;
  Instant next_deadline() const override;
  void send_audio(Now now, Bytes opus, std::uint32_t timestamp, std::uint8_t minus_dbov, PeerOutput& out) override;
  void send_video(Now now, Bytes frame, std::uint32_t timestamp, PeerOutput& out) override;
  // It sends, and hears the other one.
  bool connected() const override { return told_; }
  bool speaks_text() const override { return true; }

 private:
  void request(const char* what, std::uint64_t handle, boost::json::object more, PeerOutput& out);
  void body(std::uint64_t handle, boost::json::object body, const boost::json::object* jsep, PeerOutput& out);
  void publish(PeerOutput& out);
  void subscribe(std::uint64_t feed, PeerOutput& out);
  void on_publishers(const boost::json::object& data, PeerOutput& out);
  void on_offer(Now now, const std::string& sdp, PeerOutput& out);
  void update(PeerOutput& out);

  std::uint64_t room_;
  NetAddress publish_from_, receive_at_;
  client::MediaSession publisher_, receiver_;
  std::uint64_t session_ = 0, publish_handle_ = 0, receive_handle_ = 0, feed_ = 0, transaction_ = 0;
  bool told_ = false, open_ = false, failed_ = false;   // failed: a description made no sense
  Instant keepalive_ = Instant::never();
};

}  // namespace upcall::bench
