// `upcall configure -i`: asks for each parameter in the table's order. No I/O of its own.
//
// Enter keeps what stands in brackets, a single "-" takes the value back, parameters are asked only while their parents are
// what they must be, and what cannot be is said and asked again. No more lines: nothing is stored.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "cli/terminal.hpp"
#include "parameters/rules.hpp"

namespace upcall::cli {

struct DialogStart {
  parameters::Values in_force;    // as stored now
  parameters::Values defaults;    // of this instance
  parameters::Values given;       // by flags and file: they stand in the brackets
  bool load = true;               // the brackets hold what is stored; otherwise the defaults
  enum class Ours { none, ask, all } ours = Ours::ask;   // also the parameters that the original has not
};

// May these be stored together? The sentence of what is wrong names parameters.
using Weigh = std::function<Result<void>(const parameters::Values& given)>;

// What is to be stored; nothing: the person ended it.
std::optional<parameters::Values> configure_dialog(Questions& questions, const DialogStart& start, const Weigh& weigh);

}  // namespace upcall::cli
