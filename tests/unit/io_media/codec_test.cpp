// The codecs against each other: what the encoder makes, the decoder shows; hostile input gives errors, not crashes.
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "base/rng.hpp"
#include "io/media/opus_codec.hpp"
#include "io/media/scale.hpp"
#include "io/media/test_pattern.hpp"
#include "io/media/vp8_codec.hpp"

namespace upcall::media {
namespace {

TEST(Vp8, PatternSurvivesEncodingAndTilesOf480) {
  Vp8EncoderOptions options;
  options.bitrate_kbps = 1200;
  auto encoder = Vp8Encoder::open(options);
  ASSERT_TRUE(encoder.has_value());
  auto decoder = Vp8Decoder::open();
  ASSERT_TRUE(decoder.has_value());
  const TestPattern pattern({0x0123456789abcdefull, 3, "ALICE", false});
  Picture picture(1280, 720), tile(480, 270);
  for (int i = 0; i < 35; ++i) {
    const std::uint32_t clock_ms = static_cast<std::uint32_t>(i * 1000 / 30);
    pattern.draw(picture.mut_view(), clock_ms);
    const auto frame = (*encoder)->encode(picture.view(), i * 3000, i == 0);
    ASSERT_TRUE(frame.has_value() && *frame);
    EXPECT_EQ((*frame)->key_frame, i == 0);
    const auto shown = (*decoder)->decode((*frame)->data);
    ASSERT_TRUE(shown.has_value() && *shown);
    ASSERT_EQ((*shown)->width, 1280);
    scale(**shown, tile.mut_view());
    const auto reading = read_test_pattern(tile.view(), {0, 0, 480, 270});
    ASSERT_TRUE(reading) << "frame " << i;
    EXPECT_EQ(reading->run, 0x0123456789abcdefull);
    EXPECT_EQ(reading->participant, 3);
    EXPECT_EQ(reading->clock_ms, clock_ms);
    EXPECT_EQ(reading->flash, flash_on(clock_ms));
  }
}

TEST(Vp8, DecoderRefusesGarbageAndEveryTruncationWithoutCrashing) {
  auto encoder = Vp8Encoder::open({.width = 64, .height = 64, .bitrate_kbps = 100});
  ASSERT_TRUE(encoder.has_value());
  Picture picture(64, 64);
  fill(picture.mut_view(), yuv_from_rgb(200, 30, 90));
  const auto frame = (*encoder)->encode(picture.view(), 0, true);
  ASSERT_TRUE(frame.has_value() && *frame);
  const ByteVector whole((*frame)->data.begin(), (*frame)->data.end());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    auto decoder = Vp8Decoder::open();
    const ByteVector cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    const auto shown = (*decoder)->decode(cut);
    if (size < 10) {
      EXPECT_FALSE(shown.has_value());
    }
  }
  auto decoder = Vp8Decoder::open();
  ByteVector huge = whole;
  huge[6] = 0xff; huge[7] = 0x3f;  // 16383 wide
  const auto refused = (*decoder)->decode(huge);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error(), ParseError::too_long);
}

TEST(Vp8, EncoderRefusesWrongSizeAndTimeThatDoesNotRise) {
  auto encoder = Vp8Encoder::open({.width = 64, .height = 64, .bitrate_kbps = 100});
  Picture other(32, 32), right(64, 64);
  fill(right.mut_view(), kBlack);
  EXPECT_FALSE((*encoder)->encode(other.view(), 0, true).has_value());
  EXPECT_TRUE((*encoder)->encode(right.view(), 10, true).has_value());
  EXPECT_FALSE((*encoder)->encode(right.view(), 10, false).has_value());
  EXPECT_FALSE(Vp8Encoder::open({.width = 63}).has_value());
}

std::vector<float> sine(double frequency, std::size_t samples, std::size_t from = 0) {
  std::vector<float> out(samples);
  for (std::size_t i = 0; i < samples; ++i) {
    out[i] = static_cast<float>(0.5 * std::sin(2 * std::numbers::pi * frequency * static_cast<double>(from + i) / 48000));
  }
  return out;
}

TEST(Opus, ToneSurvivesAndALostPacketIsFilled) {
  auto encoder = OpusEncoder::open({});
  auto decoder = OpusDecoder::open(2);
  ASSERT_TRUE(encoder.has_value() && decoder.has_value());
  std::vector<float> out(kOpusFrameMax * 2);
  std::array<std::uint8_t, 1275> packet;
  double energy_of_lost = 0;
  for (std::size_t i = 0; i < 50; ++i) {
    const auto size = (*encoder)->encode(sine(440, kOpusFrame, i * kOpusFrame), packet);
    ASSERT_TRUE(size.has_value());
    const Bytes bytes = Bytes(packet).first(*size);
    EXPECT_EQ(OpusDecoder::samples_in(bytes), kOpusFrame);
    if (i == 30) continue;
    if (i == 31) {
      EXPECT_EQ((*decoder)->recover(bytes, kOpusFrame, out), kOpusFrame);
      for (std::size_t k = 0; k < kOpusFrame * 2; ++k) energy_of_lost += out[k] * out[k];
    }
    const auto samples = (*decoder)->decode(bytes, out);
    ASSERT_TRUE(samples.has_value());
    EXPECT_EQ(*samples, kOpusFrame);
  }
  // A full-scale half sine has 0.125 a sample; silence would be 0.
  EXPECT_GT(energy_of_lost / (kOpusFrame * 2), 0.03);
  EXPECT_EQ((*decoder)->conceal(kOpusFrame, out), kOpusFrame);
}

TEST(Opus, GarbageIsAnError) {
  auto decoder = OpusDecoder::open(2);
  std::vector<float> out(kOpusFrameMax * 2);
  EXPECT_FALSE((*decoder)->decode({}, out).has_value());
  // Code 3 with a frame count of 0 is invalid (RFC 6716 §3.2.5).
  const std::uint8_t bad[] = {0x03, 0x00};
  EXPECT_FALSE((*decoder)->decode(bad, out).has_value());
  EXPECT_EQ(OpusDecoder::samples_in(bad), 0u);
  SeededRandom random(7);
  for (int i = 0; i < 2000; ++i) {
    ByteVector noise(random.below(40));
    random.fill(noise);
    (void)(*decoder)->decode(noise, out);
  }
}

}  // namespace
}  // namespace upcall::media
