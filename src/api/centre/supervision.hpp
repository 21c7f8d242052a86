// Who may watch which contact: permission contact.monitor and the hierarchy rule, as for recordings.
#pragma once

#include <string>

#include "base/result.hpp"
#include "identity/principal.hpp"
#include "io/store/database.hpp"

namespace upcall::api {

// The agent's group decides; a contact without an agent is for those whom no group limits. A disabled user may nothing.
Result<bool> may_watch(store::Database& db, const std::string& user_id, const std::string& agent_id);
Result<bool> may_watch(store::Database& db, const identity::Principal& viewer, const std::string& agent_id);

}  // namespace upcall::api
