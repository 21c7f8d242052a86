// What can be configured: names, flags, defaults, what a value must be, and help. `upcall configure` is made from it.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "io/store/database.hpp"
#include "recording/capacity.hpp"
#include "recording/disk_watch.hpp"

namespace upcall::admin {

struct ParameterRow {
  std::string_view name;           // recordingAttendeeName
  std::string_view flag;           // recording-attendee-name
  std::string_view fallback;       // when it was never set
  // The value as it is stored ("TRUE" → "true"), or invalid_argument with a sentence that begins with the name.
  Result<std::string> (*check)(const ParameterRow& row, std::string_view value);
  std::string_view help;
  double least = 0, most = 0;      // of numbers
  std::string_view choices = {};   // of words, joined by blanks
  bool secret = false;             // stored sealed, never shown
};

std::span<const ParameterRow> parameters();
const ParameterRow* find_parameter(std::string_view name);

Result<recording::DiskRules> disk_parameters(store::Database& db);
// Time between two rounds of copying journals into the bucket; zero: none.
Result<Duration> journal_copy_parameter(store::Database& db);
// The capacity that these parameters ask for; what the store does not know has its default. Errors: the store's, and
// checked()'s for values that an older version let through.
Result<recording::CapacityOptions> capacity_parameters(store::Database& db);

}  // namespace upcall::admin
