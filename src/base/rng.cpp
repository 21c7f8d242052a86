#include "base/rng.hpp"

#include <bit>

namespace upcall {

std::uint32_t RandomSource::u32() { return static_cast<std::uint32_t>(u64()); }

std::uint64_t RandomSource::u64() {
  std::uint8_t raw[8];
  fill(raw);
  return Reader(raw).u64();
}

std::uint64_t RandomSource::below(std::uint64_t bound) {
  if (bound == 0) return 0;
  // Rejection keeps it uniform: values under the threshold belong to an incomplete last round.
  const std::uint64_t threshold = (0 - bound) % bound;
  for (;;) {
    const std::uint64_t v = u64();
    if (v >= threshold) return v % bound;
  }
}

double RandomSource::unit() { return static_cast<double>(u64() >> 11) * 0x1.0p-53; }

SeededRandom::SeededRandom(std::uint64_t seed) {
  for (auto& word : state_) {
    seed += 0x9e3779b97f4a7c15ull;
    std::uint64_t z = seed;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    word = z ^ (z >> 31);
  }
}

std::uint64_t SeededRandom::next() {
  const std::uint64_t out = std::rotl(state_[1] * 5, 7) * 9;
  const std::uint64_t t = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= t;
  state_[3] = std::rotl(state_[3], 45);
  return out;
}

void SeededRandom::fill(MutBytes out) {
  std::size_t at = 0;
  while (at < out.size()) {
    std::uint64_t v = next();
    for (int i = 0; i < 8 && at < out.size(); ++i, v >>= 8) out[at++] = static_cast<std::uint8_t>(v);
  }
}

}  // namespace upcall
