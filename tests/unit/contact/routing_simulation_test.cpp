// The whole centre from seeds: profiles with delays and slots, statuses, transfers, missed offers, after-contact limits.
// Whatever is asked in whatever order: no contact is lost, none is with two agents, nobody has more than their slots,
// nobody waits whom a free agent could serve.
#include <gtest/gtest.h>

#include "centre_world.hpp"
#include "contact/snapshot.hpp"

namespace upcall::contact {
namespace {

CentreConfig big_config(SeededRandom& dice) {
  CentreConfig c = make_config();
  c.routing_profiles = {
      {"rp", "Basic", 1 + static_cast<int>(dice.below(3)), {{"q1", 1, {}}, {"q2", 2, {}}}, Duration::s(dice.chance(0.5) ? 0 : 30)},
      {"late", "Backup", 2, {{"q1", 1, Duration::s(15)}}, {}},
  };
  c.agents = {{"ann", "ann@example.com", "Ann", "rp"}, {"bob", "bob@example.com", "Bob", "rp"}, {"cem", "cem@example.com", "Cem", "late"}, {"dia", "dia@example.com", "Dia", "none"}};
  c.statuses = {{"s-lunch", "Lunch", false}, {"s-mail", "Mail too", true}};
  return c;
}

int slots_of(const Centre& centre, const std::string& agent) {
  for (const RoutingProfile& p : centre.config().routing_profiles) {
    if (p.id == centre.agent_info(agent)->routing_profile_id) return p.chat_slots;
  }
  return 1;
}

bool may_serve(const Centre& centre, const AgentInfo& agent, const Contact& c, Instant now) {
  if (c.not_before.contains(agent.id)) return false;
  if (c.queue.agent_id == agent.id) return true;
  for (const RoutingProfile& p : centre.config().routing_profiles) {
    if (p.id != agent.routing_profile_id) continue;
    for (const ServedQueue& s : p.queues) {
      if (s.queue_id == c.queue.queue_id && c.queue.agent_id.empty()) return c.enqueued_at + s.delay <= now;
    }
  }
  return false;
}

void expect_sound(World& w, const std::string& where) {
  const Centre& centre = w.centre;
  ASSERT_EQ(centre.index_fault(), "") << where;
  std::map<std::string, int> working;  // agents that have a contact in hand or on offer
  for (const AgentInfo& info : centre.config().agents) {
    const auto* agent = centre.agent(info.id);
    if (agent == nullptr) continue;
    ASSERT_LE(agent->busy(), slots_of(centre, info.id)) << where << ": " << info.id << " has more than their slots";
    for (const auto& [id, view] : agent->contacts) {
      const Contact* c = centre.contact(id);
      if (view == AgentView::connecting || view == AgentView::connected) {
        ASSERT_NE(c, nullptr) << where;
        ++working[id];
        const bool transferred = c->transfer && c->transfer->offered && c->transfer->to_agent == info.id;
        ASSERT_TRUE(transferred || c->agent_id == info.id) << where;
        ASSERT_EQ(view == AgentView::connected, c->agent_id == info.id && c->state == ContactState::connected) << where;
      }
    }
    const bool free = agent->status == AgentStatus::available && agent->next_status.empty() && !agent->blocked() && agent->busy() < slots_of(centre, info.id);
    if (!free) continue;
    for (const auto& [id, c] : centre.contacts()) {
      ASSERT_FALSE(c.state == ContactState::queued && may_serve(centre, info, c, w.now.mono)) << where << ": " << info.id << " could take " << id;
    }
  }
  for (const auto& [id, c] : centre.contacts()) {
    const int expected = c.state == ContactState::offered || c.state == ContactState::connected ? 1 + (c.transfer && c.transfer->offered ? 1 : 0) : 0;
    ASSERT_EQ(working[id], expected) << where << ": " << to_string(c.state);
    std::size_t present = 0;
    for (const Participant& p : c.participants) present += p.role == Role::agent && !p.left ? 1 : 0;
    if (c.live()) {
      ASSERT_EQ(present, c.state == ContactState::connected ? 1u : 0u) << where;
    }
    if (c.state == ContactState::connected) {
      ASSERT_EQ(c.segments.back().agent_id, c.agent_id) << where;
      ASSERT_FALSE(c.segments.back().ended) << where;
    }
  }
}

TEST(RoutingSimulation, NoContactIsLostNoneIsWithTwoNobodyIsOverloaded) {
  int transfers = 0, failed = 0, served = 0;
  for (std::uint64_t seed = 1; seed <= 120; ++seed) {
    SeededRandom dice(seed);
    World w(big_config(dice));
    std::vector<std::pair<std::string, std::string>> chats;
    const std::vector<std::string> agents{"ann", "bob", "cem", "dia"};
    for (int step = 0; step < 150; ++step) {
      const std::string agent = agents[dice.below(agents.size())];
      const auto [contact, customer] = chats.empty() ? std::pair<std::string, std::string>("none", "none") : chats[dice.below(chats.size())];
      switch (dice.below(14)) {
        case 0:
        case 1: {
          const char* route[] = {"", "ann@example.com", "dia@example.com"};
          const std::string id = w.start({{"videoRouteToAgent", route[dice.below(3)]}, {"videoReferenceId", dice.chance(0.2) ? "7" : ""}});
          chats.emplace_back(id, w.customer);
          break;
        }
        case 2: w.run(SetAgentStatus{agent, AgentStatus::available, "", false}); break;
        case 3: w.run(dice.chance(0.7) ? SetAgentStatus{agent, AgentStatus::available, "s-mail", false} : SetAgentStatus{agent, AgentStatus::offline, dice.chance(0.5) ? "s-lunch" : "", dice.chance(0.5)}); break;
        case 4:
        case 5: {
          // Whoever was asked answers.
          const auto* state = w.centre.agent(agent);
          if (state == nullptr) break;
          const auto offered = std::find_if(state->contacts.begin(), state->contacts.end(), [](const auto& c) { return c.second == AgentView::connecting; });
          if (offered == state->contacts.end()) break;
          const std::string id = offered->first;
          if (dice.chance(0.8)) {
            ASSERT_FALSE(w.run(AcceptContact{agent, id}).error);
            ++served;
          } else {
            ASSERT_FALSE(w.run(RejectContact{agent, id}).error);
          }
          break;
        }
        case 6: w.run(RejectContact{agent, contact}); break;
        case 7: w.run(EndContact{agent, contact}); break;
        case 8: w.run(ClearContact{agent, contact}); break;
        case 9: w.run(LeaveChat{contact, customer}); break;
        case 10:
        case 11: {
          const Contact* c = w.centre.contact(contact);
          for (const auto& [id, other] : w.centre.contacts()) {
            if (other.state == ContactState::connected && dice.chance(0.5)) c = &other;
          }
          const std::string from = c != nullptr ? c->agent_id : "ann";
          const auto effects = w.run(TransferContact{from, c != nullptr ? c->id : contact, dice.chance(0.5) ? QueueRef{dice.chance(0.5) ? "q1" : "q2", {}} : QueueRef{{}, agent}});
          transfers += effects.error ? 0 : 1;
          break;
        }
        case 12: w.run(CancelTransfer{agent, contact}); break;
        case 13: w.pass(Duration::ms(static_cast<std::int64_t>(dice.below(25'000)))); break;
      }
      ASSERT_NO_FATAL_FAILURE(expect_sound(w, "seed " + std::to_string(seed) + " step " + std::to_string(step)));
      for (const auto& [id, c] : w.centre.contacts()) {
        const Flow* flow = w.centre.flow(c.flow_id);
        const std::string text = to_snapshot(c, w.now, flow);
        auto again = from_snapshot(text, w.now, [&](std::string_view f) { return w.centre.flow(f); });
        ASSERT_TRUE(again);
        ASSERT_EQ(to_snapshot(*again, w.now, flow), text);
      }
    }
    for (const auto& [id, items] : w.items) {
      failed += static_cast<int>(std::count_if(items.begin(), items.end(), [](const ChatItem& i) { return i.content_type == content::kTransferFailed; }));
    }
    // Everybody leaves: nothing stays behind, no timer goes on.
    for (const auto& [id, customer] : chats) w.run(LeaveChat{id, customer});
    for (const std::string& agent : agents) {
      for (const auto& [id, customer] : chats) w.run(ClearContact{agent, id});
    }
    w.run(Tick{});
    ASSERT_TRUE(w.centre.contacts().empty()) << "seed " << seed;
    ASSERT_TRUE(w.centre.next_deadline().is_never()) << "seed " << seed;
    for (const auto& [id, customer] : chats) {
      ASSERT_EQ(std::count(w.closed.begin(), w.closed.end(), id), 1) << "seed " << seed << ": a customer is told once that the chat is over";
    }
  }
  EXPECT_GT(transfers, 100);
  EXPECT_GT(failed, 30);
  EXPECT_GT(served, 400);
}

}  // namespace
}  // namespace upcall::contact
