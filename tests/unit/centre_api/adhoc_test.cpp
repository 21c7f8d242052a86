// From a phone call to a chat with the same agent: references, and what the flow makes of them.
#include "customer.hpp"

#include <set>
#include <thread>

#include "io/store/adhoc_repository.hpp"
#include "io/store/parameter_repository.hpp"

namespace upcall::test {
namespace {

struct Desk {
  Desk() {
    in.add_user("ann@example.com");
    as_ann = in.bearer(in.log_in("ann@example.com"));
  }
  wire::HttpResponse ask(const std::string& email) {
    return in.send("POST", "/api/routing/adhoc", bj::serialize(bj::object{{"attendeeEmail", email}, {"routeToAgentQueue", "somebody.else"}}), as_ann);
  }
  bj::object route(const std::string& email = "jane@customer.example") {
    auto answer = ask(email);
    EXPECT_EQ(answer.status, 200) << answer.body;
    return Installation::body(answer).at("data").as_object();
  }
  // What the flow sees of a chat that was started with this reference.
  contact::Attributes start(const std::string& reference, const std::string& email = "jane@customer.example") {
    auto answer = in.send("POST", "/api/chat/start", in.start_body({{"videoReferenceId", reference}, {"customerEmailAddress", email}, {"videoRouteToAgent", "ann@example.com"}}));
    EXPECT_EQ(answer.status, 200) << answer.body;
    if (answer.status != 200) return {};
    const std::string id = text(Installation::body(answer).at("data").at("startChatResult").at("ContactId"));
    return in.service->get<contact::Attributes>([&](const contact::Centre& c) { return c.contact(id) != nullptr ? c.contact(id)->attributes : contact::Attributes{}; });
  }
  Installation in;
  Installation::Headers as_ann;
};

// acceptance: 16, 42
TEST(AdHoc, AReferenceBringsTheChatToTheAgentOnce) {
  Desk desk;
  const auto route = desk.route("Jane+Video@Customer.example");
  const std::string id = text(route.at("routeId"));
  ASSERT_EQ(id.size(), 8u);
  EXPECT_EQ(id.find_first_not_of("0123456789"), std::string::npos);
  EXPECT_EQ(route.at("expiresInSeconds").to_number<int>(), 900);
  EXPECT_EQ(text(route.at("link")), "https://upcall.example/demo-website.html?refId=" + id + "&refEm=Jane%2BVideo%40Customer.example");

  // As people type it, and with another case in the address.
  const auto attributes = desk.start(id.substr(0, 4) + " - " + id.substr(4), "jane+video@customer.EXAMPLE");
  EXPECT_EQ(attributes.at("videoReferenceId"), id);
  EXPECT_EQ(attributes.at("videoRouteToAgent"), "ann@example.com");
  // The flow puts it into Ann's own queue, before everybody else.
  const auto waiting = desk.in.service->get<std::vector<contact::Contact>>([](const contact::Centre& c) {
    std::vector<contact::Contact> out;
    for (const auto& [i, contact] : c.contacts()) out.push_back(contact);
    return out;
  });
  ASSERT_EQ(waiting.size(), 1u);
  EXPECT_EQ(waiting[0].state, contact::ContactState::queued);
  EXPECT_FALSE(waiting[0].queue.agent_id.empty());
  EXPECT_EQ(waiting[0].priority, 1);

  const auto again = desk.start(id, "jane+video@customer.example");
  EXPECT_TRUE(again.empty() || again.at("videoReferenceId") == "error") << "a reference works once";
}

// acceptance: 16
TEST(AdHoc, WrongReferencesReachNobody) {
  Desk desk;
  const std::string id = text(desk.route().at("routeId"));
  const auto refused = [&](const std::string& reference, const std::string& email = "jane@customer.example") {
    const auto attributes = desk.start(reference, email);
    // The flow tells the customer and ends: the contact is gone, or stands there with "error".
    return attributes.empty() || (attributes.at("videoReferenceId") == "error" && attributes.count("videoRouteToAgent") == 0);
  };
  EXPECT_TRUE(refused(id, "jim@customer.example")) << "bound to the address";
  EXPECT_TRUE(refused(id.substr(0, 7)));
  EXPECT_TRUE(refused(id + "0"));
  EXPECT_TRUE(refused("1e7"));
  EXPECT_TRUE(refused("error"));
  desk.in.pass(Duration::s(900));
  EXPECT_TRUE(refused(id)) << "fifteen minutes";
}

// acceptance: 42
TEST(AdHoc, AReferenceDiesOfWrongAddressesAndAGuesserIsSlowedDown) {
  Desk desk;
  const std::string id = text(desk.route().at("routeId"));
  for (int i = 0; i < store::adhoc_routes::kFailuresMax; ++i) desk.start(id, "guess" + std::to_string(i) + "@customer.example");
  const auto tried = desk.start(id);
  EXPECT_TRUE(tried.empty() || tried.at("videoReferenceId") == "error");
  int status = 200;
  for (int i = 0; i < 10 && status == 200; ++i) {
    auto answer = desk.in.send("POST", "/api/chat/start", desk.in.start_body({{"videoReferenceId", "1234567" + std::to_string(i)}}));
    status = answer.status;
    if (status == 429) {
      EXPECT_EQ(text(Installation::body(answer).at("code")), "rate_limited");
    }
  }
  EXPECT_EQ(status, 429);
  desk.in.peer = 2;
  EXPECT_EQ(desk.in.send("POST", "/api/chat/start", desk.in.start_body()).status, 200) << "others are not in the way";
}

// acceptance: 42
TEST(AdHoc, TwoStartsAtTheSameMomentOneWins) {
  Desk desk;
  const std::string id = text(desk.route().at("routeId"));
  std::atomic<int> won{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      auto used = desk.in.store->write([&](store::Database& db) { return store::adhoc_routes::use(db, id, "jane@customer.example", desk.in.now().wall); });
      if (used && *used) ++won;
    });
  }
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(won, 1);
}

