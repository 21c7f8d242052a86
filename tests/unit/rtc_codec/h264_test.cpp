// H.264 in RTP (RFC 6184). The parameter sets are x264's; their sizes are those that ffprobe tells of the same streams.
#include <gtest/gtest.h>

#include "rtc/codec/h264.hpp"
#include "rtc/codec/h264_packetizer.hpp"

namespace upcall::rtc {
namespace {

const char* const kSpsBaseline1080 = "6742c028dc0780227e5c0440000003004000000f03c60ce0";          // 1920×1080: cropped, emulation prevention
const char* const kSpsHigh422 = "677a000dbcd9415087888fc044000003000400000300f03c50a658";          // 322×242: crop units of 4:2:2
const char* const kSpsInterlaced = "6764001eacd940b424fde022000003000200000300643e28532c";         // 720×568: fields
const char* const kSpsSmall = "6742c00ada1c9e2223011000000300100000030320f1226a";                 // 98×50
const char* const kPps = "68ce0fc8";

ByteVector hex(std::string_view text) { return *from_hex(text); }
ByteVector operator+(ByteVector a, const ByteVector& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}
ByteVector stap(std::initializer_list<ByteVector> nals) {
  ByteVector out = {0x78};
  for (const ByteVector& nal : nals) {
    out.push_back(static_cast<std::uint8_t>(nal.size() >> 8));
    out.push_back(static_cast<std::uint8_t>(nal.size()));
    out = out + nal;
  }
  return out;
}

TEST(H264Sps, SizesWithCroppingFieldsAndChroma) {
  EXPECT_EQ(h264_sps_size(hex(kSpsBaseline1080)), (VideoSize{1920, 1080}));
  EXPECT_EQ(h264_sps_size(hex(kSpsHigh422)), (VideoSize{322, 242}));
  EXPECT_EQ(h264_sps_size(hex(kSpsInterlaced)), (VideoSize{720, 568}));
  EXPECT_EQ(h264_sps_size(hex(kSpsSmall)), (VideoSize{98, 50}));
}

TEST(H264Sps, TruncationsAndNonsenseGiveNoWrongSize) {
  for (const char* text : {kSpsBaseline1080, kSpsHigh422, kSpsInterlaced, kSpsSmall}) {
    const ByteVector whole = hex(text);
    const auto size = h264_sps_size(whole);
    for (std::size_t n = 0; n < whole.size(); ++n) {
      // Behind the cropping there is nothing that matters (VUI): from there on the answer may be right, but never another.
      const auto cut = h264_sps_size(Bytes(whole).first(n));
      if (cut) {
        EXPECT_EQ(cut, size) << text << " at " << n;
      }
      if (n < 8) {
        EXPECT_FALSE(cut) << text << " at " << n;
      }
    }
  }
  // 16 pixels wide, 7 and then 8 pairs of them cropped away.
  EXPECT_EQ(h264_sps_size(hex("6742000addf21740")), (VideoSize{2, 16}));
  EXPECT_FALSE(h264_sps_size(hex("6742000addf29740")));
  EXPECT_FALSE(h264_sps_size(ByteVector{0x67}));
  EXPECT_FALSE(h264_sps_size(ByteVector(400, 0)));
}

TEST(H264Packet, TheParameterSetsAreWhereADecoderBegins) {
  const auto sets = parse_h264_packet(stap({hex(kSpsBaseline1080), hex(kPps)}));
  ASSERT_TRUE(sets);
  EXPECT_TRUE(sets->has_sps && sets->may_begin_picture);
  EXPECT_FALSE(sets->has_idr);
  EXPECT_EQ(sets->size, (VideoSize{1920, 1080}));
  const auto single = parse_h264_packet(hex(kSpsSmall));
  ASSERT_TRUE(single);
  EXPECT_TRUE(single->has_sps && single->may_begin_picture);
  // The IDR that follows needs what stood before it.
  const ByteVector idr = {0x65, 0x88, 0x84, 0x00};
  const auto slice = parse_h264_packet(idr);
  ASSERT_TRUE(slice);
  EXPECT_TRUE(slice->has_idr && slice->may_begin_picture);
  EXPECT_FALSE(slice->has_sps);
  const auto all = parse_h264_packet(stap({hex(kSpsSmall), hex(kPps), idr}));
  ASSERT_TRUE(all);
  EXPECT_TRUE(all->has_sps && all->has_idr);
}

TEST(H264Packet, WhatMayBeginAPicture) {
  EXPECT_TRUE(parse_h264_packet(ByteVector{0x41, 0x9a, 0x00})->may_begin_picture);   // first_mb_in_slice 0
  EXPECT_FALSE(parse_h264_packet(ByteVector{0x41, 0x42, 0x00})->may_begin_picture);  // 1
  EXPECT_TRUE(parse_h264_packet(ByteVector{0x06, 0x05})->may_begin_picture);         // SEI
  EXPECT_TRUE(parse_h264_packet(ByteVector{0x09, 0x10})->may_begin_picture);         // delimiter
  EXPECT_TRUE(parse_h264_packet(ByteVector{0x7c, 0x85, 0x88, 0})->has_idr);          // FU-A, start
  EXPECT_TRUE(parse_h264_packet(ByteVector{0x7c, 0x85, 0x88, 0})->may_begin_picture);
  EXPECT_FALSE(parse_h264_packet(ByteVector{0x7c, 0x05, 0x88, 0})->may_begin_picture);
  EXPECT_FALSE(parse_h264_packet(ByteVector{0x7c, 0x45, 0x88, 0})->may_begin_picture);
}

TEST(H264Packet, HostileAndTruncated) {
  EXPECT_EQ(parse_h264_packet({}).error(), ParseError::truncated);
  EXPECT_EQ(parse_h264_packet(ByteVector{0xe5, 1, 2}).error(), ParseError::malformed);        // forbidden bit
  EXPECT_EQ(parse_h264_packet(ByteVector{0x7c, 0xc5, 1}).error(), ParseError::malformed);     // S and E
  EXPECT_EQ(parse_h264_packet(ByteVector{0x7c, 0x85}).error(), ParseError::truncated);
  EXPECT_EQ(parse_h264_packet(ByteVector{0x65}).error(), ParseError::truncated);
  EXPECT_EQ(parse_h264_packet(ByteVector{0x78, 0, 0}).error(), ParseError::malformed);        // an empty NAL unit
  for (const std::uint8_t type : {0, 25, 26, 27, 29, 30, 31}) {
    EXPECT_EQ(parse_h264_packet(ByteVector{static_cast<std::uint8_t>(0x60 | type), 1, 2}).error(), ParseError::unsupported) << int(type);
  }
  const ByteVector whole = stap({hex(kSpsBaseline1080), hex(kPps)});
  for (std::size_t n = 0; n < whole.size(); ++n) {
    // A cut between two NAL units is an aggregate of one.
    const bool between = n == 3 + hex(kSpsBaseline1080).size();
    EXPECT_EQ(parse_h264_packet(Bytes(whole).first(n)).has_value(), between) << n;
    ByteVector out;
    append_h264_packet(Bytes(whole).first(n), out);
    EXPECT_EQ(out.empty(), !between) << n;
  }
}

TEST(H264Packetizer, CutsAndJoinsAgain) {
  ByteVector idr = {0x65};
  for (int i = 0; i < 5000; ++i) idr.push_back(static_cast<std::uint8_t>(1 + i % 250));
  const ByteVector small = {0x65, 1, 2, 3};
  const ByteVector code = {0, 0, 0, 1}, shorter = {0, 0, 1};
  const ByteVector unit = code + hex(kSpsSmall) + code + hex(kPps) + shorter + idr + code + small;
  std::vector<ByteVector> packets;
  int lasts = 0;
  packetize_h264(unit, 1100, [&](Bytes payload, bool last) {
    EXPECT_LE(payload.size(), 1100u);
    EXPECT_EQ(lasts, 0) << "nothing follows the last";
    lasts += last;
    packets.emplace_back(payload.begin(), payload.end());
  });
  EXPECT_EQ(lasts, 1);
  ASSERT_EQ(packets.size(), 1u + 5u + 1u);  // STAP-A, five fragments, one alone
  EXPECT_TRUE(parse_h264_packet(packets[0])->has_sps);
  ByteVector joined;
  for (const ByteVector& p : packets) {
    EXPECT_TRUE(parse_h264_packet(p));
    append_h264_packet(p, joined);
  }
  EXPECT_EQ(joined, code + hex(kSpsSmall) + code + hex(kPps) + code + idr + code + small);
  EXPECT_TRUE(is_h264_key_picture(joined));
  EXPECT_FALSE(is_h264_key_picture(code + idr)) << "a decoder cannot begin without parameter sets";
  EXPECT_FALSE(is_h264_key_picture(code + hex(kSpsSmall) + code + ByteVector{0x41, 0x9a, 0}));
}

TEST(H264Nals, AreFoundWhateverTheStartCodes) {
  std::vector<ByteVector> seen;
  const auto see = [&](Bytes nal) { seen.emplace_back(nal.begin(), nal.end()); };
  for_each_h264_nal(ByteVector{0, 0, 0, 1, 9, 16, 0, 0, 1, 7, 7, 0, 0, 0, 0, 1, 8, 8}, see);
  EXPECT_EQ(seen, (std::vector<ByteVector>{{9, 16}, {7, 7}, {8, 8}}));
  seen.clear();
  for_each_h264_nal(ByteVector{1, 2, 3}, see);
  for_each_h264_nal(ByteVector{0, 0, 1}, see);
  for_each_h264_nal(ByteVector{0, 0, 1, 0, 0, 1}, see);
  for_each_h264_nal({}, see);
  EXPECT_TRUE(seen.empty());
}

}  // namespace
}  // namespace upcall::rtc
