// A contact is handed on: its video meeting goes to the new agent, with the control of what is recorded; a queue ends it.
#include "io/store/audit_repository.hpp"
#include "io/store/parameter_repository.hpp"
#include "meetings_rig.hpp"

namespace upcall::test {
namespace {

constexpr const char* kId = "call-1";

// Alice talks to Carl and has opened the video meeting; Bob can be reached.
class HandOn : public ::testing::Test {
 protected:
  HandOn() {
    bob_id = m.in.add_user("bob@example.com");
    bob = m.in.log_in("bob@example.com");
    must(m.in.store->write([](store::Database& db) -> Result<void> {
      if (auto set = store::parameters::set(db, "deployRecordingStack", "true"); !set) return set;
      return store::parameters::set(db, "recordingPauseAllowed", "true");
    }).map([] { return 0; }));
    carl.connect();
    EXPECT_EQ(m.send("PUT", "/api/agent/status", m.agent, {{"status", "available"}}).status, 200);
    EXPECT_EQ(m.send("POST", contact() + "/accept", m.agent).status, 200);
    EXPECT_EQ(m.send("PUT", "/api/agent/status", bob, {{"status", "available"}}).status, 200);
    alices = start(m.agent, "Alice");
  }
  std::string contact() const { return "/api/agent/contacts/" + carl.contact_id; }
  wire::HttpResponse start_raw(const std::string& token, const char* name) {
    return m.send("POST", "/api/chime/meeting", token,
                  {{"externalMeetingId", kId},
                   {"meetingAttendees", {{{"attendeeName", name}, {"isOwner", true}}, {{"attendeeName", "Carl"}, {"externalUserId", "carl-9"}}}}});
  }
  bj::object start(const std::string& token, const char* name) { return m.data(start_raw(token, name)).at("JoinInfo").as_object(); }
  static std::string media(const bj::object& join) { return text(join.at("Meeting").at("MeetingId")); }
  static std::string place(const bj::object& join) { return text(join.at("Attendee").at("AttendeeId")); }
  bool opens(const bj::object& join) { return m.directory.identity_by_token(media(join), text(join.at("Attendee").at("JoinToken"))).has_value(); }
  std::string why(const wire::HttpResponse& answer) { return text(Installation::body(answer).at("code")); }
  wire::HttpResponse pause(const std::string& token) { return m.send("POST", "/api/recording/pause", token, {{"externalMeetingId", kId}}); }

  Meetings m;
  std::string bob_id, bob;
  Customer carl{m.in, {{"videoExternalMeetingId", kId}, {"videoAttendeeExternalUserId", "carl-9"}}};
  bj::object alices;
};

TEST_F(HandOn, TheNewAgentGetsTheMeetingAndTheOldOneLosesIt) {
  ASSERT_EQ(m.send("POST", contact() + "/transfer", m.agent, {{"agentId", bob_id}}).status, 200);
  EXPECT_TRUE(opens(alices)) << "until Bob accepts it is Alice's";
  EXPECT_EQ(why(start_raw(bob, "Bob")), "contact_of_another_agent");
  EXPECT_EQ(why(pause(bob)), "not_owner");

  ASSERT_EQ(m.send("POST", contact() + "/accept", bob).status, 200);
  EXPECT_FALSE(opens(alices)) << "her place is gone with the contact";
  EXPECT_EQ(why(pause(m.agent)), "not_owner");
  EXPECT_EQ(why(pause(bob)), "nothing_to_pause") << "it is his";
  EXPECT_EQ(m.send("DELETE", "/api/chime/meeting", m.agent, {{"externalMeetingId", kId}}).status, 403);
  EXPECT_EQ(m.send("DELETE", "/api/chime/attendee", m.agent, {{"externalMeetingId", kId}, {"attendeeExternalUserId", "carl-9"}}).status, 403);
  EXPECT_EQ(start_raw(m.agent, "Alice").status, 403) << "nor can she start it again";

  const bj::object bobs = start(bob, "Bob");
  EXPECT_EQ(media(bobs), media(alices)) << "the same call: Carl stays where he is";
  EXPECT_NE(place(bobs), place(alices));
  EXPECT_TRUE(opens(bobs));
  EXPECT_EQ(place(start(bob, "Bob")), place(bobs)) << "starting again is the same place again";
  const auto attendees = must(m.in.store->read([&](store::Database& db) { return store::meetings::attendees(db, media(bobs)); }));
  ASSERT_EQ(attendees.size(), 2u) << "Carl and Bob";

  const auto state = m.data(m.send("GET", "/api/agent/state", bob)).at("contacts").at(0);
  EXPECT_TRUE(state.at("meeting").at("owned").as_bool());
  EXPECT_FALSE(state.as_object().contains("handedOn"));
  EXPECT_TRUE(m.data(m.send("GET", "/api/agent/state", m.agent)).at("contacts").at(0).at("handedOn").as_bool());
  const auto audit = must(m.in.store->read([](store::Database& db) { return store::audit::of_target(db, kId); }));
  ASSERT_EQ(std::count_if(audit.begin(), audit.end(), [](const auto& e) { return e.action == "meeting.handed_on"; }), 1);
  EXPECT_EQ(m.send("DELETE", "/api/chime/meeting", bob, {{"externalMeetingId", kId}}).status, 200);
}

TEST_F(HandOn, AQueueEndsTheMeetingAndTheNextAgentOpensANewOne) {
  const std::string queue = text(m.data(m.send("GET", "/api/agent/quick-connects?search=", m.agent)).at("queues").at(0).at("queueId"));
  ASSERT_EQ(m.send("PUT", "/api/agent/status", bob, {{"status", "offline"}}).status, 200);
  ASSERT_EQ(m.send("POST", contact() + "/transfer", m.agent, {{"queueId", queue}}).status, 200);
  EXPECT_TRUE(must(m.directory.find(kId))->ended) << "nobody sits in a call that has nobody at its other end";
  const auto events = must(m.in.store->read([](store::Database& db) { return db.all("select type from outbox where meeting_id=?1 order by seq", [](store::Row& r) { return r.text(0); }, kId); }));
  EXPECT_EQ(events.back(), "meeting.ended") << "who records it hears of it";
  ASSERT_EQ(m.send("PUT", "/api/agent/status", bob, {{"status", "available"}}).status, 200);
  ASSERT_EQ(m.send("POST", contact() + "/accept", bob).status, 200);
  EXPECT_NE(media(start(bob, "Bob")), media(alices));
}

TEST_F(HandOn, ATransferThatFailsChangesNothing) {
  ASSERT_EQ(m.send("POST", contact() + "/transfer", m.agent, {{"agentId", bob_id}}).status, 200);
  ASSERT_EQ(m.send("POST", contact() + "/reject", bob).status, 200);
  EXPECT_TRUE(opens(alices));
  EXPECT_EQ(place(start(m.agent, "Alice")), place(alices));
  EXPECT_EQ(why(start_raw(bob, "Bob")), "contact_of_another_agent");
}

}  // namespace
}  // namespace upcall::test
