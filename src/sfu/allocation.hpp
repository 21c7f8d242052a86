// Which videos a receiver gets, in which layer, within what its link carries. Content goes before cameras, then larger
// priorities before smaller, then who spoke lately before who did not; everybody gets its smallest picture before anybody
// gets a larger one. What is shown now is kept as long as it fits; more is given only with room to spare, so that nothing
// flaps. Pure; audio has been taken off before. One decision object a call, no allocation.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "wire/sfu.hpp"

namespace upcall::sfu {

inline constexpr int kHeld = -1;

struct VideoDemand {
  bool content = false;
  std::uint32_t priority = 0;                        // larger: more important
  bool spoke = false;                                // lately: of those of one priority they come first
  std::array<std::uint64_t, wire::kLayersMax> layer_bps{}; // ascending; what each comes to now
  std::size_t layers = 1;
  // The publisher follows what it is allowed: its single layer may be anything between these. Zero: it does not.
  std::uint64_t least_bps = 0, most_bps = 0;
  std::uint64_t target_bps = 0;                      // what the receiver can use at most; 0: anything
  int now = 0;                                       // its layer; kHeld: nothing is sent
  bool may_rise = true;                              // long enough since the last change
  bool tried = false;                                // more than now did not fit lately: it is tried with ample room only
};

struct VideoGrant {
  int layer = kHeld;
  std::uint64_t bps = 0;                             // of a publisher that follows: as much as it may come to
  bool shed = false;                                 // a camera beyond `cameras_most`: held, whatever the link carries
};

// `grants` as many as `demands`. Answers whether somebody gets less than it could use of this link.
// `cameras_most`: so many of the first ones are considered at all (load_shedder.hpp).
bool allocate(std::uint64_t available_bps, std::span<const VideoDemand> demands, std::span<VideoGrant> grants,
              std::size_t cameras_most = ~std::size_t{0});

}  // namespace upcall::sfu
