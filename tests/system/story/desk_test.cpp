// What the web pages need of a running server: pages and configuration, the place in the queue, references from a phone
// call, progress of a recording, and what other sites may ask.
#include <gtest/gtest.h>

#include "harness.hpp"
#include "wire/http.hpp"

namespace upcall::story {
namespace {

constexpr const char* kPlace = "application/vnd.upcall.event.queue.position";

// A customer of this world who only chats.
class Chatter {
 public:
  explicit Chatter(World& world, bj::object attributes = {}) : world_(world), http_(world.client()) {
    attributes.emplace("customerEmailAddress", "jane@customer.example");
    const std::string flow = std::string(world.admin("instance.show", {}).as_object().at("defaultContactFlowId").as_string());
    const bj::object body{{"ContactFlowId", flow}, {"ParticipantDetails", {{"DisplayName", "Jane"}}}, {"Attributes", std::move(attributes)}};
    const auto started = world.need(http_.expect(200, "POST", "/api/chat/start", &body), "a chat");
    contact = started.data().at("startChatResult").at("ContactId").as_string();
    http_.set_participant(std::string(started.data().at("startChatResult").at("ParticipantToken").as_string()));
    const bj::object wanted{{"Type", bj::array{"WEBSOCKET", "CONNECTION_CREDENTIALS"}}};
    const auto connection = world.need(http_.expect(200, "POST", "/aws/participant/participant/connection", &wanted), "a connection");
    socket_ = std::make_unique<demo::EventSocket>(
        world.need(demo::EventSocket::open(std::string(connection.body.at("Websocket").at("Url").as_string())), "a chat socket"));
    socket_->send({{"topic", "aws/subscribe"}, {"content", {{"topics", bj::array{"aws/chat"}}}}});
  }
  // The content of the next item of this type.
  std::string take(const std::string& content_type) {
    std::string out;
    world_.need(socket_->wait_for(
                    [&](const bj::object& frame) {
                      if (json::text_at(frame, "topic") != "aws/chat") return false;
                      const auto item = json::parse_object(json::text_or(frame, "content"));
                      if (!item || json::text_at(*item, "ContentType") != content_type) return false;
                      out = json::text_or(*item, "Content");
                      return true;
                    },
                    Duration::s(20)),
                content_type);
    return out;
  }
  std::string contact;

