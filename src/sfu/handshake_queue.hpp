// Datagrams of DTLS that wait for their turn: a step of a handshake takes as long as a hundred packets of media, and when
// many people join at once the media of those who are there must not stand behind all of them. The shell puts a datagram
// here when its address has passed ICE, and handles one after each turn's media.
//
// Order is kept within a path. Bounded in all and for each path, so that one peer cannot fill it; what finds no room is
// lost like on a wire, and DTLS repeats it (RFC 6347 §4.2.4). One thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>

#include "base/bytes.hpp"
#include "rtc/ice/path.hpp"

namespace upcall::sfu {

class HandshakeQueue {
 public:
  static constexpr std::size_t kMax = 2048;
  static constexpr std::size_t kMaxOfPath = 16;   // two flights, in pieces

  struct Waiting {
    ice::Path path;
    ByteVector datagram;
  };

  // False: no room.
  bool push(const ice::Path& path, Bytes datagram) {
    if (waiting_.size() >= kMax) return false;
    const auto of_path = std::count_if(waiting_.begin(), waiting_.end(), [&](const Waiting& w) { return w.path == path; });
    if (static_cast<std::size_t>(of_path) >= kMaxOfPath) return false;
    waiting_.push_back({path, ByteVector(datagram.begin(), datagram.end())});
    return true;
  }
  bool empty() const { return waiting_.empty(); }
  std::size_t size() const { return waiting_.size(); }
  // The oldest; only when not empty().
  Waiting pop() {
    Waiting out = std::move(waiting_.front());
    waiting_.pop_front();
    return out;
  }

 private:
  std::deque<Waiting> waiting_;
};

}  // namespace upcall::sfu
