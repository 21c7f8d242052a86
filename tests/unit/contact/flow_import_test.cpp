#include "contact/flow_import.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

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
      {R"({"id":"a","type":"PlayPrompt","branches":[{"condition":"Success","transition":"x"}],"parameters":[{"name":"Text","value":"t"}]})", "leads to no block"},
      {R"({"id":"a","type":"PlayPrompt","branches":[],"parameters":[{"name":"Text","value":"t"}]})", "Success) is not connected"},
      {R"({"id":"a","type":"PlayPrompt","branches":[{"condition":"Success","transition":"a"}],"parameters":[]})", "\"Text\" is missing"},
      {R"({"id":"a","type":"PlayPrompt","branches":[{"condition":"Success","transition":"a"},{"condition":"Odd","transition":"a"}],"parameters":[{"name":"Text","value":"t"}]})", "\"Odd\" is not supported"},
      {R"({"id":"a","type":"PlayPrompt","branches":[{"condition":"Success","transition":"a"},{"condition":"Success","transition":"a"}],"parameters":[{"name":"Text","value":"t"}]})", "twice"},
      {R"({"id":"a","type":"CheckAttribute","branches":[{"condition":"Evaluate","conditionType":"Like","conditionValue":"1","transition":"a"},{"condition":"NoMatch","transition":"a"}],"parameters":[{"name":"Attribute","value":"k"},{"name":"Namespace","value":"User Defined"}]})", "\"Like\" is not supported"},
      {R"({"id":"a","type":"CheckAttribute","branches":[{"condition":"NoMatch","transition":"a"}],"parameters":[{"name":"Attribute","value":"k"},{"name":"Namespace","value":"Lex"}]})", "Lex"},
      {R"({"id":"a","type":"SetQueue","branches":[{"condition":"Success","transition":"a"},{"condition":"Error","transition":"a"}],"parameters":[]})", "neither parameter"},
      {R"({"id":"a","type":"Transfer","target":"PhoneNumber","branches":[{"condition":"AtCapacity","transition":"a"},{"condition":"Error","transition":"a"}]})", "\"PhoneNumber\" is not supported"},
      {R"({"id":"a","type":"Wait","branches":[{"condition":"Timeout","transition":"a"}],"parameters":[{"name":"TimeoutSeconds","value":"0"}]})", "1 to 604800"},
      {R"({"id":"a","type":"UpdateRoutingPriority","branches":[{"condition":"Success","transition":"a"}],"parameters":[{"name":"AbsolutePosition","value":"first"}]})", "AbsolutePosition"},
      {R"({"id":"a","type":"SetAttributes","branches":[{"condition":"Success","transition":"a"}],"parameters":[]})", "no attribute"},
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
  EXPECT_THAT(with("\"DisconnectParticipant\"", "\"ShowView\"").message, HasSubstr("ShowView"));
  EXPECT_EQ(with("\"DisconnectParticipant\"", "\"ShowView\"").block_id, "bye");
  EXPECT_THAT(with("2019-10-30", "2031-01-01").message, HasSubstr("2019-10-30"));
  EXPECT_THAT(with("\"NumberGreaterOrEqualTo\"", "\"IsNull\"").message, HasSubstr("IsNull"));
}

TEST(FlowImport, TheNewFormatMeansTheSame) {
  auto import = import_flow(kActions);
  for (const auto& p : import.problems) ADD_FAILURE() << p.block_id << ": " << p.message;
  ASSERT_TRUE(import.flow);
  const Flow& flow = *import.flow;
  EXPECT_EQ(flow.blocks[flow.start].id, "log");
  const Block& check = flow.blocks[*flow.find("check")];
  ASSERT_EQ(check.conditions.size(), 2u);
  EXPECT_EQ(check.conditions[1].op, FlowCondition::Op::greater_or_equal);
  EXPECT_EQ(check.conditions[1].next, *flow.find("first"));
  EXPECT_EQ(check.error(FlowError::no_match), flow.find("hook"));
  EXPECT_EQ(flow.blocks[*flow.find("pause")].number, 20);
}

std::string actions_with(const std::string& actions, const std::string& type = "contactFlow") {
  return R"({"Version":"2019-10-30","StartAction":"a","Metadata":{"name":"F","type":")" + type + R"("},"Actions":[)" + actions +
         R"(,{"Identifier":"end","Type":"DisconnectParticipant","Parameters":{},"Transitions":{}}]})";
}
std::string action(const std::string& type, const std::string& parameters, const std::string& transitions = R"("NextAction":"end")") {
  return R"({"Identifier":"a","Type":")" + type + R"(","Parameters":{)" + parameters + R"(},"Transitions":{)" + transitions + "}}";
}

