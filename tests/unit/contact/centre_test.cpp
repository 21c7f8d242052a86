#include <gmock/gmock.h>

#include "centre_world.hpp"
#include "contact/snapshot.hpp"

namespace upcall::contact {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::string_view kNext = "You are next in line. An agent will be with you shortly.";
constexpr std::string_view kStill = "Thank you for waiting. An agent will be with you as soon as possible.";

// acceptance: 6, 17
TEST(Centre, WholeStoryOfAChat) {
  World w;
  const std::string id = w.start();
  EXPECT_THAT(w.texts(id), ElementsAre("Hello Jane, welcome to our video service desk.", kNext)) << "no comma from the loop block";
  EXPECT_EQ(w.centre.contact(id)->state, ContactState::queued);
  EXPECT_EQ(w.centre.contact(id)->attributes.at("videoRecordingAutoStartEnabled"), "false");
  EXPECT_EQ(w.centre.contact(id)->attributes.at("videoRecordingStartStopEnabled"), "true");

  w.run(SetAgentStatus{"ann", AgentStatus::available});
  EXPECT_EQ(w.view("ann", id), AgentView::connecting);
  Effects accepted = w.run(AcceptContact{"ann", id});
  ASSERT_EQ(accepted.participants.size(), 1u);
  EXPECT_EQ(w.view("ann", id), AgentView::connected);
  EXPECT_FALSE(w.run(SendItem{id, w.customer, "", ItemType::message, "text/plain", "hi", "t1"}).error);
  EXPECT_FALSE(w.run(SendItem{id, "", "ann", ItemType::message, "text/plain", "hello", "t1"}).error);
  const auto said = w.texts(id).size();
  w.pass(Duration::s(100));
  EXPECT_EQ(w.texts(id).size(), said) << "the queue flow ends when an agent is there";
  w.run(EndContact{"ann", id});
  EXPECT_THAT(w.events(id), ElementsAre("participant.joined:CUSTOMER", "participant.joined:AGENT", "participant.left:AGENT", "chat.ended:SYSTEM"));
  EXPECT_THAT(w.closed, ElementsAre(id));
  EXPECT_EQ(w.view("ann", id), AgentView::ended) << "after-contact work";
  EXPECT_EQ(w.run(SendItem{id, w.customer, "", ItemType::message, "text/plain", "late", ""}).error->code, ErrorCode::forbidden);
  EXPECT_FALSE(w.run(ClearContact{"ann", id}).error);
  EXPECT_EQ(w.view("ann", id), AgentView::none);
  EXPECT_EQ(w.run(ClearContact{"ann", id}).error->code, ErrorCode::not_found);
}

// acceptance: 6
TEST(Centre, QueueMessagesRepeatEveryTwentySecondsUntilTheCustomerLeaves) {
  World w;
  const std::string id = w.start();
  w.pass(Duration::ms(19'999));
  EXPECT_EQ(w.texts(id).size(), 2u);
  w.pass(Duration::ms(1));
  EXPECT_EQ(w.texts(id).back(), kStill);
  w.pass(Duration::s(60));
  EXPECT_EQ(w.texts(id).size(), 6u);
  w.run(LeaveChat{id, w.customer});
  w.pass(Duration::s(600));
  EXPECT_EQ(w.texts(id).size(), 6u);
  EXPECT_TRUE(w.centre.next_deadline().is_never());
  w.run(SetAgentStatus{"ann", AgentStatus::available});
  EXPECT_EQ(w.view("ann", id), AgentView::none);
  EXPECT_EQ(w.centre.contact(id), nullptr);
}

// acceptance: 17, 18
TEST(Centre, AutostartFlowSetsItsFlags) {
  World w;
  const std::string id = w.start({}, "auto");
  EXPECT_EQ(w.centre.contact(id)->attributes.at("videoRecordingAutoStartEnabled"), "true");
}

// acceptance: 17
TEST(Centre, AnInvalidReferenceIsToldAndDisconnected) {
  World w;
  Effects e = w.run(StartChat{"", "Jane", {{"customerName", "Jane"}, {"videoReferenceId", "error"}}});
  EXPECT_THAT(w.texts(e.contact_id).back(), HasSubstr("not valid"));
  EXPECT_TRUE(w.closed.empty()) << "nobody has read it yet";
  w.pass(Duration::s(10));
  EXPECT_FALSE(w.run(ConnectParticipant{e.contact_id, e.participants.front().participant.id}).error);
  w.pass(Duration::s(1));
  EXPECT_TRUE(w.closed.empty()) << "its socket is not there yet";
  w.pass(Duration::s(1));
  EXPECT_THAT(w.closed, ElementsAre(e.contact_id));
  EXPECT_EQ(w.centre.contact(e.contact_id)->end_reason, "flow_disconnect");
  w.run(Tick{});
  EXPECT_EQ(w.centre.contact(e.contact_id), nullptr);
}

// acceptance: 17, 44
TEST(Centre, AValidReferenceGoesFirstToItsAgent) {
  World w;
  const std::string early = w.start({{"videoRouteToAgent", "ann@example.com"}});
  const std::string vip = w.start({{"videoReferenceId", "12345678"}, {"videoRouteToAgent", "ann@example.com"}});
  EXPECT_THAT(w.texts(vip), Contains(HasSubstr("reference was accepted")));
  w.run(SetAgentStatus{"bob", AgentStatus::available});
  EXPECT_EQ(w.view("bob", early), AgentView::none) << "a personal queue is one agent's";
  w.run(SetAgentStatus{"ann", AgentStatus::available});
  EXPECT_EQ(w.view("ann", vip), AgentView::connecting) << "priority 1 beats 5, whoever came first";
  EXPECT_EQ(w.view("ann", early), AgentView::none) << "one slot";
}

// acceptance: 17
TEST(Centre, AnUnknownAgentMeansAnApology) {
  World w;
  Effects e = w.run(StartChat{"", "Jane", {{"customerName", "Jane"}, {"videoRouteToAgent", "nobody@example.com"}}});
  EXPECT_THAT(w.texts(e.contact_id).back(), HasSubstr("technical problem"));
  w.pass(Duration::s(300));  // who never connects does not keep it open
  EXPECT_EQ(w.centre.contact(e.contact_id)->end_reason, "not_connected");
  EXPECT_THAT(w.closed, ElementsAre(e.contact_id));
}

// acceptance: 17
TEST(Centre, AFullQueueDisconnectsAfterTheSecondTry) {
  CentreConfig config = make_config();
  config.limits.queue_capacity = 1;
  World w(config);
  const std::string first = w.start();
  Effects e = w.run(StartChat{"", "Jane", {{"customerName", "Jane"}}});
  w.run(ConnectParticipant{e.contact_id, e.participants.front().participant.id});
  w.pass(Duration::s(2));
  EXPECT_THAT(w.closed, ElementsAre(e.contact_id));
  EXPECT_EQ(w.centre.contact(first)->state, ContactState::queued);
  EXPECT_EQ(w.texts(e.contact_id).size(), 1u);
}

TEST(Centre, ARejectedContactGoesToTheNextAgentAndComesBackAfterAPause) {
  World w;
  const std::string id = w.start();
  w.run(SetAgentStatus{"ann", AgentStatus::available});
  w.run(RejectContact{"ann", id});
  EXPECT_EQ(w.view("ann", id), AgentView::none);
  EXPECT_EQ(w.centre.contact(id)->state, ContactState::queued);
  w.pass(Duration::s(9));
  EXPECT_EQ(w.view("ann", id), AgentView::none);
  w.pass(Duration::s(1));
  EXPECT_EQ(w.view("ann", id), AgentView::connecting);
  w.run(RejectContact{"ann", id});
  w.run(SetAgentStatus{"bob", AgentStatus::available});
  EXPECT_EQ(w.view("bob", id), AgentView::connecting);
}

TEST(Centre, AnOfferThatIsNotAnsweredIsMissedAndGoesOn) {
  World w;
  const std::string id = w.start();
  w.run(SetAgentStatus{"ann", AgentStatus::available});
  w.pass(Duration::s(1));
  w.run(SetAgentStatus{"bob", AgentStatus::available});
  w.pass(Duration::ms(18'999));
  EXPECT_EQ(w.view("ann", id), AgentView::connecting);
  w.pass(Duration::ms(1));
  EXPECT_EQ(w.view("ann", id), AgentView::missed);
  EXPECT_EQ(w.view("bob", id), AgentView::connecting);
  EXPECT_EQ(w.run(AcceptContact{"ann", id}).error->code, ErrorCode::not_found) << "too late";
  w.run(RejectContact{"bob", id});
  w.pass(Duration::s(60));
  EXPECT_EQ(w.view("ann", id), AgentView::missed) << "no offers until the missed one is cleared";
  w.run(SetAgentStatus{"bob", AgentStatus::offline});
}

TEST(Centre, ClearingAMissedContactMakesRoutableAgain) {
  World w;
  const std::string id = w.start();
  w.run(SetAgentStatus{"ann", AgentStatus::available});
  w.pass(Duration::s(20));
  ASSERT_EQ(w.view("ann", id), AgentView::missed);
  w.pass(Duration::s(60));
  ASSERT_EQ(w.view("ann", id), AgentView::missed);
  EXPECT_FALSE(w.run(ClearContact{"ann", id}).error);
  EXPECT_EQ(w.view("ann", id), AgentView::connecting);
}

TEST(Centre, GoingOfflineGivesTheOfferToTheNextAgentAtOnce) {
  World w;
  const std::string id = w.start();
  w.run(SetAgentStatus{"ann", AgentStatus::available});
  ASSERT_EQ(w.view("ann", id), AgentView::connecting);
  w.run(SetAgentStatus{"bob", AgentStatus::available});
  w.run(SetAgentStatus{"ann", AgentStatus::offline});
  EXPECT_EQ(w.view("ann", id), AgentView::none);
  EXPECT_EQ(w.view("bob", id), AgentView::connecting);
}

TEST(Centre, ARemovedAgentLeavesNothingBehind) {
  CentreConfig config = make_config();
  config.routing_profiles[0].chat_slots = 3;
  World w(config);
  const std::string talking = w.start();
  w.run(SetAgentStatus{"ann", AgentStatus::available});
  w.run(AcceptContact{"ann", talking});
  const std::string over = w.start();
  w.run(AcceptContact{"ann", over});
  w.run(EndContact{"ann", over});
  const std::string offered = w.start();
  ASSERT_EQ(w.view("ann", offered), AgentView::connecting);
  config.agents.erase(config.agents.begin());
  w.run(Configure{config});
  EXPECT_TRUE(w.centre.agent("ann")->contacts.empty());
  EXPECT_EQ(w.centre.contact(offered)->state, ContactState::queued);
  EXPECT_THAT(w.closed, ElementsAre(over));
  EXPECT_THAT(w.events(talking), ElementsAre("participant.joined:CUSTOMER", "participant.joined:AGENT", "participant.left:AGENT"));
  EXPECT_EQ(w.centre.contact(talking)->state, ContactState::queued) << "the customer is not left talking to nobody";
  w.run(SetAgentStatus{"bob", AgentStatus::available});
  EXPECT_EQ(w.view("bob", talking), AgentView::connecting) << "it has waited longest";
  EXPECT_EQ(w.view("bob", offered), AgentView::connecting);
}

TEST(Centre, WrapUpKeepsTheSlot) {
  World w;
  const std::string a = w.start();
  const std::string customer_a = w.customer;
  const std::string b = w.start();
  w.run(SetAgentStatus{"ann", AgentStatus::available});
  w.run(AcceptContact{"ann", a});
  w.run(LeaveChat{a, customer_a});
  EXPECT_EQ(w.view("ann", a), AgentView::ended);
  EXPECT_EQ(w.view("ann", b), AgentView::none);
  w.run(ClearContact{"ann", a});
  EXPECT_EQ(w.view("ann", b), AgentView::connecting);
}

TEST(Centre, RoutingProfilePriorityBeatsContactPriority) {
  CentreConfig config = make_config();
  config.default_queue_id = "q2";
  World w(config);
  const std::string second = w.start({{"videoReferenceId", "1"}});  // priority 1 in the second queue
  config.default_queue_id = "q1";
  w.run(Configure{config});
  const std::string first = w.start();
  w.run(SetAgentStatus{"ann", AgentStatus::available});
  EXPECT_EQ(w.view("ann", first), AgentView::connecting);
  EXPECT_EQ(w.view("ann", second), AgentView::none);
}

TEST(Centre, TheAgentIdleLongestIsAskedFirst) {
  World w;
  w.run(SetAgentStatus{"bob", AgentStatus::available});
  w.pass(Duration::s(1));
  w.run(SetAgentStatus{"ann", AgentStatus::available});
  const std::string id = w.start();
  EXPECT_EQ(w.view("bob", id), AgentView::connecting);
}

TEST(Centre, RepeatedSendsGiveTheSameItem) {
  World w;
  const std::string id = w.start();
  const SendItem send{id, w.customer, "", ItemType::message, "text/plain", "hi", "token-1"};
  const std::string first = w.run(send).reply.id;
  const auto count = w.items[id].size();
  EXPECT_EQ(w.run(send).reply.id, first);
  EXPECT_EQ(w.items[id].size(), count);
  SendItem other = send;
  other.content = "another text under the same token";
  EXPECT_NE(w.run(other).reply.id, first);
  // Receipts all carry one constant token and must all get through.
  for (int i = 0; i < 2; ++i) {
    w.run(SendItem{id, w.customer, "", ItemType::event, std::string(content::kRead), R"({"messageId":")" + first + R"("})", "INCOMING_READ_RECEIPT"});
  }
  EXPECT_EQ(w.pushed.size(), 2u);
  EXPECT_EQ(w.pushed[0].type, ItemType::message_metadata);
  EXPECT_EQ(w.pushed[0].id, first);
}

TEST(Centre, WhatClientsMayNotSend) {
  World w;
  const std::string id = w.start();
  const auto refuse = [&](ItemType type, std::string_view content_type, std::string content) {
    auto e = w.run(SendItem{id, w.customer, "", type, std::string(content_type), content, ""});
    return e.error && e.error->code == ErrorCode::invalid_argument;
  };
  EXPECT_TRUE(refuse(ItemType::message, "text/html", "x"));
  EXPECT_TRUE(refuse(ItemType::message, content::kMarkdown, "x")) << "not asked for at the start";
  EXPECT_TRUE(refuse(ItemType::message, "text/plain", ""));
  EXPECT_TRUE(refuse(ItemType::message, "text/plain", std::string(16'385, 'x')));
  EXPECT_TRUE(refuse(ItemType::message, "text/plain", "\xff"));
  EXPECT_TRUE(refuse(ItemType::event, content::kEnded, ""));
  EXPECT_TRUE(refuse(ItemType::event, content::kInvitation, "{}"));
  EXPECT_TRUE(refuse(ItemType::event, content::kRead, "not json"));
  EXPECT_TRUE(refuse(ItemType::event, content::kInvitationAcknowledged, R"({"invitationId":"x"})"));
  EXPECT_EQ(w.run(SendItem{id, "", "ann", ItemType::message, "text/plain", "x", ""}).error->code, ErrorCode::not_found)
      << "not this agent's contact";
}

TEST(Centre, TheInvitationIsRepeatedUntilAcknowledged) {
  World w;
  const std::string id = w.start();
  EXPECT_EQ(w.run(InviteToVideo{id, "m", "u"}).error->code, ErrorCode::conflict);
  w.run(SetAgentStatus{"ann", AgentStatus::available});
  w.run(AcceptContact{"ann", id});
  Effects e = w.run(InviteToVideo{id, "m", "u"});
  const std::string invitation = e.reply.id;
  EXPECT_EQ(w.items[id].back().content_type, content::kInvitation);
  EXPECT_THAT(*w.items[id].back().content, HasSubstr("\"externalMeetingId\":\"m\""));
  EXPECT_EQ(w.run(InviteToVideo{id, "m", "u"}).reply.id, invitation) << "asking twice makes no second one";
  w.pass(Duration::s(9));
  ASSERT_EQ(w.pushed.size(), 3u);
  EXPECT_EQ(w.pushed.back().id, invitation);
  EXPECT_EQ(w.pushed.back().content, w.items[id].back().content);
  // The agent's own client cannot acknowledge for the customer.
  EXPECT_TRUE(w.run(SendItem{id, "", "ann", ItemType::event, std::string(content::kInvitationAcknowledged), R"({"invitationId":")" + invitation + R"("})", ""}).error);
  EXPECT_FALSE(w.run(SendItem{id, w.customer, "", ItemType::event, std::string(content::kInvitationAcknowledged), R"({"invitationId":")" + invitation + R"("})", ""}).error);
  w.pass(Duration::s(60));
  EXPECT_EQ(w.pushed.size(), 3u);
}

TEST(Centre, AWithdrawnInvitationIsNotRepeated) {
  World w;
  const std::string id = w.start();
  w.run(SetAgentStatus{"ann", AgentStatus::available});
  w.run(AcceptContact{"ann", id});
  w.run(InviteToVideo{id, "m", "u"});
  w.run(WithdrawInvitation{"m"});
  w.pass(Duration::s(60));
  EXPECT_TRUE(w.pushed.empty());
}

TEST(Centre, ACustomerWhoNeverConnectsIsDropped) {
  World w;
  Effects e = w.run(StartChat{"", "Jane", {{"customerName", "Jane"}}});
  w.pass(Duration::s(299));
  ASSERT_NE(w.centre.contact(e.contact_id), nullptr);
  w.pass(Duration::s(1));
  EXPECT_THAT(w.closed, ElementsAre(e.contact_id));
}

TEST(Centre, LimitsAreKept) {
  CentreConfig config = make_config();
  config.limits.live_contacts = 1;
  World w(config);
  EXPECT_EQ(w.run(StartChat{"", "J", {{"k", std::string(40'000, 'x')}}}).error->code, ErrorCode::too_large);
  EXPECT_EQ(w.run(StartChat{"nope", "J", {}}).error->code, ErrorCode::not_found);
  EXPECT_EQ(w.run(StartChat{"queue", "J", {}}).error->code, ErrorCode::not_found) << "a queue flow is no start";
  const std::string id = w.start();
  EXPECT_EQ(w.run(StartChat{"", "J", {}}).error->code, ErrorCode::exhausted);
  EXPECT_EQ(w.run(UpdateAttributes{id, {{"k", std::string(40'000, 'x')}}}).error->code, ErrorCode::too_large);
  EXPECT_FALSE(w.run(UpdateAttributes{id, {{"k", "v"}}}).error);
  EXPECT_EQ(w.centre.contact(id)->attributes.at("k"), "v");
}

// Stops at any point of the story, brings everything back from snapshots, goes on.
TEST(Centre, ARestartAtAnyPointGoesOn) {
  for (int stop_after = 0; stop_after < 6; ++stop_after) {
    World w;
    const std::string id = w.start();
    const std::string customer = w.customer;
    const Command steps[] = {SetAgentStatus{"ann", AgentStatus::available}, AcceptContact{"ann", id}, InviteToVideo{id, "m", "u"}};
    for (int i = 0; i < std::min(stop_after, 3); ++i) w.run(steps[i]);
    if (stop_after == 4) w.run(LeaveChat{id, customer});
    if (stop_after == 5) w.pass(Duration::s(30));

    World after;
    after.now = {Instant::from_ms(5), w.now.wall + Duration::s(2)};  // another monotonic clock
    for (const auto& [contact_id, c] : w.centre.contacts()) {
      auto back = from_snapshot(to_snapshot(c, w.now, w.centre.flow(c.flow_id)), after.now, [&](std::string_view f) { return after.centre.flow(f); });
      ASSERT_TRUE(back) << stop_after;
      after.items[contact_id] = w.items[contact_id];
      EXPECT_EQ(back->attributes, c.attributes);
      after.centre.restore(std::move(*back), after.now);
    }
    if (const auto* ann = w.centre.agent("ann")) after.centre.restore_agent("ann", ann->status, after.now);
    after.run(Tick{});
    switch (stop_after) {
      case 0: {  // queued: the queue message comes when it was due
        const auto said = after.texts(id).size();
        after.pass(Duration::s(17));
        EXPECT_EQ(after.texts(id).size(), said);
        after.pass(Duration::s(1));
        EXPECT_EQ(after.texts(id).size(), said + 1);
        break;
      }
      case 1: EXPECT_EQ(after.view("ann", id), AgentView::connecting) << "offered anew"; break;
      case 2: EXPECT_EQ(after.view("ann", id), AgentView::connected); break;
      case 3:
      case 5: EXPECT_FALSE(after.pushed.empty()) << "the invitation goes on being repeated"; break;
      case 4: EXPECT_EQ(after.view("ann", id), AgentView::ended); break;
    }
  }
}

// What must hold after every turn, whatever was asked in whatever order.
void expect_consistent(const World& w, const std::string& where) {
  const auto view_of = [](ContactState state) {
    switch (state) {
      case ContactState::offered: return AgentView::connecting;
      case ContactState::connected: return AgentView::connected;
      case ContactState::wrap_up: return AgentView::ended;
      default: return AgentView::none;
    }
  };
  for (const auto& [id, c] : w.centre.contacts()) {
    if (c.state == ContactState::ended) continue;  // keeps who served it, until the next turn
    const AgentView expected = view_of(c.state);
    if (expected == AgentView::none) {
      ASSERT_TRUE(c.agent_id.empty()) << where << " " << to_string(c.state);
      continue;
    }
    const auto* agent = w.centre.agent(c.agent_id);
    ASSERT_NE(agent, nullptr) << where;
    const auto seen = agent->contacts.find(id);
    ASSERT_TRUE(seen != agent->contacts.end() && seen->second == expected) << where << " " << to_string(c.state);
  }
  for (const AgentInfo& info : w.centre.config().agents) {
    const auto* agent = w.centre.agent(info.id);
    if (agent == nullptr) continue;
    int busy = 0;
    for (const auto& [id, view] : agent->contacts) {
      if (view == AgentView::missed) continue;
      ++busy;
      const Contact* c = w.centre.contact(id);
      ASSERT_TRUE(c != nullptr && c->agent_id == info.id && view_of(c->state) == view) << where;
    }
    ASSERT_LE(busy, 1) << where << ": more contacts than slots";
    if (agent->status != AgentStatus::available || agent->blocked() || busy == 1) continue;
    for (const auto& [id, c] : w.centre.contacts()) {
      const bool mine = c.queue.agent_id == info.id || !c.queue.queue_id.empty();
      ASSERT_FALSE(c.state == ContactState::queued && mine && !c.not_before.contains(info.id)) << where << ": an idle agent and a waiting contact";
    }
  }
}

TEST(Centre, AnyOrderOfCommandsKeepsItConsistent) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    World w;
    SeededRandom dice(seed);
    std::vector<std::pair<std::string, std::string>> chats;  // contact, customer
    for (int step = 0; step < 120; ++step) {
      const std::string agent = dice.chance(0.5) ? "ann" : "bob";
      const auto [contact, customer] = chats.empty() ? std::pair<std::string, std::string>("none", "none") : chats[dice.below(chats.size())];
      switch (dice.below(12)) {
        case 0:
        case 1: {
          const char* route[] = {"", "ann@example.com", "bob@example.com", "nobody@example.com"};
          const std::string id = w.start({{"videoRouteToAgent", route[dice.below(4)]}, {"videoReferenceId", dice.chance(0.2) ? "7" : ""}}, dice.chance(0.5) ? "auto" : "");
          chats.emplace_back(id, w.customer);
          break;
        }
        case 2: w.run(SetAgentStatus{agent, AgentStatus::available}); break;
        case 3: w.run(SetAgentStatus{agent, AgentStatus::offline}); break;
        case 4:
        case 5: w.run(AcceptContact{agent, contact}); break;
        case 6: w.run(RejectContact{agent, contact}); break;
        case 7: w.run(EndContact{agent, contact}); break;
        case 8: w.run(ClearContact{agent, contact}); break;
        case 9: w.run(LeaveChat{contact, customer}); break;
        case 10: w.run(InviteToVideo{contact, "m", "u"}); break;
        case 11: w.pass(Duration::ms(static_cast<std::int64_t>(dice.below(25'000)))); break;
      }
      const std::string where = "seed " + std::to_string(seed) + " step " + std::to_string(step);
      ASSERT_NO_FATAL_FAILURE(expect_consistent(w, where));
      for (const auto& [id, c] : w.centre.contacts()) {
        const Flow* flow = w.centre.flow(c.flow_id);
        const std::string text = to_snapshot(c, w.now, flow);
        auto again = from_snapshot(text, w.now, [&](std::string_view f) { return w.centre.flow(f); });
        ASSERT_TRUE(again) << where;
        ASSERT_EQ(to_snapshot(*again, w.now, flow), text) << where;
      }
    }
    // Everybody leaves: nothing stays behind, no timer goes on.
    for (const auto& [id, customer] : chats) w.run(LeaveChat{id, customer});
    for (const char* agent : {"ann", "bob"}) {
      for (const auto& [id, customer] : chats) w.run(ClearContact{agent, id});
    }
    w.run(Tick{});
    ASSERT_TRUE(w.centre.contacts().empty()) << "seed " << seed;
    ASSERT_TRUE(w.centre.next_deadline().is_never()) << "seed " << seed;
  }
}

TEST(Snapshot, EveryTruncationIsRefused) {
  World w;
  const std::string id = w.start();
  const std::string text = to_snapshot(*w.centre.contact(id), w.now, w.centre.flow("queue"));
  for (std::size_t n = 0; n < text.size(); ++n) {
    EXPECT_FALSE(from_snapshot(text.substr(0, n), w.now, [](std::string_view) { return nullptr; })) << n;
  }
}

}  // namespace
}  // namespace upcall::contact
