#include "rtc/rtcp/rtcp.hpp"

#include <gtest/gtest.h>

#include <map>

#include "base/rng.hpp"
#include "rtc/nack/receive_stream.hpp"
#include "rtc/rtcp/transport_feedback.hpp"

namespace upcall::rtc {
namespace {

TEST(Rtcp, CompoundOfEverythingReadsBack) {
  std::uint8_t buffer[1200];
  Writer out(buffer);
  const ReportBlock block{.ssrc = 7, .fraction_lost = 25, .cumulative_lost = -3, .extended_highest_sequence = 0x10005,
                          .jitter = 9, .last_sr = 10, .delay_since_last_sr = 11};
  ASSERT_TRUE(write_sender_report(out, {.ssrc = 1, .ntp = 0x1122334455667788, .timestamp = 3, .packets = 4, .octets = 5, .report_blocks = {}}, {&block, 1}));
  ASSERT_TRUE(write_sdes_cname(out, 1, "upcall"));
  ASSERT_TRUE(write_receiver_report(out, 2, {&block, 1}));
  ASSERT_TRUE(write_pli(out, 1, 99));
  const std::uint16_t lost[] = {65534, 65535, 0, 14, 15, 40};
  ASSERT_TRUE(write_nack(out, 1, 98, lost));
  const std::uint32_t ssrcs[] = {5, 6};
  ASSERT_TRUE(write_remb(out, 1, 1'234'567, ssrcs));
  ASSERT_TRUE(write_goodbye(out, 77));

  RtcpReader reader(out.written());
  const auto sr = std::get<SenderReport>(reader.next().value());
  EXPECT_EQ(sr.ntp, 0x1122334455667788u);
  const ReportBlock read = read_report_block(sr.report_blocks, 0);
  EXPECT_EQ(read.cumulative_lost, -3);
  EXPECT_EQ(read.extended_highest_sequence, 0x10005u);
  EXPECT_TRUE(std::holds_alternative<OtherRtcp>(reader.next().value()));
  EXPECT_EQ(std::get<ReceiverReport>(reader.next().value()).ssrc, 2u);
  EXPECT_EQ(std::get<Pli>(reader.next().value()).media_ssrc, 99u);
  std::vector<std::uint16_t> nacked;
  for_each_nacked(std::get<Nack>(reader.next().value()), [&](std::uint16_t s) { nacked.push_back(s); });
  EXPECT_EQ(nacked, std::vector<std::uint16_t>(std::begin(lost), std::end(lost)));
  const auto remb = std::get<Remb>(reader.next().value());
  EXPECT_NEAR(static_cast<double>(remb.bitrate_bps), 1'234'567, 8);
  EXPECT_EQ(remb.ssrcs.size(), 8u);
  EXPECT_TRUE(std::holds_alternative<Goodbye>(reader.next().value()));
  EXPECT_FALSE(reader.next());
  EXPECT_FALSE(reader.failed());

  for (std::size_t n = 1; n < out.size(); ++n) {
    RtcpReader cut(out.written().first(n));
    int items = 0;
    while (cut.next()) ++items;
    EXPECT_LT(items, 7);
  }
}

// RFC 3550 §6.4.1: padding counts itself, lies inside the packet, and only the last packet has any.
TEST(Rtcp, PaddingMustFitThePacketAndEndTheCompound) {
  const auto items = [](ByteVector compound) {
    RtcpReader reader(compound);
    int n = 0;
    while (reader.next()) ++n;
    return reader.failed() ? -1 : n;
  };
  const ByteVector rr = {0x80, 201, 0, 1, 0, 0, 0, 7};
  const auto padded = [](std::uint8_t count) { return ByteVector{0xa0, 201, 0, 2, 0, 0, 0, 7, 0, 0, 0, count}; };
  const auto joined = [](ByteVector first, const ByteVector& second) {
    first.insert(first.end(), second.begin(), second.end());
    return first;
  };
  EXPECT_EQ(items(padded(4)), 1);
  EXPECT_EQ(items(joined(rr, padded(4))), 2);
  EXPECT_EQ(items(padded(0)), -1);
  EXPECT_EQ(items(padded(9)), -1) << "more than there is";
  EXPECT_EQ(items(padded(255)), -1);
  EXPECT_EQ(items({0xa0, 201, 0, 0}), -1) << "nothing to be padding";
  EXPECT_EQ(items(joined(padded(4), rr)), -1) << "not the last";
  EXPECT_EQ(items(padded(8)), -1) << "all of it: no SSRC is left";
}

TEST(TransportFeedback, TellsArrivalsAndLossesAcrossTheWrap) {
  SeededRandom random(11);
  TransportFeedbackRecorder recorder;
  std::map<std::uint16_t, std::int64_t> sent_arrivals;
  std::map<std::uint16_t, bool> told;
  std::uint16_t sequence = 65000;
  Instant now = Instant::from_ms(1'000'000);
  for (int round = 0; round < 60; ++round) {
    const int count = 1 + static_cast<int>(random.below(60));
    for (int i = 0; i < count; ++i, ++sequence) {
      now = now + Duration::us(static_cast<std::int64_t>(random.below(20'000)));
      if (random.chance(0.15)) continue;
      recorder.on_packet(sequence, now);
      sent_arrivals[sequence] = now.us();
    }
    std::uint8_t buffer[1400];
    for (;;) {
      Writer out(buffer);
      if (!recorder.write(out, 1, 2)) break;
      ASSERT_EQ(out.size() % 4, 0u);
      RtcpReader reader(out.written());
      const auto item = reader.next();
      ASSERT_TRUE(item);
      const auto feedback = std::get<TransportFeedback>(*item);
      TransportArrival statuses[512];
      const auto n = decode_transport_feedback(feedback.fci, statuses);
      ASSERT_TRUE(n);
      for (std::size_t i = 0; i < *n; ++i) {
        const auto at = sent_arrivals.find(statuses[i].sequence);
        EXPECT_EQ(statuses[i].received, at != sent_arrivals.end()) << statuses[i].sequence;
        if (at != sent_arrivals.end()) {
          EXPECT_LE(std::abs(statuses[i].arrival_us - at->second), 250) << statuses[i].sequence;
          EXPECT_FALSE(told[statuses[i].sequence]) << "told twice";
          told[statuses[i].sequence] = true;
        }
      }
    }
  }
  for (const auto& [s, at] : sent_arrivals) EXPECT_TRUE(told[s]) << s << " was never reported";
}

TEST(TransportFeedback, DecoderSurvivesTruncation) {
  TransportFeedbackRecorder recorder;
  for (std::uint16_t s = 0; s < 30; ++s) {
    if (s % 3) recorder.on_packet(s, Instant::from_ms(100 + s * 70));
  }
  std::uint8_t buffer[1400];
  Writer out(buffer);
  ASSERT_TRUE(recorder.write(out, 1, 2));
  const Bytes fci = out.written().subspan(12);
  TransportArrival statuses[64];
  for (std::size_t n = 0; n < fci.size(); ++n) decode_transport_feedback(fci.first(n), statuses);
  EXPECT_FALSE(decode_transport_feedback(fci, std::span(statuses).first(3)));
}

TEST(ReceiveStats, CountsLossAcrossTheWrap) {
  ReceiveStats stats(90000);
  Instant now = Instant::from_ms(5);
  for (int i = 0; i < 100; ++i) {
    now = now + Duration::ms(10);
    if (i % 10 == 5) continue;
    stats.on_packet(static_cast<std::uint16_t>(65500 + i), static_cast<std::uint32_t>(i * 900), now);
  }
  const auto block = stats.take_report(now);
  EXPECT_EQ(block.cumulative_lost, 10);
  EXPECT_NEAR(block.fraction_lost, 256 / 10, 2);
  EXPECT_EQ(block.extended_highest_sequence, 65599u) << "one cycle and 63";
  EXPECT_LT(stats.jitter_ms(), 0.1);
  EXPECT_EQ(stats.take_report(now).fraction_lost, 0);
}

TEST(NackList, AsksAfterAMomentRepeatsAndForgets) {
  NackList list;
  Instant now = Instant::from_ms(100);
  list.on_packet(65536 + 10, now);
  list.on_packet(65536 + 14, now);
  std::uint16_t due[16];
  EXPECT_EQ(list.take_due(now, Duration::ms(30), due), 0u) << "reordering gets its chance";
  now = now + Duration::ms(6);
  list.on_packet(65536 + 12, now);
  ASSERT_EQ(list.take_due(now, Duration::ms(30), due), 2u);
  EXPECT_EQ(due[0], 11);
  EXPECT_EQ(due[1], 13);
  EXPECT_EQ(list.take_due(now + Duration::ms(29), Duration::ms(30), due), 0u);
  EXPECT_EQ(list.take_due(now + Duration::ms(30), Duration::ms(30), due), 2u);
  list.on_packet(65536 + 11, now);
  EXPECT_EQ(list.size(), 1u);
  for (int i = 0; i < 100; ++i) {
    now = now + Duration::ms(31);
    list.take_due(now, Duration::ms(30), due);
  }
  EXPECT_EQ(list.size(), 0u);
  EXPECT_TRUE(list.take_gave_up());
  EXPECT_FALSE(list.take_gave_up());
}

TEST(NackList, AHugeGapAsksForAKeyFrameInstead) {
  NackList list;
  list.on_packet(70000, Instant::from_ms(1));
  list.on_packet(71000, Instant::from_ms(2));
  EXPECT_EQ(list.size(), 0u);
  EXPECT_TRUE(list.take_gave_up());
}

}  // namespace
}  // namespace upcall::rtc
