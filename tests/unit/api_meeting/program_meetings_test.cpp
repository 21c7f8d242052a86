// /aws/chime over the store: whose meetings are whose, what is told of them, and what a repeated request gets.
#include "meetings_rig.hpp"

#include <thread>

#include "api/chime/chime_api.hpp"
#include "base/wall_text.hpp"
#include "crypto/sigv4.hpp"
#include "identity/route_access.hpp"

namespace upcall::test {
namespace {

constexpr const char* kAbsent = "00000000-0000-4000-8000-000000000000";

class ProgramMeetings : public ::testing::Test {
 protected:
  ProgramMeetings() { api::add_chime_sdk_routes(*m.in.router, chime); }

  bj::object key(const std::string& name, bj::object more = {}) {
    more["name"] = name;
    return m.in.admin_run("access-key.create", more);
  }
  // `sent`: how it is signed, where that is not how it is sent.
  wire::HttpResponse call(const bj::object& key, const std::string& method, const std::string& target, const bj::object& body = {}) {
    const CivilTime t = to_civil_utc(m.in.now().wall);
    char date[32];
    std::snprintf(date, sizeof date, "%04d%02d%02dT%02d%02d%02dZ", t.year, t.month, t.day, t.hour, t.minute, t.second);
    const std::string day(date, 8), whole = "/aws/chime" + target, text_body = body.empty() ? "" : bj::serialize(body);
    auto r = m.in.request(method, whole, text_body, {{"host", "upcall.example"}, {"x-amz-date", date}});
    const std::size_t mark = whole.find('?');
    crypto::SigV4Authorization a{text(key.at("accessKeyId")), day, "local", "chime", {"host", "x-amz-date"}, ""};
    a.signature = crypto::sigv4_signature({method, whole.substr(0, mark), mark == std::string::npos ? "" : whole.substr(mark + 1), r.headers, r.body}, a, text(key.at("secretAccessKey")));
    r.headers.emplace_back("authorization", "AWS4-HMAC-SHA256 Credential=" + a.access_key_id + "/" + day + "/local/chime/aws4_request, SignedHeaders=host;x-amz-date, Signature=" + a.signature);
    m.in.pass(Duration::ms(200));  // the rate is ten a second
    return m.in.router->dispatch(r);
  }
  static bj::object wanted(const std::string& token) { return {{"ClientRequestToken", token}, {"MediaRegion", "local"}, {"ExternalMeetingId", "room 7"}}; }
  static std::string id_in(const wire::HttpResponse& answer, const char* what, const char* id) {
    EXPECT_EQ(answer.status, 200) << answer.body;
    return answer.status == 200 ? text(Installation::body(answer).at(what).at(id)) : "";
  }
  std::string create(const bj::object& key, const std::string& token) { return id_in(call(key, "POST", "/meetings", wanted(token)), "Meeting", "MeetingId"); }
  std::string add(const bj::object& key, const std::string& meeting, const std::string& user) {
    return id_in(call(key, "POST", "/meetings/" + meeting + "/attendees", {{"ExternalUserId", user}}), "Attendee", "AttendeeId");
  }
  // What the store has done so far.
  std::uint64_t work() {
    const auto c = m.in.store->counters();
    return c.reads + c.writes + c.commits;
  }
  static std::string with_absent(std::string body, const std::string& id) {
    for (std::size_t at = 0; (at = body.find(id, at)) != std::string::npos;) body.replace(at, id.size(), kAbsent);
    return body;
  }
  // Type and vendor's type of a meeting's events, in order, and that their numbers have no gap.
  std::vector<std::string> events(const std::string& meeting) {
    std::vector<std::string> out;
    const auto rows = must(m.in.store->read([&](store::Database& db) {
      return db.all("select seq, type, body from outbox where meeting_id=?1 order by seq", [](store::Row& r) { return std::tuple(r.i64(0), r.text(1), r.text(2)); }, meeting);
    }));
    for (const auto& [seq, type, body] : rows) {
      EXPECT_EQ(static_cast<std::size_t>(seq), out.size() + 1);
      const auto detail = json::parse_object(body);
      EXPECT_EQ(json::text_or(*detail, "meetingId"), meeting);
      EXPECT_EQ(json::text_or(*detail, "externalMeetingId"), "room 7");
      out.push_back(type + " " + json::text_or(*detail, "eventType") + " " + json::text_or(*detail, "externalUserId"));
    }
    return out;
  }

