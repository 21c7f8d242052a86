// The index decides as a router that looks at everybody each time.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "base/rng.hpp"
#include "contact/routing_index.hpp"

namespace upcall::contact {
namespace {

// No lists that are kept in order: every decision is made from scratch, as the rules are written.
class NaiveRouter {
 public:
  std::vector<RoutingProfile> profiles;
  std::vector<AgentInfo> agents;
  std::map<std::string, RoutingIndex::Waiting> waiting;
  std::map<std::pair<std::string, std::string>, Instant> bars;  // contact, agent
  std::map<std::string, Instant> free;
  Instant now;

  std::optional<RoutingIndex::Pick> next() const {
    std::vector<const AgentInfo*> idle;
    for (const AgentInfo& a : agents) {
      if (free.contains(a.id)) idle.push_back(&a);
    }
    std::stable_sort(idle.begin(), idle.end(), [&](const AgentInfo* a, const AgentInfo* b) { return free.at(a->id) < free.at(b->id); });
    for (const AgentInfo* agent : idle) {
      std::optional<std::tuple<int, int, std::int64_t, std::string>> best;
      for (const auto& [id, w] : waiting) {
        if (const auto bar = bars.find({id, agent->id}); bar != bars.end() && bar->second > now) continue;
        const auto priority = priority_for(*agent, w);
        if (!priority) continue;
        const std::tuple key(*priority, w.priority, w.age, id);
        if (!best || key < *best) best = key;
      }
      if (best) return RoutingIndex::Pick{std::get<3>(*best), agent->id};
    }
    return std::nullopt;
  }

