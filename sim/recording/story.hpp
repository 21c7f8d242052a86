// One random schedule of recordings: two servers, two meetings, clients that start, stop, pause and ask again, and
// everything that can go wrong; then the faults end and all of it must come to rest. Everything follows from the seed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/recording/ledger.hpp"

namespace upcall::sim {

struct RecordingStory {
  std::vector<std::string> breaches;
  std::uint64_t recordings = 0, stored = 0, failed = 0, seals = 0, pauses = 0, answered_again = 0;
  std::uint64_t crashes = 0, stalls = 0, cuts = 0, takeovers = 0, lost_leases = 0, answers_lost = 0, writes = 0, refused = 0;
};

RecordingStory play_recordings(std::uint64_t seed, Plant plant = Plant::none);

}  // namespace upcall::sim
