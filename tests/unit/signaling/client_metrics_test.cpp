// CLIENT_METRIC: what the real client sent once, what a hostile one may send, and whose frames count.
#include <gtest/gtest.h>

#include <limits>

#include "room_bench.hpp"

namespace upcall::signaling {
namespace {

using F = wire::SignalFrame;
using M = signal::SdkMetric;

wire::ClientMetrics read(const signal::SdkClientMetricFrame& frame) {
  return wire::read_client_metrics(frame, [](std::uint32_t id) { return id == 101; });
}
void add(google::protobuf::RepeatedPtrField<M>* to, M::Type type, double value) {
  M* m = to->Add();
  m->set_type(type);
  m->set_value(value);
}
signal::SdkStreamMetricFrame* stream(signal::SdkClientMetricFrame& frame, signal::SdkStreamMediaType type, std::uint32_t id = 0) {
  auto* out = frame.add_stream_metric_frames();
  out->set_media_type(type);
  if (id != 0) out->set_stream_id(id);
  return out;
}

// In the shape of those in tests/captures/camera/frames.json.
signal::SdkClientMetricFrame whole() {
  signal::SdkClientMetricFrame out;
  add(out.mutable_global_metrics(), M::VIDEO_AVAILABLE_SEND_BANDWIDTH, 3'319'428);
  add(out.mutable_global_metrics(), M::STUN_RTT_MS, 1);
  add(out.mutable_global_metrics(), M::CPU_PRESSURE_STATE, 3);
  auto* heard = stream(out, signal::AUDIO);
  add(heard->mutable_metrics(), M::RTC_SPK_FRACTION_DECODER_LOSS_PERCENT, 2.5);
  add(heard->mutable_metrics(), M::RTC_SPK_PPS, 51);
  add(heard->mutable_metrics(), M::RTC_SPK_JITTER_MS, 2);
  add(heard->mutable_metrics(), M::RTC_SPK_JITTER_BUFFER_MS, 40);
  auto* sent = stream(out, signal::VIDEO, 7);
  add(sent->mutable_metrics(), M::VIDEO_ENCODE_FPS, 15);
  add(sent->mutable_metrics(), M::VIDEO_SENT_BITRATE, 134'496);
  auto* seen = stream(out, signal::VIDEO, 101);
  add(seen->mutable_metrics(), M::VIDEO_DECODE_FPS, 14);
  add(seen->mutable_metrics(), M::VIDEO_FREEZE_DURATION, 250);
  add(seen->mutable_metrics(), M::VIDEO_RECEIVED_BITRATE, 600'000);
  return out;
}

TEST(ClientMetrics, OfTheRealClient) {
  const auto m = read(whole());
  EXPECT_DOUBLE_EQ(*m.available_send_kbps, 3319.428);
  EXPECT_EQ(m.rtt_ms, 1);
  EXPECT_EQ(m.cpu_pressure, 3);
  EXPECT_EQ(m.sound_concealed_percent, 2.5);
  EXPECT_EQ(m.sound_pps, 51);
  EXPECT_EQ(m.jitter_buffer_ms, 40);
  EXPECT_EQ(m.encode_fps, 15);
  EXPECT_DOUBLE_EQ(*m.sent_kbps, 134.496);
  EXPECT_EQ(m.cameras, 1);
  EXPECT_EQ(m.decode_fps, 14);
  EXPECT_EQ(m.freeze_ms, 250);
  EXPECT_DOUBLE_EQ(*m.received_kbps, 600);
  EXPECT_FALSE(m.available_receive_kbps);
}

TEST(ClientMetrics, OfSeveralCamerasTheWorstCountsAndSharesDoNot) {
  auto frame = whole();
  auto* slow = stream(frame, signal::VIDEO, 101);
  add(slow->mutable_metrics(), M::VIDEO_DECODE_FPS, 3);
  add(slow->mutable_metrics(), M::VIDEO_RECEIVED_BITRATE, 100'000);
  auto* share = stream(frame, signal::VIDEO, 55);   // not a camera
  add(share->mutable_metrics(), M::VIDEO_DECODE_FPS, 0);
  add(share->mutable_metrics(), M::VIDEO_RECEIVED_BITRATE, 9'000'000);
  const auto m = read(frame);
  EXPECT_EQ(m.cameras, 2);
  EXPECT_EQ(m.decode_fps, 3);
  EXPECT_DOUBLE_EQ(*m.received_kbps, 700);
}

TEST(ClientMetrics, WhatCannotBeBelievedIsLeftOut) {
  for (const double wrong : {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity(), -1.0, 1e300}) {
    signal::SdkClientMetricFrame frame;
    add(frame.mutable_global_metrics(), M::STUN_RTT_MS, wrong);
    add(frame.mutable_global_metrics(), M::VIDEO_AVAILABLE_SEND_BANDWIDTH, wrong);
    add(frame.mutable_global_metrics(), M::CPU_PRESSURE_STATE, wrong);
    add(stream(frame, signal::AUDIO)->mutable_metrics(), M::RTC_SPK_FRACTION_DECODER_LOSS_PERCENT, wrong);
    auto* seen = stream(frame, signal::VIDEO, 101);
    add(seen->mutable_metrics(), M::VIDEO_DECODE_FPS, wrong);
    const auto m = read(frame);
    EXPECT_FALSE(m.rtt_ms || m.available_send_kbps || m.cpu_pressure || m.sound_concealed_percent || m.decode_fps) << wrong;
  }
  signal::SdkClientMetricFrame again;   // a later believable one counts
  add(again.mutable_global_metrics(), M::STUN_RTT_MS, -5);
  add(again.mutable_global_metrics(), M::STUN_RTT_MS, 12);
  again.add_global_metrics();           // neither type nor value
  EXPECT_EQ(read(again).rtt_ms, 12);
}

TEST(ClientMetrics, NoFrameMakesMoreWorkThanItsLimits) {
  signal::SdkClientMetricFrame many;
  for (int i = 0; i < wire::kMetricFramesMax; ++i) stream(many, signal::AUDIO);
  add(stream(many, signal::AUDIO)->mutable_metrics(), M::RTC_SPK_PPS, 50);
  EXPECT_FALSE(read(many).sound_pps) << "behind the last frame that is read";
  signal::SdkClientMetricFrame deep;
  for (int i = 0; i < wire::kMetricsInFrameMax; ++i) add(deep.mutable_global_metrics(), M::SOCKET_DISCARDED_PPS, 0);
  add(deep.mutable_global_metrics(), M::STUN_RTT_MS, 3);
  EXPECT_FALSE(read(deep).rtt_ms);
}

TEST(ClientMetrics, TheRoomTellsWhoseTheyAre) {
  RoomBench bench;
  const SessionNo a = bench.enter("a"), early = bench.open("early"), share = bench.enter("a#content");
  F frame;
  frame.set_type(F::CLIENT_METRIC);
  *frame.mutable_client_metric() = whole();
  bench.out.measured.clear();
  bench.feed(early, frame);
  EXPECT_TRUE(bench.out.measured.empty()) << "not in the call yet";
  bench.feed(a, frame);
  ASSERT_EQ(bench.out.measured.size(), 1u);
  EXPECT_EQ(bench.out.measured[0].attendee_id, "a");
  const auto& m = std::get<wire::ClientMetrics>(bench.out.measured[0].what);
  EXPECT_EQ(m.rtt_ms, 1);
  EXPECT_EQ(m.cameras, 0) << "nobody publishes a stream of that id";
  frame.clear_client_metric();
  bench.feed(a, frame);
  EXPECT_EQ(bench.out.measured.size(), 1u);
  bench.sfu(wire::SfuConnectionFigures{.connection = bench.connection_of(a), .rtt_ms = 17});
  bench.sfu(wire::SfuConnectionFigures{.connection = bench.connection_of(share)});
  bench.sfu(wire::SfuConnectionFigures{.connection = wire::ConnectionNo{999}});
  ASSERT_EQ(bench.out.measured.size(), 2u) << "a share's connection is not a person's";
  EXPECT_EQ(std::get<wire::SfuConnectionFigures>(bench.out.measured[1].what).rtt_ms, 17);
  ASSERT_NE(bench.room->identity("a"), nullptr);
  EXPECT_EQ(bench.room->identity("nobody"), nullptr);
}

TEST(ClientMetrics, ACameraOfAnotherCountsAndTheOwnDoesNot) {
  RoomBench bench;
  std::uint32_t published = 0;
  const SessionNo a = bench.enter("a", true);
  for (const F& f : bench.take(a)) {
    if (f.type() == F::SUBSCRIBE_ACK) published = f.suback().allocations(0).stream_id();
  }
  const SessionNo b = bench.enter("b");
  F frame;
  frame.set_type(F::CLIENT_METRIC);
  add(stream(*frame.mutable_client_metric(), signal::VIDEO, published)->mutable_metrics(), M::VIDEO_DECODE_FPS, 9);
  bench.out.measured.clear();
  bench.feed(b, frame);
  bench.feed(a, frame);
  ASSERT_EQ(bench.out.measured.size(), 2u);
  EXPECT_EQ(std::get<wire::ClientMetrics>(bench.out.measured[0].what).cameras, 1);
  EXPECT_EQ(std::get<wire::ClientMetrics>(bench.out.measured[1].what).cameras, 0);
}

TEST(ClientMetrics, EveryTruncationOfAFrameIsRefusedOrRead) {
  F frame;
  frame.set_type(F::CLIENT_METRIC);
  *frame.mutable_client_metric() = whole();
  const std::string bytes = wire::encode_signal(frame, WallTime::from_unix_ms(1'800'000'000'000));
  int readable = 0;
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const auto part = wire::decode_signal(as_bytes(bytes).first(size));
    if (!part) continue;
    ++readable;
    const auto m = read(part->client_metric());
    EXPECT_LE(m.cameras, 1);
  }
  EXPECT_LT(readable, 20) << "only cuts between two whole fields";
}

}  // namespace
}  // namespace upcall::signaling
