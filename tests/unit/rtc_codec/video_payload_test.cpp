// The front of all codecs: each answers alike, so that those who ask need not know which it is.
#include <gtest/gtest.h>

#include "base/rng.hpp"
#include "rtc/codec/video_payload.hpp"

namespace upcall::rtc {
namespace {

// A key picture and one that follows, as far as parsers look, padded to some packets.
ByteVector picture(VideoCodec codec, bool key, std::size_t size = 3000) {
  ByteVector out;
  switch (codec) {
    case VideoCodec::vp8: out = key ? *from_hex("1000009d012a4001b400") : *from_hex("110000"); break;
    case VideoCodec::vp9: out = key ? *from_hex("824983420013f00b36") : *from_hex("860040"); break;
    case VideoCodec::h264:
      out = key ? *from_hex("000000016742c00ada1c9e2223011000000300100000030320f1226a0000000168ce0fc80000000165888400")
                : *from_hex("00000001419a00");
  }
  out.resize(size, 7);
  return out;
}
VideoSize size_of(VideoCodec codec) { return codec == VideoCodec::h264 ? VideoSize{98, 50} : VideoSize{320, 180}; }

class Codecs : public testing::TestWithParam<VideoCodec> {};

TEST_P(Codecs, PacketsSayWhereAReceiverMayBegin) {
  const VideoCodec codec = GetParam();
  for (const bool key : {true, false}) {
    const ByteVector whole = picture(codec, key);
    ByteVector joined;
    int packets = 0;
    packetize_video(codec, whole, 77, 1000, [&](Bytes payload, bool) {
      const auto p = parse_video_payload(codec, payload);
      ASSERT_TRUE(p);
      EXPECT_EQ(p->key_frame, key && packets == 0);
      if (packets == 0) {
        EXPECT_TRUE(p->begins_picture);
      }
      if (codec != VideoCodec::h264) {
        EXPECT_EQ(p->begins_picture, packets == 0);
        EXPECT_EQ(p->picture_id, 77);
      }
      EXPECT_EQ(p->size, key && packets == 0 ? std::optional(size_of(codec)) : std::nullopt);
      append_video_payload(codec, payload, joined);
      ++packets;
    });
    EXPECT_GE(packets, 3);
    EXPECT_EQ(joined, whole);
    EXPECT_EQ(is_key_picture(codec, joined), key);
  }
}

TEST_P(Codecs, ShiftingIdsChangesNothingElse) {
  const VideoCodec codec = GetParam();
  packetize_video(codec, picture(codec, true), 0x7ffe, 1000, [&](Bytes payload, bool) {
    ByteVector shifted(payload.begin(), payload.end());
    shift_video_ids(codec, shifted, 5, 3);
    const auto before = parse_video_payload(codec, payload), after = parse_video_payload(codec, shifted);
    ASSERT_TRUE(before && after);
    if (before->picture_id) {
      EXPECT_EQ(after->picture_id, 0x0003) << "fifteen bits go round";
    }
    EXPECT_EQ(after->key_frame, before->key_frame);
    ByteVector a, b;
    append_video_payload(codec, payload, a);
    append_video_payload(codec, shifted, b);
    EXPECT_EQ(a, b);
  });
}

TEST_P(Codecs, NoiseIsRefusedOrReadAndNeverChangesSize) {
  const VideoCodec codec = GetParam();
  SeededRandom random(11);
  int read = 0;
  for (int i = 0; i < 20'000; ++i) {
    ByteVector noise(random.below(40));
    random.fill(noise);
    const std::size_t size = noise.size();
    read += parse_video_payload(codec, noise).has_value();
    shift_video_ids(codec, noise, 9, 9);
    ByteVector out;
    append_video_payload(codec, noise, out);
    EXPECT_LE(out.size(), size * 3 + 8);
  }
  EXPECT_GT(read, 1000);
  EXPECT_LT(read, 20'000);
}

INSTANTIATE_TEST_SUITE_P(All, Codecs, testing::ValuesIn(kVideoCodecs), [](const auto& i) { return std::string(to_string(i.param)); });

TEST(VideoCodecs, AreKnownByTheirNames) {
  for (const VideoCodec codec : kVideoCodecs) EXPECT_EQ(video_codec_of(to_string(codec)), codec);
  EXPECT_FALSE(video_codec_of("AV1"));
  EXPECT_FALSE(video_codec_of("vp8"));
}

}  // namespace
}  // namespace upcall::rtc
