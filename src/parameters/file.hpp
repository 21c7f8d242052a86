// Parameters as a file: one JSON object, name → value. The original's config.cache.json, whose names are full paths
// ("/VideoCallEscalation/recordingAttendeeName"), is one, so that its users move over.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "parameters/rules.hpp"

namespace upcall::parameters {

inline constexpr std::size_t kFileMax = 1u << 20;

// As given, by name: what values must be is plan()'s business. Names may be names, flags or full paths; values texts,
// booleans or numbers. "not-defined" of the original's parameters is left out: such a file says nothing of them.
// Errors: invalid_argument with a sentence.
Result<Values> read_file(std::string_view text);

// The cache file of values in force: the original's form, indented by tabs, with "not-defined" for what has no value.
// Secrets are not in it.
std::string cache_file(const Values& in_force);

}  // namespace upcall::parameters
