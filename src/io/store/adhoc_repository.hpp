// Ad-hoc routes: references of eight digits that bind a customer's e-mail address to one agent for a short time. That a
// reference works once is the database's rule (one conditional update), not a read before a write.
#pragma once

#include <string>
#include <string_view>

#include "io/store/database.hpp"

namespace upcall::store {

struct AdHocRoute {
  std::string route_id;  // digits
  std::string agent_id;  // user
  std::string email;     // in the caller's normal form
  WallTime created, expires;
};

namespace adhoc_routes {

// Wrong addresses after which a reference is dead.
inline constexpr int kFailuresMax = 5;

// `conflict` when the reference is taken.
Result<void> insert(Database& db, const AdHocRoute& route);
// Uses the reference up when it is unused, unexpired, of this address, and not tried too often; nothing otherwise, and
// the attempt is counted against it.
Result<std::optional<AdHocRoute>> use(Database& db, std::string_view route_id, std::string_view email, WallTime now);
// Gives a used reference back: what it was used for did not come about.
Result<void> release(Database& db, std::string_view route_id);
Result<void> prune(Database& db, WallTime expired_before);

}  // namespace adhoc_routes
}  // namespace upcall::store
