// Contacts handed on, statuses, after-contact limits.
#include <gmock/gmock.h>

#include "centre_world.hpp"
#include "contact/snapshot.hpp"

namespace upcall::contact {
namespace {

using ::testing::ElementsAre;

struct TwoAgents {
  TwoAgents() : w(config()) {
    id = w.start();
    customer = w.customer;
    w.run(SetAgentStatus{"ann", AgentStatus::available, "", false});
    EXPECT_FALSE(w.run(AcceptContact{"ann", id}).error);
    w.run(SendItem{id, customer, "", ItemType::message, "text/plain", "hello", ""});
  }
  static CentreConfig config() {
    CentreConfig c = make_config();
    c.routing_profiles[0].chat_slots = 2;
    c.statuses = {{"s-lunch", "Lunch", false}, {"s-mail", "Mail too", true}};
    return c;
  }
  void bob_is_there() { w.run(SetAgentStatus{"bob", AgentStatus::available, "", false}); }
  const Contact& contact() { return *w.centre.contact(id); }
  World w;
  std::string id, customer;
};

TEST(Transfer, ToAnAgentWhoAccepts) {
  TwoAgents t;
  t.bob_is_there();
  const auto said = t.w.texts(t.id);
  const Attributes attributes = t.contact().attributes;
  ASSERT_FALSE(t.w.run(TransferContact{"ann", t.id, {{}, "bob"}}).error);
  EXPECT_EQ(t.w.view("ann", t.id), AgentView::connected) << "the customer is not alone meanwhile";
  EXPECT_EQ(t.w.view("bob", t.id), AgentView::connecting);
  EXPECT_FALSE(t.w.run(SendItem{t.id, "", "ann", ItemType::message, "text/plain", "one moment", ""}).error);
  EXPECT_EQ(t.w.run(TransferContact{"ann", t.id, {{}, "bob"}}).error->code, ErrorCode::conflict);
  ASSERT_FALSE(t.w.run(AcceptContact{"bob", t.id}).error);
  EXPECT_EQ(t.w.view("ann", t.id), AgentView::ended) << "after-contact work of the first part";
  EXPECT_EQ(t.w.view("bob", t.id), AgentView::connected);
  EXPECT_THAT(t.w.events(t.id), ElementsAre("participant.joined:CUSTOMER", "participant.joined:AGENT", "transfer.succeeded:AGENT", "participant.left:AGENT", "participant.joined:AGENT"));
  EXPECT_EQ(t.w.items[t.id].back().display_name, "Bob");
  EXPECT_EQ(t.w.texts(t.id).size(), said.size() + 1) << "one transcript";
  EXPECT_EQ(t.contact().attributes, attributes);
  ASSERT_EQ(t.contact().segments.size(), 2u);
  EXPECT_EQ(t.contact().segments[0].agent_id, "ann");
  EXPECT_EQ(t.contact().segments[0].end_reason, "transfer");
  EXPECT_EQ(t.contact().segments[1].agent_id, "bob");
  EXPECT_EQ(t.w.run(SendItem{t.id, "", "ann", ItemType::message, "text/plain", "still here", ""}).error->code, ErrorCode::not_found);
  EXPECT_FALSE(t.w.run(ClearContact{"ann", t.id}).error);
  EXPECT_EQ(t.contact().state, ContactState::connected) << "clearing one's own part ends nothing";
  t.w.run(EndContact{"bob", t.id});
  EXPECT_EQ(t.w.view("bob", t.id), AgentView::ended);
  EXPECT_EQ(t.contact().segments[1].end_reason, "agent_disconnect");
}

TEST(Transfer, RefusedMissedOrCancelledItStays) {
  for (const std::string how : {"refused", "missed", "cancelled", "offline", "never free"}) {
    TwoAgents t;
    t.bob_is_there();
    if (how == "never free") {
      for (int i = 0; i < 2; ++i) {
        const std::string other = t.w.start({{"videoRouteToAgent", "bob@example.com"}});
        ASSERT_FALSE(t.w.run(AcceptContact{"bob", other}).error);
      }
    }
    ASSERT_FALSE(t.w.run(TransferContact{"ann", t.id, {{}, "bob"}}).error);
    EXPECT_EQ(t.w.view("bob", t.id), how == "never free" ? AgentView::none : AgentView::connecting) << how;
    if (how == "refused") t.w.run(RejectContact{"bob", t.id});
    if (how == "missed") t.w.pass(Duration::s(20));
    if (how == "cancelled") t.w.run(CancelTransfer{"ann", t.id});
    if (how == "offline") t.w.run(SetAgentStatus{"bob", AgentStatus::offline, "", false});
    if (how == "never free") t.w.pass(Duration::s(60));
    EXPECT_EQ(t.w.view("bob", t.id), how == "missed" ? AgentView::missed : AgentView::none) << how;
    EXPECT_EQ(t.w.view("ann", t.id), AgentView::connected) << how;
    EXPECT_EQ(t.w.events(t.id).back(), "transfer.failed:AGENT") << how;
    EXPECT_EQ(t.contact().segments.size(), 1u) << how;
    EXPECT_FALSE(t.contact().transfer) << how;
    EXPECT_EQ(t.w.run(AcceptContact{"bob", t.id}).error->code, ErrorCode::not_found) << how;
  }
}

TEST(Transfer, ToAQueueIsAtOnceAndTheQueueFlowSpeaksAgain) {
  TwoAgents t;
  const auto said = t.w.texts(t.id).size();
  ASSERT_FALSE(t.w.run(TransferContact{"ann", t.id, {"q2", {}}}).error);
  EXPECT_EQ(t.contact().state, ContactState::queued);
  EXPECT_EQ(t.w.view("ann", t.id), AgentView::ended);
  EXPECT_EQ(t.w.texts(t.id).size(), said + 1);
  EXPECT_EQ(t.contact().segments.size(), 2u);
  t.bob_is_there();
  EXPECT_EQ(t.w.view("bob", t.id), AgentView::connecting);
  ASSERT_FALSE(t.w.run(AcceptContact{"bob", t.id}).error);
  EXPECT_EQ(t.w.items[t.id].back().display_name, "Bob");
  EXPECT_EQ(t.contact().segments.back().queue.queue_id, "q2");
}

TEST(Transfer, WhatIsRefused) {
  TwoAgents t;
  EXPECT_EQ(t.w.run(TransferContact{"ann", t.id, {{}, "nobody"}}).error->code, ErrorCode::not_found);
  EXPECT_EQ(t.w.run(TransferContact{"ann", t.id, {"nowhere", {}}}).error->code, ErrorCode::not_found);
  EXPECT_EQ(t.w.run(TransferContact{"ann", t.id, {{}, "ann"}}).error->code, ErrorCode::invalid_argument);
  EXPECT_EQ(t.w.run(TransferContact{"ann", t.id, {{}, "bob"}}).error->code, ErrorCode::conflict) << "offline";
  EXPECT_EQ(t.w.run(TransferContact{"bob", t.id, {"q1", {}}}).error->code, ErrorCode::not_found) << "not Bob's contact";
  EXPECT_EQ(t.w.run(CancelTransfer{"ann", t.id}).error->code, ErrorCode::conflict);
  CentreConfig full = TwoAgents::config();
  full.queues[1].capacity = 1;
  full.default_queue_id = "q2";
  t.w.run(Configure{full});
  const std::string waits = t.w.start();  // Ann is asked
  t.w.run(RejectContact{"ann", waits});
  EXPECT_EQ(t.w.run(TransferContact{"ann", t.id, {"q2", {}}}).error->code, ErrorCode::exhausted) << "the queue is full";
}

TEST(Transfer, TheCustomerLeavesMeanwhile) {
  TwoAgents t;
  t.bob_is_there();
  t.w.run(TransferContact{"ann", t.id, {{}, "bob"}});
  t.w.run(LeaveChat{t.id, t.customer});
  EXPECT_EQ(t.w.view("bob", t.id), AgentView::none);
  EXPECT_EQ(t.w.view("ann", t.id), AgentView::ended);
}

TEST(Transfer, ARestartKeepsAfterContactWorkAndForgetsTheOffer) {
  TwoAgents t;
  t.bob_is_there();
  t.w.run(TransferContact{"ann", t.id, {{}, "bob"}});
  t.w.run(AcceptContact{"bob", t.id});
  ASSERT_EQ(t.w.view("ann", t.id), AgentView::ended);
  World after(TwoAgents::config());
  after.now = t.w.now;
  auto back = from_snapshot(to_snapshot(t.contact(), t.w.now, nullptr), after.now, [](std::string_view) { return nullptr; });
  ASSERT_TRUE(back);
  after.centre.restore(std::move(*back), after.now);
  EXPECT_EQ(after.view("ann", t.id), AgentView::ended);
  EXPECT_EQ(after.view("bob", t.id), AgentView::connected);
  EXPECT_EQ(after.centre.index_fault(), "");
}

TEST(Transfer, EveryTruncationOfItsSnapshotIsRefused) {
  TwoAgents t;
  t.bob_is_there();
  t.w.run(TransferContact{"ann", t.id, {{}, "bob"}});
  t.w.run(AcceptContact{"bob", t.id});
  t.w.run(WatchContact{t.id, "sue", "Sue"});
  const std::string whole = to_snapshot(t.contact(), t.w.now, nullptr);
  ASSERT_NE(whole.find("\"silent\":true"), std::string::npos);
  for (std::size_t n = 0; n < whole.size(); ++n) {
    EXPECT_FALSE(from_snapshot(whole.substr(0, n), t.w.now, [](std::string_view) { return nullptr; })) << n;
  }
  auto back = from_snapshot(whole, t.w.now, [](std::string_view) { return nullptr; });
  ASSERT_TRUE(back);
  EXPECT_EQ(to_snapshot(*back, t.w.now, nullptr), whole);
  EXPECT_EQ(back->segments.size(), 2u);
  EXPECT_EQ(back->age_adjustment, Duration());
}

TEST(AgentStatusTest, CustomOnesRouteOrNot) {
  TwoAgents t;
  EXPECT_EQ(t.w.run(SetAgentStatus{"bob", AgentStatus::offline, "nothing", false}).error->code, ErrorCode::not_found);
  EXPECT_EQ(t.w.run(SetAgentStatus{"bob", AgentStatus::not_routable, "", false}).error->code, ErrorCode::invalid_argument);
  t.w.run(SetAgentStatus{"ann", AgentStatus::offline, "s-lunch", false});
  const std::string id = t.w.start();
  EXPECT_EQ(t.w.view("ann", id), AgentView::none);
  EXPECT_EQ(t.w.view("ann", t.id), AgentView::connected) << "what one has one keeps";
  const Effects e = t.w.run(SetAgentStatus{"bob", AgentStatus::offline, "s-mail", false});
  ASSERT_EQ(e.agent_states.size(), 1u);
  EXPECT_EQ(e.agent_states[0].status, "s-mail");
  EXPECT_EQ(t.w.view("bob", id), AgentView::connecting) << "this one routes";
  // An administrator takes the status away.
  CentreConfig without = TwoAgents::config();
  without.statuses.clear();
  t.w.run(Configure{without});
  EXPECT_EQ(t.w.centre.agent("bob")->status, AgentStatus::offline);
}

TEST(AgentStatusTest, TheNextStatusComesAfterTheContacts) {
  TwoAgents t;
  const Effects e = t.w.run(SetAgentStatus{"ann", AgentStatus::offline, "s-lunch", true});
  ASSERT_EQ(e.agent_states.size(), 1u);
  EXPECT_EQ(e.agent_states[0].status, "available");
  EXPECT_EQ(e.agent_states[0].next_status, "s-lunch");
  const std::string waits = t.w.start();
  EXPECT_EQ(t.w.view("ann", waits), AgentView::none) << "no further offers";
  t.w.run(EndContact{"ann", t.id});
  EXPECT_EQ(t.w.centre.agent("ann")->status, AgentStatus::available) << "after-contact work is a contact still";
  t.w.run(ClearContact{"ann", t.id});
  EXPECT_EQ(Centre::status_id(*t.w.centre.agent("ann")), "s-lunch");
  EXPECT_EQ(t.w.view("ann", waits), AgentView::none);
  t.w.run(SetAgentStatus{"ann", AgentStatus::offline, "", true});
  EXPECT_EQ(t.w.centre.agent("ann")->status, AgentStatus::offline) << "without contacts: at once";
  // After a restart nobody is left waiting for contacts that are gone.
  World after(TwoAgents::config());
  after.centre.restore_agent(AgentStateChange{"ann", "available", "s-lunch"}, after.now);
  EXPECT_EQ(Centre::status_id(*after.centre.agent("ann")), "s-lunch");
  EXPECT_TRUE(after.centre.agent("ann")->next_status.empty());
}

TEST(AfterContact, EndsByItselfWhenTheProfileSaysSo) {
  CentreConfig config = make_config();
  config.routing_profiles[0].after_contact_limit = Duration::s(30);
  World w(config);
  const std::string first = w.start();
  w.run(SetAgentStatus{"ann", AgentStatus::available, "", false});
  w.run(AcceptContact{"ann", first});
  const std::string second = w.start();
  w.run(EndContact{"ann", first});
  w.pass(Duration::ms(29'999));
  EXPECT_EQ(w.view("ann", first), AgentView::ended);
  EXPECT_EQ(w.view("ann", second), AgentView::none);
  w.pass(Duration::ms(1));
  EXPECT_EQ(w.view("ann", first), AgentView::none);
  EXPECT_EQ(w.view("ann", second), AgentView::connecting);
}

TEST(Age, AnAdjustmentCountsAsWaitingTime) {
  World w;
  const std::string first = w.start();
  w.pass(Duration::s(5));
  const std::string second = w.start();
  Contact older = *w.centre.contact(second);
  older.age_adjustment = Duration::s(6);
  World after;
  after.now = w.now;
  after.centre.restore(*w.centre.contact(first), after.now);
  after.centre.restore(older, after.now);
  after.run(SetAgentStatus{"ann", AgentStatus::available, "", false});
  EXPECT_EQ(after.view("ann", second), AgentView::connecting);
}

}  // namespace
}  // namespace upcall::contact
