// Functions of flows over real sockets: what they are told, and what one that is slow, wrong or forbidden does to others.
#include "service/flow_functions/flow_functions.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <chrono>
#include <filesystem>

#include "api/centre/centre_service.hpp"
#include "io/clock/system_clock.hpp"
#include "io/net/http_server.hpp"
#include "io/store/centre_repository.hpp"
#include "io/store/flow_repository.hpp"
#include "json/json.hpp"
#include "server/admin/admin.hpp"
#include "service/hooks/hook_message.hpp"

namespace upcall {
namespace {

namespace bj = boost::json;
using ::testing::HasSubstr;

constexpr auto kPatience = std::chrono::seconds(20);

// A web server with functions, some of them badly behaved.
class Functions {
 public:
  Functions() {
    router_.add("POST", "/lookup", [this](const wire::HttpRequest& r) {
      const std::lock_guard lock(mutex_);
      requests_.push_back(r);
      wire::HttpResponse out;
      out.body = R"({"name":"Ann","level":3})";
      return out;
    });
    router_.add("POST", "/silent", [this](const wire::HttpRequest&) {
      std::unique_lock lock(mutex_);
      ++silent_;
      changed_.notify_all();
      changed_.wait(lock, [this] { return closing_; });
      return wire::HttpResponse{};
    });
    router_.add("POST", "/broken", [](const wire::HttpRequest&) {
      wire::HttpResponse out;
      out.status = 500;
      return out;
    });
    router_.add("POST", "/huge", [](const wire::HttpRequest&) {
      wire::HttpResponse out;
      out.body = "{\"x\":\"" + std::string(1 << 20, 'x') + "\"}";
      return out;
    });
    router_.add("POST", "/elsewhere", [this](const wire::HttpRequest&) {
      wire::HttpResponse out;
      out.status = 302;
      out.headers.emplace_back("location", server_->url() + "/lookup");
      return out;
    });
    SeededRandom random(3);
    net::HttpServerOptions options;
    options.handler_threads = 12;
    server_ = std::move(*net::HttpServer::start(options, router_, random));
  }
  ~Functions() {
    const std::lock_guard lock(mutex_);
    closing_ = true;
    changed_.notify_all();
  }
  std::string url(const std::string& path) const { return server_->url() + path; }
  std::vector<wire::HttpRequest> requests() {
    const std::lock_guard lock(mutex_);
    return requests_;
  }
  bool wait_for_silent(int n) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kPatience, [&] { return silent_ >= n; });
  }

 private:
  wire::Router router_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<wire::HttpRequest> requests_;
  int silent_ = 0;
  bool closing_ = false;
  std::unique_ptr<net::HttpServer> server_;
};

class FlowFunctionsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "upcall-functions-XXXXXX").string();
    dir_ = ::mkdtemp(pattern.data());
    store_ = std::move(*store::Store::open({dir_, 2, 64}));
    sealer_ = std::move(*store::Sealer::open(dir_, random_));
    admin::Context c = context();
    ASSERT_TRUE(admin::first_start(c));
    admin("configure", {{"webhookAllowPrivate", "true"}});
  }
  void TearDown() override {
    called_.reset();
    store_.reset();
    std::filesystem::remove_all(dir_);
  }
  admin::Context context() { return {*store_, *sealer_, random_, system_now().wall, "", "test"}; }
  bj::object admin(std::string_view command, bj::object arguments) {
    admin::Context c = context();
    auto answer = admin::run(c, command, arguments);
    EXPECT_TRUE(answer) << command << ": " << (answer ? "" : answer.error().message);
    return answer && answer->is_object() ? answer->as_object() : bj::object{};
  }
  void start(service::FlowFunctionsOptions options = {}) {
    called_ = std::make_unique<service::FlowFunctions>(options, *store_, *sealer_, system_now, [this](contact::FlowAnswer a) {
      const std::lock_guard lock(mutex_);
      answers_[a.call_id] = std::move(a);
      changed_.notify_all();
    });
  }
  void call(const std::string& id, const std::string& function, Duration limit = Duration::s(8)) {
    called_->call({"contact", id, function, "", R"({"Name":"ContactFlowEvent"})", limit});
  }
  contact::FlowAnswer answer(const std::string& id) {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(changed_.wait_for(lock, kPatience, [&] { return answers_.contains(id); })) << id;
    return answers_[id];
  }
  bool has(const std::string& id) {
    const std::lock_guard lock(mutex_);
    return answers_.contains(id);
  }

  std::string dir_;
  SeededRandom random_{11};
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<store::Sealer> sealer_;
  Functions web_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, contact::FlowAnswer> answers_;
  std::unique_ptr<service::FlowFunctions> called_;
};

