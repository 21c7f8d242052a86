// Functions behind web addresses: the call, the answer, and what happens without one.
#include "contact/flow_answer.hpp"
#include "flow_world.hpp"
#include "json/json.hpp"

namespace upcall::contact {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> calling(const std::string& more = "", const std::string& tells = "$.External.name is $.External.level") {
  return {block("f", "InvokeLambdaFunction", R"("LambdaFunctionARN":"arn:aws:lambda:eu-central-1:1:function:lookup","InvocationTimeLimitSeconds":"4","LambdaInvocationAttributes":{"who":"$.Attributes.customerName"})" + more,
                {"a", {error("NoMatchingError", "failed")}, {}}),
          say("a", tells, "w"), say("failed", "failed", "w"),
          block("w", "Wait", R"("TimeLimitSeconds":"600")", {"", {}, {result("WaitCompleted", "end")}}), bye()};
}

TEST(FlowFunction, IsToldTheContactAndItsAnswerIsExternal) {
  FlowWorld w("contactFlow", calling());
  w.start({{"x", "y"}});
  ASSERT_EQ(w.calls.size(), 1u);
  const FlowCallRequest& call = w.calls.front();
  EXPECT_EQ(call.function, "arn:aws:lambda:eu-central-1:1:function:lookup");
  EXPECT_EQ(call.limit, Duration::s(4));
  const auto event = json::parse_object(call.event);
  ASSERT_TRUE(event);
  EXPECT_EQ(json::text_or(*event, "Name"), "ContactFlowEvent");
  const auto* details = json::object_at(*event, "Details");
  ASSERT_NE(details, nullptr);
  EXPECT_EQ(json::text_or(*json::object_at(*details, "Parameters"), "who"), "Jane");
  const auto* data = json::object_at(*details, "ContactData");
  EXPECT_EQ(json::text_or(*data, "ContactId"), w.id);
  EXPECT_EQ(json::text_or(*data, "Channel"), "CHAT");
  EXPECT_EQ(json::text_or(*json::object_at(*data, "Attributes"), "x"), "y");
  for (const char* name : {"InitialContactId", "PreviousContactId", "InitiationMethod", "InstanceARN", "CustomerEndpoint", "SystemEndpoint", "Queue", "Tags", "References"}) {
    EXPECT_TRUE(data->contains(name)) << name;
  }
  w.run(FlowAnswer{w.id, call.call_id, true, R"({"name":"Ann","level":3})"});
  EXPECT_THAT(w.said(), ElementsAre("Ann is 3"));
}

TEST(FlowFunction, WithoutAnAnswerInTimeTheErrorBranchIsTaken) {
  FlowWorld w("contactFlow", calling());
  w.start();
  w.pass(Duration::ms(3999));
  EXPECT_THAT(w.said(), IsEmpty());
  w.pass(Duration::ms(1));
  EXPECT_THAT(w.said(), ElementsAre("failed"));
  w.run(FlowAnswer{w.id, w.calls.front().call_id, true, R"({"name":"late"})"});
  EXPECT_EQ(w.said().size(), 1u) << "an answer that comes too late is nobody's";
}

TEST(FlowFunction, ARefusalIsToldInTheTrace) {
  FlowWorld w("contactFlow", calling());
  w.start();
  w.run(FlowAnswer{w.id, w.calls.front().call_id, false, "the address is private"});
  EXPECT_THAT(w.said(), ElementsAre("failed"));
  EXPECT_THAT(w.results("f"), ElementsAre("waits", "NoMatchingError"));
  const auto step = std::find_if(w.steps.begin(), w.steps.end(), [](const FlowStep& s) { return s.result == "NoMatchingError"; });
  EXPECT_EQ(step->note, "the address is private");
}

TEST(FlowFunction, AnothersAnswerIsNotTaken) {
  FlowWorld w("contactFlow", calling());
  w.start();
  w.run(FlowAnswer{w.id, "another", true, R"({"name":"Eve"})"});
  w.run(FlowAnswer{"another", w.calls.front().call_id, true, R"({"name":"Eve"})"});
  EXPECT_THAT(w.said(), IsEmpty());
}

TEST(FlowFunction, AsynchronousCallsWaitForNothing) {
  FlowWorld w("contactFlow", calling(R"(,"InvocationType":"ASYNCHRONOUS")", "on"));
  w.start();
  EXPECT_EQ(w.calls.size(), 1u);
  EXPECT_THAT(w.said(), ElementsAre("on"));
}

TEST(FlowFunction, AnswersOfBothShapes) {
  const auto said = [](const std::string& type, const std::string& answer) {
    FlowWorld w("contactFlow", calling(R"(,"ResponseValidation":{"ResponseType":")" + type + "\"}", "$.External.a|$.External.list[1].id"));
    w.start();
    w.run(FlowAnswer{w.id, w.calls.front().call_id, true, answer});
    return w.said().front();
  };
  EXPECT_EQ(said("STRING_MAP", R"({"a":"x"})"), "x|");
  EXPECT_EQ(said("STRING_MAP", R"({"a":"x","list":[{"id":1},{"id":2}]})"), "failed") << "a flat object is asked for";
  EXPECT_EQ(said("JSON", R"({"a":"x","list":[{"id":1},{"id":2}]})"), "x|2");
  EXPECT_EQ(said("JSON", R"([1])"), "failed");
  EXPECT_EQ(said("JSON", "nonsense"), "failed");
  EXPECT_EQ(said("STRING_MAP", "{\"a\":\"" + std::string(40'000, 'x') + "\"}"), "failed") << "too large";
}

TEST(FlowFunction, AnAnswerIsBounded) {
  std::string many = "{";
  for (int i = 0; i < 600; ++i) many += (i == 0 ? "" : ",") + std::string("\"k") + std::to_string(i) + "\":1";
  EXPECT_FALSE(read_flow_answer(many + "}", true));
  // Names of nested values repeat their parents'.
  std::string deep = "{\"" + std::string(900, 'k') + "\":[";
  for (int i = 0; i < 400; ++i) deep += (i == 0 ? "" : ",") + std::string("1");
  EXPECT_FALSE(read_flow_answer(deep + "]}", true));
  const std::string text = R"({"a":{"b":[1,true,"x"]}})";
  ASSERT_TRUE(read_flow_answer(text, true));
  for (std::size_t n = 0; n < text.size(); ++n) EXPECT_FALSE(read_flow_answer(text.substr(0, n), true)) << n;
}

}  // namespace
}  // namespace upcall::contact
