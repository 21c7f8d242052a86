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
  std::string hours_id;  // empty: always open
};

struct RoutingProfile {
  std::string id;
  std::string name;
  int chat_slots = 2;  // contacts at once, wrap-up included
  std::vector<std::pair<std::string, int>> queues;  // queue id, priority (1 first). The personal queue is implicit, at 1.
};

struct AgentInfo {
  std::string id;
  std::string username;
  std::string name;
  std::string routing_profile_id;
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
  CentreLimits limits;
};

}  // namespace upcall::contact