TEST_F(FlowFunctionsTest, PostsTheEventSignedAndBringsTheAnswer) {
  const auto made = admin("flow-function.add", {{"name", "lookup"}, {"url", web_.url("/lookup")}});
  const std::string secret = json::text_or(made, "secret");
  ASSERT_TRUE(secret.starts_with("whsec_"));
  start();
  call("c1", "arn:aws:lambda:eu-central-1:123456789012:function:lookup");
  call("c2", "lookup");
  call("c3", "arn:aws:lambda:eu-central-1:123456789012:function:lookup:live");
  for (const char* id : {"c1", "c2", "c3"}) {
    const auto a = answer(id);
    EXPECT_TRUE(a.answered) << a.text;
    EXPECT_EQ(a.text, R"({"name":"Ann","level":3})");
    EXPECT_EQ(a.contact_id, "contact");
  }
  const auto requests = web_.requests();
  ASSERT_EQ(requests.size(), 3u);
  const auto bytes = from_base64(secret.substr(6));
  ASSERT_TRUE(bytes);
  for (const auto& r : requests) {
    EXPECT_EQ(r.body, R"({"Name":"ContactFlowEvent"})");
    const std::string id(*r.header("webhook-id"));
    const std::int64_t seconds = std::stoll(std::string(*r.header("webhook-timestamp")));
    EXPECT_EQ(*r.header("webhook-signature"), service::hook_signature(*bytes, id, seconds, r.body));
  }
}

TEST_F(FlowFunctionsTest, WhatGoesWrongIsSaidInWords) {
  for (const char* path : {"broken", "huge", "elsewhere"}) admin("flow-function.add", {{"name", path}, {"url", web_.url(std::string("/") + path)}});
  admin("flow-function.add", {{"name", "nobody"}, {"url", "http://127.0.0.1:9/"}});
  start();
  const auto says = [&](const std::string& name) {
    call(name, name);
    const auto a = answer(name);
    EXPECT_FALSE(a.answered) << name;
    return a.text;
  };
  EXPECT_EQ(says("broken"), "answered 500");
  EXPECT_EQ(says("huge"), "the answer is too large");
  EXPECT_EQ(says("elsewhere"), "answered 302") << "redirects are not followed";
  EXPECT_EQ(says("nobody"), "the function cannot be reached");
  EXPECT_EQ(says("unknown"), "no such function is registered");
  EXPECT_TRUE(web_.requests().empty());
}

TEST_F(FlowFunctionsTest, APrivateAddressIsNotCalled) {
  admin("flow-function.add", {{"name", "lookup"}, {"url", web_.url("/lookup")}});
  admin("flow-function.add", {{"name", "inside"}, {"url", "https://localhost:9/"}});
  admin("configure", {{"webhookAllowPrivate", "false"}});
  start();
  call("plain", "lookup");
  call("inside", "inside");
  EXPECT_FALSE(answer("plain").answered);
  EXPECT_EQ(answer("inside").text, "the function's address is private");
  EXPECT_TRUE(web_.requests().empty());
  admin::Context c = context();
  auto refused = admin::run(c, "flow-function.add", {{"name", "x"}, {"url", "http://example.com/"}});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("https://"));
}

