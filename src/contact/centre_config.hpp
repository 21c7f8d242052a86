// What the contact centre knows of its people, queues and flows; replaced as a whole when an administrator changes it.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "contact/flow.hpp"
#include "contact/hours.hpp"

namespace upcall::contact {

struct Queue {
  std::string id;
  std::string name;
  std::string hours_id;      // empty: always open
  std::size_t capacity = 0;  // contacts waiting; 0: CentreLimits::queue_capacity
};

// A queue as the agents of a routing profile serve it. Their personal queues are implicit and come before all of these.
struct ServedQueue {
  std::string queue_id;
  int priority = 1;  // 1 is first
  Duration delay;    // a contact is theirs only after it has waited so long
  bool operator==(const ServedQueue&) const = default;
};

struct RoutingProfile {
  std::string id;
  std::string name;
  int chat_slots = 2;  // contacts at once, wrap-up included
  std::vector<ServedQueue> queues;
  Duration after_contact_limit;  // after-contact work ends by itself; zero: when the agent says so
  bool operator==(const RoutingProfile&) const = default;
};

struct AgentInfo {
  std::string id;
  std::string username;
  std::string name;
  std::string routing_profile_id;
  bool operator==(const AgentInfo&) const = default;
};

// A status that an administrator has made. "available" and "offline" are always there.
struct CustomStatus {
  std::string id;
  std::string name;
  bool routable = false;
};

struct CentreLimits {
  std::size_t live_contacts = 10'000;
  std::size_t queue_capacity = 1'000;       // contacts waiting in one queue
  std::size_t message_bytes = 16'384;
  std::size_t attribute_bytes = 32'768;     // all names and values of a contact
  Duration offer_timeout = Duration::s(20);
  Duration reoffer_after_reject = Duration::s(10);
  Duration invitation_repeat = Duration::s(3);
  Duration queue_place_every = Duration::s(1);  // customers are told of a changed place at most this often
  Duration customer_connect = Duration::s(300);
  // While an agent is there. Zero: never. After `*_idle` of silence everybody is told, `*_disconnect` later the chat ends.
  Duration customer_idle, customer_disconnect;
  Duration agent_idle, agent_disconnect;
  Duration chat_duration = Duration::s(25 * 3600);  // unless the chat was started with another
  Duration transfer_timeout = Duration::s(60);  // for an agent with free hands to be there; then the transfer has failed
};

struct CentreConfig {
  std::map<std::string, Flow> flows;  // by id
  std::string default_flow_id;
  std::string default_queue_id;
  std::vector<Queue> queues;
  std::vector<RoutingProfile> routing_profiles;
  std::vector<AgentInfo> agents;
  std::vector<HoursOfOperation> hours;
  std::shared_ptr<const TimeZones> time_zones;  // without: every zone is UTC
  std::string instance_arn;
  std::vector<CustomStatus> statuses;
  CentreLimits limits;
};

}  // namespace upcall::contact
