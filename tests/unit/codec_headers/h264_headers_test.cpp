// Our reading of H.264 (sequence parameter sets, key pictures) against FFmpeg's: of real access units, of changed ones, and of
// parameter sets of every kind that the standard allows, whose size is known.
#include <gtest/gtest.h>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavutil/log.h>
}

#include "base/rng.hpp"
#include "io/media/test_pattern.hpp"
#include "io/video_codecs/video_codecs.hpp"
#include "rtc/codec/h264.hpp"

namespace upcall::media {
namespace {

struct Reference {
  int width = 0, height = 0;   // 0: not told
  bool key = false;
};
// `access_unit`: Annex B, with at least one slice (FFmpeg looks at parameter sets when a slice needs them).
Reference ffmpeg(Bytes access_unit) {
  av_log_set_level(AV_LOG_QUIET);
  AVCodecContext* const context = avcodec_alloc_context3(avcodec_find_decoder(AV_CODEC_ID_H264));
  AVCodecParserContext* const parser = av_parser_init(AV_CODEC_ID_H264);
  parser->flags |= PARSER_FLAG_COMPLETE_FRAMES;
  ByteVector padded(access_unit.begin(), access_unit.end());
  padded.resize(padded.size() + AV_INPUT_BUFFER_PADDING_SIZE);
  std::uint8_t* out = nullptr;
  int out_size = 0;
  av_parser_parse2(parser, context, &out, &out_size, padded.data(), static_cast<int>(access_unit.size()), AV_NOPTS_VALUE, AV_NOPTS_VALUE, 0);
  const Reference reference{std::max(parser->width, 0), std::max(parser->height, 0), parser->key_frame == 1};
  av_parser_close(parser);
  AVCodecContext* owned = context;
  avcodec_free_context(&owned);
  return reference;
}

std::vector<ByteVector> units_of(Bytes access_unit) {
  std::vector<ByteVector> out;
  rtc::for_each_h264_nal(access_unit, [&](Bytes nal) { out.emplace_back(nal.begin(), nal.end()); });
  return out;
}
ByteVector annex_b(const std::vector<ByteVector>& units) {
  ByteVector out;
  for (const ByteVector& nal : units) {
    out.insert(out.end(), {0, 0, 0, 1});
    out.insert(out.end(), nal.begin(), nal.end());
  }
  return out;
}
std::vector<ByteVector> access_units() {
  std::vector<ByteVector> out;
  for (const auto& [width, height] : {std::pair(320, 180), std::pair(1280, 720), std::pair(1920, 1080)}) {
    auto encoder = open_video_encoder(rtc::VideoCodec::h264, {.width = width, .height = height, .bitrate_kbps = 300});
    EXPECT_TRUE(encoder);
    Picture picture(width, height);
    const TestPattern pattern({1, 2, "BOB", false});
    for (int i = 0; i < 4; ++i) {
      pattern.draw(picture.mut_view(), static_cast<std::uint32_t>(i * 100));
      const auto frame = (*encoder)->encode(picture.view(), i * 9000, i % 2 == 0);
      if (frame && *frame) out.emplace_back((*frame)->data.begin(), (*frame)->data.end());
    }
  }
  return out;
}
bool is_sps(const ByteVector& nal) { return (nal[0] & 0x1f) == 7; }

TEST(H264Headers, OfRealAccessUnitsAreReadAsFfmpegReadsThem) {
  int keys = 0, others = 0;
  for (const ByteVector& unit : access_units()) {
    const bool key = rtc::is_h264_key_picture(unit);
    ++(key ? keys : others);
    if (!key) continue;   // alone it says nothing to FFmpeg
    const Reference reference = ffmpeg(unit);
    EXPECT_TRUE(reference.key);
    for (const ByteVector& nal : units_of(unit)) {
      if (!is_sps(nal)) continue;
      const auto size = rtc::h264_sps_size(nal);
      ASSERT_TRUE(size);
      EXPECT_EQ(size->width, reference.width);
      EXPECT_EQ(size->height, reference.height);
    }
  }
  EXPECT_GE(keys, 6);
  EXPECT_GE(others, 3);
}

TEST(H264Headers, OfChangedParameterSetsNeverDisagree) {
  std::vector<std::vector<ByteVector>> keys;
  for (const ByteVector& unit : access_units()) {
    if (rtc::is_h264_key_picture(unit)) keys.push_back(units_of(unit));
  }
  for (auto& units : keys) {
    for (ByteVector& nal : units) nal.resize(std::min<std::size_t>(nal.size(), 200));   // FFmpeg reads heads of slices only
  }
  SeededRandom random(3);
  int agreed = 0, refused = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::vector<ByteVector> units = keys[random.below(keys.size())];
    ByteVector* sps = nullptr;
    for (ByteVector& nal : units) {
      if (is_sps(nal)) sps = &nal;
    }
    ASSERT_NE(sps, nullptr);
    for (std::uint64_t n = 1 + random.below(3); n > 0; --n) {
      const std::size_t at = 1 + random.below(sps->size() - 1);
      if (random.below(2) == 0) (*sps)[at] ^= static_cast<std::uint8_t>(1u << random.below(8));
      else (*sps)[at] = static_cast<std::uint8_t>(random.below(256));
    }
    const ByteVector stream = annex_b(units);
    // Zeros at its end, or a start code in its middle, make another unit of it.
    const auto again = units_of(stream);
    if (again.size() != units.size()) continue;
    const Reference reference = ffmpeg(stream);
    if (reference.width == 0 || reference.height == 0) {
      ++refused;   // FFmpeg refuses much that says nothing about a size
      continue;
    }
    // Profiles that FFmpeg takes for one without a chroma format (134, 135, 139), or that the standard gave up (144).
    const std::uint8_t profile = (*sps)[1];
    if (profile == 134 || profile == 135 || profile == 139 || profile == 144) continue;
    if (reference.width > 0xffff || reference.height > 0xffff) continue;   // of no picture
    const auto size = rtc::h264_sps_size(again[static_cast<std::size_t>(sps - units.data())]);
    ASSERT_TRUE(size) << to_hex(*sps) << ": FFmpeg says " << reference.width << " x " << reference.height;
    ASSERT_EQ(size->width, reference.width) << to_hex(*sps);
    ASSERT_EQ(size->height, reference.height) << to_hex(*sps);
    ++agreed;
  }
  EXPECT_GT(agreed, 2000);
  EXPECT_GT(refused, 1000);
}

class BitWriter {
 public:
  void bits(std::uint32_t value, unsigned count) {
    for (; count > 0; --count) {
      if (at_ % 8 == 0) bytes_.push_back(0);
      if (value >> (count - 1) & 1) bytes_.back() |= static_cast<std::uint8_t>(0x80 >> at_ % 8);
      ++at_;
    }
  }
  void ue(std::uint32_t value) {
    unsigned size = 0;
    while ((value + 1) >> (size + 1) != 0) ++size;
    bits(0, size);
    bits(value + 1, size + 1);
  }
  void se(std::int32_t value) { ue(value > 0 ? static_cast<std::uint32_t>(2 * value - 1) : static_cast<std::uint32_t>(-2 * value)); }
  // With rbsp_trailing_bits and the bytes that keep start codes away (§7.4.1).
  ByteVector nal(std::uint8_t header) {
    bits(1, 1);
    ByteVector out{header};
    int zeros = 0;
    for (const std::uint8_t b : bytes_) {
      if (zeros >= 2 && b <= 3) {
        out.push_back(3);
        zeros = 0;
      }
      zeros = b == 0 ? zeros + 1 : 0;
      out.push_back(b);
    }
    return out;
  }

