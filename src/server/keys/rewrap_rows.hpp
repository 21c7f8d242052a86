// Private to this folder: what in the database is sealed under the master key.
#pragma once

#include "base/rng.hpp"
#include "io/store/sealer.hpp"
#include "io/store/store.hpp"

namespace upcall::server {

struct RewrappedRows {
  std::size_t done = 0, unreadable = 0;
};
// In the caller's transaction. Rows that `from` cannot open are left and counted.
Result<RewrappedRows> rewrap_rows(store::Database& db, store::Sealer& from, store::Sealer& to, RandomSource& random);

}  // namespace upcall::server
