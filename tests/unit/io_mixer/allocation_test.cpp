// Mixing allocates nothing once every source and every set was there: neither in our code nor inside libopus. malloc
// itself is counted, by a symbol of this program that wins over libc's.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdlib>
#include <numbers>

#include "io/mixer/opus_mixer.hpp"

#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* memory, std::size_t size);
}

namespace {
std::size_t allocations = 0;   // this program has one thread
}

extern "C" {
void* malloc(std::size_t size) noexcept {
  ++allocations;
  return __libc_malloc(size);
}
void* calloc(std::size_t count, std::size_t size) noexcept {
  ++allocations;
  return __libc_calloc(count, size);
}
void* realloc(void* memory, std::size_t size) noexcept {
  ++allocations;
  return __libc_realloc(memory, size);
}
}

namespace upcall::media {
namespace {

constexpr std::size_t kFrame = sfu::AudioMixer::kFrame;
constexpr int kSources = 4, kPackets = 50;

TEST(OpusMixerAllocation, NoneAfterWarmUp) {
  // All packets beforehand: the encoders of the talkers are not what is measured.
  std::array<std::array<std::array<std::uint8_t, 400>, kPackets>, kSources> packets;
  std::array<std::array<std::size_t, kPackets>, kSources> sizes;
  for (std::size_t s = 0; s < kSources; ++s) {
    auto encoder = OpusEncoder::open({}).value();
    for (std::size_t p = 0; p < kPackets; ++p) {
      std::array<float, kFrame> pcm;
      for (std::size_t i = 0; i < kFrame; ++i) {
        pcm[i] = 0.2f * static_cast<float>(std::sin(2 * std::numbers::pi * 220 * static_cast<double>((s + 1) * (p * kFrame + i)) / 48000));
      }
      sizes[s][p] = encoder->encode(pcm, packets[s][p]).value();
    }
  }
  const std::size_t at_start = allocations;
  OpusMixer mixer({});
  std::array<std::uint8_t, 1276> out;
  const std::array<std::array<std::uint32_t, 3>, 4> sets = {{{1, 2, 3}, {1, 2, 4}, {1, 3, 4}, {2, 3, 4}}};
  std::int64_t sequence[kSources] = {65536, 65536, 65536, 65536};
  std::size_t encoded = 0;
  // A round has what a call has: all talk, packets are lost, garbage comes, a source restarts, one leaves and returns.
  const auto round = [&] {
    for (std::size_t p = 0; p < kPackets; ++p) {
      for (std::size_t s = 0; s < kSources; ++s) {
        ++sequence[s];
        if (s == 1 && p % 10 == 4) continue;
        if (s == 2 && p == 20) sequence[s] -= 5000;
        mixer.push(static_cast<std::uint32_t>(s + 1), sequence[s], 0, Bytes(packets[s][p]).first(sizes[s][p]));
        if (p % 7 == 0) mixer.push(static_cast<std::uint32_t>(s + 1), sequence[s] + 1, 0, Bytes(packets[s][p]).first(0));
      }
      if (p == 30) mixer.remove(4);
      mixer.advance();
      for (const auto& set : sets) {
        if (mixer.mix(set, out) > 0) ++encoded;
        mixer.mix(std::span(set).first(2), out);
      }
    }
  };
  round();
  EXPECT_GT(allocations, at_start + kSources) << "the counter must see the codecs being made";
  const std::size_t before = allocations;
  for (int i = 0; i < 10; ++i) round();
  EXPECT_EQ(allocations, before);
  EXPECT_EQ(encoded, 11u * kPackets * sets.size());
  EXPECT_GT(mixer.counters().concealed, 0u);
  EXPECT_GT(mixer.counters().malformed, 0u);
  EXPECT_GT(mixer.counters().late, 0u);
}

}  // namespace
}  // namespace upcall::media

#endif
