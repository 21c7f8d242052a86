// Who somebody in a meeting is: told to its owner and to its customer by role, whatever name the person has chosen.
#include <filesystem>

#include "../centre_api/customer.hpp"
#include "api/meeting/meeting_api.hpp"
#include "crypto/random.hpp"
#include "io/objects/directory_object_store.hpp"
#include "rtc/dtls/certificate.hpp"
#include "rtc/dtls/transport.hpp"

namespace upcall::test {
namespace {

template <class T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  return std::move(*result);
}

// The routes of meetings over a contact centre's store: an agent's meeting with its customer, a guest and a recording.
class Meetings {
 public:
  Meetings() {
    in.add_user("alice@example.com");
    agent = in.log_in("alice@example.com");
    const auto answer = send("POST", "/api/chime/meeting", agent,
                             {{"externalMeetingId", "m-1"},
                              {"meetingAttendees", {{{"attendeeName", "Alice"}, {"externalUserId", "alice-1"}, {"isOwner", true}},
                                                    {{"attendeeName", "Carl"}, {"externalUserId", "carl-1"}}}}});
    EXPECT_EQ(answer.status, 200) << answer.body;
    meeting = *must(directory.find("m-1"));
    must(directory.add_attendee(meeting, {"Recorder", "", "rec-1"}, store::AttendeeRole::recording));
  }
  ~Meetings() {
    runtime->stop();
    std::filesystem::remove_all(dir);
  }
  wire::HttpResponse send(const std::string& method, const std::string& target, const std::string& token, const bj::object& body = {}) {
    return in.send(method, target, body.empty() ? "" : bj::serialize(body), token.empty() ? Installation::Headers{} : in.bearer(token));
  }
  wire::HttpResponse ask(const std::string& route, const std::string& token, const std::string& user, const std::string& of = "m-1") {
    return send("GET", route + "?externalMeetingId=" + of + "&attendeeExternalUserId=" + user, token);
  }
  bj::value data(const wire::HttpResponse& response) {
    EXPECT_EQ(response.status, 200) << response.body;
    return Installation::body(response).at("data");
  }
  // The contact that this meeting comes of.
  void belongs_to(const Customer& customer) {
    const std::string sql = "UPDATE meetings SET contact_id = '" + customer.contact_id + "'";
    must(in.store->write([&](store::Database& db) { return db.script(sql); }).map([] { return 0; }));
  }

  Installation in;
  std::string dir = [] {
    std::string pattern = (std::filesystem::temp_directory_path() / "upcall-meetings-XXXXXX").string();
    return std::string(::mkdtemp(pattern.data()));
  }();
  crypto::SystemRandom random;
  std::function<Now()> clock = [this] { return in.now(); };
  dtls::DtlsContext dtls = must(dtls::DtlsContext::make(must(dtls::DtlsCertificate::make(in.now().wall))));
  service::MeetingDirectory directory{*in.store, *in.sealer, random, clock};
  std::unique_ptr<service::MeetingRuntime> runtime = [this] {
    service::MeetingRuntimeOptions options;
    const NetAddress loopback = NetAddress::v4(127, 0, 0, 1, 0);
    options.media.addresses = {{loopback, loopback}};
    auto started = must(service::MeetingRuntime::start(std::move(options), dtls, nullptr, random));
    directory.set_runtime(*started);
    return started;
  }();
  std::unique_ptr<objects::DirectoryObjectStore> objects = must(objects::DirectoryObjectStore::open_root(dir + "/objects", in.sealer->derive("objects"), random));
  service::RecordingService recordings{{"", dir + "/spool"}, *in.store, *in.sealer, random, clock, directory, *runtime, *objects};
  api::MeetingApi api{*in.centre_api, directory, *runtime, recordings, *objects, {"https://upcall.example"}};
  const bool routes = [this] {
    api::add_chime_routes(*in.router, api, *in.openapi);
    api::add_customer_meeting_routes(*in.router, api, *in.openapi);
    return true;
  }();
  std::string agent;
  store::Meeting meeting;
};

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
