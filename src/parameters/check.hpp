// What one value must be, by its parameter's kind. Errors: invalid_argument with a sentence that begins with the name.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "parameters/table.hpp"

namespace upcall::parameters {

// The value as it is stored: trimmed, "TRUE" → "true", origins as browsers write them. An empty text, and "not-defined" of
// the original's parameters, is an empty text: no value of its own.
Result<std::string> normal_value(const ParameterRow& row, std::string_view value);

// "true or false", "a whole number from 1 to 1440": for questions and the guide.
std::string must_be(const ParameterRow& row);

// The issuer that an issuer's or discovery address is of.
std::string issuer_of(std::string_view address);

}  // namespace upcall::parameters