 private:
  std::optional<int> priority_for(const AgentInfo& agent, const RoutingIndex::Waiting& w) const {
    if (!w.queue.agent_id.empty()) return w.queue.agent_id == agent.id ? std::optional(0) : std::nullopt;
    for (const RoutingProfile& p : profiles) {
      if (p.id != agent.routing_profile_id) continue;
      for (const ServedQueue& s : p.queues) {
        if (s.queue_id == w.queue.queue_id && (s.delay == Duration() || w.since + s.delay <= now)) return s.priority;
      }
    }
    return std::nullopt;
  }
};

struct Shape {
  int queues, profiles, agents;
};

std::vector<RoutingProfile> make_profiles(SeededRandom& dice, const Shape& shape) {
  std::vector<RoutingProfile> out;
  for (int i = 0; i < shape.profiles; ++i) {
    RoutingProfile p{"p" + std::to_string(i), "", 1, {}, {}};
    for (int q = 0; q < shape.queues; ++q) {
      if (dice.chance(0.5)) p.queues.push_back({"q" + std::to_string(q), 1 + static_cast<int>(dice.below(3)), Duration::s(dice.chance(0.5) ? 0 : static_cast<std::int64_t>(dice.below(3)) * 5)});
    }
    out.push_back(std::move(p));
  }
  return out;
}

std::vector<AgentInfo> make_agents(SeededRandom& dice, const Shape& shape) {
  std::vector<AgentInfo> out;
  for (int i = 0; i < shape.agents; ++i) {
    // One of a profile that is not there: only the personal queue is theirs.
    out.push_back({"a" + std::to_string(i), "", "", "p" + std::to_string(dice.below(static_cast<std::uint64_t>(shape.profiles) + 1))});
  }
  std::erase_if(out, [&](const AgentInfo&) { return dice.chance(0.1); });
  return out;
}

TEST(RoutingIndex, DecidesAsTheNaiveRouter) {
  for (std::uint64_t seed = 1; seed <= 150; ++seed) {
    SeededRandom dice(seed);
    const Shape shape{1 + static_cast<int>(dice.below(4)), 1 + static_cast<int>(dice.below(3)), 1 + static_cast<int>(dice.below(8))};
    RoutingIndex index;
    NaiveRouter naive;
    naive.now = Instant::from_ms(1'000);
    naive.profiles = make_profiles(dice, shape);
    naive.agents = make_agents(dice, shape);
    index.configure(naive.profiles, naive.agents);
    index.advance(naive.now, nullptr);
    int made = 0, decisions = 0;
    for (int step = 0; step < 300; ++step) {
      const std::string agent = "a" + std::to_string(dice.below(static_cast<std::uint64_t>(shape.agents)));
      const std::string contact = "c" + std::to_string(dice.below(static_cast<std::uint64_t>(made) + 1));
      switch (dice.below(10)) {
        case 0:
        case 1:
        case 2: {
          RoutingIndex::Waiting w;
          if (dice.chance(0.2)) {
            w.queue.agent_id = agent;
          } else {
            w.queue.queue_id = "q" + std::to_string(dice.below(static_cast<std::uint64_t>(shape.queues) + 1));  // one that nobody serves
          }
          w.priority = 1 + static_cast<int>(dice.below(3));
          w.age = static_cast<std::int64_t>(dice.below(50));
          w.since = naive.now - Duration::s(static_cast<std::int64_t>(dice.below(4)));
          const std::string id = dice.chance(0.2) ? contact : "c" + std::to_string(made++);  // sometimes moved
          naive.waiting[id] = w;
          index.put(id, w);
          break;
        }
        case 3:
          naive.waiting.erase(contact);
          std::erase_if(naive.bars, [&](const auto& bar) { return bar.first.first == contact; });
          index.remove(contact);
          break;
        case 4:
          if (!naive.waiting.contains(contact)) break;
          naive.bars[{contact, agent}] = naive.now + Duration::s(3);
          index.bar(contact, agent, naive.now + Duration::s(3));
          break;
        case 5:
          naive.free.erase(agent);
          index.set_busy(agent);
          break;
        case 6:
          naive.now = naive.now + Duration::ms(static_cast<std::int64_t>(dice.below(6'000)));
          index.advance(naive.now, nullptr);
          ASSERT_GT(index.next_deadline(), naive.now) << "seed " << seed;
          break;
        case 7:
          if (!dice.chance(0.1)) break;
          naive.profiles = make_profiles(dice, shape);
          naive.agents = make_agents(dice, shape);
          index.configure(naive.profiles, naive.agents);
          std::erase_if(naive.free, [&](const auto& f) { return std::none_of(naive.agents.begin(), naive.agents.end(), [&](const AgentInfo& a) { return a.id == f.first; }); });
          break;
        default:
          if (std::none_of(naive.agents.begin(), naive.agents.end(), [&](const AgentInfo& a) { return a.id == agent; })) break;
          naive.free[agent] = naive.now;
          index.set_free(agent, naive.now);
          break;
      }
      ASSERT_EQ(index.waiting(), naive.waiting.size()) << "seed " << seed;
      for (;;) {
        const auto expected = naive.next();
        const auto pick = index.next();
        ASSERT_EQ(pick, expected) << "seed " << seed << " step " << step << ": " << (pick ? pick->contact_id + " to " + pick->agent_id : "nothing") << ", not "
                                  << (expected ? expected->contact_id + " to " + expected->agent_id : "nothing");
        if (!pick) break;
        ++decisions;
        naive.waiting.erase(pick->contact_id);
        std::erase_if(naive.bars, [&](const auto& bar) { return bar.first.first == pick->contact_id; });
        index.remove(pick->contact_id);
        // Some have another slot and stay free.
        if (dice.chance(0.7)) {
          naive.free.erase(pick->agent_id);
          index.set_busy(pick->agent_id);
        }
      }
    }
    if (shape.agents > 3 && shape.queues > 1) {
      EXPECT_GT(decisions, 5) << "seed " << seed << " tests nothing";
    }
  }
}

TEST(RoutingIndex, ADelayedQueueIsServedWhenItsTimeHasCome) {
  RoutingIndex index;
  index.configure({{"first", "", 1, {{"q", 1, {}}}, {}}, {"backup", "", 1, {{"q", 1, Duration::s(30)}}, {}}}, {{"ann", "", "", "backup"}, {"bob", "", "", "first"}});
  const Instant start = Instant::from_ms(5'000);
  index.advance(start, nullptr);
  index.set_free("ann", start);
  index.put("c", {{"q", {}}, 5, 1, start});
  EXPECT_EQ(index.next(), std::nullopt);
  EXPECT_EQ(index.next_deadline(), start + Duration::s(30));
  index.advance(start + Duration::ms(29'999), nullptr);
  EXPECT_EQ(index.next(), std::nullopt);
  index.advance(start + Duration::s(30), nullptr);
  EXPECT_EQ(index.next(), (RoutingIndex::Pick{"c", "ann"}));
  index.remove("c");
  EXPECT_TRUE(index.next_deadline().is_never());
  // Whom no delay holds back is asked at once.
  index.put("d", {{"q", {}}, 5, 2, start + Duration::s(30)});
  index.set_free("bob", start + Duration::s(30));
  EXPECT_EQ(index.next(), (RoutingIndex::Pick{"d", "bob"}));
}

TEST(RoutingIndex, ThePersonalQueueComesFirst) {
  RoutingIndex index;
  index.configure({{"p", "", 1, {{"q", 1, {}}}, {}}}, {{"ann", "", "", "p"}});
  index.put("vip", {{"q", {}}, 1, 1, Instant()});
  index.put("own", {{{}, "ann"}, 5, 9, Instant()});
  index.set_free("ann", Instant());
  EXPECT_EQ(index.next(), (RoutingIndex::Pick{"own", "ann"}));
}

TEST(RoutingIndex, CountsWhoWaitsWhere) {
  RoutingIndex index;
  EXPECT_EQ(index.waiting_in({"q", {}}), 0u);
  index.put("a", {{"q", {}}, 1, 1, Instant()});
  index.put("b", {{{}, "ann"}, 1, 1, Instant()});
  EXPECT_EQ(index.waiting_in({"q", {}}), 1u);
  EXPECT_EQ(index.waiting_in({{}, "ann"}), 1u);
  index.put("a", {{"r", {}}, 1, 1, Instant()});
  EXPECT_EQ(index.waiting_in({"q", {}}), 0u);
  index.configure({}, {{"ann", "", "", ""}});
  EXPECT_EQ(index.waiting_in({"r", {}}), 1u) << "an administrator's change loses nobody";
  index.remove("a");
  index.remove("a");
  EXPECT_EQ(index.waiting(), 1u);
}

}  // namespace
}  // namespace upcall::contact
