// What can be asked of the contact centre, and what comes out of it.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.hpp"
#include "contact/centre_config.hpp"
#include "contact/contact.hpp"

namespace upcall::contact {

// What a status means for routing. The built-in ones are "offline" and "available"; an administrator's have their own id.
enum class AgentStatus : std::uint8_t { offline, available, not_routable };
std::string_view to_string(AgentStatus status);
std::optional<AgentStatus> agent_status(std::string_view text);

// --- commands ---
struct Configure { CentreConfig config; };
struct StartChat {
  std::string flow_id;  // empty: the default
  std::string display_name;
  Attributes attributes;
  std::string initial_message = {};              // the customer's first words; empty: none
  std::vector<std::string> content_types = {};   // of messages; empty: plain text. Must hold text/plain otherwise
  Duration duration = {};                        // of the whole chat; zero: the installation's
  std::string contact_id = {};                   // chosen by the caller, who repeats it; empty: a new one. Conflict: it is there
};
struct ConnectParticipant { std::string contact_id, participant_id; };
// From a customer (by the participant interface) or an agent (participant_id found by the centre when empty).
struct SendItem {
  std::string contact_id, participant_id, agent_id;
  ItemType type = ItemType::message;
  std::string content_type;
  std::optional<std::string> content;
  std::string client_token;  // empty: not idempotent
};
struct LeaveChat { std::string contact_id, participant_id; };
struct SetAgentStatus {
  std::string agent_id;
  AgentStatus status = AgentStatus::offline;
  std::string custom_id;        // an administrator's status; `status` is then its
  // With contacts: no further offers, and the status comes when the last of them is cleared.
  bool after_contacts = false;
};
struct AcceptContact { std::string agent_id, contact_id; };
struct RejectContact { std::string agent_id, contact_id; };
struct EndContact { std::string agent_id, contact_id; };
struct ClearContact { std::string agent_id, contact_id; };
// To another agent's personal queue, or to a queue. Only by the agent who is connected with it.
struct TransferContact { std::string agent_id, contact_id; QueueRef to; };
struct CancelTransfer { std::string agent_id, contact_id; };
struct UpdateAttributes { std::string contact_id; Attributes attributes; };
// What decides on a contact's place, from outside of its flow; what is not given stays.
struct SetRouting { std::string contact_id; std::optional<int> priority; std::optional<Duration> age_adjustment; };
struct InviteToVideo { std::string contact_id, external_meeting_id, attendee_external_user_id; };
// The meeting ended: no more repeats.
struct WithdrawInvitation { std::string external_meeting_id; };
// What became of a flow's call (Effects::flow_calls). No answer: `text` says why.
struct FlowAnswer { std::string contact_id, call_id; bool answered = false; std::string text; };
// A supervisor who is not seen until they step in. Watching anew replaces an earlier silent one of the same user.
struct WatchContact { std::string contact_id, user_id, display_name; };
struct StepIn { std::string contact_id, user_id; };
struct StepOut { std::string contact_id, user_id; };
// An attachment whose upload is complete becomes an item with the attachment's id; again: nothing.
struct AddAttachment { std::string contact_id, participant_id; Attachment attachment; };
// What the scan said. `item` as it is stored, with the new status.
struct UpdateAttachment { ChatItem item; };
struct Tick {};

using Command = std::variant<Configure, StartChat, ConnectParticipant, SendItem, LeaveChat, SetAgentStatus, AcceptContact,
                             RejectContact, EndContact, ClearContact, TransferContact, CancelTransfer, UpdateAttributes, SetRouting, InviteToVideo, WithdrawInvitation,
                             FlowAnswer, WatchContact, StepIn, StepOut, AddAttachment, UpdateAttachment, Tick>;

// --- effects ---
struct NewParticipant {
  std::string contact_id;
  Participant participant;
  std::string token;  // the ParticipantToken; only its hash is stored
};
struct AgentNotice {
  std::string agent_id;
  std::string contact_id;  // empty: the agent's own state changed
  AgentView view = AgentView::none;  // with a contact: how it looks now; none: it is gone
};
// A web address is to be called; the answer comes back as a FlowAnswer, within `limit` if it is to have an effect.
struct FlowCallRequest {
  std::string contact_id, call_id;
  std::string function, name;  // as the block names it: id, ARN or name; the export's name
  std::string event;           // JSON
  Duration limit;
};
// Of the block that a contact's flow has run; numbered from 1. The last kFlowStepsKept of a contact are kept.
inline constexpr std::uint64_t kFlowStepsKept = 200;
struct FlowStepRecord {
  std::string contact_id;
  std::uint64_t number = 0;
  FlowStep step;
};
// An agent's status as it is stored: a built-in name or the id of an administrator's.
struct AgentStateChange {
  std::string agent_id, status;
  std::string next_status;  // comes after the contacts; empty: none
};
// What became of a contact at an agent, for its time line.
struct AgentStep {
  enum class Kind : std::uint8_t { offered, missed, rejected, withdrawn, after_contact_began, after_contact_ended };
  std::string contact_id, agent_id;
  Kind kind = Kind::offered;
};
std::string_view to_string(AgentStep::Kind kind);
// In the order they happened. Persist everything, then deliver `items`, `notices` and `closed`.
struct Effects {
  std::optional<Error> error;          // the command was refused; then nothing else is set
  std::string contact_id;              // StartChat
  ChatItem reply;                      // SendItem, InviteToVideo: the item (an earlier one for a repeated client token)
  std::vector<std::string> changed_contacts;  // write their snapshot and attributes
  std::vector<std::string> changed_segments;  // contacts, likewise
  std::vector<NewParticipant> participants;
  struct Delivery {
    ChatItem item;
    bool store = true;      // false: typing, receipts, repeats
  };
  std::vector<Delivery> items;
  std::vector<AgentStateChange> agent_states;
  std::vector<AgentNotice> notices;
  std::vector<FlowCallRequest> flow_calls;  // to be made when everything is stored
  std::vector<FlowStepRecord> flow_steps;
  std::vector<AgentStep> agent_steps;
  std::vector<std::string> closed_participants;  // whose sockets close after delivery; the contact goes on
  std::vector<std::string> closed;     // contacts whose customer's sockets close after delivery
};

}  // namespace upcall::contact
