// A waiting customer's place, as its chat socket tells it; what an agent's page finds after a reload; error words.
#include "customer.hpp"

#include "io/store/meeting_repository.hpp"
#include "io/store/recording_repository.hpp"

namespace upcall::test {
namespace {

constexpr const char* kPlace = "application/vnd.upcall.event.queue.position";

TEST(QueuePlace, IsToldOnConnectAndWhenItChanges) {
  Installation in;
  in.add_user("ann@example.com");
  const auto as_ann = in.bearer(in.log_in("ann@example.com"));
  Customer jane(in), jim(in);
  jane.connect();
  EXPECT_EQ(text(jane.take_item(kPlace).at("Content")), R"({"position":1,"queueLength":2})");
  jim.connect();
  const auto event = jim.take_item(kPlace);
  EXPECT_EQ(text(event.at("Type")), "EVENT");
  EXPECT_EQ(text(event.at("Content")), R"({"position":2,"queueLength":2})");
  EXPECT_FALSE(event.contains("ParticipantRole"));

  auto agent = in.open("/api/agent/events", as_ann);
  EXPECT_EQ(in.send("PUT", "/api/agent/status", R"({"status":"available"})", as_ann).status, 200);
  // Two slots: both are offered, and while they are, both wait where they were.
  in.pass(Duration::s(2));
  EXPECT_EQ(in.send("POST", "/api/agent/contacts/" + jane.contact_id + "/accept", "", as_ann).status, 200);
  in.pass(Duration::s(2));
  jim.take_item(kPlace, R"({"position":1,"queueLength":1})");
  EXPECT_EQ(in.send("POST", "/api/agent/contacts/" + jim.contact_id + "/accept", "", as_ann).status, 200);
  jim.take_item("application/vnd.amazonaws.connect.event.participant.joined");

  for (const auto& item : jim.transcript()) EXPECT_NE(text(item.at("ContentType")), kPlace) << "it is never part of the chat";
  for (const auto& frame : agent.connection->all()) EXPECT_EQ(bj::serialize(frame).find(kPlace), std::string::npos) << "nor told to agents";
}

TEST(AgentState, CarriesWhatAReloadInMidCallNeeds) {
  Installation in;
  const std::string ann = in.add_user("ann@example.com");
  const auto as_ann = in.bearer(in.log_in("ann@example.com"));
  Customer jane(in, {{"videoExternalMeetingId", "meeting-1"}});
  jane.connect();
  EXPECT_EQ(in.send("PUT", "/api/agent/status", R"({"status":"available"})", as_ann).status, 200);
  const auto contact = [&] { return Installation::body(in.send("GET", "/api/agent/state", "", as_ann)).at("data").at("contacts").at(0).as_object(); };
  EXPECT_FALSE(contact().contains("meeting")) << "not before it is connected";
  EXPECT_EQ(in.send("POST", "/api/agent/contacts/" + jane.contact_id + "/accept", "", as_ann).status, 200);
  EXPECT_EQ(bj::serialize(contact().at("meeting")), R"({"externalMeetingId":"meeting-1","live":false,"owned":false,"recording":{"inProgress":false}})");

  ASSERT_TRUE(in.store->write([&](store::Database& db) -> Result<void> {
    store::Meeting meeting{"m-1", "meeting-1", "Call", ann, "Ann", jane.contact_id, in.now().wall, std::nullopt, "{}"};
    if (auto done = store::meetings::insert(db, meeting); !done) return done;
    store::Recording recording;
    recording.recording_id = "r-1";
    recording.external_meeting_id = "meeting-1";
    recording.meeting_id = "m-1";
    recording.owner_principal = ann;
    recording.state = store::RecordingState::recording;
    recording.object_key = "k";
    recording.requested = in.now().wall;
    return store::recordings::insert(db, recording);
  }));
  EXPECT_EQ(bj::serialize(contact().at("meeting")),
            R"({"externalMeetingId":"meeting-1","live":true,"owned":true,"recording":{"inProgress":true,"recordingId":"r-1","status":"recording"}})");
}

TEST(ErrorWords, AreStable) {
  Installation in;
  const auto word = [](const wire::HttpResponse& r) { return text(Installation::body(r).at("code")); };
  in.add_user("ann@example.com");
  const auto as_ann = in.bearer(in.log_in("ann@example.com"));
  EXPECT_EQ(word(in.send("GET", "/api/nothing")), "not_found");
  EXPECT_EQ(word(in.send("PATCH", "/api/agent/state")), "method_not_allowed");
  EXPECT_EQ(word(in.send("GET", "/api/agent/state")), "not_logged_in");
  EXPECT_EQ(word(in.send("PUT", "/api/agent/status", "{}", as_ann)), "bad_request");
  EXPECT_EQ(word(in.send("POST", "/api/agent/contacts/x/accept", "", as_ann)), "no_such_contact");
  EXPECT_EQ(word(in.send("POST", "/api/chat/start", in.start_body({{"customerEmailAddress", "x"}}))), "invalid_email");

  const auto log_in = [&](const std::string& name, const std::string& password) { return in.token_request("grant_type=password&username=" + name + "&password=" + password); };
  EXPECT_EQ(word(in.token_request("grant_type=password")), "missing_credentials");
  EXPECT_EQ(word(in.token_request("grant_type=magic")), "unsupported_grant_type");
  EXPECT_EQ(word(in.token_request("grant_type=refresh_token&refresh_token=x")), "session_expired");
  EXPECT_EQ(word(log_in("ann%40example.com", "wrong")), "invalid_credentials");
  EXPECT_EQ(word(log_in("nobody%40example.com", "wrong")), "invalid_credentials");
  in.admin_run("user.disable", {{"username", "ann@example.com"}});
  EXPECT_EQ(word(log_in("ann%40example.com", "wrong")), "invalid_credentials") << "who does not know the password learns nothing";
  const auto disabled = log_in("ann%40example.com", "password-ann%40example.com");
  EXPECT_EQ(disabled.status, 401);
  EXPECT_EQ(word(disabled), "user_disabled");
  wire::HttpResponse slowed;
  for (int i = 0; i < 20 && slowed.status != 429; ++i) slowed = log_in("ann%40example.com", "wrong");
  EXPECT_EQ(slowed.status, 429);
  EXPECT_EQ(word(slowed), "too_many_attempts");
}

}  // namespace
}  // namespace upcall::test
