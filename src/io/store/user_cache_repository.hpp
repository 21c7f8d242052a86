// The user cache (identity/user_cache.hpp).
#pragma once

#include <string_view>

#include "identity/user_cache.hpp"
#include "io/store/database.hpp"

namespace upcall::store::user_cache {

Result<std::optional<identity::CachedUser>> find(Database& db, std::string_view user_id);
// Removes what is over, too.
Result<void> put(Database& db, std::string_view user_id, const identity::CachedUser& entry, WallTime now);

}  // namespace upcall::store::user_cache
