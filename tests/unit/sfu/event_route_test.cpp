// Which room an event of the media worker is for.
#include <gtest/gtest.h>

#include "wire/sfu_route.hpp"

namespace upcall::wire {
namespace {

template <std::size_t I = 0, class Fn>
void each_alternative(Fn&& fn) {
  if constexpr (I < std::variant_size_v<SfuEvent>) {
    fn(std::variant_alternative_t<I, SfuEvent>{});
    each_alternative<I + 1>(fn);
  }
}

TEST(EventRoute, WhatNamesAConnectionOrAMeetingGoesToItsRoomAndTheRestToNone) {
  int to_connections = 0, to_meetings = 0, to_nobody = 0;
  each_alternative([&](auto event) {
    if constexpr (requires { event.meeting; }) event.meeting = MeetingNo{5};
    if constexpr (requires { event.connection; }) event.connection = ConnectionNo{7};
    const SfuEventTarget target = target_of(event);
    if (target == SfuEventTarget{{}, ConnectionNo{7}}) ++to_connections;
    else if (target == SfuEventTarget{MeetingNo{5}, {}}) ++to_meetings;
    else if (target == SfuEventTarget{}) ++to_nobody;
    else ADD_FAILURE() << "alternative " << SfuEvent(event).index() << " goes to two rooms";
  });
  EXPECT_EQ(to_nobody, 4) << "nothing, taps opened and closed, the report";
  EXPECT_EQ(to_meetings, 2);
  EXPECT_EQ(to_connections + to_meetings + to_nobody, static_cast<int>(std::variant_size_v<SfuEvent>));
  EXPECT_EQ(target_of(SfuValidated{ConnectionNo{9}}).connection, ConnectionNo{9});
}

}  // namespace
}  // namespace upcall::wire
