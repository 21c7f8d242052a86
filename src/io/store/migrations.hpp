// The schema's versions. Each is applied once, in order, inside one exclusive transaction; a schema from a newer
// program is refused, never touched.
#pragma once

#include "io/store/database.hpp"

namespace upcall::store {

struct Migration {
  int version;
  std::string_view sql;
};

// In order, versions 1..n without a gap. A released one is never edited.
std::span<const Migration> migrations();

Result<void> migrate(Database& db);

}  // namespace upcall::store
