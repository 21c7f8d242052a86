// One chat contact and its life: flow → queued → offered → connected → wrap_up (after-contact work) → ended.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "contact/chat.hpp"
#include "contact/flow_runner.hpp"

namespace upcall::contact {

enum class ContactState : std::uint8_t { flow, queued, offered, connected, wrap_up, ended };
std::string_view to_string(ContactState state);
std::optional<ContactState> contact_state(std::string_view text);

// A queue is a standard one or the personal queue of an agent.
struct QueueRef {
  std::string queue_id;  // standard
  std::string agent_id;  // personal
  bool operator==(const QueueRef&) const = default;
  bool empty() const { return queue_id.empty() && agent_id.empty(); }
};

struct Invitation {
  std::string item_id;  // also the invitation's id
  std::string external_meeting_id;
  std::string attendee_external_user_id;
  bool acknowledged = false;
  Instant next_push = Instant::never();
};

// Where a waiting contact stands: 1 is next. 0: it does not wait.
struct QueuePlace {
  std::size_t position = 0, length = 0;
  bool operator==(const QueuePlace&) const = default;
};

// How the contact looks to its agent: the vocabulary of the agent channel.
enum class AgentView : std::uint8_t { none, connecting, connected, ended, missed, rejected };
std::string_view to_string(AgentView view);

struct Contact {
  std::string id;
  ContactState state = ContactState::flow;
  WallTime started;
  std::optional<WallTime> connected;
  std::optional<WallTime> ended;
  std::string end_reason;  // customer_disconnect, agent_disconnect, flow_disconnect, flow_error, not_connected
  Attributes attributes;
  std::vector<Participant> participants;  // the customer first
  std::uint64_t last_seq = 0;

  std::string flow_id;        // of the running flow; empty: none
  FlowPosition position;
  std::string queue_flow_id;  // hook CustomerQueue
  std::string remaining_flow_id;  // hook CustomerRemaining: runs when the agent has left
  std::string initial_message;  // that the chat was started with
  Attributes data;            // Name, Description, LanguageCode, CustomerId, References.*
  Attributes tags;
  int transfers = 0;          // from queue to queue, by its flow
  Duration age_adjustment;    // set before it waits: it counts as older by that
  std::uint64_t flow_steps = 0;  // traced so far
  QueueRef target;            // SetQueue
  QueueRef queue;             // where it waits
  int priority = 5;           // 1 is first
  std::uint64_t order = 0;    // age: smaller entered its queue earlier; microseconds of wall time, adjusted by flows
  WallTime enqueued;
  QueuePlace told;            // what its customer was told last

  std::string agent_id;       // offered to, connected with, or in wrap-up with
  std::string after_work_agent_id;  // has left it to its disconnect flow, and has still to clear it
  Instant offer_deadline = Instant::never();
  Instant connect_deadline = Instant::never();  // the customer must have connected by then
  std::map<std::string, Instant> not_before;    // agents that rejected it, and when they may be asked again
  std::optional<Invitation> invitation;

  Participant* participant(std::string_view participant_id);
  const Participant* participant(std::string_view participant_id) const;
  Participant* agent_participant();
  // Its attributes are for this agent's eyes.
  bool is_of(std::string_view agent) const { return agent_id == agent || after_work_agent_id == agent; }
  // In its queue, or on offer to an agent who may still refuse it.
  bool waits() const { return state == ContactState::queued || state == ContactState::offered; }
  bool live() const { return state != ContactState::wrap_up && state != ContactState::ended; }
};

}  // namespace upcall::contact
