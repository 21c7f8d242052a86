// Contact flows on a real server: a menu, a function that is asked over the network, and a server that is killed while the
// flow waits for either.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>

#include "harness.hpp"
#include "io/net/http_server.hpp"

namespace upcall::story {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;

// Somebody's functions: one answers, one never does.
class Functions {
 public:
  Functions() {
    router_.add("POST", "/lookup", [](const wire::HttpRequest& r) {
      const auto event = json::parse_object(r.body).value();
      const bj::object* details = json::object_at(event, "Details");
      wire::HttpResponse out;
      out.body = bj::serialize(bj::object{{"level", "gold"}, {"wants", json::text_or(*json::object_at(*details, "Parameters"), "wants")}});
      return out;
    });
    router_.add("POST", "/silent", [this](const wire::HttpRequest&) {
      std::unique_lock lock(mutex_);
      ++asked_;
      closing_.wait(lock, [this] { return closed_; });
      return wire::HttpResponse{};
    });
    server_ = net::HttpServer::start({}, router_, random_).value();
  }
  ~Functions() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    closing_.notify_all();
  }
  std::string url(const std::string& path) const { return server_->url() + path; }
  int asked() {
    const std::lock_guard lock(mutex_);
    return asked_;
  }

 private:
  crypto::SystemRandom random_;
  wire::Router router_;
  std::mutex mutex_;
  std::condition_variable closing_;
  bool closed_ = false;
  int asked_ = 0;
  std::unique_ptr<net::HttpServer> server_;
};

// A customer who knows the participant interface.
class Customer {
 public:
  explicit Customer(World& world) : world_(world), web_(world.client()) {
    const std::string flow = json::text_or(world.admin("instance.show", {}).as_object(), "defaultContactFlowId");
    const bj::object chat{{"ContactFlowId", flow},
                          {"ParticipantDetails", {{"DisplayName", "Jane"}}},
                          {"Attributes",
                           {{"customerName", "Jane"},
                            {"customerEmailAddress", "jane@example.com"},
                            {"videoExternalMeetingId", "meeting-of-jane"},
                            {"videoAttendeeExternalUserId", "user-jane"},
                            {"videoAttendeeName", "Jane"},
                            {"videoReferenceId", ""}}}};
    const auto started = world.need(web_.expect(200, "POST", "/api/chat/start", &chat), "start of the chat");
    const bj::object* result = json::object_at(started.data(), "startChatResult");
    id = json::text_or(*result, "ContactId");
    token_ = json::text_or(*result, "ParticipantToken");
    connect();
  }
  // Connection tokens outlive a server.
  void connect() {
    web_.set_participant(token_);
    const bj::object both{{"Type", {"WEBSOCKET", "CONNECTION_CREDENTIALS"}}, {"ConnectParticipant", true}};
    const auto made = world_.need(web_.expect(200, "POST", "/aws/participant/participant/connection", &both), "connection");
    web_.set_participant(json::text_or(*json::object_at(made.body, "ConnectionCredentials"), "ConnectionToken"));
  }
  void say(const std::string& text) {
    const bj::object message{{"ContentType", "text/plain"}, {"Content", text}};
    world_.need(web_.expect(200, "POST", "/aws/participant/participant/message", &message), "message");
  }
  // What the flow said.
  std::vector<std::string> told() {
    const bj::object ask{{"MaxResults", 100}, {"SortOrder", "ASCENDING"}};
    const auto answer = world_.need(web_.expect(200, "POST", "/aws/participant/participant/transcript", &ask), "transcript");
    std::vector<std::string> out;
    for (const bj::value& item : *json::array_at(answer.body, "Transcript")) {
      const bj::object& o = item.as_object();
      if (json::text_at(o, "Type") == "MESSAGE" && json::text_at(o, "ParticipantRole") != "CUSTOMER") out.push_back(json::text_or(o, "Content"));
    }
    return out;
  }
  void until_told(const std::string& text) {
    world_.until("the flow says: " + text, Duration::s(30), [&] {
      const auto all = told();
      return !all.empty() && all.back() == text;
    });
  }
  std::string id;

 private:
  World& world_;
  demo::ApiClient web_;
  std::string token_;
};

