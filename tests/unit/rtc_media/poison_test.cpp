// What is sent holds nothing that was in the buffer before: padding, reserved fields and unused parts are written, not left
// (CVE-2020-4067, CVE-2020-13899). Every writer writes twice, over zeros and over 0xee; both must be the same bytes.
#include <gtest/gtest.h>

#include <functional>

#include "rtc/red/red_sender.hpp"
#include "rtc/rtcp/rtcp.hpp"
#include "rtc/rtcp/transport_feedback.hpp"
#include "rtc/rtp/rtp_packet.hpp"
#include "rtc/stun/builder.hpp"

namespace upcall::rtc {
namespace {

// `write` fills the buffer from its beginning and says how much.
void expect_clean(const std::string& what, const std::function<std::size_t(MutBytes)>& write) {
  ByteVector zeros(1600, 0), poisoned(1600, 0xee);
  const std::size_t size = write(zeros), again = write(poisoned);
  ASSERT_GT(size, 0u) << what;
  ASSERT_EQ(size, again) << what;
  zeros.resize(size);
  poisoned.resize(size);
  EXPECT_EQ(zeros, poisoned) << what;
}

TEST(Poison, RtpHeadersAndTheirExtensions) {
  for (std::size_t value = 1; value <= 16; ++value) {
    expect_clean("extensions of " + std::to_string(value), [&](MutBytes buffer) {
      RtpBuilder builder(buffer, {.payload_type = 96, .marker = true, .sequence = 1, .timestamp = 2, .ssrc = 3});
      builder.add_extension(1, ByteVector(value, 7));
      builder.add_extension(2, ByteVector(3, 8));
      return builder.finish(ByteVector(10, 9)).size();
    });
  }
}

TEST(Poison, ControlPackets) {
  const ReportBlock blocks[] = {{.ssrc = 1}, {.ssrc = 2}};
  expect_clean("a sender report", [&](MutBytes buffer) {
    Writer w(buffer);
    EXPECT_TRUE(write_sender_report(w, {.ssrc = 5}, blocks));
    return w.written().size();
  });
  expect_clean("a receiver report", [&](MutBytes buffer) {
    Writer w(buffer);
    EXPECT_TRUE(write_receiver_report(w, 5, blocks));
    return w.written().size();
  });
  for (std::size_t length = 1; length <= 9; ++length) {
    expect_clean("a name of " + std::to_string(length), [&](MutBytes buffer) {
      Writer w(buffer);
      EXPECT_TRUE(write_sdes_cname(w, 5, std::string(length, 'n')));
      return w.written().size();
    });
  }
  expect_clean("requests", [&](MutBytes buffer) {
    Writer w(buffer);
    const std::uint16_t missing[] = {5, 6, 40};
    const std::uint32_t ssrcs[] = {1, 2};
    EXPECT_TRUE(write_pli(w, 1, 2) && write_nack(w, 1, 2, missing) && write_remb(w, 1, 1'000'000, ssrcs) && write_goodbye(w, 1));
    return w.written().size();
  });
  for (std::uint16_t packets = 1; packets <= 40; ++packets) {
    expect_clean("feedback about " + std::to_string(packets), [&](MutBytes buffer) {
      TransportFeedbackRecorder recorder;
      for (std::uint16_t i = 0; i < packets; ++i) {
        if (i % 5 != 3) recorder.on_packet(i, Instant::from_ms(1000 + i * (i % 7 == 0 ? 90 : 1)));
      }
      Writer w(buffer);
      EXPECT_TRUE(recorder.write(w, 1, 2));
      return w.written().size();
    });
  }
}

TEST(Poison, RedundantSound) {
  expect_clean("two earlier frames", [](MutBytes buffer) {
    RedSender sender;
    for (int i = 0; i < 20; ++i) sender.on_report(Instant::from_ms(1000 + i), 100, 40);
    std::size_t size = 0;
    for (std::uint32_t i = 0; i < 8; ++i) size = sender.encode(i, 960 * i, 111, ByteVector(20 + i, 5), buffer);
    return size;
  });
}

TEST(Poison, StunMessages) {
  const crypto::HmacSha1 key(as_bytes("password"));
  for (std::size_t n = 1; n <= 8; ++n) {
    expect_clean("STUN with " + std::to_string(n), [&](MutBytes buffer) {
      const std::vector<std::uint16_t> types(n, 0x7777);
      return stun::Builder(buffer, stun::Class::error, stun::kBindingMethod, {})
          .username(std::string(n, 'a'), "bb")
          .error_code(420)
          .unknown_attributes(types)
          .xor_mapped_address(NetAddress::v4(192, 0, 2, 1, 9))
          .priority(5)
          .ice_controlling(9)
          .integrity(key)
          .fingerprint()
          .finish()
          .size();
    });
  }
}

}  // namespace
}  // namespace upcall::rtc
