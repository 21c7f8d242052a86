// A customer's place in the queue: when it is told, to whom, and what it counts.
#include <gmock/gmock.h>

#include "centre_world.hpp"

namespace upcall::contact {
namespace {

using ::testing::ElementsAre;

// What customers were told of their place since the last call, by contact: "2/3".
std::map<std::string, std::vector<std::string>> places(World& w) {
  std::map<std::string, std::vector<std::string>> out;
  for (const ChatItem& item : w.told) out[item.contact_id].push_back(*item.content);
  w.told.clear();
  return out;
}
std::string at(int position, int length) { return "{\"position\":" + std::to_string(position) + ",\"queueLength\":" + std::to_string(length) + "}"; }

TEST(QueuePlace, IsToldWhenItChangesTogetherAndNotTooOften) {
  World w;
  const std::string first = w.start();
  EXPECT_THAT(places(w)[first], ElementsAre(at(1, 1))) << "at once when nobody was told just now";
  const std::string second = w.start(), third = w.start();
  EXPECT_TRUE(places(w).empty()) << "within the second: later, and together";
  w.pass(Duration::s(1));
  auto told = places(w);
  EXPECT_THAT(told[first], ElementsAre(at(1, 3)));
  EXPECT_THAT(told[second], ElementsAre(at(2, 3)));
  EXPECT_THAT(told[third], ElementsAre(at(3, 3)));
  EXPECT_EQ(w.centre.queue_place(*w.centre.contact(third)), (QueuePlace{3, 3}));

  // On offer it still waits: it may be refused.
  w.run(SetAgentStatus{"ann", AgentStatus::available});
  w.pass(Duration::s(2));
  EXPECT_TRUE(places(w).empty());
  w.run(AcceptContact{"ann", first});
  told = places(w);
  EXPECT_EQ(told.count(first), 0u);
  EXPECT_THAT(told[second], ElementsAre(at(1, 2)));
  EXPECT_THAT(told[third], ElementsAre(at(2, 2)));
  EXPECT_EQ(w.centre.queue_place(*w.centre.contact(first)), QueuePlace{});
  EXPECT_FALSE(w.centre.queue_place_event(first, w.now.wall, w.random));

  // Who gives up makes room.
  const auto leaver = w.centre.contact(second)->participants.front().id;
  w.pass(Duration::s(2));
  w.run(LeaveChat{second, leaver});
  EXPECT_THAT(places(w)[third], ElementsAre(at(1, 1)));
  const auto event = w.centre.queue_place_event(third, w.now.wall, w.random);
  ASSERT_TRUE(event);
  EXPECT_EQ(*event->content, at(1, 1));
  EXPECT_EQ(event->seq, 0u) << "never stored";
}

TEST(QueuePlace, FollowsPriorityAndQueue) {
  World w;
  const std::string ordinary = w.start();
  const std::string personal = w.start({{"videoReferenceId", "12345678"}, {"videoRouteToAgent", "ann@example.com"}});
  w.pass(Duration::s(1));
  auto told = places(w);
  EXPECT_EQ(told[ordinary].back(), at(1, 1)) << "another queue is another line";
  EXPECT_EQ(told[personal].back(), at(1, 1));
  const std::string late = w.start({{"videoRouteToAgent", "ann@example.com"}});
  w.pass(Duration::s(1));
  EXPECT_EQ(places(w)[late].back(), at(2, 2)) << "a reference comes first";
}

// From outside of the flow, as the vendor's UpdateContactRoutingData does it.
TEST(QueuePlaces, RoutingIsChangedFromOutside) {
  World w;
  const std::string first = w.start(), second = w.start(), third = w.start();
  EXPECT_FALSE(w.run(SetRouting{third, 1, std::nullopt}).error);
  EXPECT_EQ(w.centre.queue_place(*w.centre.contact(third)), (QueuePlace{1, 3}));
  EXPECT_FALSE(w.run(SetRouting{second, std::nullopt, Duration::s(3600)}).error);
  EXPECT_EQ(w.centre.queue_place(*w.centre.contact(second)), (QueuePlace{2, 3}));
  EXPECT_EQ(w.centre.queue_place(*w.centre.contact(first)), (QueuePlace{3, 3}));
  EXPECT_EQ(w.centre.index_fault(), "");
  w.told.clear();
  w.pass(Duration::s(2));
  EXPECT_FALSE(w.told.empty()) << "customers are told of their new places";
  w.run(SetAgentStatus{"ann", AgentStatus::available});
  EXPECT_EQ(w.view("ann", third), AgentView::connecting);
  EXPECT_EQ(w.run(SetRouting{"none", 1, std::nullopt}).error->code, ErrorCode::not_found);
  // Whoever has it keeps it; a contact that is over has no place.
  w.run(AcceptContact{"ann", third});
  EXPECT_FALSE(w.run(SetRouting{third, 9, std::nullopt}).error);
  EXPECT_EQ(w.view("ann", third), AgentView::connected);
  w.run(EndContact{"ann", third});
  EXPECT_EQ(w.run(SetRouting{third, 1, std::nullopt}).error->code, ErrorCode::conflict);
}

TEST(Start, AContactIdThatTheCallerChoseIsUsedOnce) {
  World w;
  StartChat start{"", "Jane", {{"customerName", "Jane"}, {"videoReferenceId", ""}}};
  start.contact_id = "0b5d8c1e-0000-4000-8000-000000000001";
  EXPECT_EQ(w.run(start).contact_id, start.contact_id);
  EXPECT_EQ(w.run(start).error->code, ErrorCode::conflict);
  EXPECT_EQ(w.centre.contacts().size(), 1u);
}

}  // namespace
}  // namespace upcall::contact
