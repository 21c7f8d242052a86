// The states of a recording, and who may change it. Value types, any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/time.hpp"

namespace upcall::recording {

// In progress: requested to stopping, one a meeting at a time. Final: stored, failed.
enum class State : std::uint8_t { requested, starting, recording, stopping, composing, stored, failed };

constexpr bool is_in_progress(State state) { return state <= State::stopping; }
constexpr bool is_final(State state) { return state >= State::stored; }

// The right to change a recording: of one server (by its instance), for one epoch of the journal's writer. Whoever takes
// a recording up raises the epoch, so that a claim of before is worth nothing.
struct Claim {
  std::string owner;
  std::uint32_t epoch = 0;
  bool operator==(const Claim&) const = default;
};

// What the life cycle decides of a recording's row.
struct LifeRow {
  State state = State::requested;
  std::string reason;
  std::optional<WallTime> started, stopped, stored;
  std::optional<WallTime> paused_until;    // it is paused, and goes on by itself then
  std::optional<std::int64_t> duration_ms, size_bytes;
};

}  // namespace upcall::recording
