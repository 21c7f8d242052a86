// The joins of one meeting's present connections: gathers their moments from the room's answers and from the media
// worker's events, and measures what is over. Clockless; one thread.
#pragma once

#include <map>
#include <vector>

#include "service/meetings/join_metrics.hpp"
#include "service/meetings/join_times.hpp"
#include "signaling/room.hpp"
#include "wire/sfu.hpp"

namespace upcall::service {

class JoinLog {
 public:
  // `socket_open` and `received`: when the socket opened and the message came in; `now`: its answer was handed to the
  // socket; `live`: the room's connections, others are forgotten when a new one joins.
  void on_answered(const signaling::RoomOutput::Answered& answered, Now socket_open, Instant received, Instant now,
                   const std::vector<wire::ConnectionNo>& live, JoinMetrics& metrics);
  void on_media(const wire::SfuEvent& event, JoinMetrics& metrics);

  const std::map<wire::ConnectionNo, JoinTimes>& joins() const { return joins_; }

 private:
  std::map<wire::ConnectionNo, JoinTimes> joins_;
};

}  // namespace upcall::service
