// When what happened in one join, from the socket to the first picture, and how much of it was the server's own doing.
// The rest is the client's work, the network's, and the publisher's, who has to make a key frame.
//
//   socket_open
//   join_in → join_ack_out                        JOIN came; JOIN_ACK and INDEX were handed to the socket
//   subscribe_in → subscribe_ack_out              the first SUBSCRIBE
//   connected                                     ICE and DTLS are done
//   video_subscribe_in → video_subscribe_ack_out  the first that receives video; may be the first of all
//   key_frame_wanted → key_frame_asked            the media worker has the subscription and the transport; the publisher
//                                                 is asked (later only when the last request of it is too young)
//   first_video_out                               the first packet of a key frame is sent: in the turn it came in
//
// "In" is taken on the network thread as the message arrives, so waiting for the control thread counts. Not counted:
// what answering checks and handshakes takes within the media worker's turns (upcall_media_slow_turns_total counts those
// over 5 ms). Instants of this host's steady clock; plain values, any thread.
#pragma once

#include <algorithm>
#include <optional>

#include "base/time.hpp"

namespace upcall::service {

struct JoinTimes {
  using Moment = std::optional<Instant>;
  Now socket_open;
  Moment join_in, join_ack_out, subscribe_in, subscribe_ack_out, video_subscribe_in, video_subscribe_ack_out;
  Moment connected, key_frame_wanted, key_frame_asked, first_video_out;

  // Steps of the server alone; nothing until they are over.
  std::optional<Duration> join_step() const { return between(join_in, join_ack_out); }
  std::optional<Duration> subscribe_step() const { return between(subscribe_in, subscribe_ack_out); }
  // From the moment when nothing but the server was missing until the publisher was asked.
  std::optional<Duration> key_frame_request_step() const {
    if (!first_video_out || !key_frame_asked || !video_subscribe_ack_out || !connected) return std::nullopt;
    return std::max(Duration(), *key_frame_asked - std::max(*video_subscribe_ack_out, *connected));
  }
  // Their sum, a second SUBSCRIBE for the video included.
  std::optional<Duration> server() const {
    const auto join = join_step(), subscribe = subscribe_step(), request = key_frame_request_step();
    if (!join || !subscribe || !request) return std::nullopt;
    const bool asked_later = *video_subscribe_in != *subscribe_in;
    return *join + *subscribe + (asked_later ? *video_subscribe_ack_out - *video_subscribe_in : Duration()) + *request;
  }
  // The publisher's key frame: the request's way, its encoder, the way back.
  std::optional<Duration> publisher() const { return between(key_frame_asked, first_video_out); }
  std::optional<Duration> to_first_key_frame() const { return between(socket_open.mono, first_video_out); }

 private:
  static std::optional<Duration> between(const Moment& from, const Moment& to) {
    if (!from || !to) return std::nullopt;
    return *to - *from;
  }
};

}  // namespace upcall::service
