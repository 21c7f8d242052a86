// The schema's versions. Each is applied once, in order, inside one exclusive transaction. While a new release takes over, the
// one before it still writes, and a release that turns out bad gives way to the one before it: so a migration should only
// add what older programs can do without. One that they cannot work with says so, and older programs refuse from then on.
#pragma once

#include "io/store/database.hpp"

namespace upcall::store {

struct Migration {
  int version;
  std::string_view sql;
  bool breaks_older = false;   // programs that do not know this version must not use the database any more
};

// In order, versions 1..n without a gap. A released one is never edited.
std::span<const Migration> migrations();

Result<void> migrate(Database& db);

}  // namespace upcall::store
