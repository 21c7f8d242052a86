// Parameters: what `upcall configure` and the first start set. All calls use the caller's transaction.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "io/store/audit_repository.hpp"
#include "io/store/database.hpp"

namespace upcall::store::parameters {

Result<std::optional<std::string>> get(Database& db, std::string_view name);
// The value, or `fallback` when it was never set.
Result<std::string> get_or(Database& db, std::string_view name, std::string_view fallback);
Result<void> set(Database& db, std::string_view name, std::string_view value);
// It was never set then.
Result<void> remove(Database& db, std::string_view name);
Result<std::vector<std::pair<std::string, std::string>>> all(Database& db);

struct HistoryRow {
  std::int64_t id = 0, batch = 0;   // `batch`: what changed together
  WallTime at;
  std::string actor, name;
  std::string before, after;        // in force; empty of secrets
  bool secret = false, deleted = false;
};
// Rows of one call in one batch; ids are made here.
Result<void> add_history(Database& db, std::vector<HistoryRow> rows);
// The newest first; an empty name is all of them.
Result<std::vector<HistoryRow>> history(Database& db, std::string_view name, int limit);

}  // namespace upcall::store::parameters
