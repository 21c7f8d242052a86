// The TURN servers that clients are given, by the parameters; the secret that `configure` seals.
#pragma once

#include "io/store/database.hpp"
#include "io/store/sealer.hpp"
#include "signaling/relay_offer.hpp"

namespace upcall::admin {

// None when turnServers is empty. Errors: the store's, corrupt (the sealed secret), invalid_argument (no secret).
Result<signaling::RelaySettings> relay_settings(store::Database& db, store::Sealer& sealer);

}  // namespace upcall::admin
