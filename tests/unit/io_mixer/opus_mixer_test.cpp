// The mixer with real Opus: tones go in as packets, the mix is decoded and its spectrum and levels are measured.
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <vector>

#include "base/rng.hpp"
#include "io/mixer/opus_mixer.hpp"

namespace upcall::media {
namespace {

constexpr double kPi = std::numbers::pi;
constexpr std::size_t kFrame = sfu::AudioMixer::kFrame;

// A talker: a tone, encoded as a client does.
class Talker {
 public:
  Talker(std::uint32_t no, double hz, float level) : no_(no), hz_(hz), level_(level), encoder_(OpusEncoder::open({}).value()) {}
  ByteVector next() {
    std::array<float, kFrame> pcm;
    for (float& x : pcm) x = level_ * static_cast<float>(std::sin(2 * kPi * hz_ * static_cast<double>(at_++) / 48000));
    ByteVector out(1276);
    out.resize(encoder_->encode(pcm, out).value());
    ++sequence_;
    return out;
  }
  void speak(OpusMixer& mixer) {
    const ByteVector packet = next();
    mixer.push(no_, sequence_, static_cast<std::uint32_t>(at_), packet);
  }
  void restart(std::int64_t sequence) { sequence_ = sequence; }
  std::uint32_t no() const { return no_; }
  std::int64_t sequence() const { return sequence_; }

 private:
  std::uint32_t no_;
  double hz_;
  float level_;
  std::unique_ptr<OpusEncoder> encoder_;
  std::int64_t sequence_ = 65536, at_ = 0;
};

class Listener {
 public:
  void hear(OpusMixer& mixer, std::vector<std::uint32_t> sources) {
    std::uint8_t payload[1276];
    const std::size_t size = mixer.mix(sources, payload);
    ASSERT_GT(size, 0u);
    std::array<float, kOpusFrameMax> out;
    const auto samples = decoder_->decode(Bytes(payload, size), out);
    ASSERT_TRUE(samples);
    ASSERT_EQ(*samples, kFrame);
    pcm.insert(pcm.end(), out.begin(), out.begin() + kFrame);
  }
  // Amplitude of a frequency in [from, from + count) (Goertzel).
  double amplitude(double hz, std::size_t from, std::size_t count) const {
    double re = 0, im = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const double phase = 2 * kPi * hz * static_cast<double>(i) / 48000;
      re += pcm.at(from + i) * std::cos(phase);
      im += pcm.at(from + i) * std::sin(phase);
    }
    return 2 * std::sqrt(re * re + im * im) / static_cast<double>(count);
  }
  float largest_step(std::size_t from, std::size_t to) const {
    float out = 0;
    for (std::size_t i = from + 1; i < to; ++i) out = std::max(out, std::fabs(pcm[i] - pcm[i - 1]));
    return out;
  }
  std::vector<float> pcm;

