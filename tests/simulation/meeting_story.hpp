// A random but repeatable story of one or two meetings: who joins, leaves, breaks, mutes, shows and records when.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace upcall::sim {

struct StoryResult {
  std::vector<std::string> breaches;   // empty: everything held
  std::uint64_t frames_seen = 0, audio_heard = 0, mixed = 0, lost = 0, repaired = 0, records = 0, datagrams = 0;
};

StoryResult play_story(std::uint64_t seed);

}  // namespace upcall::sim
