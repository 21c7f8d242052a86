// A run as text while it happens: for who pushed, and for `log --follow`.
#pragma once

#include <cstdint>

#include "io/pipeline_runs/run_store.hpp"

namespace upcall::cli {

// Prints stages and their logs until the run is over. Ends before that, with status 0, when the server that carries the
// output is about to go (SIGWINCH, io/git), when no runner works, or after two hours; the run goes on.
int follow_push(const pipeline::RunStore& store, std::int64_t number);
// One stage's log; with `follow` until the stage is over. The exit status.
int print_log(const pipeline::RunStore& store, std::int64_t number, std::string_view stage, bool follow);

}  // namespace upcall::cli
