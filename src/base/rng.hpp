// Randomness as a seam: the shell injects the system's (crypto::SystemRandom), tests and the simulator a seeded one.
#pragma once

#include <cstdint>

#include "base/bytes.hpp"

namespace upcall {

class RandomSource {
 public:
  virtual ~RandomSource() = default;
  virtual void fill(MutBytes out) = 0;

  std::uint32_t u32();
  std::uint64_t u64();
  // Uniform in [0, bound); bound 0 gives 0.
  std::uint64_t below(std::uint64_t bound);
  // Uniform in [0, 1).
  double unit();
  bool chance(double probability) { return unit() < probability; }
};

// xoshiro256** seeded by splitmix64: repeatable, not for secrets.
class SeededRandom final : public RandomSource {
 public:
  explicit SeededRandom(std::uint64_t seed);
  void fill(MutBytes out) override;

 private:
  std::uint64_t next();
  std::uint64_t state_[4];
};

}  // namespace upcall
