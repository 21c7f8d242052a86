// What one direction of a network path does to datagrams: independent loss, bursts (Gilbert-Elliott), duplication,
// delay with jitter (which reorders, unless kept in order), single stragglers, and a queue before a bottleneck of so many
// bytes a second, which drops what would wait too long. Every decision comes from the seeded source.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

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
  bool in_order = false;     // jitter delays those behind as well, as a queue does
  std::uint64_t bits_per_second = 0;         // of the bottleneck, headers included; 0: there is none
  Duration queue_max = Duration::ms(1000);   // a datagram that would wait longer is dropped
};

class Link {
 public:
  explicit Link(Weather weather) : weather_(weather) {}

  // What waits before the bottleneck leaves as it would have; the new rate is that of all behind it.
  void set(Weather weather) {
    weather_ = weather;
    burst_ = false;
  }
  struct Copies {
    std::size_t count = 0;   // 0: lost
    std::array<Duration, 2> delay;
  };
  Copies offer(RandomSource& random, Instant now, std::size_t bytes) {
    burst_ = burst_ ? !random.chance(weather_.burst_end) : random.chance(weather_.burst_begin);
    Copies out;
    if (random.chance(weather_.loss) || (burst_ && random.chance(weather_.burst_loss))) return out;
    Duration waits;
    if (weather_.bits_per_second != 0) {
      waits = queued(now);
      if (waits > weather_.queue_max) return out;
      waits += Duration::ns(static_cast<std::int64_t>((bytes + kHeaders) * 8 * 1'000'000'000 / weather_.bits_per_second));
      free_at_ = now + waits;
    }
    out.count = random.chance(weather_.duplicate) ? 2 : 1;
    for (std::size_t i = 0; i < out.count; ++i) {
      out.delay[i] = waits + weather_.delay + Duration::us(static_cast<std::int64_t>(random.below(
                                                  static_cast<std::uint64_t>(weather_.jitter.us()) + 1)));
      if (random.chance(weather_.straggle)) out.delay[i] += Duration::ms(40);
      if (weather_.in_order) {
        last_out_ = std::max(last_out_, now + out.delay[i]);
        out.delay[i] = last_out_ - now;
      }
    }
    return out;
  }
  // How long a datagram of now would wait for those before it.
  Duration queued(Instant now) const { return std::max(Duration(), free_at_ - now); }

 private:
  static constexpr std::size_t kHeaders = 28;  // IPv4 and UDP
  Weather weather_;
  bool burst_ = false;
  Instant free_at_, last_out_;
};

}  // namespace upcall::sim
