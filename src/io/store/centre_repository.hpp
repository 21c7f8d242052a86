// The contact centre's rows: queues, routing profiles, flows, contacts, participants and their tokens, chat items,
// agent states.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "contact/centre_config.hpp"
#include "contact/chat.hpp"
#include "contact/commands.hpp"
#include "io/store/database.hpp"

namespace upcall::store {

struct FlowRow {
  std::string id;
  std::string name;
  std::string type;     // CONTACT_FLOW, CUSTOMER_QUEUE
  std::string content;  // the file as imported
  WallTime created, updated;
};

struct ContactRow {
  std::string id;
  std::string state;  // contact::to_string(ContactState)
  WallTime started;
  std::optional<WallTime> ended;
  std::string agent_id;
  std::string snapshot;
};

// Who a participant or connection token belongs to.
struct ParticipantRow {
  std::string participant_id;
  std::string contact_id;
  contact::Role role = contact::Role::customer;
  std::string display_name;
  std::string user_id;
};

namespace routing {
Result<void> insert_queue(Database& db, const contact::Queue& queue, WallTime now);
Result<std::vector<contact::Queue>> queues(Database& db);
Result<void> insert_profile(Database& db, const contact::RoutingProfile& profile, WallTime now);
Result<std::vector<contact::RoutingProfile>> profiles(Database& db);
// One queue that a profile serves; again: with another priority and delay.
Result<void> put_served(Database& db, std::string_view profile_id, const contact::ServedQueue& queue);
Result<std::vector<contact::CustomStatus>> statuses(Database& db);       // those that can be chosen
Result<bool> remove_status(Database& db, std::string_view id_or_name);   // false: there is none
}  // namespace routing

namespace flows {
// Makes a flow, or gives the flow of that name new content and keeps its id. The answer is the row's id.
Result<std::string> put(Database& db, const FlowRow& flow);
Result<std::optional<FlowRow>> find(Database& db, std::string_view id_or_name);
Result<std::vector<FlowRow>> all(Database& db);
Result<void> rename(Database& db, std::string_view id, std::string_view name, std::string_view content, WallTime at);
}  // namespace flows

namespace centre {
Result<void> put_contact(Database& db, const ContactRow& contact, const contact::Attributes& attributes);
Result<std::vector<ContactRow>> live_contacts(Database& db);
Result<std::optional<ContactRow>> find_contact(Database& db, std::string_view id);
// For a contact whose snapshot cannot be read any more.
Result<void> close_unreadable(Database& db, std::string_view id, WallTime at);
Result<contact::Attributes> attributes(Database& db, std::string_view contact_id);
// Also on finished contacts (merge).
Result<void> set_attribute(Database& db, std::string_view contact_id, std::string_view name, std::string_view value);

Result<void> insert_participant(Database& db, std::string_view contact_id, const contact::Participant& participant, std::string_view token);
Result<std::optional<ParticipantRow>> participant_by_token(Database& db, std::string_view token);
// The customer gets another token, the one before is good no more: whose it is. Nothing: there is no such contact.
Result<std::optional<std::string>> renew_customer_token(Database& db, std::string_view contact_id, std::string_view token);
Result<void> add_connection(Database& db, std::string_view token, std::string_view participant_id, WallTime expires, WallTime now);
Result<std::optional<ParticipantRow>> participant_by_connection(Database& db, std::string_view token, WallTime now);

Result<void> insert_item(Database& db, const contact::ChatItem& item);
Result<std::optional<contact::ChatItem>> find_item(Database& db, std::string_view contact_id, std::string_view item_id);
Result<std::optional<std::uint64_t>> item_seq(Database& db, std::string_view contact_id, std::string_view item_id);
// The first item not before `at` (`forward`), or the last one not after it.
Result<std::optional<std::uint64_t>> item_seq_at(Database& db, std::string_view contact_id, WallTime at, bool forward);
// The n-th last item (1: the last); the first when there are fewer. Nothing of an empty chat.
Result<std::optional<std::uint64_t>> item_seq_recent(Database& db, std::string_view contact_id, std::int64_t n);
// What a participant told of somebody's message. Of a message that is not there: nothing is stored.
Result<void> put_receipt(Database& db, const contact::ChatItem& receipt);
// Puts their receipts into `items`, which are of this contact.
Result<void> add_receipts(Database& db, std::string_view contact_id, std::vector<contact::ChatItem>& items);
// An attachment's status has changed.
Result<void> set_item_attachments(Database& db, const contact::ChatItem& item);
// Items with seq in (after, before), at most `limit`; newest first when `backward`.
Result<std::vector<contact::ChatItem>> items(Database& db, std::string_view contact_id, std::uint64_t after, std::uint64_t before,
                                             int limit, bool backward);
// The last `limit` that came with a client token, oldest first.
Result<std::vector<contact::ChatItem>> items_with_token(Database& db, std::string_view contact_id, int limit);

Result<void> put_segments(Database& db, std::string_view contact_id, const std::vector<contact::Segment>& segments);
Result<void> set_agent_state(Database& db, const contact::AgentStateChange& state, WallTime since);
Result<std::vector<contact::AgentStateChange>> agent_states(Database& db);
// Users that may handle contacts, not disabled.
Result<std::vector<contact::AgentInfo>> agents(Database& db);
}  // namespace centre

}  // namespace upcall::store
