// The people of `make run`: made at the first start of a data directory, so that the story can be played by hand.
#pragma once

#include <string>

#include "base/result.hpp"
#include "base/rng.hpp"

namespace upcall::cli {

// An agent, a supervisor of the agent's group, one of another group, and an administrator, each with a random password,
// on the server that runs on `data_dir`. They are kept in `<data_dir>/log-ins.txt` (mode 0600); its text is the answer,
// and where the file exists nothing is made.
Result<std::string> sample_log_ins(const std::string& data_dir, RandomSource& random);

}  // namespace upcall::cli
