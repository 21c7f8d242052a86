// Transfers, quick connects and statuses through the routes; what administrators set for them.
#include "customer.hpp"

namespace upcall::test {
namespace {

struct Desk {
  Desk() {
    ann = in.add_user("ann@example.com");
    bob = in.add_user("bob@example.com");
    as_ann = in.bearer(in.log_in("ann@example.com"));
    as_bob = in.bearer(in.log_in("bob@example.com"));
  }
  int status(const Installation::Headers& who, std::string body) { return in.send("PUT", "/api/agent/status", std::move(body), who).status; }
  std::string take_jane(Customer& jane) {
    jane.connect();
    EXPECT_EQ(status(as_ann, R"({"status":"available"})"), 200);
    const std::string path = "/api/agent/contacts/" + jane.contact_id;
    EXPECT_EQ(in.send("POST", path + "/accept", "", as_ann).status, 200);
    return path;
  }
  bj::object data(const wire::HttpResponse& r) { return Installation::body(r).at("data").as_object(); }
  Installation in;
  std::string ann, bob;
  Installation::Headers as_ann, as_bob;
};

TEST(TransferRoutes, TheCustomerSeesWhoJoinsAndTheChatIsKept) {
  Desk desk;
  Customer jane(desk.in);
  const std::string path = desk.take_jane(jane);
  EXPECT_EQ(desk.in.send("POST", path + "/items", R"({"content":"good day"})", desk.as_ann).status, 200);
  const std::string to_bob = bj::serialize(bj::object{{"agentId", desk.bob}});
  auto refused = desk.in.send("POST", path + "/transfer", to_bob, desk.as_ann);
  EXPECT_EQ(refused.status, 409);
  EXPECT_EQ(text(Installation::body(refused).at("code")), "agent_not_available");
  EXPECT_EQ(desk.status(desk.as_bob, R"({"status":"available"})"), 200);

  auto connects = desk.data(desk.in.send("GET", "/api/agent/quick-connects?search=BOB", "", desk.as_ann));
  ASSERT_EQ(connects.at("agents").as_array().size(), 1u);
  EXPECT_EQ(text(connects.at("agents").at(0).at("agentId")), desk.bob);
  EXPECT_TRUE(connects.at("agents").at(0).at("available").as_bool());

  auto bobs = desk.in.open("/api/agent/events", desk.as_bob);
  EXPECT_EQ(desk.in.send("GET", path + "/items", "", desk.as_bob).status, 404) << "not before Bob is asked";
  ASSERT_EQ(desk.in.send("POST", path + "/transfer", to_bob, desk.as_ann).status, 200);
  const auto offer = bobs.connection->take([](const bj::object& f) { return text(f.at("type")) == "contact" && text(f.at("state")) == "connecting"; }, "offer");
  EXPECT_EQ(text(offer.at("contact").at("transfer").at("from")), "ann@example.com");
  EXPECT_EQ(desk.in.send("GET", path + "/items", "", desk.as_bob).status, 200) << "whoever is asked reads first";
  ASSERT_EQ(desk.in.send("POST", path + "/accept", "", desk.as_bob).status, 200);
  jane.take_item("application/vnd.amazonaws.connect.event.transfer.succeeded");
  jane.take_item("application/vnd.amazonaws.connect.event.participant.left");
  EXPECT_EQ(text(jane.take_item("application/vnd.amazonaws.connect.event.participant.joined").at("DisplayName")), "bob@example.com");
  EXPECT_EQ(desk.in.send("POST", path + "/items", R"({"content":"I am Bob"})", desk.as_bob).status, 200);
  jane.take_item("text/plain", "I am Bob");

  // Ann still has after-contact work, and reads up to where her part ended.
  const auto anns = Installation::body(desk.in.send("GET", path + "/items", "", desk.as_ann));
  std::string seen = bj::serialize(anns);
  EXPECT_NE(seen.find("good day"), std::string::npos);
  const auto bobs_items = bj::serialize(Installation::body(desk.in.send("GET", path + "/items", "", desk.as_bob)));
  EXPECT_NE(bobs_items.find("good day"), std::string::npos);
  EXPECT_NE(bobs_items.find("I am Bob"), std::string::npos);
  EXPECT_EQ(desk.in.send("POST", path + "/end", "", desk.as_ann).status, 404) << "it is Bob's";

  // Both parts are in the store, and survive a restart.
  const auto segments = [&] {
    return desk.in.store->read([&](store::Database& db) {
      return db.all("select agent_id || ' ' || end_reason from contact_segments where contact_id=?1 order by number", [](store::Row& r) { return r.text(0); }, jane.contact_id);
    });
  };
  EXPECT_EQ(*segments(), (std::vector<std::string>{desk.ann + " transfer", desk.bob + " "}));
  bobs.handler->on_close(1006);
  jane.socket.handler->on_close(1006);
  desk.in.stop();
  desk.in.start();
  EXPECT_EQ(desk.in.send("POST", path + "/end", "", desk.as_bob).status, 200);
  EXPECT_EQ(desk.in.send("POST", path + "/clear", "", desk.as_ann).status, 200) << "after-contact work is there still";
  EXPECT_EQ((*segments())[1], desk.bob + " agent_disconnect");
}

TEST(TransferRoutes, EveryFieldIsChecked) {
  Desk desk;
  Customer jane(desk.in);
  const std::string path = desk.take_jane(jane);
  const std::string nowhere = "0b7f1f0e-0000-4000-8000-000000000000";
  struct Case {
    std::string method, target, body;
    int status;
    const char* says;
  };
  const Case cases[] = {
      {"POST", path + "/transfer", "", 400, ""},
      {"POST", path + "/transfer", "{}", 400, "agentId or queueId"},
      {"POST", path + "/transfer", R"({"agentId":7})", 400, "agentId"},
      {"POST", path + "/transfer", R"({"queueId":"BasicQueue"})", 400, "queueId"},
      {"POST", path + "/transfer", R"({"agentId":")" + desk.bob + R"(","queueId":")" + nowhere + R"("})", 400, "one of them"},
      {"POST", path + "/transfer", R"({"agentId":")" + nowhere + R"("})", 404, "agent"},
      {"POST", path + "/transfer", R"({"queueId":")" + nowhere + R"("})", 404, "queue"},
      {"POST", path + "/transfer", R"({"agentId":")" + desk.ann + R"("})", 400, "yours"},
      {"POST", "/api/agent/contacts/" + nowhere + "/transfer", R"({"agentId":")" + desk.bob + R"("})", 404, "contact"},
      {"DELETE", path + "/transfer", "", 409, ""},
      {"DELETE", "/api/agent/contacts/" + nowhere + "/transfer", "", 404, ""},
      {"PUT", "/api/agent/status", "{}", 400, "status"},
      {"PUT", "/api/agent/status", R"({"status":5})", 400, "status"},
      {"PUT", "/api/agent/status", R"({"status":""})", 400, "status"},
      {"PUT", "/api/agent/status", R"({"status":")" + std::string(128, 'x') + R"("})", 400, "status"},
      {"PUT", "/api/agent/status", R"({"status":"Lunch"})", 404, "status"},
      {"PUT", "/api/agent/status", R"({"status":"offline","afterContacts":"yes"})", 400, "afterContacts"},
      {"GET", "/api/agent/quick-connects?search=" + std::string(128, 'x'), "", 400, "search"},
      {"GET", "/api/agent/quick-connects?search=%ff", "", 400, "search"},
  };
  for (const Case& c : cases) {
    auto answer = desk.in.send(c.method, c.target, c.body, desk.as_ann);
    EXPECT_EQ(answer.status, c.status) << c.method << " " << c.target << " " << c.body;
    EXPECT_NE(answer.body.find(c.says), std::string::npos) << c.body << ": " << answer.body;
    EXPECT_EQ(desk.in.send(c.method, c.target, c.body).status, 401) << c.target;
  }
  desk.in.add_user("sam@example.com", {"QualityAnalyst"});
  const auto as_sam = desk.in.bearer(desk.in.log_in("sam@example.com"));
  for (const Case& c : cases) EXPECT_EQ(desk.in.send(c.method, c.target, c.body, as_sam).status, 403) << c.target;
  // Another agent's contact looks like one that is not there, to the letter.
  auto other = desk.in.send("POST", path + "/transfer", R"({"agentId":")" + desk.ann + R"("})", desk.as_bob);
  auto none = desk.in.send("POST", "/api/agent/contacts/" + nowhere + "/transfer", R"({"agentId":")" + desk.ann + R"("})", desk.as_bob);
  EXPECT_EQ(other.status, 404);
  EXPECT_EQ(other.body, none.body);
}

TEST(TransferRoutes, AdministratorsNameStatusesQueuesAndProfiles) {
  Desk desk;
  Customer jane(desk.in);
  const std::string path = desk.take_jane(jane);
  desk.in.admin_run("agent-status.add", {{"name", "Lunch"}});
  desk.in.admin_run("agent-status.add", {{"name", "E-mail too"}, {"routable", true}});
  const auto refused = [&](const char* command, const bj::object& arguments) {
    auto context = desk.in.context();
    return admin::run(context, command, arguments).error().code;
  };
  EXPECT_EQ(refused("agent-status.add", {{"name", "Lunch"}}), ErrorCode::conflict);
  EXPECT_EQ(refused("agent-status.add", {{"name", "offline"}}), ErrorCode::invalid_argument);
  EXPECT_EQ(refused("agent-status.remove", {{"name", "Nothing"}}), ErrorCode::not_found);
  const auto list = desk.data(desk.in.send("GET", "/api/agent/statuses", "", desk.as_ann)).at("statuses").as_array();
  ASSERT_EQ(list.size(), 4u);
  EXPECT_EQ(text(list[0].at("status")), "available");

  auto next = desk.data(desk.in.send("PUT", "/api/agent/status", R"({"status":"Lunch","afterContacts":true})", desk.as_ann));
  EXPECT_EQ(text(next.at("status")), "available");
  EXPECT_EQ(text(next.at("nextStatus").at("statusName")), "Lunch");
  desk.in.stop();
  desk.in.start();
  EXPECT_EQ(desk.in.send("POST", path + "/end", "", desk.as_ann).status, 200);
  EXPECT_EQ(desk.in.send("POST", path + "/clear", "", desk.as_ann).status, 200);
  auto state = desk.data(desk.in.send("GET", "/api/agent/state", "", desk.as_ann));
  EXPECT_EQ(text(state.at("status")), "not_routable");
  EXPECT_EQ(text(state.at("statusName")), "Lunch");
  desk.in.admin_run("agent-status.remove", {{"name", "Lunch"}});
  EXPECT_EQ(text(desk.data(desk.in.send("GET", "/api/agent/state", "", desk.as_ann)).at("status")), "offline");

  desk.in.admin_run("queue.add", {{"name", "Sales:7"}, {"capacity", 3}});
  desk.in.admin_run("routing-profile.add", {{"name", "Sellers"}, {"queue", {"Sales:7:2:30", "BasicQueue"}}, {"slots", 3}, {"after-contact-seconds", 60}});
  bool found = false;
  const auto profiles = desk.in.admin_run("routing-profile.list", {}).at("routingProfiles").as_array();
  for (const auto& p : profiles) {
    if (text(p.at("name")) != "Sellers") continue;
    found = true;
    EXPECT_EQ(p.at("afterContactSeconds").as_int64(), 60);
    EXPECT_EQ(bj::serialize(p.at("queues")).find("\"priority\":2,\"delaySeconds\":30") != std::string::npos, true) << bj::serialize(p);
  }
  EXPECT_TRUE(found);
  for (const char* queue : {"BasicQueue:0", "BasicQueue:100", "BasicQueue:1:-1", "BasicQueue:1:10000"}) {
    EXPECT_EQ(refused("routing-profile.add", {{"name", queue}, {"queue", {queue}}}), ErrorCode::invalid_argument) << queue;
  }
  EXPECT_EQ(refused("routing-profile.add", {{"name", "x"}, {"queue", {"Nowhere:1"}}}), ErrorCode::not_found);
  EXPECT_EQ(refused("routing-profile.add", {{"name", "x"}, {"after-contact-seconds", 86'401}}), ErrorCode::invalid_argument);
  EXPECT_EQ(refused("queue.add", {{"name", "x"}, {"capacity", -2}}), ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace upcall::test
