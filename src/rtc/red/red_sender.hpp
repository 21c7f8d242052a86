// The redundancy of one audio stream that we send: remembers its last frames, and decides from the loss that its receiver
// tells how many of them each packet repeats. As the vendor's client does on its side: nothing up to 8 % lost, one earlier
// frame up to 18 %, two up to 75 %, and nothing above, where repeating only fills the link; the frames are two and four
// before, so that a burst does not take a frame and its copy. What it needs is allocated at construction; one thread.
#pragma once

#include <array>
#include <cstdint>

#include "base/bytes.hpp"
#include "base/time.hpp"

namespace upcall::rtc {

class RedSender {
 public:
  static constexpr double kOneFrom = 0.08, kTwoFrom = 0.18, kOffFrom = 0.75;
  static constexpr std::size_t kRepeatedMax = 2;
  static constexpr std::int64_t kDistance = 2;             // packets
  static constexpr std::size_t kFrameMax = 480;            // a longer frame is not repeated: 192 kbit/s in 20 ms
  static constexpr std::size_t kPayloadMax = 1000;
  static constexpr Duration kCalm = Duration::s(10);       // of less loss, before less is repeated

  // A receiver's report: packets expected and lost since the one before; `lost` may be negative.
  void on_report(Instant now, std::int64_t expected, std::int64_t lost);
  std::size_t repeated() const { return repeated_; }
  double loss() const { return loss_; }

  // Remembers `frame` and, when something is to be repeated, writes it with its earlier frames into `out`; the size. 0:
  // send the frame as it is. `sequence` is unwrapped.
  std::size_t encode(std::int64_t sequence, std::uint32_t timestamp, std::uint8_t payload_type, Bytes frame, MutBytes out);

 private:
  struct Kept {
    std::int64_t sequence = -1;
    std::uint32_t timestamp = 0;
    std::size_t size = 0;
    std::array<std::uint8_t, kFrameMax> bytes;
  };
  static constexpr std::int64_t kKept = 8;  // a power of two over kRepeatedMax * kDistance
  static std::size_t wanted(double loss);

  std::array<Kept, kKept> kept_;
  double loss_ = 0, expected_ = 0, lost_ = 0;
  std::size_t repeated_ = 0;
  Instant more_wanted_at_;   // when at least this much was wanted last
};

}  // namespace upcall::rtc