 private:
  ByteVector bytes_;
  std::size_t at_ = 0;
};

// ITU-T H.264 §7.3.2.1.1, of any kind; its size by table 6-1 and equations 7-19 to 7-22.
ByteVector any_sps(SeededRandom& random, rtc::VideoSize& size) {
  constexpr std::uint8_t kProfiles[] = {66, 77, 88, 100, 110, 122, 244, 44, 118, 128};
  BitWriter w;
  const std::uint8_t profile = kProfiles[random.below(std::size(kProfiles))];
  w.bits(profile, 8);
  w.bits(0, 8);
  w.bits(40, 8);
  w.ue(0);
  std::uint32_t chroma = 1;
  bool separate = false;
  if (profile >= 100 || profile == 44) {
    chroma = static_cast<std::uint32_t>(random.below(4));
    w.ue(chroma);
    if (chroma == 3) w.bits(separate = random.below(4) == 0, 1);
    w.ue(0);
    w.ue(0);
    w.bits(0, 1);
    const bool lists = random.below(2) == 0;
    w.bits(lists, 1);
    for (int i = 0; lists && i < (chroma == 3 ? 12 : 8); ++i) {
      const bool present = random.below(2) == 0;
      w.bits(present, 1);
      int last = 8, next = 8;
      for (int k = 0; present && k < (i < 6 ? 16 : 64); ++k) {
        if (next != 0) {
          const auto delta = static_cast<std::int32_t>(random.below(20) == 0 ? random.below(256) : random.below(9) + 124) - 128;
          w.se(delta);
          next = (last + delta + 256) % 256;
        }
        last = next == 0 ? last : next;
      }
    }
  }
  w.ue(static_cast<std::uint32_t>(random.below(13)));
  const std::uint32_t order = static_cast<std::uint32_t>(random.below(3));
  w.ue(order);
  if (order == 0) w.ue(static_cast<std::uint32_t>(random.below(13)));
  if (order == 1) {
    w.bits(0, 1);
    w.se(static_cast<std::int32_t>(random.below(100)) - 50);
    w.se(static_cast<std::int32_t>(random.below(100)) - 50);
    const auto cycle = static_cast<std::uint32_t>(random.below(random.below(4) == 0 ? 256 : 5));
    w.ue(cycle);
    for (std::uint32_t i = 0; i < cycle; ++i) w.se(static_cast<std::int32_t>(random.below(100)) - 50);
  }
  w.ue(1);
  w.bits(0, 1);
  const std::uint32_t columns = static_cast<std::uint32_t>(4 + random.below(200)), rows = static_cast<std::uint32_t>(4 + random.below(100));
  w.ue(columns - 1);
  w.ue(rows - 1);
  const bool frames = random.below(4) != 0;
  w.bits(frames, 1);
  if (!frames) w.bits(random.below(2) == 0, 1);
  w.bits(1, 1);
  const std::uint32_t unit_x = chroma == 1 || chroma == 2 ? 2 : 1, unit_y = (chroma == 1 ? 2 : 1) * (frames ? 1u : 2u);
  std::uint32_t width = columns * 16, height = rows * 16 * (frames ? 1u : 2u);
  const bool crop = random.below(2) == 0;
  w.bits(crop, 1);
  if (crop) {
    std::uint32_t by[4];
    for (std::uint32_t& one : by) w.ue(one = static_cast<std::uint32_t>(random.below(8)));
    width -= (by[0] + by[1]) * unit_x;
    height -= (by[2] + by[3]) * unit_y;
  }
  w.bits(0, 1);   // no VUI
  size = {static_cast<std::uint16_t>(width), static_cast<std::uint16_t>(height)};
  return w.nal(0x67);
}

TEST(H264Headers, OfEveryKindOfParameterSetHaveTheSizeTheyWereWrittenWith) {
  // Any picture parameter set and slice of an IDR picture that begins at its first macroblock.
  BitWriter pps, slice;
  pps.ue(0);
  pps.ue(0);
  pps.bits(0, 2);
  pps.ue(0);
  pps.ue(0);
  pps.ue(0);
  pps.bits(0, 3);
  pps.se(0);
  pps.se(0);
  pps.se(0);
  pps.bits(0, 3);
  slice.ue(0);
  slice.ue(7);
  slice.ue(0);
  slice.bits(0, 32);
  slice.bits(0, 32);
  const std::vector<ByteVector> after{pps.nal(0x68), slice.nal(0x65)};
  SeededRandom random(5);
  int confirmed = 0;
  for (int i = 0; i < 10'000; ++i) {
    rtc::VideoSize written;
    const ByteVector sps = any_sps(random, written);
    ASSERT_EQ(rtc::h264_sps_size(sps), written) << to_hex(sps);
    if (i % 5 != 0) continue;
    const Reference reference = ffmpeg(annex_b({sps, after[0], after[1]}));
    if (reference.width == 0) continue;   // of a kind that FFmpeg does not decode
    ASSERT_EQ(reference.width, written.width) << to_hex(sps);
    ASSERT_EQ(reference.height, written.height) << to_hex(sps);
    ++confirmed;
  }
  EXPECT_GT(confirmed, 1000);
}

}  // namespace
}  // namespace upcall::media
