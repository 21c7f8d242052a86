// Every codec's encoder and decoder against each other, through packets; hostile input gives errors, not crashes.
#include <gtest/gtest.h>

#include "base/rng.hpp"
#include "io/media/scale.hpp"
#include "io/media/test_pattern.hpp"
#include "io/video_codecs/video_codecs.hpp"

namespace upcall::media {
namespace {

class Codecs : public testing::TestWithParam<rtc::VideoCodec> {
 protected:
  std::unique_ptr<VideoEncoder> encoder(const VideoEncoderOptions& options) {
    auto made = open_video_encoder(GetParam(), options);
    return made ? std::move(*made) : nullptr;
  }
  std::unique_ptr<VideoDecoder> decoder() {
    auto made = open_video_decoder(GetParam());
    return made ? std::move(*made) : nullptr;
  }
  // What a receiver makes of a frame that was sent.
  ByteVector through_packets(Bytes frame, std::uint16_t id, bool key) {
    ByteVector out;
    int at = 0;
    rtc::packetize_video(GetParam(), frame, id, 1100, [&](Bytes payload, bool) {
      const auto p = rtc::parse_video_payload(GetParam(), payload);
      EXPECT_TRUE(p);
      if (p) {
        EXPECT_EQ(p->key_frame, key && at == 0);
      }
      if (p && key && at == 0) sizes.push_back(p->size.value_or(rtc::VideoSize{}));
      rtc::append_video_payload(GetParam(), payload, out);
      ++at;
    });
    return out;
  }
  std::vector<rtc::VideoSize> sizes;
};

TEST_P(Codecs, PatternSurvivesEncodingPacketsAndTilesOf480) {
  const auto encoding = encoder({.bitrate_kbps = 1200});
  const auto decoding = decoder();
  ASSERT_TRUE(encoding && decoding);
  const TestPattern pattern({0x0123456789abcdefull, 3, "ALICE", false});
  Picture picture(1280, 720), tile(480, 270);
  std::size_t keys = 0;
  for (int i = 0; i < 35; ++i) {
    const std::uint32_t clock_ms = static_cast<std::uint32_t>(i * 1000 / 30);
    pattern.draw(picture.mut_view(), clock_ms);
    const bool wanted = i == 0 || i == 20;
    const auto frame = encoding->encode(picture.view(), i * 3000, wanted);
    ASSERT_TRUE(frame.has_value() && *frame) << i;
    const bool key = (*frame)->key_frame;
    EXPECT_TRUE(key || !wanted) << i;
    keys += key;
    const ByteVector received = through_packets((*frame)->data, static_cast<std::uint16_t>(i), key);
    EXPECT_EQ(rtc::is_key_picture(GetParam(), received), key) << i;
    const auto shown = decoding->decode(received);
    ASSERT_TRUE(shown.has_value() && *shown) << i;
    ASSERT_EQ((*shown)->width, 1280);
    scale(**shown, tile.mut_view());
    const auto reading = read_test_pattern(tile.view(), {0, 0, 480, 270});
    ASSERT_TRUE(reading) << "frame " << i;
    EXPECT_EQ(reading->clock_ms, clock_ms);
  }
  // VP9 makes one of its own where the pattern flashes.
  EXPECT_GE(keys, 2u);
  EXPECT_LE(keys, 4u);
  EXPECT_EQ(sizes, (std::vector<rtc::VideoSize>(keys, {1280, 720})));
}

TEST_P(Codecs, SizesThatNoBlockDividesComeBackExactly) {
  // 1080 is no multiple of 16; 182 × 98 neither.
  for (const auto& [width, height] : {std::pair(1920, 1080), std::pair(182, 98)}) {
    const auto encoding = encoder({.width = width, .height = height});
    const auto decoding = decoder();
    ASSERT_TRUE(encoding && decoding);
    Picture picture(width, height);
    fill(picture.mut_view(), yuv_from_rgb(200, 30, 90));
    const auto frame = encoding->encode(picture.view(), 0, true);
    ASSERT_TRUE(frame.has_value() && *frame);
    const auto shown = decoding->decode(through_packets((*frame)->data, 1, true));
    ASSERT_TRUE(shown.has_value() && *shown);
    EXPECT_EQ((*shown)->width, width);
    EXPECT_EQ((*shown)->height, height);
    EXPECT_EQ(sizes.back(), (rtc::VideoSize{static_cast<std::uint16_t>(width), static_cast<std::uint16_t>(height)}));
  }
}

TEST_P(Codecs, DecoderSurvivesTruncationsAndFlippedBitsAndRecoversAtAKeyFrame) {
  const auto encoding = encoder({.width = 64, .height = 64, .bitrate_kbps = 100});
  const auto decoding = decoder();
  ASSERT_TRUE(encoding && decoding);
  const TestPattern pattern({1, 2, "BOB", false});
  Picture picture(64, 64);
  std::vector<ByteVector> frames;
  for (int i = 0; i < 12; ++i) {
    pattern.draw(picture.mut_view(), static_cast<std::uint32_t>(i * 100));
    const auto frame = encoding->encode(picture.view(), i * 9000, i == 0);
    ASSERT_TRUE(frame.has_value() && *frame);
    frames.emplace_back((*frame)->data.begin(), (*frame)->data.end());
  }
  EXPECT_FALSE(decoding->decode({}).has_value());
  for (std::size_t size = 1; size < frames[0].size(); ++size) (void)decoding->decode(Bytes(frames[0]).first(size));
  SeededRandom random(3);
  for (int round = 0; round < 300; ++round) {
    for (const ByteVector& whole : frames) {
      ByteVector bad = whole;
      for (std::uint64_t flips = 1 + random.below(6); flips > 0; --flips) bad[random.below(bad.size())] ^= static_cast<std::uint8_t>(1u << random.below(8));
      (void)decoding->decode(bad);
    }
  }
  const auto good = decoding->decode(frames[0]);
  ASSERT_TRUE(good.has_value() && *good);
  EXPECT_EQ((*good)->width, 64);
}

TEST_P(Codecs, EncoderRefusesWrongSizeAndTimeThatDoesNotRise) {
  const auto encoding = encoder({.width = 64, .height = 64, .bitrate_kbps = 100});
  ASSERT_TRUE(encoding);
  Picture other(32, 32), right(64, 64);
  fill(right.mut_view(), kBlack);
  EXPECT_FALSE(encoding->encode(other.view(), 0, true).has_value());
  EXPECT_TRUE(encoding->encode(right.view(), 900, true).has_value());
  EXPECT_FALSE(encoding->encode(right.view(), 900, false).has_value());
  EXPECT_FALSE(encoder({.width = 63}));
}

TEST_P(Codecs, APictureThatIsTooLargeIsRefusedBeforeItsMemoryIsThere) {
  ByteVector huge;
  switch (GetParam()) {
    case rtc::VideoCodec::vp8: huge = *from_hex("1000009d012aff3fff3f00000000"); break;
    case rtc::VideoCodec::vp9: huge = *from_hex("82498342020000fff00638241c184a00"); break;   // 8193 × 4096
    // 16 × 4097 macroblock columns: width - 1 as an Exp-Golomb code.
    case rtc::VideoCodec::h264: huge = *from_hex("0000000167420028dc0008020c880000"); break;
  }
  const auto decoding = decoder();
  ASSERT_TRUE(decoding);
  const auto refused = decoding->decode(huge);
  ASSERT_FALSE(refused.has_value());
  if (GetParam() != rtc::VideoCodec::h264) {
    EXPECT_EQ(refused.error(), ParseError::too_long);
  }
}

INSTANTIATE_TEST_SUITE_P(All, Codecs, testing::ValuesIn(rtc::kVideoCodecs), [](const auto& i) { return std::string(to_string(i.param)); });

}  // namespace
}  // namespace upcall::media
