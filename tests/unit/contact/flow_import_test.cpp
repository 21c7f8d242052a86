#include "contact/flow_import.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "contact/flow_runner.hpp"

namespace upcall::contact {
namespace {

using ::testing::HasSubstr;

std::string file(const std::string& name) {
  std::ifstream in(std::string(UPCALL_FLOWS_DIR) + "/" + name);
  std::stringstream out;
  out << in.rdbuf();
  return out.str();
}

std::string flow_with(const std::string& modules, const std::string& type = "contactFlow") {
  return R"({"version":"1","type":")" + type + R"(","start":"a","metadata":{"name":"F"},"modules":[)" + modules + "]}";
}

// The one problem an otherwise good flow has.
FlowProblem only_problem(const std::string& text) {
  auto import = import_flow(text);
  EXPECT_FALSE(import.flow);
  EXPECT_EQ(import.problems.size(), 1u);
  for (const auto& p : import.problems) SCOPED_TRACE(p.block_id + ": " + p.message);
  return import.problems.empty() ? FlowProblem{} : import.problems.front();
}

TEST(FlowImport, OurThreeFlowsAreWhole) {
  for (const char* name : {"video-call-chat.json", "video-call-chat-autostart.json", "video-call-queue.json"}) {
    auto import = import_flow(file(name));
    for (const auto& p : import.problems) ADD_FAILURE() << name << " " << p.block_id << ": " << p.message;
    ASSERT_TRUE(import.flow) << name;
  }
  EXPECT_EQ(import_flow(file("video-call-chat.json")).flow->blocks.size(), 14u);
  EXPECT_EQ(import_flow(file("video-call-queue.json")).flow->type, FlowType::customer_queue);
}

TEST(FlowImport, EveryTruncationIsRefused) {
  const std::string text = file("video-call-queue.json");
  for (std::size_t n = 0; n + 2 < text.size(); ++n) {
    auto import = import_flow(text.substr(0, n));
    ASSERT_FALSE(import.flow) << n;
    ASSERT_FALSE(import.problems.empty()) << n;
  }
}

TEST(FlowImport, UnsupportedBlockIsNamed) {
  const auto p = only_problem(flow_with(R"({"id":"a","type":"GetUserInput","branches":[]})"));
  EXPECT_EQ(p.block_id, "a");
  EXPECT_THAT(p.message, HasSubstr("GetUserInput"));
}

TEST(FlowImport, EachDefectIsToldWithItsBlock) {
  struct Case {
    const char* modules;
    const char* says;
  };
  const Case cases[] = {
      {R"({"id":"a","type":"PlayPrompt","branches":[{"condition":"Success","transition":"x"},{"condition":"Success","transition":"a"}],"parameters":[{"name":"Text","value":"t"}]})", "leads to no block"},
      {R"({"id":"a","type":"PlayPrompt","branches":[],"parameters":[{"name":"Text","value":"t"}]})", "\"Success\" is not connected"},
      {R"({"id":"a","type":"PlayPrompt","branches":[{"condition":"Success","transition":"a"}],"parameters":[]})", "\"Text\" is missing"},
      {R"({"id":"a","type":"PlayPrompt","branches":[{"condition":"Success","transition":"a"},{"condition":"Odd","transition":"a"}],"parameters":[{"name":"Text","value":"t"}]})", "\"Odd\" is not supported"},
      {R"({"id":"a","type":"PlayPrompt","branches":[{"condition":"Success","transition":"a"},{"condition":"Success","transition":"a"}],"parameters":[{"name":"Text","value":"t"}]})", "twice"},
      {R"({"id":"a","type":"CheckAttribute","branches":[{"condition":"Evaluate","conditionType":"Like","conditionValue":"1","transition":"a"},{"condition":"NoMatch","transition":"a"}],"parameters":[{"name":"Attribute","value":"k"},{"name":"Namespace","value":"User Defined"}]})", "\"Like\" is not supported"},
      {R"({"id":"a","type":"CheckAttribute","branches":[{"condition":"NoMatch","transition":"a"}],"parameters":[{"name":"Attribute","value":"k"},{"name":"Namespace","value":"External"}]})", "External"},
      {R"({"id":"a","type":"SetQueue","branches":[{"condition":"Success","transition":"a"},{"condition":"Error","transition":"a"}],"parameters":[]})", "neither parameter"},
      {R"({"id":"a","type":"Transfer","target":"Flow","branches":[{"condition":"AtCapacity","transition":"a"},{"condition":"Error","transition":"a"}]})", "\"Flow\" is not supported"},
      {R"({"id":"a","type":"Wait","branches":[{"condition":"Timeout","transition":"a"}],"parameters":[{"name":"TimeoutSeconds","value":"0"}]})", "1 to 604800"},
      {R"({"id":"a","type":"UpdateRoutingPriority","branches":[{"condition":"Success","transition":"a"}],"parameters":[{"name":"AbsolutePosition","value":"first"}]})", "AbsolutePosition"},
      {R"({"id":"a","type":"SetAttributes","branches":[{"condition":"Success","transition":"a"}],"parameters":[]})", "no attribute"},
      {R"({"id":"a","type":"LoopPrompts","branches":[]})", "\"Error\" is not connected"},
  };
  for (const Case& c : cases) {
    const auto p = only_problem(flow_with(c.modules));
    EXPECT_EQ(p.block_id, "a") << c.says;
    EXPECT_THAT(p.message, HasSubstr(c.says));
  }
  EXPECT_THAT(only_problem(flow_with(R"({"id":"a","type":"Disconnect"})", "agentWhisper")).message, HasSubstr("agentWhisper"));
  EXPECT_THAT(only_problem(flow_with(R"({"id":"a","type":"Transfer","target":"Queue","branches":[{"condition":"AtCapacity","transition":"a"},{"condition":"Error","transition":"a"}]})", "customerQueue")).message,
              HasSubstr("cannot stand"));
}

TEST(FlowImport, WholeFileDefects) {
  EXPECT_THAT(only_problem("[]").message, HasSubstr("not a JSON object"));
  EXPECT_THAT(only_problem(flow_with(R"({"id":"b","type":"Disconnect"})")).message, HasSubstr("\"start\""));
  EXPECT_THAT(only_problem(flow_with(R"({"id":"a","type":"Disconnect"},{"id":"a","type":"Disconnect"})")).message, HasSubstr("two blocks"));
  EXPECT_THAT(only_problem(std::string(300'000, ' ')).message, HasSubstr("256000"));
}

// The chat flow again, in the other format.
constexpr std::string_view kActions = R"({"Version":"2019-10-30","StartAction":"log","Metadata":{"name":"New","type":"contactFlow"},"Actions":[
{"Identifier":"log","Type":"UpdateFlowLoggingBehavior","Parameters":{"FlowLoggingBehavior":"Enabled"},"Transitions":{"NextAction":"hi"}},
{"Identifier":"hi","Type":"MessageParticipant","Parameters":{"Text":"Hi, $.Attributes.customerName!"},"Transitions":{"NextAction":"set","Errors":[{"ErrorType":"NoMatchingError","NextAction":"set"}]}},
{"Identifier":"set","Type":"UpdateContactAttributes","Parameters":{"Attributes":{"a":"1","copy":"$.Attributes.customerName"}},"Transitions":{"NextAction":"check","Errors":[]}},
{"Identifier":"check","Type":"Compare","Parameters":{"ComparisonValue":"$.Attributes.videoReferenceId"},"Transitions":{"NextAction":"hook","Errors":[{"ErrorType":"NoMatchingCondition","NextAction":"hook"}],"Conditions":[{"NextAction":"bye","Condition":{"Operator":"Equals","Operands":["error"]}},{"NextAction":"first","Condition":{"Operator":"NumberGreaterOrEqualTo","Operands":["0"]}}]}},
{"Identifier":"first","Type":"UpdateContactRoutingBehavior","Parameters":{"QueuePriority":"1"},"Transitions":{"NextAction":"hook"}},
{"Identifier":"hook","Type":"UpdateContactEventHooks","Parameters":{"EventHooks":{"CustomerQueue":"arn:aws:connect:x:1:instance/i/contact-flow/f"}},"Transitions":{"NextAction":"queue","Errors":[{"ErrorType":"NoMatchingError","NextAction":"bye"}]}},
{"Identifier":"queue","Type":"UpdateContactTargetQueue","Parameters":{"AgentId":"$.Attributes.videoRouteToAgent"},"Transitions":{"NextAction":"go","Errors":[{"ErrorType":"NoMatchingError","NextAction":"bye"}]}},
{"Identifier":"go","Type":"TransferContactToQueue","Parameters":{},"Transitions":{"NextAction":"bye","Errors":[{"ErrorType":"QueueAtCapacity","NextAction":"pause"},{"ErrorType":"NoMatchingError","NextAction":"bye"}]}},
{"Identifier":"pause","Type":"Wait","Parameters":{"TimeLimitSeconds":"20"},"Transitions":{"Conditions":[{"NextAction":"go","Condition":{"Operator":"Equals","Operands":["WaitCompleted"]}}]}},
{"Identifier":"bye","Type":"DisconnectParticipant","Parameters":{},"Transitions":{}}]})";

TEST(FlowImport, TheNewFormatTruncatedOrBrokenIsRefused) {
  for (std::size_t n = 0; n < kActions.size(); ++n) ASSERT_FALSE(import_flow(kActions.substr(0, n)).flow) << n;
  const auto with = [](std::string_view from, std::string_view to) {
    std::string text(kActions);
    text.replace(text.find(from), from.size(), to);
    return only_problem(text);
  };
  EXPECT_THAT(with("\"DisconnectParticipant\"", "\"InvokeLambdaFunction\"").message, HasSubstr("InvokeLambdaFunction"));
  EXPECT_EQ(with("\"DisconnectParticipant\"", "\"InvokeLambdaFunction\"").block_id, "bye");
  EXPECT_THAT(with("2019-10-30", "2031-01-01").message, HasSubstr("2019-10-30"));
  EXPECT_THAT(with("\"NumberGreaterOrEqualTo\"", "\"IsNull\"").message, HasSubstr("IsNull"));
}

class Host final : public FlowHost {
 public:
  void say(std::string_view text) override { said.emplace_back(text); }
  void set_attribute(const std::string& name, std::string value) override { values[name] = std::move(value); }
  void set_priority(int p) override { priority = p; }
  bool set_queue_flow(std::string_view) override { return true; }
  bool set_queue(std::string_view) override { return true; }
  bool set_agent_queue(std::string_view) override { return true; }
  Transfer transfer() override {
    ++transfers;
    return answers.empty() ? Transfer::queued : std::exchange(answers.front(), Transfer::at_capacity);
  }
  const Attributes& attributes() const override { return values; }
  std::string system_value(std::string_view path) const override { return path == "ContactId" ? "c-1" : ""; }
  std::vector<std::string> said;
  Attributes values;
  int priority = 5, transfers = 0;
  std::vector<Transfer> answers;
};

TEST(FlowRunner, ExpandsTokensAndLeavesTheRest) {
  Host host;
  host.values = {{"customerName", "Zoë"}, {"a-b", "x"}};
  EXPECT_EQ(expand("Hi, $.Attributes.customerName! Welcome", host), "Hi, Zoë! Welcome");
  EXPECT_EQ(expand("$.Attributes['a-b'].", host), "x.");
  EXPECT_EQ(expand("[$.Attributes.missing]", host), "[]");
  EXPECT_EQ(expand("Id $.ContactId. Thanks", host), "Id c-1. Thanks");
  EXPECT_EQ(expand("costs $.50 or $5 or $.", host), "costs  or $5 or $.");
  host.values["big"] = std::string(20'000, 'x');
  EXPECT_EQ(expand("$.Attributes.big", host).size(), kExpandedMax);
}

TEST(FlowRunner, NumbersAreComparedOnlyWhenBothAreNumbers) {
  const FlowCondition ge{FlowCondition::Op::greater_or_equal, "0", 0};
  EXPECT_TRUE(matches(ge, "0"));
  EXPECT_TRUE(matches(ge, "12345678"));
  EXPECT_FALSE(matches(ge, ""));
  EXPECT_FALSE(matches(ge, "-1"));
  EXPECT_FALSE(matches(ge, "abc"));
  EXPECT_FALSE(matches(ge, "1x"));
  EXPECT_FALSE(matches(ge, "nan"));
}

TEST(FlowRunner, AnEndlessCircleIsStopped) {
  auto import = import_flow(flow_with(R"({"id":"a","type":"PlayPrompt","branches":[{"condition":"Success","transition":"a"}],"parameters":[{"name":"Text","value":"t"}]})"));
  ASSERT_TRUE(import.flow);
  Host host;
  FlowPosition position;
  EXPECT_EQ(run_flow(*import.flow, position, host, Instant()), FlowOutcome::stuck);
  EXPECT_EQ(host.said.size(), static_cast<std::size_t>(kFlowMaxSteps));
}

TEST(FlowRunner, TheNewFormatRunsAlike) {
  auto import = import_flow(kActions);
  for (const auto& p : import.problems) ADD_FAILURE() << p.block_id << ": " << p.message;
  ASSERT_TRUE(import.flow);
  Host host;
  host.values = {{"customerName", "Zoë"}, {"videoReferenceId", "7"}};
  host.answers = {FlowHost::Transfer::at_capacity};
  FlowPosition position{import.flow->start, false, Instant::never()};
  EXPECT_EQ(run_flow(*import.flow, position, host, Instant()), FlowOutcome::waiting);
  EXPECT_EQ(host.said, std::vector<std::string>{"Hi, Zoë!"});
  EXPECT_EQ(host.values.at("copy"), "Zoë");
  EXPECT_EQ(host.priority, 1);
  EXPECT_EQ(position.deadline, Instant() + Duration::s(20));
  host.answers.clear();
  EXPECT_EQ(run_flow(*import.flow, position, host, position.deadline), FlowOutcome::transferred);
}

TEST(FlowRunner, SecondTransferThenGivesUp) {
  auto flow = *import_flow(file("video-call-chat.json")).flow;
  Host host;
  host.answers = {FlowHost::Transfer::at_capacity};
  FlowPosition position{flow.start, false, Instant::never()};
  EXPECT_EQ(run_flow(flow, position, host, Instant()), FlowOutcome::disconnected);
  EXPECT_EQ(host.transfers, 2);
  EXPECT_EQ(host.said.size(), 1u) << "no apology when full";
}

}  // namespace
}  // namespace upcall::contact
