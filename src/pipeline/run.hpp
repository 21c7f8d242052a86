// One run of the pipeline and its stages, as they are kept and shown. Pure; written as JSON and read back.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"

namespace upcall::pipeline {

enum class State : std::uint8_t { waiting, running, succeeded, failed, timed_out, stopped, interrupted, skipped };
std::string_view to_string(State state);
std::optional<State> state_from(std::string_view text);
// Nothing will change it any more.
constexpr bool is_over(State state) { return state != State::waiting && state != State::running; }

struct StageRecord {
  std::string name;
  State state = State::waiting;
  std::optional<WallTime> started, ended;
  std::string message;  // why it is as it is; empty: nothing to say
  bool operator==(const StageRecord&) const = default;
};

struct Run {
  std::int64_t number = 0;
  std::string repository, branch, commit, author, subject;
  std::string by;        // the git user, or who asked for the run
  std::string stage;     // cdkPipelineStageName, "Prod"
  std::int64_t retry_of = 0;
  WallTime queued = WallTime::from_unix_ms(0);
  std::optional<WallTime> started, ended;
  State state = State::waiting;  // never skipped
  std::string message;
  bool definition_changed = false;
  std::vector<StageRecord> stages;
  std::int64_t process_group = 0;  // of the command that runs, for whoever cleans up after a runner that was killed
  bool operator==(const Run&) const = default;
};

inline constexpr std::size_t kRunTextMax = 256 << 10;
std::string to_json(const Run& run);
ParseResult<Run> parse_run(std::string_view text);

// The runner that had this run is gone: what ran is interrupted, what waited is skipped. A run that is over, or has not begun,
// stays as it is.
void interrupt(Run& run, WallTime now);
// The same commit once more.
Run again(const Run& old, std::string_view by, WallTime now);

}  // namespace upcall::pipeline
