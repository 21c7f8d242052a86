// The recorder's H.264 decoder on what another library encodes, and on hostile bytes.
#include <gtest/gtest.h>

#include "base/rng.hpp"
#include "io/film/h264_decoder.hpp"
#include "io/media/test_pattern.hpp"
#include "io/video_codecs/openh264_codec.hpp"

namespace upcall::film {
namespace {

std::vector<ByteVector> frames(int count, int width, int height) {
  auto encoder = media::OpenH264Encoder::open({.width = width, .height = height, .bitrate_kbps = 800});
  EXPECT_TRUE(encoder.has_value());
  const media::TestPattern pattern({77, 3, "ALICE", false});
  media::Picture picture(width, height);
  std::vector<ByteVector> out;
  for (int i = 0; i < count; ++i) {
    pattern.draw(picture.mut_view(), static_cast<std::uint32_t>(i * 40));
    const auto frame = (*encoder)->encode(picture.view(), i * 3600, i == 0);
    EXPECT_TRUE(frame.has_value() && *frame);
    out.emplace_back((*frame)->data.begin(), (*frame)->data.end());
  }
  return out;
}

TEST(H264Decoder, ShowsEveryPictureAtOnce) {
  auto decoder = H264Decoder::open();
  ASSERT_TRUE(decoder.has_value());
  std::uint32_t clock_ms = 0;
  for (const ByteVector& frame : frames(30, 640, 360)) {
    const auto shown = (*decoder)->decode(frame);
    ASSERT_TRUE(shown.has_value() && *shown);
    const auto reading = media::read_test_pattern(**shown, {0, 0, 640, 360});
    ASSERT_TRUE(reading);
    EXPECT_EQ(reading->clock_ms, clock_ms) << "no delay";
    clock_ms += 40;
  }
}

TEST(H264Decoder, WithoutParameterSetsOrReferencesThereIsNoPicture) {
  const auto sent = frames(3, 320, 176);
  auto decoder = H264Decoder::open();
  const auto inter = (*decoder)->decode(sent[1]);
  EXPECT_TRUE(!inter.has_value() || !*inter);
  // A NAL unit without a picture leaves the one before where it is.
  const auto first = (*decoder)->decode(sent[0]);
  ASSERT_TRUE(first.has_value() && *first);
  const media::I420View before = **first;
  const std::uint8_t pixel = before.y[100 * before.stride_y + 100];
  const std::uint8_t delimiter[] = {0, 0, 0, 1, 9, 0x10};
  const auto nothing = (*decoder)->decode(delimiter);
  EXPECT_TRUE(!nothing.has_value() || !*nothing);
  EXPECT_EQ(before.y[100 * before.stride_y + 100], pixel);
}

TEST(H264Decoder, SurvivesTruncationsAndFlippedBitsAndRecoversAtAKeyFrame) {
  auto decoder = H264Decoder::open();
  const auto sent = frames(12, 64, 64);
  EXPECT_FALSE((*decoder)->decode({}).has_value());
  for (std::size_t size = 1; size < sent[0].size(); ++size) (void)(*decoder)->decode(Bytes(sent[0]).first(size));
  SeededRandom random(3);
  int refused = 0;
  for (int round = 0; round < 300; ++round) {
    for (ByteVector bad : sent) {
      for (std::uint64_t flips = 1 + random.below(6); flips > 0; --flips) bad[random.below(bad.size())] ^= static_cast<std::uint8_t>(1u << random.below(8));
      refused += !(*decoder)->decode(bad).has_value();
    }
  }
  EXPECT_GT(refused, 300) << "nothing is concealed";
  const auto good = (*decoder)->decode(sent[0]);
  ASSERT_TRUE(good.has_value() && *good);
  EXPECT_EQ((*good)->width, 64);
}

TEST(H264Decoder, APictureThatIsTooLargeIsRefused) {
  auto decoder = H264Decoder::open();
  // 4112 × 16: a parameter set of 257 columns of macroblocks.
  const auto refused = (*decoder)->decode(*from_hex("000000016742000add00808f20"));
  ASSERT_FALSE(refused.has_value());
}

}  // namespace
}  // namespace upcall::film
