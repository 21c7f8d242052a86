// What is deployed: the file deployment.json of an installation. Value types.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "deployment/part.hpp"

namespace upcall::deployment {

using Placement = std::map<Part, std::string>;   // part → name of its release; a part that is not there is not deployed

struct Event {
  std::string at;        // RFC 3339, UTC
  std::string what;      // deployed, rolled back, failed
  std::string release;
  std::string note;      // a sentence; may be empty
  bool operator==(const Event&) const = default;
};

struct State {
  Placement parts;
  Placement previous;            // before the last change: what a rollback goes back to
  std::vector<Event> history;    // oldest first, the last kHistory
};
inline constexpr std::size_t kHistory = 50;

// "{}" is an installation with nothing deployed. Errors: corrupt, with the member that is wrong.
Result<State> parse_state(std::string_view json);
std::string to_json(const State& state);
void add_event(State& state, Event event);

// Letters, digits, '.', '_', '+' and '-', at most 100, not beginning with '.': it becomes a folder's name.
bool is_release_name(std::string_view name);

}  // namespace upcall::deployment
