#include <gtest/gtest.h>

#include "rtc/demux/classify.hpp"

namespace upcall::rtc {
namespace {

TEST(Classify, EveryFirstByteOfRfc7983) {
  for (unsigned first = 0; first < 256; ++first) {
    const std::uint8_t raw[] = {static_cast<std::uint8_t>(first), 96};
    const PacketKind expected = first <= 3                    ? PacketKind::stun
                                : first >= 20 && first <= 63  ? PacketKind::dtls
                                : first >= 128 && first < 192 ? PacketKind::rtp
                                                              : PacketKind::other;
    EXPECT_EQ(classify(raw), expected) << first;
  }
}

TEST(Classify, RtcpByPayloadType) {
  for (unsigned second = 0; second < 256; ++second) {
    const std::uint8_t raw[] = {0x80, static_cast<std::uint8_t>(second)};
    const unsigned payload_type = second & 0x7f;
    const bool rtcp = second >= 128 && payload_type >= 64 && payload_type <= 95;
    EXPECT_EQ(classify(raw), rtcp ? PacketKind::rtcp : PacketKind::rtp) << second;
  }
}

TEST(Classify, TooShortForMedia) {
  EXPECT_EQ(classify({}), PacketKind::other);
  const std::uint8_t one[] = {0x80};
  EXPECT_EQ(classify(one), PacketKind::other);
}

}  // namespace
}  // namespace upcall::rtc