TEST(AdHoc, AStartThatFailsGivesTheReferenceBack) {
  Desk desk;
  const std::string id = text(desk.route().at("routeId"));
  auto refused = desk.in.send("POST", "/api/chat/start", bj::serialize(bj::object{{"ContactFlowId", "no-such-flow"}, {"ParticipantDetails", {{"DisplayName", "Jane"}}},
                                                                                {"Attributes", {{"customerEmailAddress", "jane@customer.example"}, {"videoReferenceId", id}}}}));
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(text(Installation::body(refused).at("code")), "flow_not_open");
  EXPECT_EQ(desk.start(id).at("videoRouteToAgent"), "ann@example.com");
}

TEST(AdHoc, ADisabledAgentIsNotReached) {
  Desk desk;
  const std::string id = text(desk.route().at("routeId"));
  desk.in.admin_run("user.disable", {{"username", "ann@example.com"}});
  const auto attributes = desk.start(id);
  EXPECT_TRUE(attributes.empty() || attributes.at("videoReferenceId") == "error");
}

// acceptance: 41
TEST(AdHoc, ChecksWhoAsksAndWhat) {
  Desk desk;
  EXPECT_EQ(desk.in.send("POST", "/api/routing/adhoc", R"({"attendeeEmail":"a@b"})").status, 401);
  desk.in.add_user("sam@example.com", {"QualityAnalyst"});
  EXPECT_EQ(desk.in.send("POST", "/api/routing/adhoc", R"({"attendeeEmail":"a@b"})", desk.in.bearer(desk.in.log_in("sam@example.com"))).status, 403);
  for (const char* body : {"", "[]", "{}", R"({"attendeeEmail":7})", R"({"attendeeEmail":""})", R"({"attendeeEmail":"a"})", R"({"attendeeEmail":"a@"})",
                           R"({"attendeeEmail":"a@b@c"})", R"({"attendeeEmail":"a b@c"})", R"({"attendeeEmail":"a@b\u0000"})"}) {
    EXPECT_EQ(desk.in.send("POST", "/api/routing/adhoc", body, desk.as_ann).status, 400) << body;
  }
  EXPECT_EQ(text(Installation::body(desk.ask("nobody")).at("code")), "invalid_email");
}

// acceptance: 42, 43
TEST(AdHoc, TheInstallationsOwnPageAndTime) {
  Desk desk;
  ASSERT_TRUE(desk.in.store->write([](store::Database& db) -> Result<void> {
    if (auto set = store::parameters::set(db, "websiteAdHocRouteBaseURL", "https://shop.example/help?lang=de"); !set) return set;
    return store::parameters::set(db, "adHocRouteExpiresMinutes", "5");
  }));
  const auto route = desk.route("jane@customer.example");
  EXPECT_EQ(text(route.at("link")), "https://shop.example/help?lang=de&refId=" + text(route.at("routeId")) + "&refEm=jane%40customer.example");
  EXPECT_EQ(route.at("expiresInSeconds").to_number<int>(), 300);
}

TEST(AdHoc, ReferencesUseTheWholeRange) {
  Desk desk;
  std::set<std::string> seen;
  std::set<int> remainders;
  for (int i = 0; i < 20; ++i) {
    const std::string id = text(desk.route().at("routeId"));
    EXPECT_TRUE(seen.insert(id).second);
    remainders.insert(std::stoi(id) % 256);
  }
  EXPECT_GT(remainders.size(), 10u);
}

}  // namespace
}  // namespace upcall::test