std::string flow() {
  return R"({"Version":"2019-10-30","StartAction":"ask","Metadata":{"name":"Menu"},"Actions":[
   {"Identifier":"ask","Type":"ConnectParticipantWithLexBot","Parameters":{"Text":"Sales or support?","LexSessionAttributes":{"keywords.Sales":"buy"}},
    "Transitions":{"Errors":[{"ErrorType":"NoMatchingError","NextAction":"end"},{"ErrorType":"NoMatchingCondition","NextAction":"ask"}],
     "Conditions":[{"NextAction":"lookup","Condition":{"Operator":"Equals","Operands":["Sales"]}},{"NextAction":"silent","Condition":{"Operator":"Equals","Operands":["Support"]}}]}},
   {"Identifier":"lookup","Type":"InvokeLambdaFunction","Parameters":{"LambdaFunctionARN":"arn:aws:lambda:x:1:function:lookup","InvocationTimeLimitSeconds":"8","LambdaInvocationAttributes":{"wants":"$.Lex.IntentName"}},
    "Transitions":{"NextAction":"known","Errors":[{"ErrorType":"NoMatchingError","NextAction":"sorry"}]}},
   {"Identifier":"silent","Type":"InvokeLambdaFunction","Parameters":{"LambdaFunctionARN":"silent","InvocationTimeLimitSeconds":"8"},
    "Transitions":{"NextAction":"known","Errors":[{"ErrorType":"NoMatchingError","NextAction":"sorry"}]}},
   {"Identifier":"known","Type":"MessageParticipant","Parameters":{"Text":"You are $.External.level and want $.External.wants."},"Transitions":{"NextAction":"rest"}},
   {"Identifier":"sorry","Type":"MessageParticipant","Parameters":{"Text":"We cannot look that up."},"Transitions":{"NextAction":"rest"}},
   {"Identifier":"rest","Type":"Wait","Parameters":{"TimeLimitSeconds":"600"},"Transitions":{"Conditions":[{"NextAction":"end","Condition":{"Operator":"Equals","Operands":["WaitCompleted"]}}]}},
   {"Identifier":"end","Type":"DisconnectParticipant","Parameters":{},"Transitions":{}}]})";
}

std::vector<std::string> results(World& world, const Customer& customer) {
  const bj::object trace = world.admin("flow.trace", {{"contact", customer.id}}).as_object();
  std::vector<std::string> out;
  for (const bj::value& step : *json::array_at(trace, "steps")) out.push_back(json::text_or(step.as_object(), "block") + " " + json::text_or(step.as_object(), "result"));
  return out;
}

TEST(Flows, AMenuAndAFunctionAndAKilledServer) {
  World world;
  Functions functions;
  world.set_parameter("webhookAllowPrivate", "true");
  for (const char* name : {"lookup", "silent"}) world.admin("flow-function.add", {{"name", name}, {"url", functions.url(std::string("/") + name)}});
  world.admin("flow.import", {{"content", flow()}, {"default", true}});

  Customer asks_sales(world), asks_support(world);
  asks_sales.until_told("Sales or support?");
  asks_support.until_told("Sales or support?");
  asks_support.say("support");
  world.until("the silent function is asked", Duration::s(30), [&] { return functions.asked() == 1; });

  // One waits for its customer, the other for a function.
  world.kill_server();
  world.start_server();
  asks_sales.connect();
  asks_support.connect();
  asks_sales.say("I want to buy it");
  asks_sales.until_told("You are gold and want Sales.");
  asks_support.until_told("We cannot look that up.");
  EXPECT_THAT(results(world, asks_sales), ElementsAre("ask waits", "ask Sales", "lookup waits", "lookup next", "known next", "rest waits"));
  EXPECT_THAT(results(world, asks_support), ElementsAre("ask waits", "ask Support", "silent waits", "silent NoMatchingError", "sorry next", "rest waits"));
  EXPECT_EQ(functions.asked(), 1) << "the call of the server that is no more is not made again";
  EXPECT_EQ(world.metric("upcall_flow_functions_answered_total"), 1);
  // A function that is asked holds up nobody who ends the server.
  Customer again(world);
  again.say("support");
  world.until("the silent function is asked again", Duration::s(30), [&] { return functions.asked() == 2; });
  EXPECT_EQ(world.terminate_server(Duration::s(6)), 0);
}

}  // namespace
}  // namespace upcall::story
