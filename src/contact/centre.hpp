// The contact centre's whole state as one machine: flows, queues, routing, chat, agents, invitations. Pure: it gets
// time and randomness, gives effects, and is restored from snapshots. One thread.
#pragma once

#include <deque>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/rng.hpp"
#include "contact/commands.hpp"

namespace upcall::contact {

class Centre {
 public:
  explicit Centre(CentreConfig config);

  Effects handle(Now now, const Command& command, RandomSource& random);
  // When handle(now, Tick{}) has something to do next.
  Instant next_deadline() const;

  // After a restart, before the first command. A contact that was on offer waits in its queue again.
  void restore(Contact contact, Now now);
  void restore_agent(std::string agent_id, AgentStatus status, Now now);
  // Items of restored contacts that came with a client token, in their order.
  void restore_sent(const ChatItem& item);

  struct AgentState {
    AgentStatus status = AgentStatus::offline;
    WallTime since;
    Instant idle_since;
    std::map<std::string, AgentView> contacts;  // what the agent sees; missed and rejected ones stay until cleared
    bool blocked() const;                       // a missed contact stops routing until it is cleared
  };

  const Contact* contact(std::string_view contact_id) const;
  const std::map<std::string, Contact, std::less<>>& contacts() const { return contacts_; }
  const AgentState* agent(std::string_view agent_id) const;
  const AgentInfo* agent_info(std::string_view agent_id) const;
  const CentreConfig& config() const { return config_; }
  const Flow* flow(std::string_view flow_id) const;
  // Among those that wait in the same queue, in the order in which agents are asked; all 0 when it does not wait.
  QueuePlace queue_place(const Contact& contact) const;
  // The event that tells a customer, to be sent to one who has just connected; nothing when the contact does not wait.
  std::optional<ChatItem> queue_place_event(std::string_view contact_id, WallTime at, RandomSource& random) const;

 private:
  struct Turn;  // one command's context: now, random, effects
  class Host;   // FlowHost of a contact

  void on(Turn& turn, const Configure& command);
  void on(Turn& turn, const StartChat& command);
  void on(Turn& turn, const ConnectParticipant& command);
  void on(Turn& turn, const SendItem& command);
  void on(Turn& turn, const LeaveChat& command);
  void on(Turn& turn, const SetAgentStatus& command);
  void on(Turn& turn, const AcceptContact& command);
  void on(Turn& turn, const RejectContact& command);
  void on(Turn& turn, const EndContact& command);
  void on(Turn& turn, const ClearContact& command);
  void on(Turn& turn, const UpdateAttributes& command);
  void on(Turn& turn, const InviteToVideo& command);
  void on(Turn& turn, const WithdrawInvitation& command);
  void on(Turn& turn, const FlowAnswer& command);
  void on(Turn& turn, const Tick& command);

  // flow side
  void run(Turn& turn, Contact& contact, const FlowInput& input = {});
  void stop_flow(Contact& contact);
  // A customer's message, for a flow that waits for one.
  void tell_flow(Turn& turn, Contact& contact, const std::string& text);
  // The agent has left: the contact goes on with its disconnect flow, when it has one.
  bool run_remaining(Turn& turn, Contact& contact);
  void enqueue(Turn& turn, Contact& contact);
  std::size_t waiting_in(const QueueRef& queue) const;
  // Customers whose place has changed are told, together and not too often.
  void tell_places(Turn& turn);
  // agent side
  void route(Turn& turn);
  Contact* best_for(const AgentInfo& agent, Instant now);
  void back_to_queue(Turn& turn, Contact& contact, AgentView seen_by_agent);
  // Offers go back to their queues; with `leaving`, nothing stays with the agent at all.
  void withdraw_offers(Turn& turn, const std::string& agent_id, bool leaving);
  void show(Turn& turn, const std::string& agent_id, const std::string& contact_id, AgentView view);
  Contact* contact_of(Turn& turn, const std::string& agent_id, const std::string& contact_id, ContactState state);
  // chat side
  const ChatItem& add_item(Turn& turn, Contact& contact, ChatItem item, bool store = true);
  void system_event(Turn& turn, Contact& contact, std::string_view content_type, const Participant* who);
  void end(Turn& turn, Contact& contact, std::string_view reason);
  void close_wrap_up(Turn& turn, Contact& contact);

  CentreConfig config_;
  std::map<std::string, Contact, std::less<>> contacts_;  // not yet ended
  std::map<std::string, AgentState, std::less<>> agents_;
  // Idempotency of sends: the last items of each participant, by (client token, content).
  struct Sent {
    std::string key;
    ChatItem item;
  };
  void remember_sent(std::string key, const ChatItem& item);
  std::map<std::string, std::deque<Sent>, std::less<>> sent_;
  std::uint64_t last_order_ = 0;
  bool places_changed_ = false;
  Instant next_places_ = Instant();
};

}  // namespace upcall::contact
