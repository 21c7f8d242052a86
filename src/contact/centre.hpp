// The contact centre's whole state as one machine: flows, queues, routing, chat, agents, invitations. Pure: it gets
// time and randomness, gives effects, and is restored from snapshots. One thread.
#pragma once

#include <deque>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "base/rng.hpp"
#include "contact/commands.hpp"
#include "contact/routing_index.hpp"

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
  // A status that is no longer there is "offline". After the contacts.
  void restore_agent(const AgentStateChange& stored, Now now);
  // Items of restored contacts that came with a client token, in their order.
  void restore_sent(const ChatItem& item);

  struct AgentState {
    AgentStatus status = AgentStatus::offline;
    std::string custom_id;    // of an administrator's status
    std::string next_status;  // built-in name or custom id, when the contacts are cleared; empty: none
    WallTime since;
    Instant idle_since;
    std::map<std::string, AgentView> contacts;  // what the agent sees; missed and rejected ones stay until cleared
    std::map<std::string, Instant> after_contact_until;  // of those in after-contact work with a limit
    bool blocked() const;                       // a missed contact stops routing until it is cleared
    int busy() const;                           // slots in use
  };

  const Contact* contact(std::string_view contact_id) const;
  const std::map<std::string, Contact, std::less<>>& contacts() const { return contacts_; }
  const AgentState* agent(std::string_view agent_id) const;
  const AgentInfo* agent_info(std::string_view agent_id) const;
  // "available", "offline" or the custom status's id; and what people call it.
  static std::string status_id(const AgentState& state);
  std::string status_name(std::string_view status_id) const;
  std::size_t waiting_in(const QueueRef& queue) const { return routing_.waiting_in(queue); }
  // What is wrong with an index, for tests; empty: nothing. Looks at everything.
  std::string index_fault() const;
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
  void on(Turn& turn, const TransferContact& command);
  void on(Turn& turn, const CancelTransfer& command);
  void on(Turn& turn, const UpdateAttributes& command);
  void on(Turn& turn, const SetRouting& command);
  void on(Turn& turn, const InviteToVideo& command);
  void on(Turn& turn, const WithdrawInvitation& command);
  void on(Turn& turn, const FlowAnswer& command);
  void on(Turn& turn, const WatchContact& command);
  void on(Turn& turn, const StepIn& command);
  void on(Turn& turn, const StepOut& command);
  void on(Turn& turn, const AddAttachment& command);
  void on(Turn& turn, const UpdateAttachment& command);
  void on(Turn& turn, const Tick& command);

  // flow side
  void run(Turn& turn, Contact& contact, const FlowInput& input = {});
  void stop_flow(Contact& contact);
  // A customer's message, for a flow that waits for one.
  void tell_flow(Turn& turn, Contact& contact, const std::string& text);
  // The agent has left: the contact goes on with its disconnect flow, when it has one.
  bool run_remaining(Turn& turn, Contact& contact);
  // The agent is no longer there: before all others in the queue that it came from, when there is one.
  bool wait_again(Turn& turn, Contact& contact);
  // Ends the agent's part; whose it was.
  std::string let_agent_go(Turn& turn, Contact& contact);
  void enqueue(Turn& turn, Contact& contact);
  std::size_t capacity_of(const QueueRef& queue) const;
  bool is_full(const QueueRef& queue) const { return routing_.waiting_in(queue) >= capacity_of(queue); }
  // Customers whose place has changed are told, together and not too often.
  void tell_places(Turn& turn);
  // agent side
  void route(Turn& turn);
  void offer(Turn& turn, Contact& contact, const std::string& agent_id);
  // Indexes follow from contacts and agents: brought up to date for what this turn has touched.
  void settle(Turn& turn);
  void settle(Contact& contact, Now now);
  void settle_agent(const std::string& agent_id);
  void index_config();
  const RoutingProfile* profile_of(std::string_view agent_id) const;
  std::optional<RoutingIndex::Waiting> wanted_place(const Contact& contact) const;
  Instant timer_of(const Contact& contact) const;
  void due(Turn& turn, Contact& contact);
  void back_to_queue(Turn& turn, Contact& contact, AgentView seen_by_agent);
  // Offers go back to their queues; with `leaving`, nothing stays with the agent at all.
  void withdraw_offers(Turn& turn, const std::string& agent_id, bool leaving);
  void show(Turn& turn, const std::string& agent_id, const std::string& contact_id, AgentView view);
  void set_status(Turn& turn, const std::string& agent_id, AgentStatus status, std::string custom_id);
  void start_after_contact(const std::string& agent_id, const std::string& contact_id, Duration left, Instant now);
  bool shows_as_ended(std::string_view agent_id, std::string_view contact_id) const;
  void clear(Turn& turn, const std::string& agent_id, const std::string& contact_id);
  void complete_transfer(Turn& turn, Contact& contact);
  // The contact stays where it is, and its agent is told.
  void fail_transfer(Turn& turn, Contact& contact, AgentView seen_by_other);
  void join_agent(Turn& turn, Contact& contact, const std::string& agent_id);
  Contact* contact_of(Turn& turn, const std::string& agent_id, const std::string& contact_id, ContactState state);
  // chat side
  const ChatItem& add_item(Turn& turn, Contact& contact, ChatItem item, bool store = true);
  void system_event(Turn& turn, Contact& contact, std::string_view content_type, const Participant* who);
  void end(Turn& turn, Contact& contact, std::string_view reason);
  // Idle participants: who was active, who is told, who is let go.
  void step_out(Turn& turn, Contact& contact, Participant& supervisor);
  // The agent's page shows who is there.
  void tell_agent(Turn& turn, const Contact& contact);
  void active(Turn& turn, Contact& contact, Participant& participant);
  void check_idle(Turn& turn, Contact& contact);
  Instant idle_timer(const Contact& contact) const;
  void close_wrap_up(Turn& turn, Contact& contact);

  CentreConfig config_;
  std::map<std::string, Contact, std::less<>> contacts_;  // not yet ended
  std::map<std::string, AgentState, std::less<>> agents_;
  RoutingIndex routing_;
  std::set<std::pair<Instant, std::string>> timers_;  // of contacts
  std::set<std::tuple<Instant, std::string, std::string>> after_contact_timers_;  // agent, contact
  // Each queue's line, offers included: priority, age, contact. What customers are told of their place.
  using Line = std::set<std::tuple<int, std::int64_t, std::string>>;
  std::map<QueueRef, Line> lines_;
  std::vector<std::string> ended_;  // kept until the next turn, for their snapshots
  std::unordered_map<std::string, std::size_t> agent_places_, profile_places_;  // in config_
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
