// What one direction of a network path does to datagrams: independent loss, bursts (Gilbert-Elliott), duplication,
// delay with jitter (which reorders, unless kept in order), single stragglers, and a rate behind a queue that drops what
// finds it full. Every decision comes from the seeded source.
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
  std::int64_t rate_kbps = 0;               // 0: no limit; else payload and 28 bytes of IPv4 and UDP headers
  Duration queue = Duration::ms(200);       // what may wait for the rate; what would wait longer is dropped
};

class Link {
 public:
  explicit Link(Weather weather) : weather_(weather) {}

  // What waits before the bottleneck leaves as it would have; the new rate is that of all behind it.
  void set(Weather weather) {
    weather_ = weather;
    burst_ = false;
  }
  const Weather& weather() const { return weather_; }
  struct Copies {
    std::size_t count = 0;   // 0: lost
    std::array<Duration, 2> delay;
  };
  Copies offer(Instant now, std::size_t bytes, RandomSource& random) {
    burst_ = burst_ ? !random.chance(weather_.burst_end) : random.chance(weather_.burst_begin);
    Copies out;
    if (random.chance(weather_.loss) || (burst_ && random.chance(weather_.burst_loss))) return out;
    Duration waits;
    if (weather_.rate_kbps > 0) {
      free_at_ = std::max(free_at_, now);
      if (free_at_ - now > weather_.queue) {
        ++queue_drops_;
        return out;
      }
      free_at_ = free_at_ + Duration::ns(static_cast<std::int64_t>(bytes + kHeaderBytes) * 8 * 1'000'000 / weather_.rate_kbps);
      waits = free_at_ - now;
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
  std::uint64_t queue_drops() const { return queue_drops_; }

 private:
  static constexpr std::size_t kHeaderBytes = 28;
  Weather weather_;
  bool burst_ = false;
  Instant free_at_;   // when all that waits has gone
  Instant last_out_;  // of those kept in order
  std::uint64_t queue_drops_ = 0;
};

}  // namespace upcall::sim
