// A routing decision with 10 000 waiting contacts and 1 000 agents, through the whole contact centre and in its index
// alone, against a router that looks at everybody each time. Usage: routing_bench [FILE.json]
// link: upcall_contact
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <new>
#include <string>
#include <vector>

#include "contact/centre.hpp"
#include "contact/flow_import.hpp"

namespace {
std::size_t allocations = 0;
}

[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace upcall::bench {
namespace {

using namespace contact;

constexpr int kContacts = 10'000, kAgents = 1'000, kQueues = 50, kProfiles = 40, kQueuesOfProfile = 8, kDecisions = 20'000;

double cpu_us() {
  timespec t{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) * 1e6 + static_cast<double>(t.tv_nsec) * 1e-3;
}

// Put into the queue that an attribute names.
Flow flow() {
  auto import = import_flow(R"({"Version":"2019-10-30","StartAction":"set","Metadata":{"name":"bench"},"Actions":[
    {"Identifier":"set","Type":"UpdateContactTargetQueue","Parameters":{"QueueId":"$.Attributes.queue"},
     "Transitions":{"NextAction":"transfer","Errors":[{"ErrorType":"NoMatchingError","NextAction":"end"}]}},
    {"Identifier":"transfer","Type":"TransferContactToQueue","Parameters":{},
     "Transitions":{"NextAction":"end","Errors":[{"ErrorType":"QueueAtCapacity","NextAction":"end"},{"ErrorType":"NoMatchingError","NextAction":"end"}]}},
    {"Identifier":"end","Type":"DisconnectParticipant","Parameters":{},"Transitions":{}}]})");
  if (!import.flow) std::abort();
  return std::move(*import.flow);
}

CentreConfig config(SeededRandom& dice) {
  CentreConfig c;
  c.flows["f"] = flow();
  c.default_flow_id = "f";
  for (int i = 0; i < kQueues; ++i) c.queues.push_back({"queue-" + std::to_string(i), "Queue " + std::to_string(i)});
  for (int i = 0; i < kProfiles; ++i) {
    RoutingProfile p{"profile-" + std::to_string(i), "", 2, {}, {}};
    for (int k = 0; k < kQueuesOfProfile; ++k) {
      p.queues.push_back({"queue-" + std::to_string((i * 7 + k * 11) % kQueues), 1 + static_cast<int>(dice.below(3)), Duration::s(k == 0 ? 20 : 0)});
    }
    c.routing_profiles.push_back(std::move(p));
  }
  for (int i = 0; i < kAgents; ++i) c.agents.push_back({"agent-" + std::to_string(i), "", "Agent", "profile-" + std::to_string(i % kProfiles)});
  c.limits.live_contacts = kContacts * 4;
  c.limits.queue_capacity = kContacts;
  c.limits.offer_timeout = Duration::s(86'400);
  c.limits.customer_connect = Duration::s(86'400);
  return c;
}

struct Figures {
  double median = 0, p99 = 0, most = 0, allocations = 0;  // medians
};

Figures figures(std::vector<double> us, std::vector<std::size_t> allocated) {
  std::sort(us.begin(), us.end());
  std::sort(allocated.begin(), allocated.end());
  return {us[us.size() / 2], us[us.size() * 99 / 100], us.back(), static_cast<double>(allocated[allocated.size() / 2])};
}

// An agent clears a contact and is offered the next one of 10 000, a new contact keeps the number: a whole turn of the
// centre, notices and snapshots' list included. What else falls due in a turn (customers' places, once a second) is in it.
Figures whole_centre() {
  SeededRandom dice(1);
  Centre centre(config(dice));
  Now now{Instant::from_ms(1'000'000), WallTime::from_unix_ms(1'800'000'000'000)};
  const auto later = [&](Duration span) { now = {now.mono + span, now.wall + span}; };
  const auto add = [&] {
    later(Duration::ms(1));
    return centre.handle(now, StartChat{"f", "Jane", {{"queue", "Queue " + std::to_string(dice.below(kQueues))}}}, dice);
  };
  for (int i = 0; i < kAgents; ++i) centre.handle(now, SetAgentStatus{"agent-" + std::to_string(i), AgentStatus::available, {}, false}, dice);
  for (int i = 0; i < kContacts + 2 * kAgents; ++i) add();
  std::vector<double> us;
  std::vector<std::size_t> allocated;
  int offers = 0;
  for (int i = 0; i < kDecisions; ++i) {
    const std::string agent = "agent-" + std::to_string(dice.below(kAgents));
    std::string contact;
    for (const auto& [id, view] : centre.agent(agent)->contacts) {
      if (view == AgentView::connecting) contact = id;
    }
    centre.handle(now, AcceptContact{agent, contact}, dice);
    centre.handle(now, EndContact{agent, contact}, dice);
    later(Duration::ms(1));
    const std::size_t before = allocations;
    const double begun = cpu_us();
    const Effects e = centre.handle(now, ClearContact{agent, contact}, dice);
    us.push_back(cpu_us() - begun);
    allocated.push_back(allocations - before);
    for (const AgentNotice& n : e.notices) offers += n.view == AgentView::connecting ? 1 : 0;
    add();
  }
  std::size_t waiting = 0;
  for (const auto& [id, c] : centre.contacts()) waiting += c.state == ContactState::queued ? 1 : 0;
  std::printf("%d decisions, %d of them an offer, %zu contacts wait, %d agents\n", kDecisions, offers, waiting, kAgents);
  if (offers < kDecisions || waiting < kContacts * 9 / 10) std::exit(1);
  return figures(std::move(us), std::move(allocated));
}

struct Crowd {
  SeededRandom dice{1};
  CentreConfig config = bench::config(dice);
  std::vector<std::pair<std::string, RoutingIndex::Waiting>> waiting;
  Crowd() {
    for (int i = 0; i < kContacts; ++i) {
      waiting.push_back({"contact-0000-0000-0000-" + std::to_string(i), {{"queue-" + std::to_string(dice.below(kQueues)), {}}, 1 + static_cast<int>(dice.below(9)), i, Instant()}});
    }
  }
};

// An agent becomes free, is given a contact, is busy; the contact waits again.
Figures index_alone() {
  Crowd crowd;
  RoutingIndex index;
  index.configure(crowd.config.routing_profiles, crowd.config.agents);
  index.advance(Instant::from_ms(100'000), nullptr);
  for (const auto& [id, w] : crowd.waiting) index.put(id, w);
  std::vector<double> us;
  std::vector<std::size_t> allocated;
  for (int i = 0; i < kDecisions; ++i) {
    const std::string agent = "agent-" + std::to_string(crowd.dice.below(kAgents));
    const std::size_t before = allocations;
    const double begun = cpu_us();
    index.set_free(agent, Instant::from_ms(i));
    const auto pick = index.next();
    if (!pick) std::exit(1);
    index.remove(pick->contact_id);
    index.set_busy(agent);
    us.push_back(cpu_us() - begun);
    allocated.push_back(allocations - before);
    const auto& again = crowd.waiting[static_cast<std::size_t>(std::stoi(pick->contact_id.substr(23)))];
    index.put(again.first, again.second);
  }
  return figures(std::move(us), std::move(allocated));
}

// The baseline: every waiting contact is looked at for the agent who has become free.
Figures everybody_each_time() {
  Crowd crowd;
  std::vector<double> us;
  std::vector<std::size_t> allocated;
  std::size_t sum = 0;
  for (int i = 0; i < kDecisions / 20; ++i) {
    const AgentInfo& agent = crowd.config.agents[crowd.dice.below(kAgents)];
    const std::size_t before = allocations;
    const double begun = cpu_us();
    const RoutingProfile& profile = *std::find_if(crowd.config.routing_profiles.begin(), crowd.config.routing_profiles.end(),
                                                  [&](const RoutingProfile& p) { return p.id == agent.routing_profile_id; });
    const std::pair<std::string, RoutingIndex::Waiting>* best = nullptr;
    int best_priority = 0;
    for (const auto& entry : crowd.waiting) {
      for (const ServedQueue& s : profile.queues) {
        if (s.queue_id != entry.second.queue.queue_id) continue;
        const auto rank = [](int priority, const RoutingIndex::Waiting& w) { return std::tuple(priority, w.priority, w.age); };
        if (best == nullptr || rank(s.priority, entry.second) < rank(best_priority, best->second)) {
          best = &entry;
          best_priority = s.priority;
        }
      }
    }
    us.push_back(cpu_us() - begun);
    allocated.push_back(allocations - before);
    sum += best->first.size();
  }
  if (sum == 0) std::exit(1);
  return figures(std::move(us), std::move(allocated));
}

int run(const char* file) {
  const Figures centre = whole_centre(), index = index_alone(), naive = everybody_each_time();
  const std::pair<const char*, Figures> rows[] = {{"centre", centre}, {"index", index}, {"everybody_each_time", naive}};
  for (const auto& [name, f] : rows) {
    std::printf("%-20s us of CPU a decision: median %.2f, p99 %.2f, most %.0f; allocations %.1f\n", name, f.median, f.p99, f.most, f.allocations);
  }
  if (file == nullptr) return 0;
  FILE* out = std::fopen(file, "w");
  if (out == nullptr) return 1;
  std::fprintf(out, "{\"contacts\":%d,\"agents\":%d", kContacts, kAgents);
  for (const auto& [name, f] : rows) {
    std::fprintf(out, ",\"%s\":{\"median_us\":%.3f,\"p99_us\":%.3f,\"most_us\":%.1f,\"allocations\":%.2f}", name, f.median, f.p99, f.most, f.allocations);
  }
  std::fprintf(out, "}\n");
  return std::fclose(out) == 0 ? 0 : 1;
}

}  // namespace
}  // namespace upcall::bench

int main(int argc, char** argv) { return upcall::bench::run(argc > 1 ? argv[1] : nullptr); }