TEST_F(FlowFunctionsTest, OneThatNeverAnswersDelaysNoOther) {
  admin("flow-function.add", {{"name", "silent"}, {"url", web_.url("/silent")}});
  admin("flow-function.add", {{"name", "lookup"}, {"url", web_.url("/lookup")}});
  start({.threads = 3, .of_one_function = 2, .waiting = 64, .ca_pem = {}});
  for (int i = 0; i < 20; ++i) call("s" + std::to_string(i), "silent", Duration::s(8));
  ASSERT_TRUE(web_.wait_for_silent(2));
  const auto begun = std::chrono::steady_clock::now();
  for (int i = 0; i < 10; ++i) call("l" + std::to_string(i), "lookup", Duration::s(8));
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(answer("l" + std::to_string(i)).answered);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(7)) << "before the silent one's time is over";
  EXPECT_FALSE(has("s0"));
  called_.reset();  // ends the calls under way, and waits for none
}

TEST_F(FlowFunctionsTest, TimeIsLimitedInAll) {
  admin("flow-function.add", {{"name", "silent"}, {"url", web_.url("/silent")}});
  start();
  call("s", "silent", Duration::s(1));
  EXPECT_EQ(answer("s").text, "no answer in time");
}

TEST_F(FlowFunctionsTest, TooManyAreRefused) {
  admin("flow-function.add", {{"name", "silent"}, {"url", web_.url("/silent")}});
  start({.threads = 1, .of_one_function = 1, .waiting = 2, .ca_pem = {}});
  call("first", "silent");
  ASSERT_TRUE(web_.wait_for_silent(1));
  for (const char* id : {"a", "b", "c"}) call(id, "silent");
  EXPECT_EQ(answer("c").text, "too many functions are called at the moment");
}

// From a customer's chat to the function and back into the chat, and what the trace says of it.
TEST_F(FlowFunctionsTest, AChatIsAnsweredByAFunction) {
  admin("flow-function.add", {{"name", "lookup"}, {"url", web_.url("/lookup")}});
  const std::string flow = R"({"Version":"2019-10-30","StartAction":"f","Metadata":{"name":"Asks"},"Actions":[
    {"Identifier":"f","Type":"InvokeLambdaFunction","Parameters":{"LambdaFunctionARN":"arn:aws:lambda:x:1:function:lookup","InvocationTimeLimitSeconds":"8"},
     "Transitions":{"NextAction":"s","Errors":[{"ErrorType":"NoMatchingError","NextAction":"e"}]}},
    {"Identifier":"s","Type":"MessageParticipant","Parameters":{"Text":"Welcome back, $.External.name"},"Transitions":{"NextAction":"w"}},
    {"Identifier":"w","Type":"Wait","Parameters":{"TimeLimitSeconds":"600"},"Transitions":{"Conditions":[{"NextAction":"e","Condition":{"Operator":"Equals","Operands":["WaitCompleted"]}}]}},
    {"Identifier":"e","Type":"DisconnectParticipant","Parameters":{},"Transitions":{}}]})";
  const auto imported = admin("flow.import", {{"content", flow}});
  auto centre = std::move(*api::CentreService::start(*store_, random_, system_now));
  auto functions = std::make_shared<service::FlowFunctions>(service::FlowFunctionsOptions{}, *store_, *sealer_, system_now,
                                                            [c = centre.get()](contact::FlowAnswer a) { c->answer(std::move(a)); });
  centre->set_flow_caller([functions](contact::FlowCallRequest r) { functions->call(std::move(r)); });
  const auto started = centre->call(contact::StartChat{json::text_or(imported, "contactFlowId"), "Jane", {{"x", "y"}}});
  ASSERT_FALSE(started.error);
  // What was said is in the store when the flow stands at its wait.
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  std::vector<contact::ChatItem> items;
  while (items.empty() && std::chrono::steady_clock::now() < deadline) {
    items = store_->read([&](store::Database& db) { return store::centre::items(db, started.contact_id, 0, 100, 100, false); }).value_or(items);
    centre->ask([](const contact::Centre&) {});
  }
  ASSERT_EQ(items.size(), 1u);
  EXPECT_EQ(items[0].content, "Welcome back, Ann");
  const auto event = json::parse_object(web_.requests().at(0).body);
  ASSERT_TRUE(event);
  const auto* data = json::object_at(*json::object_at(*event, "Details"), "ContactData");
  EXPECT_EQ(json::text_or(*data, "ContactId"), started.contact_id);
  EXPECT_EQ(json::text_or(*json::object_at(*data, "Attributes"), "x"), "y");

  const auto trace = admin("flow.trace", {{"contact", started.contact_id}});
  std::vector<std::string> seen;
  for (const auto& step : trace.at("steps").as_array()) {
    const auto& o = step.as_object();
    seen.push_back(json::text_or(o, "block") + ":" + json::text_or(o, "type") + ":" + json::text_or(o, "result"));
  }
  EXPECT_EQ(seen, (std::vector<std::string>{"f:InvokeLambdaFunction:waits", "f:InvokeLambdaFunction:next", "s:MessageParticipant:next", "w:Wait:waits"}));
}