  Meetings m;
  service::ProgramMeetings programs{*m.in.store, m.random, m.clock, m.directory};
  api::ChimeApi chime{m.api, programs};
};

TEST_F(ProgramMeetings, WhatHappensIsToldInOrderAndInTheVendorsWords) {
  const auto own = key("program");
  const std::string meeting = create(own, "t1"), ann = add(own, meeting, "ann");
  EXPECT_EQ(add(own, meeting, "ann"), ann) << "and nobody is told of it again";
  const bj::object less{{"Capabilities", {{"Audio", "Receive"}, {"Video", "Receive"}, {"Content", "None"}}}};
  EXPECT_EQ(call(own, "PUT", "/meetings/" + meeting + "/attendees/" + ann + "/capabilities", less).status, 200);
  m.directory.on_room_event(meeting, {signaling::RoomEventKind::attendee_joined, ann, false});
  m.directory.on_room_event(meeting, {signaling::RoomEventKind::attendee_joined, ann + "#content", true});
  EXPECT_EQ(call(own, "DELETE", "/meetings/" + meeting + "/attendees/" + ann).status, 204);
  EXPECT_EQ(call(own, "DELETE", "/meetings/" + meeting).status, 204);
  EXPECT_EQ(events(meeting), (std::vector<std::string>{"meeting.started chime:MeetingStarted ", "attendee.added chime:AttendeeAdded ann",
                                                       "attendee.capabilitiesUpdated chime:AttendeeCapabilitiesUpdated ann", "attendee.joined chime:AttendeeJoined ann",
                                                       "attendee.contentJoined chime:AttendeeContentJoined ann", "attendee.deleted chime:AttendeeDeleted ann",
                                                       "meeting.ended chime:MeetingEnded "}));
  const auto body = must(m.in.store->read([&](store::Database& db) {
    return db.one("select body from outbox where meeting_id=?1 and type='attendee.capabilitiesUpdated'", [](store::Row& r) { return r.text(0); }, meeting);
  }));
  const auto detail = json::parse_object(*body);
  EXPECT_EQ(detail->at("attendeeCapabilities"), (bj::object{{"audio", "Receive"}, {"video", "Receive"}, {"content", "None"}}));
  EXPECT_EQ(json::text_or(*detail, "success"), "1");
}

TEST_F(ProgramMeetings, ARefusedPartOfABatchChangesNothing) {
  const auto own = key("program");
  const std::string meeting = create(own, "t1");
  const auto answer = call(own, "POST", "/meetings/" + meeting + "/attendees?operation=batch-create",
                           {{"Attendees", {{{"ExternalUserId", "aws:x"}}, {{"ExternalUserId", "ann"}, {"Capabilities", {{"Audio", "Send"}, {"Video", "Send"}, {"Content", "Receive"}}}}, {{"ExternalUserId", "bob"}}}}});
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(Installation::body(answer).at("Errors").as_array().size(), 2u);
  EXPECT_EQ(events(meeting), (std::vector<std::string>{"meeting.started chime:MeetingStarted ", "attendee.added chime:AttendeeAdded bob"}));
}

TEST_F(ProgramMeetings, ATokenIsGoodForADayAlsoWhenTheMeetingIsOver) {
  const auto own = key("program");
  const std::string meeting = create(own, "t1");
  EXPECT_EQ(create(own, "t1"), meeting);
  EXPECT_EQ(call(own, "DELETE", "/meetings/" + meeting).status, 204);
  EXPECT_EQ(create(own, "t1"), meeting) << "another meeting needs another token";
  EXPECT_NE(create(own, "t2"), meeting);
  m.in.pass(Duration::s(86'400));
  EXPECT_NE(create(own, "t1"), meeting);
}

TEST_F(ProgramMeetings, ManyWithOneTokenAtOnceMakeOneMeeting) {
  const identity::Principal owner{identity::Principal::Kind::service, "key/k", "k", "K", "", {}, {}, {}, {}, {}};
  const auto request = chime::read_meeting_request(wanted("t1"), false);
  ASSERT_TRUE(request);
  std::vector<std::string> ids(8);
  {
    std::vector<std::jthread> threads;
    for (std::string& id : ids) {
      threads.emplace_back([&] {
        if (const auto made = programs.create(owner, *request)) id = made->meeting.meeting_id;
      });
    }
  }
  for (const std::string& id : ids) EXPECT_EQ(id, ids.front());
  EXPECT_FALSE(ids.front().empty());
}

// Each route of the interface, by the key that owns the meeting, by others, and of a meeting that is none.
TEST_F(ProgramMeetings, AnothersMeetingIsAsNone) {
  const auto own = key("program"), other = key("another"), limited = key("limited", {{"permission", {"contact.handle"}}});
  const std::string meeting = create(own, "t1"), ann = add(own, meeting, "ann");
  const bj::object all{{"Audio", "SendReceive"}, {"Video", "SendReceive"}, {"Content", "SendReceive"}};
  struct Asked {
    const char* method;
    std::string target;
    bj::object body;
  };
  const auto asked = [&](const std::string& of) {
    const std::string arn = "arn:aws:chime:local:000000000000:meeting/" + of, base = "/meetings/" + of;
    return std::vector<Asked>{{"GET", base, {}},
                              {"POST", base + "/transcription?operation=stop", {}},
                              {"POST", base + "/attendees", {{"ExternalUserId", "eve"}}},
                              {"POST", base + "/attendees?operation=batch-create", {{"Attendees", {{{"ExternalUserId", "eve"}}}}}},
                              {"GET", base + "/attendees", {}},
                              {"GET", base + "/attendees/" + ann, {}},
                              {"PUT", base + "/attendees/" + ann + "/capabilities", {{"Capabilities", all}}},
                              {"PUT", base + "/attendees/capabilities?operation=batch-update-except", {{"ExcludedAttendeeIds", {{{"AttendeeId", ann}}}}, {"Capabilities", all}}},
                              {"GET", "/tags?arn=" + arn, {}},
                              {"POST", "/tags?operation=tag-resource", {{"ResourceARN", arn}, {"Tags", {{{"Key", "a"}, {"Value", "b"}}}}}},
                              {"POST", "/tags?operation=untag-resource", {{"ResourceARN", arn}, {"TagKeys", {"a"}}}},
                              {"DELETE", base + "/attendees/" + ann, {}},
                              {"DELETE", base, {}}};
  };
  const auto here = asked(meeting), nowhere = asked(kAbsent);
  for (std::size_t i = 0; i < here.size(); ++i) {
    SCOPED_TRACE(std::string(here[i].method) + " " + here[i].target);
    wire::HttpResponse theirs, none;
    // Now and then a cache of keys is read anew beside it.
    bool same_work = false;
    for (int round = 0; round < 4 && !same_work; ++round) {
      const auto before = work();
      theirs = call(other, here[i].method, here[i].target, here[i].body);
      const auto between = work();
      none = call(other, nowhere[i].method, nowhere[i].target, nowhere[i].body);
      same_work = between - before == work() - between;
    }
    EXPECT_TRUE(same_work) << "who counts the time of an answer learns nothing";
    EXPECT_EQ(theirs.status, 404);
    EXPECT_EQ(none.status, 404);
    EXPECT_EQ(with_absent(theirs.body, meeting), none.body) << "byte by byte, but for what was asked for";
    EXPECT_EQ(theirs.headers, none.headers);
    const auto refused = call(limited, here[i].method, here[i].target, here[i].body);
    EXPECT_EQ(refused.status, 403);
    EXPECT_EQ(refused.body.find("room 7"), std::string::npos);
    auto unsigned_call = m.in.request(here[i].method, "/aws/chime" + here[i].target, "", {});
    EXPECT_EQ(m.in.router->dispatch(unsigned_call).status, 401);
  }
  // Nothing of all that was done, and the owner may.
  EXPECT_EQ(events(meeting).size(), 2u);
  for (const Asked& one : here) {
    const auto answer = call(own, one.method, one.target, one.body);
    EXPECT_TRUE(answer.status == 200 || answer.status == 204 || answer.status == 422) << one.method << " " << one.target << ": " << answer.body;
  }
}

// The meeting of an agent's contact, by a key that acts for this agent.
TEST_F(ProgramMeetings, AnAgentsOwnMeetingIsThereForTheAgentsKey) {
  const auto agents = key("alice", {{"username", "alice@example.com"}});
  const auto answer = call(agents, "GET", "/meetings/" + m.meeting.meeting_id);
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(text(Installation::body(answer).at("Meeting").at("ExternalMeetingId")), "m-1");
  const auto list = call(agents, "GET", "/meetings/" + m.meeting.meeting_id + "/attendees");
  EXPECT_EQ(list.body.find("rec-1"), std::string::npos) << "the recording is nobody";
  EXPECT_NE(list.body.find("carl-1"), std::string::npos);
  const auto taken = call(agents, "POST", "/meetings/" + m.meeting.meeting_id + "/attendees", {{"ExternalUserId", "rec-1"}});
  EXPECT_EQ(taken.status, 422) << taken.body;
}

// An ARN of a query is repeated in the refusal: what is no text would make it no JSON.
TEST_F(ProgramMeetings, AnArnThatIsNoTextIsRefusedWithoutIt) {
  const auto own = key("program");
  for (const char* arn : {"arn:%ff%fe", "arn:aws:chime:local:000000000000:meeting/%c3", "arn:%00"}) {
    const auto answer = call(own, "GET", std::string("/tags?arn=") + arn);
    EXPECT_EQ(answer.status, 400) << arn;
    EXPECT_TRUE(json::parse_object(answer.body)) << answer.body;
  }
}

TEST_F(ProgramMeetings, UnknownOperationsSayThatTheyAreNotHere) {
  const auto own = key("program");
  for (const char* target : {"/meetings?operation=unknown", "/meetings/x/y/z"}) {
    const auto answer = call(own, "POST", target, {{"a", "b"}});
    EXPECT_EQ(answer.status, 404);
    EXPECT_NE(answer.body.find("not available here"), std::string::npos) << answer.body;
  }
}

}  // namespace
}  // namespace upcall::test
