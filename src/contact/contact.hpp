// One chat contact and its life: flow → queued → offered → connected → wrap_up (after-contact work) → ended.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
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
  auto operator<=>(const QueueRef&) const = default;
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

// One stretch of a contact: a queue, then an agent. A transfer begins the next one; id, transcript and attributes stay.
struct Segment {
  QueueRef queue;
  std::string agent_id;  // empty: nobody has accepted it yet
  WallTime enqueued;
  std::optional<WallTime> connected, ended;
  std::string end_reason;     // "transfer", or the contact's
  bool after_contact = false;  // its agent has not cleared it yet
};

// To an agent. The contact stays with who transfers it until the other one accepts.
struct PendingTransfer {
  std::string to_agent;
  bool offered = false;
  Instant deadline = Instant::never();
};

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
  std::uint64_t flow_steps = 0;  // traced so far
  QueueRef target;            // SetQueue
  QueueRef queue;             // where it waits
  int priority = 5;           // 1 is first
  std::uint64_t order = 0;    // smaller entered its queue earlier; microseconds of the wall clock, or a little more
  Duration age_adjustment;    // counts as if it had waited so much longer (shorter: negative)
  WallTime enqueued;
  Instant enqueued_at;        // the same moment; delays of routing profiles count from it
  QueuePlace told;            // what its customer was told last

  std::string agent_id;       // offered to, connected with, or in wrap-up with
  Instant offer_deadline = Instant::never();
  Instant connect_deadline = Instant::never();  // the customer must have connected by then
  std::map<std::string, Instant> not_before;    // agents that rejected it, and when they may be asked again
  std::optional<Invitation> invitation;
  std::vector<Segment> segments;
  std::vector<std::string> content_types;       // of messages; empty: plain text
  std::vector<std::string> attachments;         // ids of those that are items
  Instant expires = Instant::never();           // the chat ends then
  std::optional<PendingTransfer> transfer;

  // What the centre's indexes hold of it; no part of a snapshot.
  struct Indexed {
    Instant timer = Instant::never();
    std::optional<std::pair<QueueRef, std::pair<int, std::int64_t>>> line;
  } indexed;

  Participant* participant(std::string_view participant_id);
  const Participant* participant(std::string_view participant_id) const;
  Participant* agent_participant();
  // Who watches or has stepped in, and has not left.
  Participant* supervisor(std::string_view user_id);
  // Whose contact it is, who is asked to take it over, and who has still after-contact work with a part of it.
  bool is_seen_by(std::string_view agent) const;
  // In its queue, or on offer to an agent who may still refuse it.
  std::int64_t age() const { return static_cast<std::int64_t>(order) - age_adjustment.us(); }
  bool waits() const { return state == ContactState::queued || state == ContactState::offered; }
  bool live() const { return state != ContactState::wrap_up && state != ContactState::ended; }
};

}  // namespace upcall::contact
