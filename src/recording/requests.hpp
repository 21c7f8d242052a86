// What the store's answers make of a request to start or to stop. Pure; the store's unique indexes are what makes two
// requests at the same moment see each other.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace upcall::recording {

// Read in the transaction that would write the new row.
struct StartFacts {
  std::string_view external_meeting_id;            // asked for
  std::optional<std::string> earlier_meeting;      // of the recording that this owner has started with this key before
  bool meeting_live = false;
  bool in_progress = false;                        // another recording of the meeting
};
enum class StartDecision : std::uint8_t {
  begin,
  again,              // answered with the recording of then, whatever has become of it and of its meeting
  other_meeting,      // the key was used for another one
  meeting_ended,
  in_progress,
};
StartDecision decide_start(const StartFacts& facts);

struct StopFacts {
  bool stopped_with_key = false;                   // a recording of this meeting was stopped with this key
  bool in_progress = false;
  bool here = false;                               // this server is the owner of what is in progress
};
enum class StopDecision : std::uint8_t { ask, again, nothing, elsewhere };
StopDecision decide_stop(const StopFacts& facts);

}  // namespace upcall::recording
