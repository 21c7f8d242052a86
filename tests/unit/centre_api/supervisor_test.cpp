// A supervisor watches a contact unseen, steps in and leaves; whose contacts, and what the log says.
#include "customer.hpp"

#include "io/store/parameter_repository.hpp"

namespace upcall::test {
namespace {

constexpr const char* kEvent = "application/vnd.amazonaws.connect.event.";

// Groups A (Sue), A/B (Ann, an agent), C (Max). Zoe has all groups, Pat no permission.
struct Floor {
  Floor() {
    const auto user = [&](const char* name, bj::array profiles, const char* group) {
      bj::object arguments{{"username", name}, {"email", name}, {"password", std::string("password-") + name}, {"name", name}, {"security-profile", std::move(profiles)}};
      if (*group != 0) arguments["hierarchy-group"] = group;
      return text(in.admin_run("user.add", arguments).at("userId"));
    };
    ann = user("ann@example.com", {"Agent"}, "A/B");
    sue = user("sue@example.com", {"CallCenterManager"}, "A");
    user("max@example.com", {"CallCenterManager"}, "C");
    user("zoe@example.com", {"Admin"}, "");
    user("non@example.com", {"CallCenterManager"}, "");
    user("pat@example.com", {"Agent"}, "A");
    as_ann = as("ann");
    as_sue = as("sue");
  }
  Installation::Headers as(const std::string& name) { return in.bearer(in.log_in(name + "@example.com")); }
  std::string connect(Customer& jane) {
    jane.connect();
    EXPECT_EQ(in.send("PUT", "/api/agent/status", R"({"status":"available"})", as_ann).status, 200);
    EXPECT_EQ(in.send("POST", "/api/agent/contacts/" + jane.contact_id + "/accept", "", as_ann).status, 200);
    return "/api/supervisor/contacts/" + jane.contact_id;
  }
  std::size_t listed(const Installation::Headers& who) {
    auto answer = in.send("GET", "/api/supervisor/contacts", "", who);
    EXPECT_EQ(answer.status, 200) << answer.body;
    return Installation::body(answer).at("data").at("contacts").as_array().size();
  }
  Installation in;
  std::string ann, sue;
  Installation::Headers as_ann, as_sue;
};

TEST(Supervisor, SeesQueuesAndTheAgentsOfTheOwnPart) {
  Floor floor;
  Customer jane(floor.in);
  jane.connect();
  const auto overview = [&](const Installation::Headers& who) { return Installation::body(floor.in.send("GET", "/api/supervisor/contacts", "", who)).at("data").as_object(); };
  const auto zoe = floor.as("zoe");
  const auto waiting = overview(zoe).at("queues").at(0);
  EXPECT_EQ(waiting.at("waiting").to_number<int>(), 1);
  EXPECT_EQ(waiting.at("oldestQueuedAt"), overview(zoe).at("contacts").at(0).at("queuedAt"));
  floor.in.pass(Duration::s(7));
  floor.connect(jane);
  const bj::object seen = overview(floor.as_sue);
  EXPECT_EQ(seen.at("queues").at(0).at("waiting").to_number<int>(), 0);
  EXPECT_FALSE(seen.at("queues").at(0).as_object().contains("oldestQueuedAt"));
  const bj::object& contact = seen.at("contacts").at(0).as_object();
  EXPECT_GT(text(contact.at("connectedAt")), text(contact.at("queuedAt")));
  EXPECT_EQ(text(contact.at("connectedAt")), text(seen.at("at")));
  EXPECT_FALSE(text(contact.at("customer")).empty());
  std::vector<std::string> names;
  for (const bj::value& agent : seen.at("agents").as_array()) names.push_back(text(agent.at("name")));
  EXPECT_EQ(names, (std::vector<std::string>{"ann@example.com", "pat@example.com"})) << "her group's and those below, not herself";
  EXPECT_EQ(text(seen.at("agents").at(0).at("statusId")), "available");
  EXPECT_EQ(seen.at("agents").at(0).at("contacts").to_number<int>(), 1);
  EXPECT_TRUE(overview(floor.as("max")).at("agents").as_array().empty()) << "a sibling group's are not his";
  const auto next = Installation::body(floor.in.send("GET", "/api/supervisor/contacts?after=" + jane.contact_id, "", zoe)).at("data").as_object();
  EXPECT_FALSE(next.contains("queues"));
}

TEST(Supervisor, WatchesUnseenStepsInAndLeaves) {
  Floor floor;
  Customer jane(floor.in);
  const std::string path = floor.connect(jane);
  EXPECT_EQ(floor.listed(floor.as_sue), 1u);
  const auto before = floor.in.send("GET", "/api/agent/state", "", floor.as_ann).body;
  auto begun = floor.in.send("POST", path + "/monitor", "", floor.as_sue);
  ASSERT_EQ(begun.status, 200) << begun.body;
  // She reads as a participant does.
  Customer sue(floor.in, jane.contact_id, text(Installation::body(begun).at("data").at("participantToken")));
  sue.connect();
  EXPECT_EQ(jane.call("message", jane.connection, {{"ContentType", "text/plain"}, {"Content", "is anybody listening?"}}).status, 200);
  sue.take_item("text/plain", "is anybody listening?");
  EXPECT_FALSE(sue.transcript().empty());
  // Nobody can tell.
  EXPECT_EQ(floor.in.send("GET", "/api/agent/state", "", floor.as_ann).body, before);
  EXPECT_EQ(bj::serialize(jane.transcript()).find("SUPERVISOR"), std::string::npos);
  for (const char* type : {"text/plain", "application/vnd.amazonaws.connect.event.typing", "application/vnd.amazonaws.connect.event.message.read"}) {
    const bool message = std::string(type) == "text/plain";
    EXPECT_EQ(sue.call(message ? "message" : "event", sue.connection, {{"ContentType", type}, {"Content", "x"}}).status, 403) << type;
  }
  EXPECT_EQ(sue.call("start-attachment-upload", sue.connection, {{"ContentType", "text/plain"}, {"AttachmentSizeInBytes", 1}, {"AttachmentName", "a"}}).status, 403);

  EXPECT_EQ(floor.in.send("POST", path + "/barge", "", floor.as_sue).status, 200);
  const auto joined = jane.take_item(std::string(kEvent) + "participant.joined");
  (void)joined;
  const auto seen = jane.take_item(std::string(kEvent) + "participant.joined");
  EXPECT_EQ(text(seen.at("ParticipantRole")), "SUPERVISOR");
  EXPECT_EQ(text(seen.at("DisplayName")), "sue@example.com");
  EXPECT_NE(floor.in.send("GET", "/api/agent/state", "", floor.as_ann).body.find("SUPERVISOR"), std::string::npos);
  EXPECT_EQ(floor.in.send("POST", path + "/barge", "", floor.as_sue).status, 409);
  EXPECT_EQ(floor.in.send("POST", path + "/monitor", "", floor.as_sue).status, 409);
  EXPECT_EQ(sue.call("message", sue.connection, {{"ContentType", "text/plain"}, {"Content", "I can help"}}).status, 200);
  EXPECT_EQ(text(jane.take_item("text/plain", "I can help").at("ParticipantRole")), "SUPERVISOR");

  EXPECT_EQ(floor.in.send("POST", path + "/leave", "", floor.as_sue).status, 200);
  EXPECT_EQ(text(jane.take_item(std::string(kEvent) + "participant.left").at("ParticipantRole")), "SUPERVISOR");
  EXPECT_EQ(sue.socket.connection->wait_closed(), 1000);
  EXPECT_EQ(sue.call("message", sue.connection, {{"ContentType", "text/plain"}, {"Content", "x"}}).status, 403);
  EXPECT_EQ(sue.call("transcript", sue.connection, {}).status, 403) << "who has left reads no more";
  EXPECT_EQ(floor.in.send("POST", path + "/leave", "", floor.as_sue).status, 404);
  EXPECT_EQ(jane.call("message", jane.connection, {{"ContentType", "text/plain"}, {"Content", "thanks"}}).status, 200) << "the contact goes on";

  const auto log = floor.in.store->read([&](store::Database& db) { return store::audit::of_target(db, jane.contact_id); });
  std::vector<std::string> actions;
  for (const auto& entry : *log) {
    if (entry.actor == floor.sue) actions.push_back(entry.action);
  }
  ASSERT_GE(actions.size(), 3u);
  EXPECT_EQ(actions.front(), "contact.monitored");
  EXPECT_NE(std::find(actions.begin(), actions.end(), "contact.barged"), actions.end());
  EXPECT_NE(std::find(actions.begin(), actions.end(), "contact.monitoring_ended"), actions.end());
}

TEST(Supervisor, OnlyWithinTheHierarchyAndWithoutTelling) {
  Floor floor;
  Customer jane(floor.in);
  const std::string path = floor.connect(jane);
  Customer waiting(floor.in, {{"videoAttendeeName", "x"}});
  waiting.connect();
  const std::string nowhere = "/api/supervisor/contacts/0b7f1f0e-0000-4000-8000-000000000000";
  EXPECT_EQ(floor.listed(floor.as("zoe")), 2u) << "those that wait too";
  EXPECT_EQ(floor.listed(floor.as_sue), 1u);
  for (const char* other : {"max", "non"}) {
    const auto who = floor.as(other);
    EXPECT_EQ(floor.listed(who), 0u) << other;
    for (const char* action : {"/monitor", "/barge", "/leave"}) {
      auto refused = floor.in.send("POST", path + action, "", who);
      EXPECT_EQ(refused.status, 404) << other << action;
      EXPECT_EQ(refused.body, floor.in.send("POST", nowhere + action, "", who).body) << "not yours looks like not there";
    }
  }
  for (const auto& who : {floor.as("pat"), floor.as_ann}) {
    EXPECT_EQ(floor.in.send("GET", "/api/supervisor/contacts", "", who).status, 403);
    for (const char* action : {"/monitor", "/barge", "/leave"}) EXPECT_EQ(floor.in.send("POST", path + action, "", who).status, 403);
  }
  EXPECT_EQ(floor.in.send("GET", "/api/supervisor/contacts").status, 401);
  EXPECT_EQ(floor.in.send("POST", path + "/monitor").status, 401);
  EXPECT_EQ(floor.in.send("GET", "/api/supervisor/contacts?after=" + std::string(65, 'x'), "", floor.as_sue).status, 400);
  EXPECT_EQ(floor.in.send("POST", "/api/supervisor/contacts/" + waiting.contact_id + "/monitor", "", floor.as_sue).status, 404) << "nobody's group yet";
  EXPECT_EQ(floor.in.send("POST", path + "/barge", "", floor.as_sue).status, 404) << "only who watches steps in";
}

TEST(Supervisor, WhoMayNoLongerIsLetGoWithinSeconds) {
  Floor floor;
  Customer jane(floor.in);
  const std::string path = floor.connect(jane);
  auto begun = floor.in.send("POST", path + "/monitor", "", floor.as_sue);
  ASSERT_EQ(begun.status, 200);
  Customer sue(floor.in, jane.contact_id, text(Installation::body(begun).at("data").at("participantToken")));
  sue.connect();
  floor.in.admin_run("user.disable", {{"username", "sue@example.com"}});
  floor.in.pass(Duration::s(5));
  EXPECT_EQ(sue.socket.connection->wait_closed(), 1000);
  EXPECT_EQ(sue.call("connection", sue.token, {{"Type", {"WEBSOCKET"}}}).status, 403);
  EXPECT_EQ(bj::serialize(jane.transcript()).find("SUPERVISOR"), std::string::npos) << "the customer never knew";
}

TEST(Supervisor, ARestartKeepsWhoWatchesAndTheCustomersLeavingEndsIt) {
  Floor floor;
  Customer jane(floor.in);
  const std::string path = floor.connect(jane);
  auto begun = floor.in.send("POST", path + "/monitor", "", floor.as_sue);
  Customer sue(floor.in, jane.contact_id, text(Installation::body(begun).at("data").at("participantToken")));
  sue.connect();
  jane.socket.handler->on_close(1006);
  sue.socket.handler->on_close(1006);
  floor.in.stop();
  floor.in.start();
  sue.connect();
  EXPECT_EQ(sue.call("message", sue.connection, {{"ContentType", "text/plain"}, {"Content", "x"}}).status, 403) << "silent still";
  // A silent one who disconnects ends nothing.
  EXPECT_EQ(sue.call("disconnect", sue.connection, {}).status, 200);
  EXPECT_EQ(floor.listed(floor.as_sue), 1u);
  auto again = floor.in.send("POST", path + "/monitor", "", floor.as_sue);
  ASSERT_EQ(again.status, 200) << again.body;
  jane.connect();
  EXPECT_EQ(jane.call("disconnect", jane.connection, {}).status, 200);
  EXPECT_EQ(floor.in.send("POST", path + "/barge", "", floor.as_sue).status, 404);
  EXPECT_EQ(floor.listed(floor.as_sue), 0u);
}

}  // namespace
}  // namespace upcall::test
