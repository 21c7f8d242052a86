// What one direction of a network path does to datagrams: independent loss, bursts (Gilbert-Elliott), duplication,
// delay with jitter (which reorders), and single stragglers. Every decision comes from the seeded source.
#pragma once

#include <array>
#include <cstddef>

#include "base/rng.hpp"
#include "base/time.hpp"

namespace upcall::sim {

struct Weather {
  double loss = 0;
  double burst_begin = 0;    // probability per datagram that a burst begins ...
  double burst_end = 0.3;    // ... and that it ends
  double burst_loss = 0;     // loss within a burst
  double duplicate = 0;
  double straggle = 0;       // this datagram comes 40 ms later than it should
  Duration delay = Duration::ms(10);
  Duration jitter;
};

class Link {
 public:
  explicit Link(Weather weather) : weather_(weather) {}

  void set(Weather weather) {
    weather_ = weather;
    burst_ = false;
  }
  struct Copies {
    std::size_t count = 0;   // 0: lost
    std::array<Duration, 2> delay;
  };
  Copies offer(RandomSource& random) {
    burst_ = burst_ ? !random.chance(weather_.burst_end) : random.chance(weather_.burst_begin);
    Copies out;
    if (random.chance(weather_.loss) || (burst_ && random.chance(weather_.burst_loss))) return out;
    out.count = random.chance(weather_.duplicate) ? 2 : 1;
    for (std::size_t i = 0; i < out.count; ++i) {
      out.delay[i] = weather_.delay + Duration::us(static_cast<std::int64_t>(random.below(
                                          static_cast<std::uint64_t>(weather_.jitter.us()) + 1)));
      if (random.chance(weather_.straggle)) out.delay[i] += Duration::ms(40);
    }
    return out;
  }

 private:
  Weather weather_;
  bool burst_ = false;
};

}  // namespace upcall::sim
