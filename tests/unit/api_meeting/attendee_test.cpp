// Who somebody in a meeting is: told to its owner and to its customer by role, whatever name the person has chosen.
#include "meetings_rig.hpp"

namespace upcall::test {
namespace {

bj::value who(const char* name, const char* role) { return bj::object{{"name", name}, {"role", role}}; }

constexpr const char* kOfAgent = "/api/chime/attendee";
constexpr const char* kOfCustomer = "/api/meeting/attendee";

// acceptance: 46, 50
TEST(Attendee, TheOwnerIsToldNameAndRole) {
  Meetings m;
  ASSERT_EQ(m.send("POST", kOfAgent, m.agent, {{"externalMeetingId", "m-1"}, {"attendeeExternalUserId", "guest-1"}, {"attendeeName", "RECORDING"}}).status, 200);
  EXPECT_EQ(m.data(m.ask(kOfAgent, m.agent, "alice-1")), who("Alice", "owner"));
  EXPECT_EQ(m.data(m.ask(kOfAgent, m.agent, "carl-1")), who("Carl", "customer"));
  EXPECT_EQ(m.data(m.ask(kOfAgent, m.agent, "guest-1")), who("RECORDING", "other")) << "a name makes nobody the recording";
  EXPECT_EQ(m.data(m.ask(kOfAgent, m.agent, "rec-1")), who("Recorder", "recording"));
  // The original's interface stays: the name alone.
  EXPECT_EQ(m.data(m.ask("/api/chime/attendee-name", m.agent, "guest-1")), bj::value("RECORDING"));
}

// acceptance: 45, 50
TEST(Attendee, TheCustomerIsToldTheSameOfTheOwnMeeting) {
  Meetings m;
  Customer carl(m.in, {{"videoExternalMeetingId", "m-1"}, {"videoAttendeeExternalUserId", "carl-1"}});
  EXPECT_EQ(m.ask(kOfCustomer, carl.token, "rec-1").status, 403) << "a meeting of the same id, of another contact";
  m.belongs_to(carl);
  EXPECT_EQ(m.data(m.ask(kOfCustomer, carl.token, "alice-1")), who("Alice", "owner"));
  EXPECT_EQ(m.data(m.ask(kOfCustomer, carl.token, "carl-1")), who("Carl", "customer"));
  EXPECT_EQ(m.data(m.ask(kOfCustomer, carl.token, "rec-1")), who("Recorder", "recording"));
  EXPECT_EQ(m.data(m.ask("/api/meeting/attendee-name", carl.token, "rec-1")), bj::value("Recorder"));
}

TEST(Attendee, IsToldToNobodyElse) {
  Meetings m;
  m.in.add_user("bob@example.com");
  m.in.add_user("quinn@example.com", {"QualityAnalyst"});
  EXPECT_EQ(m.ask(kOfAgent, "", "carl-1").status, 401);
  EXPECT_EQ(m.ask(kOfAgent, m.in.log_in("bob@example.com"), "carl-1").status, 403) << "another agent";
  EXPECT_EQ(m.ask(kOfAgent, m.in.log_in("quinn@example.com"), "carl-1").status, 403) << "has no meetings";
  EXPECT_EQ(m.ask(kOfAgent, m.agent, "nobody").status, 404);
  EXPECT_EQ(m.ask(kOfAgent, m.agent, "carl-1", "no-such-meeting").status, 404);
  EXPECT_EQ(m.ask(kOfAgent, m.agent, "").status, 400);
  EXPECT_EQ(m.ask(kOfAgent, m.agent, "carl-1", "").status, 400);

  Customer carl(m.in, {{"videoExternalMeetingId", "m-1"}, {"videoAttendeeExternalUserId", "carl-1"}});
  Customer cora(m.in, {{"videoExternalMeetingId", "m-2"}, {"videoAttendeeExternalUserId", "cora-1"}});
  m.belongs_to(carl);
  EXPECT_EQ(m.ask(kOfCustomer, "", "alice-1").status, 401);
  EXPECT_EQ(m.ask(kOfCustomer, m.agent, "alice-1").status, 401) << "the agent's token is not a chat's";
  EXPECT_EQ(m.ask(kOfCustomer, cora.token, "alice-1").status, 403) << "another customer";
  EXPECT_EQ(m.ask(kOfCustomer, cora.token, "alice-1", "m-2").status, 404) << "a call that has not begun";
  EXPECT_EQ(m.ask(kOfCustomer, carl.token, "nobody").status, 404);
  EXPECT_EQ(m.ask(kOfCustomer, carl.token, "").status, 400);
  ASSERT_EQ(m.send("DELETE", "/api/chime/meeting", m.agent, {{"externalMeetingId", "m-1"}}).status, 200);
  EXPECT_EQ(m.ask(kOfCustomer, carl.token, "alice-1").status, 404) << "the call is over";
}

// What each command on a meeting checks before it does anything, in the same order.
TEST(Attendee, CommandsOnAMeetingAskWhoseItIs) {
  Meetings m;
  m.in.add_user("bob@example.com");
  const std::string bob = m.in.log_in("bob@example.com");
  for (const auto& [method, path] : {std::pair{"DELETE", "/api/chime/meeting"}, {"POST", kOfAgent}, {"DELETE", kOfAgent}}) {
    SCOPED_TRACE(std::string(method) + " " + path);
    bj::object body{{"externalMeetingId", "m-1"}, {"attendeeExternalUserId", "carl-1"}, {"attendeeName", "Carl"}};
    EXPECT_EQ(m.send(method, path, "", body).status, 401);
    EXPECT_EQ(m.send(method, path, bob, body).status, 403);
    EXPECT_EQ(m.send(method, path, m.agent, {{"attendeeName", "Carl"}}).status, 400) << "no meeting named";
    body["externalMeetingId"] = "no-such-meeting";
    EXPECT_EQ(m.send(method, path, m.agent, body).status, 404);
  }
}

}  // namespace
}  // namespace upcall::test
