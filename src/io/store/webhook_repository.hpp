// Webhooks, and what they are still to be told. Events come from the outbox into a row a webhook, so that one that is
// dead, or refuses one event, keeps nothing from the others. Within a meeting the order is kept: a delivery is due only
// when nothing earlier of its meeting is pending.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "io/store/outbox_repository.hpp"

namespace upcall::store {

struct Webhook {
  std::string id;
  std::string url;
  ByteVector secret_sealed;   // store::Sealer, purpose "webhooks/<id>"
  std::string events;         // patterns joined by blanks: "recording.*", "meeting.ended", "*"
  WallTime created;
  bool disabled = false;
};

struct WebhookDelivery {
  OutboxEvent event;
  int attempts = 0;
  std::optional<WallTime> first;   // attempt
};

// "recording.*" matches "recording.stored"; "*" everything.
bool event_matches(std::string_view patterns, std::string_view type);

namespace webhooks {

// Begins with what happens from now on.
Result<void> insert(Database& db, const Webhook& webhook);
Result<std::vector<Webhook>> all(Database& db);
Result<bool> remove(Database& db, std::string_view id);
Result<bool> set_disabled(Database& db, std::string_view id, bool disabled);

// Takes up to `limit` events that came since; gives how many were looked at.
Result<int> take_up(Database& db, const Webhook& webhook, int limit, WallTime now);
// The oldest of each meeting, of those whose time has come.
Result<std::vector<WebhookDelivery>> due(Database& db, std::string_view webhook_id, WallTime now, int limit);
Result<std::optional<WallTime>> next_due(Database& db, std::string_view webhook_id);
Result<void> delivered(Database& db, std::string_view webhook_id, std::int64_t position, WallTime now);
Result<void> failed(Database& db, std::string_view webhook_id, std::int64_t position, std::string_view answer, WallTime now, WallTime next);
Result<void> given_up(Database& db, std::string_view webhook_id, std::int64_t position, std::string_view answer, WallTime now);

struct Backlog {
  std::int64_t pending = 0, given_up = 0;
};
Result<Backlog> backlog(Database& db, std::string_view webhook_id);
Result<void> prune(Database& db, WallTime done_before);

}  // namespace webhooks
}  // namespace upcall::store
