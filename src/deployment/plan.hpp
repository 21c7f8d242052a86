// What a deployment changes, before anything is changed. Pure.
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "deployment/state.hpp"

namespace upcall::deployment {

struct Wanted {
  std::string release;
  std::vector<Part> parts;       // named; empty: all that belong to this installation
  bool recording_on = true;      // deployRecordingStack
};

struct Change {
  Part part = Part::backend;
  std::string from, to;          // releases; empty: not deployed
  bool operator==(const Change&) const = default;
};

struct Plan {
  std::vector<Change> changes;   // in their order; empty: all is as wanted
  Placement after;
  // The server is handed over: it is the part that changes, or it has to learn of one that comes or goes.
  bool hands_over = false;
  bool records = false;          // what is verified at the end includes a recording
};

// Errors: invalid_argument; the part that is missing is named, and what to add.
Result<Plan> plan(const State& state, const Wanted& wanted);
// Back to what was before the last change. Errors: conflict when there is nothing to go back to.
Result<Plan> plan_back(const State& state);
// For people, a line each.
std::vector<std::string> describe(const Plan& plan);

}  // namespace upcall::deployment
