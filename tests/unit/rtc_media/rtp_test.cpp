#include "rtc/rtp/rtp_packet.hpp"

#include <gtest/gtest.h>

#include "base/rng.hpp"
#include "rtc/codec/vp8.hpp"
#include "rtc/codec/vp8_packetizer.hpp"

namespace upcall::rtc {
namespace {

MutBytes build(MutBytes buffer) {
  RtpBuilder builder(buffer, {.payload_type = 96, .marker = true, .sequence = 65535, .timestamp = 0x01020304, .ssrc = 0xdeadbeef});
  builder.add_extension(4, as_bytes("1"));
  const std::uint8_t wide[] = {0xab, 0xcd};
  builder.add_extension(3, wide);
  return builder.finish(as_bytes("payload"));
}

TEST(Rtp, BuiltPacketParsesBack) {
  std::uint8_t buffer[200];
  const MutBytes packet = build(buffer);
  const auto view = parse_rtp(packet);
  ASSERT_TRUE(view);
  EXPECT_EQ(view->payload_type, 96);
  EXPECT_TRUE(view->marker);
  EXPECT_EQ(view->sequence, 65535);
  EXPECT_EQ(view->timestamp, 0x01020304u);
  EXPECT_EQ(view->ssrc, 0xdeadbeefu);
  EXPECT_EQ(as_text(view->payload), "payload");
  EXPECT_EQ(as_text(view->extension(4).value()), "1");
  EXPECT_EQ(view->extension(3)->size(), 2u);
  EXPECT_FALSE(view->extension(5));
  EXPECT_FALSE(view->extension(0));
}

TEST(Rtp, EveryTruncationIsRefusedOrShorter) {
  std::uint8_t buffer[200];
  const MutBytes packet = build(buffer);
  const std::size_t header = parse_rtp(packet)->header_size;
  for (std::size_t n = 0; n < packet.size(); ++n) {
    const auto view = parse_rtp(packet.first(n));
    EXPECT_EQ(view.has_value(), n >= header) << n;
  }
}

TEST(Rtp, PaddingOfTheWholePayloadOrMoreIsChecked) {
  std::uint8_t buffer[200];
  MutBytes packet = build(buffer);
  packet[0] |= 0x20;
  packet.back() = 3;
  EXPECT_EQ(as_text(parse_rtp(packet)->payload), "payl");
  packet.back() = 7;
  EXPECT_TRUE(parse_rtp(packet)->payload.empty());
  packet.back() = 8;
  EXPECT_FALSE(parse_rtp(packet)) << "padding larger than the payload";
  packet.back() = 0;
  EXPECT_FALSE(parse_rtp(packet)) << "padding of zero bytes cannot be";
}

TEST(Rtp, TwoByteExtensionsAndOverlongOnesStayInside) {
  const std::uint8_t raw[] = {0x90, 111, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0x10, 0x00, 0, 2, 20, 3, 'a', 'b', 'c', 21, 200, 0, 'x'};
  const auto view = parse_rtp(raw);
  ASSERT_TRUE(view);
  EXPECT_EQ(as_text(view->extension(20).value()), "abc");
  EXPECT_FALSE(view->extension(21)) << "length beyond the block";
}

TEST(Rtp, BuilderRefusesWhatDoesNotFit) {
  std::uint8_t buffer[20];
  EXPECT_TRUE(build(buffer).empty());
}

TEST(Vp8, PacketizerCutsAndDescriptorReadsBack) {
  ByteVector frame(5000, 7);
  const std::uint8_t key_head[] = {0x10, 0, 0, 0x9d, 0x01, 0x2a, 0x00, 0x05, 0xd0, 0x02};  // P=0, 1280x720
  std::copy(std::begin(key_head), std::end(key_head), frame.begin());
  ByteVector joined;
  int packets = 0;
  bool ended = false;
  packetize_vp8(frame, 0x1234, 1100, [&](Bytes payload, bool last) {
    EXPECT_LE(payload.size(), 1100u);
    const auto d = parse_vp8_descriptor(payload);
    ASSERT_TRUE(d);
    EXPECT_EQ(d->begins_frame(), packets == 0);
    EXPECT_EQ(d->picture_id, 0x1234);
    EXPECT_EQ(is_vp8_key_frame(payload), packets == 0);
    if (packets == 0) {
      const auto size = vp8_key_frame_size(payload);
      ASSERT_TRUE(size);
      EXPECT_EQ(size->width, 1280);
      EXPECT_EQ(size->height, 720);
    }
    joined.insert(joined.end(), payload.begin() + static_cast<std::ptrdiff_t>(d->header_size), payload.end());
    ++packets;
    ended = last;
  });
  EXPECT_EQ(packets, 5);
  EXPECT_TRUE(ended);
  EXPECT_EQ(joined, frame);
}

TEST(Vp8, FullDescriptorWithLayersAndRewrite) {
  std::uint8_t raw[] = {0x90, 0xF0, 0x92, 0x34, 55, 0x60, 0x11, 0x22};
  const auto d = parse_vp8_descriptor(raw);
  ASSERT_TRUE(d);
  EXPECT_EQ(d->picture_id, 0x1234);
  EXPECT_EQ(d->tl0_picture_index, 55);
  EXPECT_EQ(d->temporal_layer, 1);
  EXPECT_TRUE(d->layer_sync);
  EXPECT_EQ(d->header_size, 6u);
  rewrite_vp8_ids(raw, *d, 0x7fff, 200);
  const auto again = parse_vp8_descriptor(raw);
  EXPECT_EQ(again->picture_id, 0x7fff);
  EXPECT_EQ(again->tl0_picture_index, 200);
  for (std::size_t n = 0; n <= 6; ++n) EXPECT_FALSE(parse_vp8_descriptor(Bytes(raw).first(n))) << n;
}

}  // namespace
}  // namespace upcall::rtc
