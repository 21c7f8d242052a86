// What becomes of the command line before CLI11 parses it: two things that it does not do as people expect.
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"

namespace upcall::cli {

// The file of `upcall serve --config FILE`: options of the command, one a line, `name="value"`. CLI11 reads configuration
// for a whole program only, not for one of its commands, so the file's lines become flags.
// `arguments` (without the program's name) with the file's options added. A flag that is given wins over the file; an option
// that the command does not know is refused later, by its name. Without --config the arguments as they are.
// Errors: invalid_argument with the file's name, when it cannot be read or is not of this form.
Result<std::vector<std::string>> with_config_file(std::vector<std::string> arguments);

// `--name=` means an empty value; CLI11 would take the next argument for it.
std::vector<std::string> with_empty_values(std::vector<std::string> arguments);

// Of `configure`: a parameter that is true or false and stands there alone is true.
std::vector<std::string> with_bare_booleans(std::vector<std::string> arguments);

}  // namespace upcall::cli
