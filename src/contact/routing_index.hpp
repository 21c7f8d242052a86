// Who waits and who is free, kept in the order in which they are asked, so that a decision looks at the heads of lists
// only. The rules (docs/guides/routing.md): of all free agents that a waiting contact may be offered to, the one idle
// longest is asked first, and gets what comes first for them: the personal queue, then the profile's queue priority,
// then the contact's priority, then its age. A queue may have a delay in a profile: its contacts are that profile's only
// after waiting so long. A contact is not offered to an agent who is barred from it (they refused it a moment ago).
//
// Cost: an update is logarithmic in the contacts of one queue; a decision looks at the profiles in which something has
// changed since the last one. One thread; times are the caller's.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "contact/centre_config.hpp"
#include "contact/contact.hpp"

namespace upcall::contact {

class RoutingIndex {
 public:
  struct Waiting {
    QueueRef queue;
    int priority = 5;         // 1 is first
    std::int64_t age = 0;     // smaller has waited longer
    Instant since;            // from when on delays count
    bool operator==(const Waiting&) const = default;
  };
  struct Pick {
    std::string contact_id, agent_id;
    bool operator==(const Pick&) const = default;
  };

  RoutingIndex();
  ~RoutingIndex();
  RoutingIndex(RoutingIndex&&) noexcept;
  RoutingIndex& operator=(RoutingIndex&&) noexcept;

  // Profiles and agents; who waits and who is free stays, as far as it is still there. Nothing changed: nothing is done.
  void configure(const std::vector<RoutingProfile>& profiles, const std::vector<AgentInfo>& agents);

  // Waiting again with other values: moved. Bars stay until `remove`.
  void put(const std::string& contact_id, const Waiting& waiting);
  void remove(std::string_view contact_id);
  // Not to be asked about this contact before `until`. Of a contact that does not wait: ignored.
  void bar(std::string_view contact_id, const std::string& agent_id, Instant until);

  void set_free(std::string_view agent_id, Instant idle_since);
  void set_busy(std::string_view agent_id);

  // Lets delays and bars end. Bars that ended are added to `ended`.
  void advance(Instant now, std::vector<Pick>* ended);
  // When advance() has something to do.
  Instant next_deadline() const;
  // Whom to offer what; the caller then removes the contact or says how the agent is. Nothing: nobody can be served.
  std::optional<Pick> next();

  std::size_t waiting_in(const QueueRef& queue) const;
  std::size_t waiting() const { return entries_.size(); }

 private:
  struct Agent;
  struct Profile;
  struct Entry {
    std::string contact_id;
    Waiting waiting;
    std::vector<std::pair<std::string, Instant>> bars;  // agent, until
    bool barred(std::string_view agent_id) const;
  };
  struct ByRank {
    bool operator()(const Entry* a, const Entry* b) const;
  };
  struct ByRipeness {
    bool operator()(const Entry* a, const Entry* b) const;
  };
  // The contacts of a queue as profiles with one delay see them.
  struct Lane {
    Duration delay;
    std::set<Entry*, ByRank> ripe;
    std::set<Entry*, ByRipeness> ripening;
    std::vector<Profile*> profiles;
  };
  struct Queue {
    std::size_t size = 0;
    std::vector<std::unique_ptr<Lane>> lanes;
    Agent* owner = nullptr;  // of a personal queue
    Lane& lane(Duration delay);
  };
  struct Served {
    Lane* lane;
    int priority;
  };
  // Idle longest first; ties in the order of the configuration.
  struct ByIdleness {
    bool operator()(const Agent* a, const Agent* b) const;
  };
  struct Profile {
    std::vector<Served> queues;
    std::set<Agent*, ByIdleness> free;
    bool dirty = false;
  };
  struct Agent {
    std::string id;
    std::size_t place = 0;
    Profile* profile = nullptr;
    Queue* personal = nullptr;
    bool free = false, dirty = false;
    Instant idle_since;
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  template <class T>
  using ById = std::unordered_map<std::string, T, Hash, std::equal_to<>>;
  struct Bar {
    Instant until;
    std::string contact_id, agent_id;
    auto operator<=>(const Bar&) const = default;
  };

  Queue& queue(const QueueRef& ref);
  void insert(Entry& entry);
  void take_out(Entry& entry);
  void ripen(Queue& queue, Lane& lane, Entry& entry);
  void mark(Profile* profile);
  void mark(Agent* agent);
  Entry* best_for(const Agent& agent) const;

  std::vector<RoutingProfile> profile_config_;
  std::vector<AgentInfo> agent_config_;
  bool configured_ = false;
  Instant now_;
  ById<std::unique_ptr<Entry>> entries_;
  ById<std::unique_ptr<Queue>> standard_, personal_;
  ById<std::unique_ptr<Profile>> profiles_;
  std::unique_ptr<Profile> no_profile_;
  ById<std::unique_ptr<Agent>> agents_;
  std::vector<Profile*> dirty_profiles_;
  std::vector<Agent*> dirty_agents_;
  std::set<Bar> bars_;
  std::set<std::pair<Instant, Lane*>> next_ripe_;  // of lanes with somebody ripening: when the first is due
  std::unordered_map<Lane*, Queue*> queue_of_;
};

}  // namespace upcall::contact