 private:
  std::unique_ptr<OpusDecoder> decoder_ = OpusDecoder::open(1).value();
};

TEST(OpusMixer, BothTonesAreInTheMixAtTheirLevels) {
  OpusMixer mixer({});
  Talker a(1, 440, 0.25f), b(2, 1000, 0.25f);
  Listener listener;
  for (int i = 0; i < 100; ++i) {
    a.speak(mixer);
    b.speak(mixer);
    mixer.advance();
    listener.hear(mixer, {1, 2});
  }
  const std::size_t second = 48000;
  EXPECT_NEAR(listener.amplitude(440, second / 2, second), 0.25, 0.06);
  EXPECT_NEAR(listener.amplitude(1000, second / 2, second), 0.25, 0.06);
  EXPECT_LT(listener.amplitude(700, second / 2, second), 0.02);
  EXPECT_EQ(mixer.counters().malformed + mixer.counters().late + mixer.counters().concealed, 0u);
}

TEST(OpusMixer, LoudTogetherIsBentNotCut) {
  OpusMixer mixer({});
  Talker a(1, 300, 0.9f), b(2, 310, 0.9f), c(3, 320, 0.9f);
  Listener listener;
  for (int i = 0; i < 60; ++i) {
    for (Talker* t : {&a, &b, &c}) t->speak(mixer);
    mixer.advance();
    listener.hear(mixer, {1, 2, 3});
  }
  float peak = 0;
  for (const float x : listener.pcm) peak = std::max(peak, std::fabs(x));
  EXPECT_GT(peak, 0.8f);
  EXPECT_LT(peak, 1.2f);   // the codec adds a little to what was below 1
}

TEST(OpusMixer, OneEncodingForOneSetInATickAndOwnOnesForOthers) {
  OpusMixer mixer({});
  Talker a(1, 440, 0.25f), b(2, 1000, 0.25f), c(3, 2000, 0.25f);
  Listener to_c, to_a, again;
  for (int i = 0; i < 75; ++i) {
    for (Talker* t : {&a, &b, &c}) t->speak(mixer);
    mixer.advance();
    to_c.hear(mixer, {1, 2});
    again.hear(mixer, {1, 2});
    to_a.hear(mixer, {2, 3});
  }
  EXPECT_EQ(mixer.counters().encoded, 150u);
  EXPECT_EQ(mixer.counters().reused, 75u);
  EXPECT_EQ(to_c.pcm, again.pcm);
  EXPECT_LT(to_c.amplitude(2000, 24000, 48000), 0.02);   // nobody hears what is not in the set
  EXPECT_LT(to_a.amplitude(440, 24000, 48000), 0.02);
  EXPECT_GT(to_a.amplitude(2000, 24000, 48000), 0.15);
}

TEST(OpusMixer, AChangeOfTheSetDoesNotClick) {
  OpusMixer mixer({});
  Talker a(1, 440, 0.2f), b(2, 660, 0.2f), c(3, 550, 0.2f);
  Listener listener;
  for (int i = 0; i < 150; ++i) {
    for (Talker* t : {&a, &b, &c}) t->speak(mixer);
    mixer.advance();
    listener.hear(mixer, i % 50 < 25 ? std::vector<std::uint32_t>{1, 2} : std::vector<std::uint32_t>{1, 2, 3});
  }
  // The steepest slope of three tones is 0.2 * 2 pi * (440 + 550 + 660) / 48000 = 0.043 a sample; a click would be a jump
  // of the order of the amplitude.
  EXPECT_LT(listener.largest_step(24000, listener.pcm.size()), 0.15f);
}

TEST(OpusMixer, LostPacketsAreConcealedAndLateOnesAreNotPlayedTwice) {
  OpusMixer mixer({});
  Talker a(1, 440, 0.25f), b(2, 1000, 0.25f);
  Listener listener;
  ByteVector held;
  std::int64_t held_sequence = 0;
  for (int i = 0; i < 100; ++i) {
    b.speak(mixer);
    if (i % 10 == 5) {
      held = a.next();
      held_sequence = a.sequence();
    } else {
      a.speak(mixer);
    }
    if (i % 10 == 7) mixer.push(1, held_sequence, 0, held);   // two packets late
    mixer.advance();
    listener.hear(mixer, {1, 2});
  }
  EXPECT_EQ(mixer.counters().concealed, 10u);
  EXPECT_EQ(mixer.counters().late, 10u);
  EXPECT_NEAR(listener.amplitude(440, 24000, 48000), 0.25, 0.08);
}

TEST(OpusMixer, ASourceThatRestartsIsHeardAgainWithinAFewPackets) {
  // Far back, just out of the window of stragglers, within it, and far ahead.
  for (const std::int64_t jump : {-30'000, -11, -5, 20'000}) {
    OpusMixer mixer({});
    Talker a(1, 440, 0.25f), b(2, 1000, 0.25f);
    Listener listener;
    for (int i = 0; i < 100; ++i) {
      if (i == 50) a.restart(a.sequence() + jump);
      a.speak(mixer);
      b.speak(mixer);
      mixer.advance();
      listener.hear(mixer, {1, 2});
    }
    EXPECT_LE(mixer.counters().late, 10u) << jump;
    // From 240 ms after the restart on.
    EXPECT_NEAR(listener.amplitude(440, 62 * kFrame, 36 * kFrame), 0.25, 0.06) << jump;
    EXPECT_NEAR(listener.amplitude(1000, 62 * kFrame, 36 * kFrame), 0.25, 0.06) << jump;
  }
}

TEST(OpusMixer, StragglersFromFarBehindAreNoRestart) {
  OpusMixer mixer({});
  Talker a(1, 440, 0.25f), b(2, 1000, 0.25f);
  Listener listener;
  for (int i = 0; i < 100; ++i) {
    const ByteVector packet = a.next();
    mixer.push(1, a.sequence(), 0, packet);
    // One of half a second ago each time: in order among themselves, but never two in a row.
    if (i > 40) mixer.push(1, a.sequence() - 25, 0, packet);
    b.speak(mixer);
    mixer.advance();
    listener.hear(mixer, {1, 2});
  }
  EXPECT_EQ(mixer.counters().late, 59u);
  EXPECT_EQ(mixer.counters().decoded, 200u);
  EXPECT_NEAR(listener.amplitude(440, 50 * kFrame, 48 * kFrame), 0.25, 0.06);
}

TEST(OpusMixer, ABurstIsBoundedAndGarbageIsHarmless) {
  OpusMixer mixer({});
  Talker a(1, 440, 0.25f), b(2, 1000, 0.25f);
  for (int i = 0; i < 200; ++i) a.speak(mixer);   // 4 s at once
  EXPECT_GT(mixer.counters().overrun, 0u);
  SeededRandom random(3);
  for (int i = 0; i < 500; ++i) {
    ByteVector garbage(random.below(80));
    random.fill(garbage);
    mixer.push(2, 65536 + i, 0, garbage);
    mixer.advance();
    std::uint8_t out[1276];
    const std::uint32_t both[] = {1, 2};
    EXPECT_GT(mixer.mix(both, out), 0u);
  }
  mixer.remove(1);
  mixer.remove(2);
  std::uint8_t out[4];
  const std::uint32_t gone[] = {1};
  mixer.advance();
  EXPECT_LE(mixer.mix(gone, out), 4u);
}

}  // namespace
}  // namespace upcall::media
