// Hostile flows: whatever they do ends, and everybody else's contacts go on.
#include "flow_world.hpp"

namespace upcall::contact {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;

// A circle with a way out that is never taken: an import cannot see that.
std::vector<std::string> endless(const std::string& in_the_circle) {
  return {block("c", "Compare", R"("ComparisonValue":"$.Attributes.never")", {"", {error("NoMatchingCondition", "again")}, {result("now", "end")}}), in_the_circle, bye()};
}

// A bystander who waits in the queue, and must get there and to an agent whatever the flow under test does.
struct Bystander {
  explicit Bystander(FlowWorld& world) : w(world), id(world.world->start({}, "chat")) {}
  void expect_served() {
    EXPECT_EQ(w.world->centre.contact(id)->state, ContactState::queued);
    w.run(SetAgentStatus{"bob", AgentStatus::available});
    EXPECT_FALSE(w.run(AcceptContact{"bob", id}).error);
  }
  FlowWorld& w;
  std::string id;
};

TEST(HostileFlow, AnEndlessCircleIsStopped) {
  FlowWorld w("contactFlow", endless(block("again", "UpdateFlowLoggingBehavior", "", {"c", {}, {}})));
  Bystander bystander(w);
  w.start();
  EXPECT_THAT(w.world->closed, ElementsAre(w.id));
  EXPECT_EQ(w.steps.size(), static_cast<std::size_t>(kFlowMaxSteps) + 1);
  EXPECT_EQ(w.steps.back().result, "stuck");
  bystander.expect_served();
}

TEST(HostileFlow, ACircleOfMessagesIsStoppedEarlier) {
  FlowWorld w("contactFlow", endless(say("again", "and again", "c")));
  Bystander bystander(w);
  w.start();
  EXPECT_EQ(w.said().size(), static_cast<std::size_t>(kFlowMaxSaid));
  EXPECT_THAT(w.world->closed, ElementsAre(w.id));
  bystander.expect_served();
}

// Each run stays within its bound, but there is one every second.
TEST(HostileFlow, ManyStepsAMinuteAreStopped) {
  FlowWorld w("contactFlow", {block("l", "Loop", R"("LoopCount":"100")", {"", {}, {result("ContinueLooping", "x"), result("DoneLooping", "w")}}), block("x", "UpdateFlowLoggingBehavior", "", {"l", {}, {}}),
                              block("w", "Wait", R"("TimeLimitSeconds":"1")", {"", {}, {result("WaitCompleted", "l")}})});
  Bystander bystander(w);
  w.start();
  w.pass(Duration::s(60));
  EXPECT_THAT(w.world->closed, ElementsAre(w.id));
  EXPECT_TRUE(std::any_of(w.steps.begin(), w.steps.end(), [](const FlowStep& s) { return s.note == "too many blocks in a minute"; }));
  bystander.expect_served();
}

TEST(HostileFlow, AnOrdinaryQueueFlowMayGoOnForADay) {
  FlowWorld w("contactFlow", {say("a", "x", "end"), bye()});
  const std::string id = w.world->start({}, "chat");
  w.pass(Duration::s(24 * 3600));
  EXPECT_EQ(w.world->centre.contact(id)->state, ContactState::queued);
  EXPECT_GT(w.world->texts(id).size(), 4'000u);
}

TEST(HostileFlow, FlowsThatTransferToEachOtherAreStopped) {
  FlowWorld w("contactFlow", {block("go", "TransferToFlow", R"("ContactFlowId":"Tested")", {"", {error("NoMatchingError", "failed")}, {}}), say("failed", "failed", "end"), bye()});
  Bystander bystander(w);
  w.start();
  EXPECT_THAT(w.said(), ElementsAre("failed"));
  EXPECT_EQ(w.results("go").size(), static_cast<std::size_t>(kFlowMaxTransfers) + 1);
  bystander.expect_served();
}

TEST(HostileFlow, FlowAttributesThatGrowMeetTheirBound) {
  FlowWorld w("contactFlow", {block("twice", "UpdateFlowAttributes", R"("FlowAttributes":{"a":{"Value":"$.FlowAttributes.a$.FlowAttributes.b."},"b":{"Value":"$.FlowAttributes.a$.FlowAttributes.b,"},"c":{"Value":"$.FlowAttributes.a$.FlowAttributes.b;"}})", {"l", {error("NoMatchingError", "failed")}, {}}),
                              block("l", "Loop", R"("LoopCount":"100")", {"", {}, {result("ContinueLooping", "twice"), result("DoneLooping", "failed")}}),
                              block("failed", "Wait", R"("TimeLimitSeconds":"600")", {"", {}, {result("WaitCompleted", "end")}}), bye()});
  Bystander bystander(w);
  w.start();
  std::size_t bytes = 0;
  for (const auto& [name, value] : w.contact()->position.flow_attributes) bytes += name.size() + value.size();
  EXPECT_LE(bytes, kFlowVariablesMax);
  EXPECT_THAT(w.results("twice"), Contains("NoMatchingError"));
  bystander.expect_served();
}

TEST(HostileFlow, AFunctionThatNeverAnswersHoldsNobodyElse) {
  FlowWorld w("contactFlow", {block("f", "InvokeLambdaFunction", R"("LambdaFunctionARN":"silent","InvocationTimeLimitSeconds":"8")", {"end", {error("NoMatchingError", "again")}, {}}),
                              block("again", "Loop", R"("LoopCount":"2")", {"", {}, {result("ContinueLooping", "f"), result("DoneLooping", "end")}}), bye()});
  Bystander bystander(w);
  w.start();
  w.pass(Duration::s(5));
  bystander.expect_served();
  w.pass(Duration::s(19));
  EXPECT_EQ(w.calls.size(), 3u);
  EXPECT_THAT(w.world->closed, ElementsAre(w.id));
}

// A queue flow must neither transfer nor change flows; a module that it asks could: round and round without an end.
TEST(HostileFlow, AModuleDoesNotDoWhatItsQueueFlowMayNot) {
  const auto module = [](const std::string& does) {
    return document("Module", "flowModule", "t", {does, block("e", "EndFlowModuleExecution", "")});
  };
  for (const std::string& does : {block("t", "TransferContactToQueue", "", {"e", {error("NoMatchingError", "e"), error("QueueAtCapacity", "e")}, {}}),
                                  block("t", "TransferToFlow", R"("ContactFlowId":"Start")", {"", {error("NoMatchingError", "e")}, {}})}) {
    CentreConfig config = make_config();
    config.flows["m"] = read_flow(module(does));
    FlowWorld w("customerQueue", {block("m", "InvokeFlowModule", R"("FlowModuleId":"Module")", {"s", {error("NoMatchingError", "s")}, {}}), say("s", "you wait", "end"), block("end", "EndFlowExecution", "")}, std::move(config));
    Bystander bystander(w);
    w.start();
    EXPECT_THAT(w.said(), ElementsAre("you wait"));
    EXPECT_EQ(w.contact()->state, ContactState::queued);
    bystander.expect_served();
  }
}

TEST(HostileFlow, AFlowThatLosesTheBlockOfAContactEndsForIt) {
  FlowWorld w("contactFlow", {block("w", "Wait", R"("TimeLimitSeconds":"60")", {"", {}, {result("WaitCompleted", "end")}}), bye()});
  w.start();
  w.add("tested", document("Tested", "contactFlow", "end", {bye()}));
  EXPECT_THAT(w.world->closed, ElementsAre(w.id));
}

// A flow that is changed while a contact stands in it.
TEST(HostileFlow, AChangedFlowGoesOnAtTheBlockOfTheSameName) {
  FlowWorld w("contactFlow", {block("w", "Wait", R"("TimeLimitSeconds":"60")", {"", {}, {result("WaitCompleted", "a")}}), say("a", "old", "end"), bye()});
  w.start();
  w.add("tested", document("Tested", "contactFlow", "x", {say("x", "first", "w"), say("w", "no wait any more", "v"), block("v", "Wait", R"("TimeLimitSeconds":"30")", {"", {}, {result("WaitCompleted", "end")}}), bye()}));
  w.pass(Duration::s(60));
  EXPECT_THAT(w.said(), ElementsAre("no wait any more"));
  w.pass(Duration::s(29));
  EXPECT_EQ(w.contact()->state, ContactState::flow) << "a wait of its own time";
}

}  // namespace
}  // namespace upcall::contact