// A flow that goes round for days leaves a bounded trace.
TEST_F(FlowFunctionsTest, ATraceKeepsTheLastTwoHundred) {
  const std::string flow = R"({"Version":"2019-10-30","StartAction":"l","Metadata":{"name":"Round"},"Actions":[
    {"Identifier":"l","Type":"Loop","Parameters":{"LoopCount":"100"},"Transitions":{"Conditions":[
      {"NextAction":"x","Condition":{"Operator":"Equals","Operands":["ContinueLooping"]}},{"NextAction":"e","Condition":{"Operator":"Equals","Operands":["DoneLooping"]}}]}},
    {"Identifier":"x","Type":"UpdateFlowLoggingBehavior","Parameters":{},"Transitions":{"NextAction":"y"}},
    {"Identifier":"y","Type":"UpdateFlowLoggingBehavior","Parameters":{},"Transitions":{"NextAction":"l"}},
    {"Identifier":"e","Type":"Wait","Parameters":{"TimeLimitSeconds":"600"},"Transitions":{"Conditions":[{"NextAction":"e","Condition":{"Operator":"Equals","Operands":["WaitCompleted"]}}]}}]})";
  const auto imported = admin("flow.import", {{"content", flow}});
  auto centre = std::move(*api::CentreService::start(*store_, random_, system_now));
  const auto started = centre->call(contact::StartChat{json::text_or(imported, "contactFlowId"), "Jane", {}});
  ASSERT_FALSE(started.error);
  const auto trace = admin("flow.trace", {{"contact", started.contact_id}});
  EXPECT_EQ(trace.at("steps").as_array().size(), contact::kFlowStepsKept);
  EXPECT_EQ(json::integer_at(trace, "notKept"), 302 - 200);
  EXPECT_EQ(json::text_or(trace.at("steps").as_array().back().as_object(), "block"), "e");

  // A contact that lives keeps it, one that ended long ago does not.
  const auto left = [&](WallTime ended_before) {
    EXPECT_TRUE(store_->write([&](store::Database& db) { return store::flow_steps::prune(db, WallTime(), ended_before); }));
    return store_->read([&](store::Database& db) { return store::flow_steps::of_contact(db, started.contact_id); })->size();
  };
  const WallTime later = system_now().wall + Duration::s(3600);
  EXPECT_EQ(left(later), contact::kFlowStepsKept);
  const std::string customer = started.participants.front().participant.id;
  centre->call(contact::ConnectParticipant{started.contact_id, customer});
  ASSERT_FALSE(centre->call(contact::LeaveChat{started.contact_id, customer}).error);
  EXPECT_EQ(left(WallTime::from_unix_ms(1)), contact::kFlowStepsKept);
  EXPECT_EQ(left(later), 0u);
}

}  // namespace
}  // namespace upcall