 private:
  World& world_;
  demo::ApiClient http_;
  std::unique_ptr<demo::EventSocket> socket_;
};

std::string header(const net::HttpClientResponse& r, std::string_view name) { return std::string(r.header(name).value_or("")); }

void set_status(World& world, const char* status) {
  const bj::object body{{"status", status}};
  world.need(world.agent().expect(200, "PUT", "/api/agent/status", &body), status);
}

TEST(Desk, CustomersHearTheirPlaceInTheQueue) {
  World world;
  set_status(world, "offline");
  Chatter first(world), second(world);
  EXPECT_EQ(second.take(kPlace), R"({"position":2,"queueLength":2})");
  set_status(world, "available");
  world.until("the offer", Duration::s(20), [&] { return world.need(world.agent().call("POST", "/api/agent/contacts/" + first.contact + "/accept"), "accept").status == 200; });
  std::string place;
  for (int i = 0; i < 5 && place != R"({"position":1,"queueLength":1})"; ++i) place = second.take(kPlace);
  EXPECT_EQ(place, R"({"position":1,"queueLength":1})");
}

// acceptance: 44
TEST(Desk, AReferenceBringsTheCustomerToThatAgentOnce) {
  World world;
  set_status(world, "available");
  const bj::object asked{{"attendeeEmail", "jane@customer.example"}};
  const auto route = world.need(world.agent().expect(200, "POST", "/api/routing/adhoc", &asked), "a reference").data();
  const std::string id(route.at("routeId").as_string());
  EXPECT_EQ(id.size(), 8u);
  EXPECT_EQ(std::string(route.at("link").as_string()), world.url() + "/demo-website.html?refId=" + id + "&refEm=jane%40customer.example");
  Chatter jane(world, {{"videoReferenceId", id}});
  world.until("the offer", Duration::s(20), [&] { return world.need(world.agent().call("POST", "/api/agent/contacts/" + jane.contact + "/accept"), "accept").status == 200; });
  const auto state = world.need(world.agent().expect(200, "GET", "/api/agent/state"), "state");
  const bj::object& contact = state.data().at("contacts").at(0).as_object();
  EXPECT_TRUE(contact.at("queue").at("personal").as_bool());
  EXPECT_EQ(std::string(contact.at("attributes").at("videoReferenceId").as_string()), id);
  EXPECT_EQ(contact.at("priority").to_number<int>(), 1);
  // A second time the flow says so and ends the chat.
  Chatter again(world, {{"videoReferenceId", id}});
  again.take("application/vnd.amazonaws.connect.event.chat.ended");
}

// acceptance: 66, 69
TEST(Desk, PagesConfigurationAndWhatOtherSitesMayAsk) {
  World world;
  net::HttpClient http;
  const auto page = world.need(http.get(world.url() + "/meeting/x"), "a page");
  EXPECT_TRUE(page.status == 200 || page.status == 503) << page.status;
  if (page.status == 503) {
    EXPECT_NE(page.body.find("make web"), std::string::npos);
  }
  EXPECT_EQ(header(page, "x-content-type-options"), "nosniff");
  EXPECT_NE(header(page, "content-security-policy").find("frame-ancestors 'none'"), std::string::npos);
  const auto config = world.need(http.get(world.url() + "/frontend-config.js"), "the configuration");
  EXPECT_NE(config.body.find("\"chatAPI\": \"" + world.url() + "/api/chat/\""), std::string::npos) << config.body;

  const auto preflight = [&](const std::string& path) {
    return world.need(http.send({"OPTIONS", world.url() + path, {{"origin", "https://shop.example"}, {"access-control-request-method", "POST"}}, {}}), path);
  };
  for (const char* open : {"/api/chat/start", "/api/meeting/attendee-name", "/aws/participant/participant/connection"}) {
    const auto answer = preflight(open);
    EXPECT_EQ(answer.status, 204) << open;
    EXPECT_EQ(header(answer, "access-control-allow-origin"), "https://shop.example") << open;
  }
  for (const char* closed : {"/api/agent/state", "/api/routing/adhoc", "/api/recording/recording", "/oauth2/token"}) {
    EXPECT_TRUE(header(preflight(closed), "access-control-allow-origin").empty()) << closed;
  }
}

TEST(Desk, TheSummaryTellsHowFarTheFilmIs) {
  World world;
  Call call = world.begin_call();
  ASSERT_EQ(world.start_recording(call), 200);
  const auto running = world.wait_recording(
      call, [](const bj::object& r) { return r.contains("progress") && number_at(r.at("progress").as_object(), "composedSeconds") > 0; }, Duration::s(60));
  const bj::object& progress = running.at("progress").as_object();
  EXPECT_GE(number_at(progress, "capturedSeconds"), number_at(progress, "composedSeconds"));
  EXPECT_FALSE(running.contains("recordingURL"));
  const auto state = world.need(world.agent().expect(200, "GET", "/api/agent/state"), "state");
  const bj::object& meeting = state.data().at("contacts").at(0).at("meeting").as_object();
  EXPECT_TRUE(meeting.at("live").as_bool());
  EXPECT_TRUE(meeting.at("owned").as_bool());
  EXPECT_EQ(meeting.at("recording").at("recordingId"), running.at("recordingId"));
  ASSERT_EQ(world.stop_recording(call), 200);
  const auto stored = world.wait_stored(call);
  EXPECT_FALSE(stored.contains("progress"));
  EXPECT_TRUE(stored.contains("recordingURL"));
}

}  // namespace
}  // namespace upcall::story