// Documentation and exports disagree: both are read, and the exports' spelling is written.
TEST(FlowImport, BothSpellingsOfTheDocumentedTraps) {
  const std::string waits = R"("Conditions":[{"NextAction":"end","Condition":{"Operator":"Equals","Operands":["WaitCompleted"]}}])";
  for (const char* name : {"TimeLimitSeconds", "TimeoutSeconds"}) {
    for (const char* value : {"\"20\"", "20"}) {
      auto import = import_flow(actions_with(action("Wait", std::string("\"") + name + "\":" + value, waits)));
      ASSERT_TRUE(import.flow) << name << value;
      EXPECT_EQ(import.flow->blocks[0].number, 20);
    }
  }
  for (const char* type : {"UntagContact", "UnTagContact"}) {
    auto import = import_flow(actions_with(action(type, R"("TagKeys":["x"])")));
    ASSERT_TRUE(import.flow) << type;
    EXPECT_EQ(import.flow->blocks[0].type, BlockType::untag);
  }
  for (const char* value : {"\"1\"", "1"}) {
    auto import = import_flow(actions_with(action("UpdateContactRoutingBehavior", std::string("\"QueuePriority\":") + value)));
    ASSERT_TRUE(import.flow) << value;
    EXPECT_EQ(import.flow->blocks[0].number, 1);
  }
}

TEST(FlowImport, EachDefectOfAnActionIsToldWithItsBlock) {
  const std::string on_error = R"("NextAction":"end","Errors":[{"ErrorType":"NoMatchingError","NextAction":"end"}])";
  struct Case {
    std::string action;
    const char* says;
  };
  const Case cases[] = {
      {action("GetParticipantInput", ""), "ConnectParticipantWithLexBot"},
      {action("ShowView", R"("ViewResource":{"Id":"v","Version":"1"})"), "ShowView"},
      {action("Frobnicate", ""), "Frobnicate"},
      {action("MessageParticipant", R"("PromptId":"p")"), "Text"},
      {action("MessageParticipant", R"("Text":"t")", R"("NextAction":"nowhere")"), "leads to no action"},
      {action("MessageParticipant", R"("Text":"t")", ""), "not connected"},
      {action("UpdateContactAttributes", R"("Attributes":{"x":"1"},"TargetContact":"Related")"), "Related"},
      {action("UpdateFlowAttributes", R"("FlowAttributes":{"x":"1"})"), "Value"},
      {action("Compare", R"("ComparisonValue":"x")", R"("Errors":[{"ErrorType":"NoMatchingCondition","NextAction":"end"}])"), "one reference"},
      {action("Compare", R"("ComparisonValue":"$.Attributes.x")"), "NoMatchingCondition is not connected"},
      {action("CheckHoursOfOperation", "", R"("Errors":[{"ErrorType":"NoMatchingError","NextAction":"end"}],"Conditions":[{"NextAction":"end","Condition":{"Operator":"Equals","Operands":["True"]}}])"), "False is not connected"},
      {action("CheckMetricData", R"("MetricType":"Mood")", R"("Errors":[{"ErrorType":"NoMatchingError","NextAction":"end"},{"ErrorType":"NoMatchingCondition","NextAction":"end"}])"), "Mood"},
      {action("Loop", R"("LoopCount":"101")", R"("Conditions":[{"NextAction":"end","Condition":{"Operator":"Equals","Operands":["ContinueLooping"]}},{"NextAction":"end","Condition":{"Operator":"Equals","Operands":["DoneLooping"]}}])"), "0 to 100"},
      {action("Wait", R"("TimeLimitSeconds":"5","Events":["CustomerReturned"])", R"("Conditions":[{"NextAction":"end","Condition":{"Operator":"Equals","Operands":["WaitCompleted"]}}])"), "CustomerReturned is not connected"},
      {action("UpdateContactEventHooks", R"("EventHooks":{"CustomerQueue":"a","CustomerRemaining":"b"})"), "one entry"},
      {action("UpdateContactTargetQueue", R"("QueueId":"q","AgentId":"a")", on_error), "exclude"},
      {action("UpdateContactTargetQueue", R"("QueueId":"q")"), "NoMatchingError is not connected"},
      {action("UpdateContactRoutingBehavior", R"("QueuePriority":"1","QueueTimeAdjustmentSeconds":"5")"), "not both"},
      {action("DequeueContactAndTransferToQueue", R"("QueueId":"q")", R"("Errors":[{"ErrorType":"NoMatchingError","NextAction":"end"},{"ErrorType":"QueueAtCapacity","NextAction":"end"}])"), "cannot stand"},
      {action("EndFlowExecution", "", ""), "cannot stand"},
      {action("EndFlowModuleExecution", "", ""), "cannot stand"},
      {action("InvokeLambdaFunction", R"("LambdaFunctionARN":"f","InvocationTimeLimitSeconds":"9")", on_error), "1 to 8"},
      {action("ConnectParticipantWithLexBot", R"("Text":"?")", R"("Errors":[{"ErrorType":"NoMatchingError","NextAction":"end"},{"ErrorType":"NoMatchingCondition","NextAction":"end"}],"Conditions":[{"NextAction":"end","Condition":{"Operator":"TextContains","Operands":["x"]}}])"), "only Equals"},
      {action("ConnectParticipantWithLexBot", R"("Text":"?","LexSessionAttributes":{"keywords.Other":"x"})", R"("Errors":[{"ErrorType":"NoMatchingError","NextAction":"end"},{"ErrorType":"NoMatchingCondition","NextAction":"end"}],"Conditions":[{"NextAction":"end","Condition":{"Operator":"Equals","Operands":["x"]}}])"), "no condition of the block"},
      {action("TagContact", R"("Tags":{"a":"1","b":"1","c":"1","d":"1","e":"1","f":"1","g":"1"})"), "6 tags"},
  };
  for (const Case& c : cases) {
    const auto p = only_problem(actions_with(c.action));
    EXPECT_EQ(p.block_id, "a") << c.says;
    EXPECT_THAT(p.message, HasSubstr(c.says));
  }
}

