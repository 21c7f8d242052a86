// A restart in the middle of every block that waits: the flow goes on as if nothing had been.
#include "flow_world.hpp"

namespace upcall::contact {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> ends() { return {say("fine", "fine", "end"), say("failed", "failed", "end"), bye()}; }
std::vector<std::string> flow_of(std::vector<std::string> blocks) {
  for (auto& b : ends()) blocks.push_back(b);
  return blocks;
}

TEST(FlowRestart, InAWait) {
  FlowWorld w("contactFlow", flow_of({block("w", "Wait", R"("TimeLimitSeconds":"60")", {"", {}, {result("WaitCompleted", "fine")}})}));
  w.start();
  w.pass(Duration::s(20));
  w.restart(Duration::s(15));
  w.pass(Duration::s(24));
  EXPECT_THAT(w.said(), IsEmpty());
  w.pass(Duration::s(1));
  EXPECT_THAT(w.said(), ElementsAre("fine")) << "the time away counts";
}

TEST(FlowRestart, InAWaitThatIsOverMeanwhile) {
  FlowWorld w("contactFlow", flow_of({block("w", "Wait", R"("TimeLimitSeconds":"60")", {"", {}, {result("WaitCompleted", "fine")}})}));
  w.start();
  w.restart(Duration::s(600));
  w.pass(Duration());
  EXPECT_THAT(w.said(), ElementsAre("fine"));
}

TEST(FlowRestart, InAWaitForTheCustomer) {
  FlowWorld w("contactFlow", flow_of({block("w", "Wait", R"("TimeLimitSeconds":"60","Events":["CustomerReturned"])", {"", {}, {result("WaitCompleted", "failed"), result("CustomerReturned", "fine")}})}));
  w.start();
  w.restart(Duration::s(1));
  w.answer("here I am");
  EXPECT_THAT(w.said(), ElementsAre("fine"));
}

TEST(FlowRestart, WhileTheCustomerIsAsked) {
  FlowWorld w("contactFlow", flow_of({block("q", "ConnectParticipantWithLexBot", R"("Text":"yes?")", {"", {error("NoMatchingError", "failed"), error("NoMatchingCondition", "failed")}, {result("yes", "fine")}})}));
  w.start();
  w.restart(Duration::s(1));
  w.answer("yes");
  EXPECT_THAT(w.said(), ElementsAre("yes?", "fine"));
}

TEST(FlowRestart, WhileAFunctionIsCalled) {
  const auto blocks = flow_of({block("f", "InvokeLambdaFunction", R"("LambdaFunctionARN":"f","InvocationTimeLimitSeconds":"8")", {"fine", {error("NoMatchingError", "failed")}, {}})});
  FlowWorld w("contactFlow", blocks);
  w.start();
  w.restart(Duration::s(2));
  w.pass(Duration::s(6));
  EXPECT_THAT(w.said(), ElementsAre("failed")) << "its answer went to the server that is no more";
  FlowWorld quick("contactFlow", blocks);
  quick.start();
  quick.restart(Duration::s(2));
  quick.run(FlowAnswer{quick.id, quick.calls.front().call_id, true, "{}"});
  EXPECT_THAT(quick.said(), ElementsAre("fine"));
}

TEST(FlowRestart, InTheQueueFlow) {
  FlowWorld w("customerQueue", {block("w", "Wait", R"("TimeLimitSeconds":"20")", {"", {}, {result("WaitCompleted", "a")}}), say("a", "please wait", "w")});
  w.start();
  w.restart(Duration::s(5));
  w.pass(Duration::s(15));
  EXPECT_THAT(w.said(), ElementsAre("please wait"));
}

// Everything that a flow remembers: rounds, modules, variables, what the customer said, what it has set.
TEST(FlowRestart, WithinALoopWithinAModule) {
  CentreConfig config = make_config();
  config.flows["m"] = read_flow(document("Module", "flowModule", "set", {block("set", "UpdateFlowAttributes", R"("FlowAttributes":{"f":{"Value":"its"}})", {"l", {}, {}}),
                                                                        block("l", "Loop", R"("LoopCount":"2")", {"", {}, {result("ContinueLooping", "w"), result("DoneLooping", "e")}}),
                                                                        block("w", "Wait", R"("TimeLimitSeconds":"10")", {"", {}, {result("WaitCompleted", "s")}}), say("s", "round $.FlowAttributes.f $.External.x", "l"),
                                                                        block("e", "EndFlowModuleExecution", "")}));
  FlowWorld w("contactFlow", flow_of({block("f", "InvokeLambdaFunction", R"("LambdaFunctionARN":"f")", {"set", {error("NoMatchingError", "failed")}, {}}),
                                      block("set", "UpdateFlowAttributes", R"("FlowAttributes":{"f":{"Value":"mine"}})", {"data", {}, {}}),
                                      block("data", "UpdateContactData", R"("LanguageCode":"de")", {"tag", {}, {}}), block("tag", "TagContact", R"("Tags":{"t":"1"})", {"m", {}, {}}),
                                      block("m", "InvokeFlowModule", R"("FlowModuleId":"Module")", {"a", {error("NoMatchingError", "failed")}, {}}),
                                      say("a", "$.FlowAttributes.f $.External.x $.LanguageCode $.Tags.t $.Media.InitialMessage", "end")}), std::move(config));
  w.initial_message = "hello";
  w.start();
  w.run(FlowAnswer{w.id, w.calls.front().call_id, true, R"({"x":"answered"})"});
  for (int i = 0; i < 2; ++i) {
    w.restart(Duration::s(3));
    w.pass(Duration::s(7));
  }
  EXPECT_THAT(w.said(), ElementsAre("round its ", "round its ", "mine answered de 1 hello"));
}

TEST(FlowRestart, EveryTruncationOfASnapshotIsRefused) {
  FlowWorld w("contactFlow", flow_of({block("t", "TagContact", R"("Tags":{"t":"1"})", {"w", {}, {}}), block("w", "Wait", R"("TimeLimitSeconds":"60")", {"", {}, {result("WaitCompleted", "fine")}})}));
  w.start();
  const std::string kept = to_snapshot(*w.contact(), w.world->now, w.world->centre.flow("tested"));
  const auto find = [&](std::string_view id) { return w.world->centre.flow(id); };
  ASSERT_TRUE(from_snapshot(kept, w.world->now, find));
  for (std::size_t n = 0; n < kept.size(); ++n) EXPECT_FALSE(from_snapshot(kept.substr(0, n), w.world->now, find)) << n;
}

}  // namespace
}  // namespace upcall::contact
