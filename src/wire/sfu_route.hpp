// Which room an event of the media worker is for: by the connection that it names, else by its meeting. The server and its
// simulation both ask here, so that an event cannot reach the rooms of the one and not of the other.
#pragma once

#include <type_traits>
#include <variant>

#include "wire/sfu.hpp"

namespace upcall::wire {

// One of both is set; neither: the event is for nobody's room.
struct SfuEventTarget {
  MeetingNo meeting{};
  ConnectionNo connection{};
  bool operator==(const SfuEventTarget&) const = default;
};

// What whoever opened a tap or asked for a report is told. Every other event must name a connection or a meeting.
template <class Event>
inline constexpr bool kForNoRoom = std::is_same_v<Event, std::monostate> || std::is_same_v<Event, SfuTapOpened> ||
                                   std::is_same_v<Event, SfuTapClosed> || std::is_same_v<Event, SfuMeetingReport>;

inline SfuEventTarget target_of(const SfuEvent& event) {
  return std::visit(
      [](const auto& one) -> SfuEventTarget {
        using Event = std::remove_cvref_t<decltype(one)>;
        if constexpr (kForNoRoom<Event>) {
          return {};
        } else if constexpr (requires { one.connection; }) {
          return {.meeting = {}, .connection = one.connection};
        } else {
          return {.meeting = one.meeting, .connection = {}};
        }
      },
      event);
}

}  // namespace upcall::wire
