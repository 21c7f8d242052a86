// The VP9 payload descriptor (RFC 9628 §4.2) in its forms, and heads of frames that libvpx made.
#include <gtest/gtest.h>

#include "rtc/codec/vp9.hpp"
#include "rtc/codec/vp9_packetizer.hpp"

namespace upcall::rtc {
namespace {

// A key frame of 320×180 and a frame that follows one.
const ByteVector kKeyFrame = {0x82, 0x49, 0x83, 0x42, 0x00, 0x13, 0xf0, 0x0b, 0x36, 0x06, 0x38, 0x24};
const ByteVector kInterFrame = {0x86, 0x00, 0x40, 0x92, 0xf1, 0x21, 0x40, 0x00};

ByteVector operator+(ByteVector a, const ByteVector& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

TEST(Vp9, NonFlexibleWithLayersAndStructure) {
  // I, L, B, V; picture id 0x1234; TID 1, U, SID 0; TL0PICIDX 55; two layers with sizes and a group of two pictures.
  const ByteVector descriptor = {0xaa, 0x92, 0x34, 0x30, 55, 0x38, 0x00, 0xa0, 0x00, 0x5a, 0x01, 0x40, 0x00, 0xb4,
                                 2, 0x00, 0x28, 1, 2};
  ByteVector raw = descriptor + kKeyFrame;
  const auto d = parse_vp9_descriptor(raw);
  ASSERT_TRUE(d);
  EXPECT_EQ(d->picture_id, 0x1234);
  EXPECT_TRUE(d->picture_id_long && d->start_of_frame && d->switching_up && d->has_structure);
  EXPECT_FALSE(d->inter_predicted || d->flexible || d->end_of_frame || d->inter_layer || d->not_reference);
  EXPECT_EQ(d->temporal_layer, 1);
  EXPECT_EQ(d->spatial_layer, 0);
  EXPECT_EQ(d->tl0_picture_index, 55);
  EXPECT_EQ(d->size, (VideoSize{320, 180})) << "of the largest layer";
  EXPECT_EQ(d->header_size, descriptor.size());
  EXPECT_TRUE(is_vp9_key_frame(raw));
  for (std::size_t n = 0; n <= descriptor.size(); ++n) {
    EXPECT_FALSE(parse_vp9_descriptor(Bytes(raw).first(n))) << n;
    EXPECT_FALSE(is_vp9_key_frame(Bytes(raw).first(n))) << n;
  }
  rewrite_vp9_ids(raw, *d, 0x7fff, 200);
  const auto again = parse_vp9_descriptor(raw);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->picture_id, 0x7fff);
  EXPECT_EQ(again->tl0_picture_index, 200);
  EXPECT_EQ(again->header_size, descriptor.size());
}

TEST(Vp9, FlexibleWithReferencesAndAShortPictureId) {
  // I, P, L, F, B, E; picture id 0x45; TID 0, SID 1, D; references 1 and 3 back.
  ByteVector raw = {0xfc, 0x45, 0x03, 0x03, 0x06, 1, 2};
  const auto d = parse_vp9_descriptor(raw);
  ASSERT_TRUE(d);
  EXPECT_EQ(d->picture_id, 0x45);
  EXPECT_FALSE(d->picture_id_long);
  EXPECT_FALSE(d->tl0_picture_index) << "flexible mode has none";
  EXPECT_EQ(d->spatial_layer, 1);
  EXPECT_TRUE(d->inter_layer && d->inter_predicted && d->end_of_frame);
  EXPECT_FALSE(d->begins_picture()) << "a picture begins with its lowest layer";
  EXPECT_EQ(d->header_size, 5u);
  rewrite_vp9_ids(raw, *d, 0x1281, 9);
  EXPECT_EQ(parse_vp9_descriptor(raw)->picture_id, 0x01) << "seven bits stay seven";
  // Four references.
  EXPECT_EQ(parse_vp9_descriptor(ByteVector{0xd8, 1, 3, 3, 3, 2, 9}).error(), ParseError::malformed);
}

TEST(Vp9, KeyFramesAndTheirSizes) {
  EXPECT_TRUE(is_vp9_key_frame(ByteVector{0x08} + kKeyFrame));
  EXPECT_FALSE(is_vp9_key_frame(ByteVector{0x48} + kInterFrame));
  EXPECT_FALSE(is_vp9_key_frame(ByteVector{0x00} + kKeyFrame)) << "not its first packet";
  // An upper layer of a key picture is predicted from the lower one: nobody can begin with it.
  EXPECT_FALSE(is_vp9_key_frame(ByteVector{0x28, 0x03, 0} + kKeyFrame));
  EXPECT_EQ(vp9_key_frame_size(ByteVector{0x08} + kKeyFrame), (VideoSize{320, 180}));
  EXPECT_FALSE(vp9_key_frame_size(ByteVector{0x48} + kInterFrame));
  EXPECT_TRUE(is_vp9_key_picture(kKeyFrame));
  EXPECT_FALSE(is_vp9_key_picture(kInterFrame));
  EXPECT_FALSE(is_vp9_key_picture({}));
  EXPECT_FALSE(is_vp9_key_picture(ByteVector{0x00, 1, 2}));
  for (std::size_t n = 0; n < 9; ++n) EXPECT_FALSE(vp9_frame_size(Bytes(kKeyFrame).first(n))) << n;
}

TEST(Vp9Packetizer, CutsAndDescriptorReadsBack) {
  for (const bool key : {true, false}) {
    ByteVector frame = key ? kKeyFrame : kInterFrame;
    frame.resize(5000, 7);
    ByteVector joined;
    int packets = 0;
    bool ended = false;
    packetize_vp9(frame, 0x1234, 1100, [&](Bytes payload, bool last) {
      EXPECT_LE(payload.size(), 1100u);
      const auto d = parse_vp9_descriptor(payload);
      ASSERT_TRUE(d);
      EXPECT_EQ(d->begins_picture(), packets == 0);
      EXPECT_EQ(d->end_of_frame, last);
      EXPECT_EQ(d->picture_id, 0x1234);
      EXPECT_EQ(d->inter_predicted, !key);
      EXPECT_EQ(is_vp9_key_frame(payload), key && packets == 0);
      if (key && packets == 0) {
        EXPECT_EQ(vp9_key_frame_size(payload), (VideoSize{320, 180}));
      }
      joined.insert(joined.end(), payload.begin() + static_cast<std::ptrdiff_t>(d->header_size), payload.end());
      ++packets;
      ended = last;
    });
    EXPECT_EQ(packets, 5);
    EXPECT_TRUE(ended);
    EXPECT_EQ(joined, frame);
  }
}

}  // namespace
}  // namespace upcall::rtc
