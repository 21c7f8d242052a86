// Statuses that administrators have made, in full. What the contact centre knows of them is routing::statuses().
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "contact/centre_config.hpp"
#include "io/store/database.hpp"

namespace upcall::store {

struct AgentStatusRow {
  contact::CustomStatus status;
  std::string description;
  std::optional<std::int64_t> display_order;  // those without come last, by name
  bool enabled = true;               // otherwise nobody can choose it, and who had it is offline
};

namespace agent_statuses {
Result<void> insert(Database& db, const AgentStatusRow& row, WallTime now);  // conflict: the name is there
Result<std::vector<AgentStatusRow>> all(Database& db);
Result<bool> update(Database& db, const AgentStatusRow& row);                // false: no such status. conflict: likewise
}  // namespace agent_statuses

}  // namespace upcall::store
