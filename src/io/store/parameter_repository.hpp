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
Result<std::vector<std::pair<std::string, std::string>>> all(Database& db);

}  // namespace upcall::store::parameters
