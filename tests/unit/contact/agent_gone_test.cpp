// An agent whom an administrator removes or disables: the chats that they had go on, as after any other end by the agent's
// side, or back in the queue.
#include <gmock/gmock.h>

#include "flow_world.hpp"

namespace upcall::contact {
namespace {

using ::testing::ElementsAre;

const std::string kAny = error("NoMatchingError", "end");

CentreConfig with_slots() {
  CentreConfig config = make_config();
  config.routing_profiles[0].chat_slots = 5;
  return config;
}

CentreConfig without(CentreConfig config, std::string_view agent) {
  std::erase_if(config.agents, [&](const AgentInfo& a) { return a.id == agent; });
  return config;
}

// A contact whose flow asks something when its agent has left.
std::vector<std::string> with_disconnect_flow() {
  return {block("h", "UpdateContactEventHooks", R"("EventHooks":{"CustomerRemaining":"Goodbye"})", {"q", {kAny}, {}}),
          block("q", "UpdateContactTargetQueue", R"("QueueId":"BasicQueue")", {"go", {kAny}, {}}),
          block("go", "TransferContactToQueue", "", {"failed", {kAny, error("QueueAtCapacity", "failed")}, {}}), say("failed", "failed", "end"), bye()};
}
CentreConfig with_goodbye() {
  CentreConfig config = with_slots();
  config.flows["goodbye"] = read_flow(document("Goodbye", "contactFlow", "a", {
      block("a", "ConnectParticipantWithLexBot", R"("Text":"Was it good?")", {"", {error("NoMatchingError", "end"), error("NoMatchingCondition", "end")}, {result("yes", "thanks")}}), say("thanks", "Thank you", "end"), bye()}));
  return config;
}

TEST(AgentGone, TheDisconnectFlowRuns) {
  FlowWorld w("contactFlow", with_disconnect_flow(), with_goodbye());
  w.start();
  w.run(SetAgentStatus{"ann", AgentStatus::available});
  w.run(AcceptContact{"ann", w.id});
  w.run(Configure{without(w.world->centre.config(), "ann")});
  EXPECT_THAT(w.said(), ElementsAre("Was it good?"));
  EXPECT_EQ(w.contact()->state, ContactState::flow);
  EXPECT_TRUE(w.world->centre.agent("ann")->contacts.empty()) << "nobody is there to clear it";
  EXPECT_FALSE(w.contact()->segments.back().after_contact);
  EXPECT_EQ(w.contact()->segments.back().end_reason, "agent_disconnect");
  w.answer("yes");
  EXPECT_THAT(w.world->closed, ElementsAre(w.id));
  w.run(Tick{});
  EXPECT_EQ(w.contact(), nullptr) << "nothing waits for after-contact work that nobody can do";
}

TEST(AgentGone, WithoutOneItWaitsBeforeAllOthersAndGoesOnWithTheNext) {
  World w(with_slots());
  const std::string talking = w.start();
  const std::string customer = w.customer;
  w.run(SetAgentStatus{"ann", AgentStatus::available});
  w.run(AcceptContact{"ann", talking});
  w.run(SetAgentStatus{"ann", AgentStatus::offline});
  w.pass(Duration::s(60));
  const std::string later = w.start();
  w.run(Configure{without(w.centre.config(), "ann")});
  ASSERT_NE(w.centre.contact(talking), nullptr);
  EXPECT_EQ(w.centre.contact(talking)->state, ContactState::queued);
  EXPECT_EQ(w.centre.queue_place(*w.centre.contact(talking)), (QueuePlace{1, 2}));
  EXPECT_EQ(w.centre.queue_place(*w.centre.contact(later)), (QueuePlace{2, 2}));
  EXPECT_FALSE(w.run(SendItem{talking, customer, "", ItemType::message, "text/plain", "are you there?", ""}).error);
  w.run(SetAgentStatus{"bob", AgentStatus::available});
  EXPECT_FALSE(w.run(AcceptContact{"bob", talking}).error);
  const Contact& c = *w.centre.contact(talking);
  ASSERT_EQ(c.segments.size(), 2u);
  EXPECT_EQ(c.segments[0].agent_id, "ann");
  EXPECT_EQ(c.segments[0].end_reason, "agent_disconnect");
  EXPECT_FALSE(c.segments[0].after_contact);
  EXPECT_EQ(c.segments[1].agent_id, "bob");
  EXPECT_EQ(c.segments[1].queue, (QueueRef{"q1", ""}));
  EXPECT_THAT(w.events(talking), ElementsAre("participant.joined:CUSTOMER", "participant.joined:AGENT", "participant.left:AGENT", "participant.joined:AGENT"));
  EXPECT_EQ(w.centre.index_fault(), "");
}

TEST(AgentGone, WhatCameByATransferToThemGoesBackToItsQueue) {
  World w(with_slots());
  const std::string id = w.start();
  w.run(SetAgentStatus{"ann", AgentStatus::available});
  w.run(AcceptContact{"ann", id});
  w.run(SetAgentStatus{"bob", AgentStatus::available});
  w.run(TransferContact{"ann", id, {{}, "bob"}});
  ASSERT_FALSE(w.run(AcceptContact{"bob", id}).error);
  w.run(Configure{without(w.centre.config(), "bob")});
  ASSERT_NE(w.centre.contact(id), nullptr);
  EXPECT_EQ(w.centre.contact(id)->queue, (QueueRef{"q1", ""}));
  EXPECT_EQ(w.centre.contact(id)->segments.size(), 3u);
  w.run(ClearContact{"ann", id});
  EXPECT_FALSE(w.run(AcceptContact{"ann", id}).error);
}

TEST(AgentGone, WhatWasSentToThemInPersonEnds) {
  FlowWorld w("contactFlow", {block("q", "UpdateContactTargetQueue", R"("AgentId":"ann@example.com")", {"go", {kAny}, {}}),
                              block("go", "TransferContactToQueue", "", {"end", {kAny, error("QueueAtCapacity", "end")}, {}}), bye()}, with_slots());
  w.start();
  w.run(SetAgentStatus{"ann", AgentStatus::available});
  ASSERT_FALSE(w.run(AcceptContact{"ann", w.id}).error);
  w.run(Configure{without(w.world->centre.config(), "ann")});
  EXPECT_THAT(w.world->closed, ElementsAre(w.id)) << "nobody else would ever be asked for it";
}

TEST(AgentGone, AnOfferToAnotherIsWithdrawn) {
  World w(with_slots());
  const std::string id = w.start();
  w.run(SetAgentStatus{"ann", AgentStatus::available});
  w.run(AcceptContact{"ann", id});
  w.run(SetAgentStatus{"bob", AgentStatus::available});
  w.run(TransferContact{"ann", id, {{}, "bob"}});
  ASSERT_EQ(w.view("bob", id), AgentView::connecting);
  w.run(Configure{without(w.centre.config(), "ann")});
  EXPECT_FALSE(w.centre.contact(id)->transfer);
  // It is bob's as the next in the queue, no longer as the one whom ann has chosen.
  EXPECT_EQ(w.centre.contact(id)->state, ContactState::offered);
  EXPECT_FALSE(w.run(AcceptContact{"bob", id}).error);
  EXPECT_EQ(w.centre.contact(id)->queue, (QueueRef{"q1", ""}));
  EXPECT_EQ(w.centre.index_fault(), "");
}

TEST(AgentGone, ACustomerWhoHasLeftIsNotQueuedAgain) {
  World w(with_slots());
  const std::string id = w.start();
  w.run(SetAgentStatus{"ann", AgentStatus::available});
  w.run(AcceptContact{"ann", id});
  w.run(LeaveChat{id, w.customer});
  w.run(Configure{without(w.centre.config(), "ann")});
  w.run(Tick{});
  EXPECT_EQ(w.centre.contact(id), nullptr);
}

// The transfer hung on the agent who offered it: whoever it was offered to must not keep it ringing.
TEST(AgentLeaves, AnOfferedTransferEndsWhenTheContactGoesOnInItsDisconnectFlow) {
  FlowWorld w("contactFlow", with_disconnect_flow(), with_goodbye());
  w.start();
  w.run(SetAgentStatus{"ann", AgentStatus::available});
  w.run(AcceptContact{"ann", w.id});
  w.run(SetAgentStatus{"bob", AgentStatus::available});
  w.run(TransferContact{"ann", w.id, {{}, "bob"}});
  ASSERT_EQ(w.world->view("bob", w.id), AgentView::connecting);
  w.world->notices.clear();
  w.run(EndContact{"ann", w.id});
  EXPECT_EQ(w.contact()->state, ContactState::flow);
  EXPECT_FALSE(w.contact()->transfer);
  EXPECT_EQ(w.world->view("bob", w.id), AgentView::none);
  EXPECT_TRUE(std::any_of(w.world->notices.begin(), w.world->notices.end(), [&](const AgentNotice& n) { return n.agent_id == "bob" && n.contact_id == w.id && n.view == AgentView::none; }))
      << "bob's page is told";
  EXPECT_EQ(w.run(AcceptContact{"bob", w.id}).error->code, ErrorCode::not_found);
  EXPECT_EQ(w.world->centre.agent("bob")->busy(), 0) << "bob can be asked for others";
  // The offer's deadline does nothing to it later.
  w.pass(Duration::s(120));
  EXPECT_EQ(w.world->view("bob", w.id), AgentView::none);
}

// Moved before anybody took it: to those who ask later it is one stretch of waiting, in the queue that it ended in.
TEST(AgentLeaves, AContactMovedWhileItWaitsKeepsOneSegment) {
  FlowWorld w("customerQueue", {block("w", "Wait", R"("TimeLimitSeconds":"30")", {"", {}, {result("WaitCompleted", "away")}}),
                                block("away", "DequeueContactAndTransferToQueue", R"("QueueId":"Second")", {"", {error("NoMatchingError", "done"), error("QueueAtCapacity", "done")}, {}}), block("done", "EndFlowExecution", "")},
              with_slots());
  w.start();
  const WallTime began = w.contact()->segments.front().enqueued;
  EXPECT_EQ(w.contact()->queue, (QueueRef{"q1", ""}));
  w.pass(Duration::s(31));
  EXPECT_EQ(w.contact()->queue, (QueueRef{"q2", ""}));
  ASSERT_EQ(w.contact()->segments.size(), 1u);
  EXPECT_EQ(w.contact()->segments[0].queue, (QueueRef{"q2", ""}));
  EXPECT_EQ(w.contact()->segments[0].enqueued, began) << "waiting began when the customer began to wait";
  EXPECT_GT(w.contact()->enqueued, began) << "and in this queue later";
  w.run(SetAgentStatus{"ann", AgentStatus::available});
  ASSERT_FALSE(w.run(AcceptContact{"ann", w.id}).error);
  ASSERT_EQ(w.contact()->segments.size(), 1u);
  EXPECT_EQ(w.contact()->segments[0].agent_id, "ann");
}

}  // namespace
}  // namespace upcall::contact
