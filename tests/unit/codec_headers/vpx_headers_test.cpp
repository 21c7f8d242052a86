// Two parsers of one thing must agree (CVE-2019-20503): what our reading of VP8 and VP9 frame headers says of key frames and
// sizes is what libvpx says, of real frames and of changed ones.
#include <gtest/gtest.h>

#include <vpx/vp8dx.h>
#include <vpx/vpx_decoder.h>

#include "base/rng.hpp"
#include "io/media/test_pattern.hpp"
#include "io/video_codecs/video_codecs.hpp"
#include "rtc/codec/video_payload.hpp"
#include "rtc/codec/vp9.hpp"

namespace upcall::media {
namespace {

struct Reference {
  bool readable = false, key = false;
  unsigned width = 0, height = 0;
};
Reference libvpx(vpx_codec_iface_t* codec, Bytes frame) {
  vpx_codec_stream_info_t info{};
  info.sz = sizeof info;
  const bool ok = vpx_codec_peek_stream_info(codec, frame.data(), static_cast<unsigned>(frame.size()), &info) == VPX_CODEC_OK;
  return {ok, ok && info.is_kf != 0, info.w, info.h};
}

class VpxHeaders : public testing::TestWithParam<rtc::VideoCodec> {
 protected:
  vpx_codec_iface_t* codec() const { return GetParam() == rtc::VideoCodec::vp8 ? vpx_codec_vp8_dx() : vpx_codec_vp9_dx(); }
  // As it stands in its first packet.
  rtc::VideoPayload first_packet(Bytes frame) const {
    rtc::VideoPayload out;
    bool first = true;
    rtc::packetize_video(GetParam(), frame, 77, 1100, [&](Bytes payload, bool) {
      if (!std::exchange(first, false)) return;
      const auto p = rtc::parse_video_payload(GetParam(), payload);
      EXPECT_TRUE(p);
      if (p) out = *p;
    });
    return out;
  }
  std::vector<ByteVector> frames() const {
    std::vector<ByteVector> out;
    for (const auto& [width, height] : {std::pair(320, 180), std::pair(640, 360), std::pair(182, 98), std::pair(1280, 720)}) {
      auto encoder = open_video_encoder(GetParam(), {.width = width, .height = height, .bitrate_kbps = 300});
      EXPECT_TRUE(encoder);
      Picture picture(width, height);
      const TestPattern pattern({1, 2, "BOB", false});
      for (int i = 0; i < 6; ++i) {
        if (width >= 320) pattern.draw(picture.mut_view(), static_cast<std::uint32_t>(i * 100));
        else fill(picture.mut_view(), yuv_from_rgb(static_cast<std::uint8_t>(40 * i), 30, 90));
        const auto frame = (*encoder)->encode(picture.view(), i * 9000, i % 3 == 0);
        if (frame && *frame) out.emplace_back((*frame)->data.begin(), (*frame)->data.end());
      }
    }
    return out;
  }
};

TEST_P(VpxHeaders, OfRealFramesAreReadAsLibvpxReadsThem) {
  int keys = 0, others = 0;
  for (const ByteVector& frame : frames()) {
    const Reference reference = libvpx(codec(), frame);
    ASSERT_TRUE(reference.readable || GetParam() == rtc::VideoCodec::vp8);   // of VP8 it reads key frames alone
    const rtc::VideoPayload ours = first_packet(frame);
    EXPECT_EQ(ours.key_frame, reference.key);
    EXPECT_EQ(rtc::is_key_picture(GetParam(), frame), reference.key);
    EXPECT_EQ(ours.size.has_value(), reference.key);
    if (reference.key && ours.size) {
      EXPECT_EQ(ours.size->width, reference.width);
      EXPECT_EQ(ours.size->height, reference.height);
    }
    ++(reference.key ? keys : others);
  }
  EXPECT_GE(keys, 8);
  EXPECT_GE(others, 8);
}

TEST_P(VpxHeaders, OfChangedFramesNeverDisagree) {
  const auto all = frames();
  SeededRandom random(11);
  int same_size = 0, same_no_key = 0, refused = 0;
  for (int i = 0; i < 200'000; ++i) {
    const ByteVector& whole = all[random.below(all.size())];
    // The headers lie in the first bytes.
    ByteVector frame(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(whole.size(), 1 + random.below(40))));
    for (std::uint64_t n = random.below(4); n > 0; --n) frame[random.below(std::min<std::size_t>(frame.size(), 14))] = static_cast<std::uint8_t>(random.below(random.below(2) == 0 ? 4 : 256));
    const Reference reference = libvpx(codec(), frame);
    // VP9's descriptor says itself whether a picture depends on others: the frame alone is compared.
    const bool key = rtc::is_key_picture(GetParam(), frame);
    const auto size = GetParam() == rtc::VideoCodec::vp8 ? first_packet(frame).size : rtc::vp9_frame_size(frame);
    if (!reference.readable) {
      ++refused;
      // Whether it is a key frame may be told of less than libvpx wants to see, but no size that it would not take. Of VP8 it
      // reads key frames alone.
      if (GetParam() == rtc::VideoCodec::vp8) {
        ASSERT_FALSE(size) << to_hex(frame);
      }
      continue;
    }
    ASSERT_EQ(key, reference.key) << to_hex(frame);
    ASSERT_TRUE(!size || reference.key) << to_hex(frame);
    if (size) {
      ASSERT_EQ(size->width, reference.width) << to_hex(frame);
      ASSERT_EQ(size->height, reference.height) << to_hex(frame);
      ++same_size;
    } else if (reference.key && (GetParam() == rtc::VideoCodec::vp8 || (frame[0] & 0x30) == 0)) {   // VP9: of profile 0 alone
      ASSERT_TRUE(reference.width > 0xffff || reference.height > 0xffff) << "no size of " << to_hex(frame);
    }
    same_no_key += !reference.key;
  }
  EXPECT_GT(same_size, 10'000);
  if (GetParam() == rtc::VideoCodec::vp9) {
    EXPECT_GT(same_no_key, 10'000);
  }
  EXPECT_GT(refused, 10'000);
}

INSTANTIATE_TEST_SUITE_P(All, VpxHeaders, testing::Values(rtc::VideoCodec::vp8, rtc::VideoCodec::vp9),
                         [](const auto& p) { return std::string(rtc::to_string(p.param)); });

}  // namespace
}  // namespace upcall::media
