#include "deployment/plan.hpp"

#include <algorithm>

namespace upcall::deployment {

namespace {

std::string release_of(const Placement& placement, Part part) {
  const auto at = placement.find(part);
  return at == placement.end() ? "" : at->second;
}

Plan between(const Placement& before, const Placement& after) {
  Plan out;
  out.after = after;
  for (const Part part : kParts) {
    Change change{part, release_of(before, part), release_of(after, part)};
    if (change.from == change.to) continue;
    // Recorder and pages are read from their place each time; only where there was none has the server to look anew.
    if (part == Part::backend || part == Part::events) out.hands_over = true;
    out.changes.push_back(std::move(change));
  }
  out.records = after.contains(Part::recording);
  return out;
}

// "recording and events"
std::string listed(const std::vector<Part>& parts) {
  std::string out;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) out += i + 1 == parts.size() ? " and " : ", ";
    out += to_string(parts[i]);
  }
  return out;
}

}  // namespace

Result<Plan> plan(const State& state, const Wanted& wanted) {
  if (!is_release_name(wanted.release)) return fail(ErrorCode::invalid_argument, "\"" + wanted.release + "\" is no name of a release");
  std::vector<Part> parts = wanted.parts;
  if (parts.empty()) {
    parts = {Part::backend, Part::frontend};
    if (wanted.recording_on) parts.insert(parts.end(), {Part::recording, Part::events});
  }
  Placement after = state.parts;
  if (!wanted.recording_on) {
    for (const Part part : {Part::recording, Part::events}) {
      if (std::find(parts.begin(), parts.end(), part) != parts.end()) {
        return fail(ErrorCode::invalid_argument, "the part " + std::string(to_string(part)) + " is not deployed while recording is off: upcall configure --deploy-recording-stack=true");
      }
      after.erase(part);
    }
  }
  for (const Part part : parts) after[part] = wanted.release;
  for (const Part part : parts) {
    std::vector<Part> missing;
    for (const Part needed : needs(part)) {
      if (!after.contains(needed)) missing.push_back(needed);
    }
    if (missing.empty()) continue;
    std::string add;
    for (const Part needed : missing) add += " --part " + std::string(to_string(needed));
    return fail(ErrorCode::invalid_argument, "the part " + std::string(to_string(part)) + " needs " + listed(missing) + ", which " + (missing.size() == 1 ? "is" : "are") +
                                                 " not deployed: add" + add);
  }
  return between(state.parts, after);
}

Result<Plan> plan_back(const State& state) {
  if (!state.previous.contains(Part::backend)) return fail(ErrorCode::conflict, "there is no release to go back to");
  return between(state.parts, state.previous);
}

std::vector<std::string> describe(const Plan& plan) {
  std::vector<std::string> out;
  for (const Change& change : plan.changes) {
    const std::string part(to_string(change.part));
    if (change.to.empty()) out.push_back("remove " + part + " (was " + change.from + ")");
    else if (change.from.empty()) out.push_back("place " + part + " from " + change.to);
    else out.push_back("change " + part + " from " + change.from + " to " + change.to);
  }
  if (plan.changes.empty()) return {"nothing to change"};
  if (plan.hands_over) out.push_back("hand over to the new server; calls and recordings go on where they are");
  out.push_back(plan.records ? "verify by a call that is recorded and played" : "verify by a call");
  return out;
}

}  // namespace upcall::deployment