TEST(FlowImport, EveryProblemIsListed) {
  auto import = import_flow(actions_with(action("MessageParticipant", R"("Text":"")", R"("NextAction":"x","Errors":[{"ErrorType":"Odd","NextAction":"end"}])") +
                                         R"(,{"Identifier":"b","Type":"ShowView"},{"Identifier":"c:d","Type":"TransferToFlow","Parameters":{},"Transitions":{}})"));
  std::vector<std::string> blocks;
  for (const auto& p : import.problems) blocks.push_back(p.block_id);
  EXPECT_EQ(blocks, (std::vector<std::string>{"c:d", "a", "a", "a", "b", "c:d", "c:d"}));
}

TEST(FlowImport, LimitsOfTheLanguage) {
  std::string many;
  for (int i = 0; i < 250; ++i) many += (i == 0 ? "" : ",") + std::string(R"({"Identifier":")") + (i == 0 ? "a" : std::to_string(i)) + R"(","Type":"DisconnectParticipant"})";
  EXPECT_THAT(only_problem(actions_with(many)).message, HasSubstr("more than 250"));
  const auto named = [](const std::string& id) {
    return only_problem(R"({"Version":"2019-10-30","StartAction":")" + id + R"(","Metadata":{"name":"F"},"Actions":[{"Identifier":")" + id + R"(","Type":"DisconnectParticipant"}]})").message;
  };
  EXPECT_THAT(named(std::string(51, 'x')), HasSubstr("50 characters"));
  EXPECT_THAT(named("a:b"), HasSubstr("must not contain"));
  EXPECT_THAT(named("toString"), HasSubstr("reserved"));
  const auto nested = [](int depth) {
    std::string test = R"({"Operator":"Equals","Operands":["1"]})";
    for (int i = 1; i < depth; ++i) test = R"({"Operator":"Not","Operands":[)" + test + "]}";
    return actions_with(action("Compare", R"("ComparisonValue":"$.Channel")", R"("Conditions":[{"NextAction":"end","Condition":)" + test + R"(}],"Errors":[{"ErrorType":"NoMatchingCondition","NextAction":"end"}])"));
  };
  EXPECT_TRUE(import_flow(nested(5)).flow);
  EXPECT_THAT(only_problem(nested(6)).message, HasSubstr("5 deep"));
  std::string parts;
  for (int i = 0; i < 51; ++i) parts += (i == 0 ? "" : ",") + std::string(R"({"Operator":"Equals","Operands":["1"]})");
  EXPECT_THAT(only_problem(actions_with(action("Compare", R"("ComparisonValue":"$.Channel")", R"("Conditions":[{"NextAction":"end","Condition":{"Operator":"Or","Operands":[)" + parts +
                                                   R"(]}}],"Errors":[{"ErrorType":"NoMatchingCondition","NextAction":"end"}])"))).message, HasSubstr("50 parts"));
}

TEST(FlowImport, AFlowWithoutAnEndIsNamed) {
  const auto p = only_problem(R"({"Version":"2019-10-30","StartAction":"a","Metadata":{"name":"F"},"Actions":[)" +
                              action("MessageParticipant", R"("Text":"t")", R"("NextAction":"a")") + "]}");
  EXPECT_EQ(p.block_id, "a");
  EXPECT_THAT(p.message, HasSubstr("no way leads"));
}

TEST(FlowImport, WhatHasNoEffectInAChatIsAWarning) {
  const auto warning = [](const std::string& text) {
    auto import = import_flow(text);
    for (const auto& p : import.problems) ADD_FAILURE() << p.block_id << ": " << p.message;
    EXPECT_EQ(import.warnings.size(), 1u);
    return import.warnings.empty() ? std::string() : import.warnings.front().message;
  };
  EXPECT_THAT(warning(actions_with(action("UpdateContactEventHooks", R"("EventHooks":{"AgentWhisper":"w"})"))), HasSubstr("AgentWhisper"));
  EXPECT_THAT(warning(flow_with(R"({"id":"a","type":"LoopPrompts","branches":[]})", "customerQueue")), HasSubstr("the flow stops here"));
}

}  // namespace
}  // namespace upcall::contact
