// Parameters as the store has them, and what parts of the server make of them.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "io/store/database.hpp"
#include "io/store/sealer.hpp"
#include "parameters/rules.hpp"
#include "recording/capacity.hpp"
#include "recording/disk_watch.hpp"

namespace upcall::admin {

// What was set, by the table's names. Secrets are unsealed; one that cannot be opened is there as kUnreadable.
Result<parameters::Values> own_parameters(store::Database& db, store::Sealer& sealer);
inline constexpr std::string_view kUnreadable = "(unreadable)";
// What this instance knows of itself where nothing was set. `public_url` may be empty: the last one that it served, or the first that
// it would.
Result<parameters::Values> instance_parameters(store::Database& db, const std::string& public_url);
// The value in force of one that is not secret.
Result<std::string> parameter_in_force(store::Database& db, std::string_view name);

// Under which the server keeps the address that it serves; no parameter of the table.
inline constexpr std::string_view kPublicUrl = "publicUrl";
// What a deployment tells: outputParameters/NAME, no parameter of the table either.
inline constexpr std::string_view kOutputPrefix = "outputParameters/";

Result<recording::DiskRules> disk_parameters(store::Database& db);
// Time between two rounds of copying journals into the bucket; zero: none.
Result<Duration> journal_copy_parameter(store::Database& db);
// The capacity that these parameters ask for; what the store does not know has its default. Errors: the store's, and
// checked()'s for values that an older version let through.
Result<recording::CapacityOptions> capacity_parameters(store::Database& db);

}  // namespace upcall::admin
