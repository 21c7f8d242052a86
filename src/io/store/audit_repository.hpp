// The audit log. Rows are added in the transaction of what they tell of, and chained at once (identity/audit_chain.hpp);
// triggers refuse every change of one.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "identity/audit_chain.hpp"
#include "io/store/database.hpp"

namespace upcall::store::audit {

struct Entry {
  WallTime at;
  std::string actor;   // user id, access key id or "system"
  std::string action;  // "recording.viewed", "user.added"
  std::string target;  // id of what it was done to
  std::string detail;  // short, without secrets
};
Result<void> add(Database& db, const Entry& entry);
Result<std::vector<Entry>> of_target(Database& db, std::string_view target);

struct Filter {
  std::string actor, action, target;  // empty: any; an action that ends in "." is a beginning
  std::optional<WallTime> since, until;
  std::int64_t before_id = INT64_MAX;
  int limit = 100;
};
// The newest first.
Result<std::vector<identity::AuditRow>> list(Database& db, const Filter& filter);

// A row's hash in the chain; empty: there is none.
Result<std::string> hash_of(Database& db, std::int64_t id);

struct Head {
  std::int64_t id = 0;
  std::string hash;
  WallTime at;
  std::string signature;  // compact JWS over {"audit":id,"hash":…,"at":…}
};
// Up to `through_id` the audit was pruned. The chain goes on from its hash.
struct Checkpoint {
  std::int64_t through_id = 0;
  std::string hash;
  WallTime at;
  std::int64_t rows = 0;   // that were pruned by then, in all
  std::string signature;   // compact JWS over {"auditPrunedThrough":id,"hash":…,"rows":…,"at":…}
};
Result<std::vector<Checkpoint>> checkpoints(Database& db);  // the newest last
// The last row of the oldest ones that are all from before `cutoff`, with its hash in the chain; id 0: there is none.
Result<Head> last_before(Database& db, WallTime cutoff);
// Removes rows, chain and heads up to the checkpoint, which is stored first: the database refuses it otherwise. How many rows.
Result<std::int64_t> prune(Database& db, const Checkpoint& checkpoint);

// The chain's present end; id 0 when there is nothing.
Result<Head> newest(Database& db);
Result<std::optional<Head>> newest_signed(Database& db);
Result<void> add_head(Database& db, const Head& head);
Result<std::vector<Head>> heads(Database& db);
// Every id of rows and chain, ascending: the row and its hash where they are there.
Result<void> each(Database& db, const std::function<void(std::int64_t id, const identity::AuditRow*, const std::optional<std::string>&)>& visit);

}  // namespace upcall::store::audit
