// service::MeetingDirectory: who gets which meeting, what is written, what a restart finds.
#include <future>
#include <set>

#include "service_world.hpp"

namespace upcall::test {
namespace {

// acceptance: 46
TEST(Directory, ASecondStartOfTheSameAgentGetsTheSameMeeting) {
  ServiceWorld world;
  const auto first = world.meeting("m-1");
  const auto again = world.meeting("m-1");
  EXPECT_EQ(again.meeting.meeting_id, first.meeting.meeting_id);
  EXPECT_EQ(again.attendee.attendee_id, first.attendee.attendee_id);
  EXPECT_EQ(again.join_token, first.join_token);
  EXPECT_EQ(world.events("m-1", "meeting."), (std::vector<std::string>{"meeting.started"}));
  service::NewMeeting other;
  other.external_meeting_id = "m-1";
  other.owner_principal = "agent-2";
  other.owner = {"Bob", "", ""};
  const auto refused = world.directory->create(other);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::conflict);
  EXPECT_TRUE(eventually([&] { return world.runtime->counters().meetings == 1; }));
}

TEST(Directory, ManyStartsAtOnceMakeOneMeeting) {
  ServiceWorld world;
  std::vector<std::future<service::JoinInfo>> starts;
  for (int i = 0; i < 8; ++i) starts.push_back(std::async(std::launch::async, [&] { return world.meeting("m-1"); }));
  std::set<std::string> ids, tokens;
  for (auto& s : starts) {
    const auto join = s.get();
    ids.insert(join.meeting.meeting_id);
    tokens.insert(join.join_token);
  }
  EXPECT_EQ(ids.size(), 1u);
  EXPECT_EQ(tokens.size(), 1u);
  EXPECT_EQ(world.events("m-1", "meeting."), (std::vector<std::string>{"meeting.started"}));
}

TEST(Directory, AttendeesJoinByTheirTokenUntilTheyAreRemoved) {
  ServiceWorld world;
  const auto owner = world.meeting("m-1"), elsewhere = world.meeting("m-2");
  const auto added = world.directory->add_attendee(owner.meeting, {"Third", "", "third-user"}, store::AttendeeRole::other);
  ASSERT_TRUE(added.has_value());
  const auto twice = world.directory->add_attendee(owner.meeting, {"Third", "", "third-user"}, store::AttendeeRole::other);
  ASSERT_FALSE(twice.has_value());
  EXPECT_EQ(twice.error().code, ErrorCode::conflict);
  EXPECT_TRUE(world.directory->add_attendee(elsewhere.meeting, {"Third", "", "third-user"}, store::AttendeeRole::other).has_value())
      << "the same person in another meeting";
  const auto& id = owner.meeting.meeting_id;
  const auto identity = world.directory->identity_by_token(id, added->join_token);
  ASSERT_TRUE(identity.has_value());
  EXPECT_EQ(identity->attendee_id, added->attendee.attendee_id);
  EXPECT_EQ(identity->external_user_id, "third-user");
  EXPECT_FALSE(world.directory->identity_by_token(elsewhere.meeting.meeting_id, added->join_token)) << "another meeting's";
  EXPECT_FALSE(world.directory->identity_by_token(id, added->join_token + "x"));
  EXPECT_FALSE(world.directory->identity_by_token(id, ""));
  EXPECT_EQ(world.directory->join_info(owner.meeting, "third-user")->join_token, added->join_token);
  ASSERT_TRUE(world.directory->remove_attendee(owner.meeting, added->attendee.attendee_id).has_value());
  EXPECT_FALSE(world.directory->identity_by_token(id, added->join_token));
  EXPECT_EQ(world.directory->join_info(owner.meeting, "third-user").error().code, ErrorCode::not_found);
  // RECORDING has a row like everybody and joins by nothing.
  const auto silent = world.directory->add_attendee(owner.meeting, {"RECORDING", "", "rec-1"}, store::AttendeeRole::recording);
  ASSERT_TRUE(silent.has_value());
  EXPECT_FALSE(world.directory->identity_by_token(id, silent->join_token));
  EXPECT_EQ(world.directory->join_info(owner.meeting, "rec-1").error().code, ErrorCode::not_found);
}

TEST(Directory, StartingAgainInvitesWhoWasRemovedUnderANewToken) {
  ServiceWorld world;
  const auto owner = world.meeting("m-1");
  const auto& meeting = owner.meeting;
  const auto carl = world.directory->join_info(meeting, "m-1-carl");
  ASSERT_TRUE(carl.has_value());
  ASSERT_TRUE(world.directory->remove_attendee(meeting, carl->attendee.attendee_id).has_value());
  ASSERT_TRUE(world.directory->remove_attendee(meeting, carl->attendee.attendee_id).has_value()) << "twice is fine";
  EXPECT_EQ(world.directory->join_info(meeting, "m-1-carl").error().code, ErrorCode::not_found);
  const auto known = world.directory->find_attendee_ever(meeting, "m-1-carl");
  ASSERT_TRUE(known.has_value() && known->has_value());
  EXPECT_EQ((*known)->attendee_id, carl->attendee.attendee_id);
  EXPECT_TRUE((*known)->removed.has_value());
  EXPECT_FALSE((*world.directory->find_attendee_ever(meeting, "nobody")).has_value());

  const auto again = world.meeting("m-1");
  EXPECT_EQ(again.join_token, owner.join_token) << "the owner's join data stay";
  const auto invited = world.directory->join_info(meeting, "m-1-carl");
  ASSERT_TRUE(invited.has_value());
  EXPECT_NE(invited->attendee.attendee_id, carl->attendee.attendee_id);
  EXPECT_EQ(invited->attendee.name, "Carl");
  EXPECT_EQ(invited->attendee.role, store::AttendeeRole::customer);
  EXPECT_FALSE(world.directory->identity_by_token(meeting.meeting_id, carl->join_token));
  EXPECT_TRUE(world.directory->identity_by_token(meeting.meeting_id, invited->join_token));
  EXPECT_EQ((*world.directory->find_attendee_ever(meeting, "m-1-carl"))->attendee_id, invited->attendee.attendee_id);
  // Who is there keeps what it has.
  world.meeting("m-1");
  EXPECT_EQ(world.directory->join_info(meeting, "m-1-carl")->join_token, invited->join_token);
  EXPECT_TRUE(world.directory->add_attendee(meeting, {"Third", "", "third-user"}, store::AttendeeRole::other).has_value());
}

TEST(Directory, AnEndIsWrittenOnceAndFreesTheName) {
  ServiceWorld world;
  const auto first = world.meeting("m-1");
  const int told = world.told;
  ASSERT_TRUE(world.directory->end(first.meeting).has_value());
  ASSERT_TRUE(world.directory->end(first.meeting).has_value()) << "ending an ended meeting is fine";
  EXPECT_EQ(world.told, told + 1);
  EXPECT_TRUE((*world.directory->find("m-1"))->ended.has_value());
  EXPECT_EQ(world.events("m-1", "meeting."), (std::vector<std::string>{"meeting.started", "meeting.ended"}));
  EXPECT_TRUE(eventually([&] { return world.runtime->counters().meetings == 0; }));
  const auto second = world.meeting("m-1", "agent-2");
  EXPECT_NE(second.meeting.meeting_id, first.meeting.meeting_id);
  EXPECT_EQ((*world.directory->find("m-1"))->meeting_id, second.meeting.meeting_id) << "the live one";
  EXPECT_FALSE(world.directory->identity_by_token(second.meeting.meeting_id, first.join_token)) << "tokens end with their meeting";
}

TEST(Directory, ARestartOpensLiveMeetingsWithTheTokensTheyHad) {
  ServiceWorld world;
  const auto live = world.meeting("m-live"), over = world.meeting("m-over");
  ASSERT_TRUE(world.directory->end(over.meeting).has_value());
  world.stop();
  world.start();
  EXPECT_TRUE(eventually([&] { return world.runtime->counters().meetings == 1; }));
  const auto seen = world.runtime->inspect(live.meeting.meeting_id).get();
  EXPECT_TRUE(seen.has_value()) << "the room is open";
  EXPECT_FALSE(world.runtime->inspect(over.meeting.meeting_id).get().has_value());
  EXPECT_TRUE(world.directory->identity_by_token(live.meeting.meeting_id, live.join_token));
  EXPECT_EQ(world.meeting("m-live").join_token, live.join_token);
  EXPECT_EQ(world.directory->join_info(live.meeting, "m-live-carl")->attendee.name, "Carl");
}

// acceptance: 46
TEST(Directory, AMeetingThatCannotBeWrittenIsNotOpened) {
  ServiceWorld world;
  world.sql("alter table attendees rename to attendees_gone");
  service::NewMeeting wanted;
  wanted.external_meeting_id = "m-1";
  wanted.owner_principal = "agent-1";
  wanted.owner = {"Alice", "", ""};
  const int told = world.told;
  const auto refused = world.directory->create(wanted);
  ASSERT_FALSE(refused.has_value());
  EXPECT_NE(refused.error().code, ErrorCode::conflict);
  EXPECT_EQ(world.told, told);
  world.sql("alter table attendees_gone rename to attendees");
  EXPECT_FALSE((*world.directory->find("m-1")).has_value()) << "nothing is left of the half";
  EXPECT_TRUE(world.events("m-1", "").empty());
  const auto join = world.meeting("m-1");
  EXPECT_TRUE(eventually([&] { return world.runtime->counters().meetings == 1; }));
  // An end that cannot be written leaves the meeting going.
  world.sql("alter table outbox rename to outbox_gone");
  EXPECT_FALSE(world.directory->end(join.meeting).has_value());
  world.sql("alter table outbox_gone rename to outbox");
  EXPECT_FALSE((*world.directory->find("m-1"))->ended.has_value());
  EXPECT_TRUE(world.runtime->inspect(join.meeting.meeting_id).get().has_value());
  EXPECT_TRUE(world.directory->end(join.meeting).has_value());
}

TEST(Directory, WhatHappensInARoomGoesToTheOutboxInItsOrder) {
  ServiceWorld world;
  const auto join = world.meeting("m-1");
  using Kind = signaling::RoomEventKind;
  for (const auto& event : {signaling::RoomEvent{Kind::attendee_joined, "a", false}, {Kind::video_started, "a", false}, {Kind::attendee_joined, "a#content", true},
                            {Kind::video_stopped, "a", false}, {Kind::attendee_dropped, "a#content", true}, {Kind::attendee_left, "a", false}}) {
    world.directory->on_room_event(join.meeting.meeting_id, event);
  }
  world.directory->on_room_event("no-such-meeting", {Kind::attendee_joined, "x", false});
  EXPECT_TRUE(eventually([&] { return world.events("m-1", "attendee.").size() == 8; }));
  EXPECT_EQ(world.events("m-1", "attendee."),
            (std::vector<std::string>{"attendee.added", "attendee.added", "attendee.joined", "attendee.videoStarted", "attendee.contentJoined", "attendee.videoStopped", "attendee.contentDropped", "attendee.left"}));
}

}  // namespace
}  // namespace upcall::test
