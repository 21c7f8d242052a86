// What attendees may send and receive, how many may be there and send at once, and when a meeting is over by itself.
#include <gtest/gtest.h>

#include "room_bench.hpp"

namespace upcall::signaling {
namespace {

using wire::AttendeeCapabilities;
using wire::MediaCapability;
using F = wire::SignalFrame;

constexpr auto kAll = MediaCapability::send_receive, kNone = MediaCapability::none, kReceive = MediaCapability::receive, kSend = MediaCapability::send;

// The rights that were set last of this connection, of all commands so far.
std::optional<wire::SfuRights> rights(const RoomBench& bench, SessionNo session) {
  std::optional<wire::SfuRights> out;
  for (const auto& command : bench.out.commands) {
    if (const auto* set = std::get_if<wire::SfuSetRights>(&command); set != nullptr && set->connection == bench.connection_of(session)) out = set->rights;
  }
  return out;
}
std::optional<F> last(const std::vector<F>& frames, F::Type type) {
  std::optional<F> out;
  for (const F& frame : frames) {
    if (frame.type() == type) out = frame;
  }
  return out;
}
std::size_t count(const RoomBench& bench, RoomEventKind kind) {
  return static_cast<std::size_t>(std::count_if(bench.out.events.begin(), bench.out.events.end(), [&](const RoomEvent& e) { return e.kind == kind; }));
}
// Who has a picture, as this socket was told last.
std::vector<std::string> sources(const F& index) {
  std::vector<std::string> out;
  for (const auto& source : index.index().sources()) out.push_back(source.attendee_id());
  return out;
}
void set(RoomBench& bench, const std::string& who, AttendeeCapabilities capabilities) { bench.room->set_capabilities(bench.now, who, capabilities, bench.out); }

TEST(Capabilities, WhoMayNotSendVideoIsMadeViewOnlyAndGoneFromTheIndex) {
  RoomBench bench;
  const SessionNo a = bench.enter("a", true), b = bench.enter("b");
  EXPECT_FALSE(rights(bench, a)) << "everything is what the media worker takes for granted";
  bench.sfu(wire::SfuVideoState{bench.connection_of(a), 1, true, 640, 360});
  bench.take(a);
  bench.take(b);
  set(bench, "a", {kAll, kReceive, kAll});
  EXPECT_EQ(rights(bench, a), (wire::SfuRights{true, false, true, true, true}));
  const auto to_a = bench.take(a);
  const auto told = last(to_a, F::NOTIFICATION);
  ASSERT_TRUE(told);
  EXPECT_EQ(told->error().status(), 206u);
  ASSERT_TRUE(last(to_a, F::INDEX));
  EXPECT_TRUE(last(to_a, F::INDEX)->index().at_capacity());
  const auto index = last(bench.take(b), F::INDEX);
  ASSERT_TRUE(index);
  EXPECT_TRUE(sources(*index).empty());
  EXPECT_EQ(count(bench, RoomEventKind::video_stopped), 1u);
  // It asks again: refused in the vendor's way, with an answer that leaves the camera out.
  bench.take_commands();
  bench.subscribe(a, captured("camera/03-offer.sdp"), {0}, true);
  const auto ack = last(bench.take(a), F::SUBSCRIBE_ACK);
  ASSERT_TRUE(ack);
  EXPECT_EQ(ack->error().status(), 206u);
  EXPECT_FALSE(ack->suback().sdp_answer().empty());
  EXPECT_EQ(ack->suback().allocations_size(), 0);
  for (const auto& command : bench.out.commands) {
    if (const auto* session = std::get_if<wire::SfuSetSession>(&command)) { EXPECT_FALSE(session->camera); }
  }
  // And may again.
  set(bench, "a", {});
  EXPECT_FALSE(last(bench.take(a), F::INDEX)->index().at_capacity());
  bench.subscribe(a, captured("camera/03-offer.sdp"), {0}, true);
  EXPECT_FALSE(last(bench.take(a), F::SUBSCRIBE_ACK)->has_error());
  EXPECT_EQ(sources(*last(bench.take(b), F::INDEX)), std::vector<std::string>{"a"});
}

TEST(Capabilities, WhoMayNotSpeakIsShownAsMutedWhateverTheClientSays) {
  RoomBench bench;
  const SessionNo a = bench.enter("a"), b = bench.enter("b");
  bench.take(b);
  const auto muted = [&] {
    const auto roster = last(bench.take(b), F::AUDIO_STREAM_ID_INFO);
    return roster && roster->audio_stream_id_info().streams(0).muted();
  };
  set(bench, "a", {kReceive, kAll, kAll});
  EXPECT_EQ(rights(bench, a), (wire::SfuRights{false, true, true, true, true}));
  EXPECT_TRUE(muted());
  F unmute;
  unmute.set_type(F::AUDIO_CONTROL);
  unmute.mutable_audio_control()->set_muted(true);
  bench.feed(a, unmute);
  unmute.mutable_audio_control()->set_muted(false);
  bench.feed(a, unmute);
  EXPECT_TRUE(muted());
  const SessionNo c = bench.enter("c");
  const auto full = last(bench.take(c), F::AUDIO_STREAM_ID_INFO);
  ASSERT_TRUE(full);
  for (const auto& entry : full->audio_stream_id_info().streams()) {
    if (entry.attendee_id() == "a") { EXPECT_TRUE(entry.muted()); }
  }
  bench.take(b);
  set(bench, "a", {});
  EXPECT_FALSE(muted()) << "an open microphone is heard again";
}

TEST(Capabilities, WhoMayNotReceiveIsNotTold) {
  RoomBench bench;
  const SessionNo a = bench.enter("a", true), b = bench.enter("b");
  (void)a;
  bench.take(b);
  set(bench, "b", {kSend, kSend, kNone});
  EXPECT_EQ(rights(bench, b), (wire::SfuRights{true, true, false, false, false}));
  EXPECT_TRUE(sources(*last(bench.take(b), F::INDEX)).empty());
  bench.take_commands();
  bench.subscribe(b, captured("camera/04-offer.sdp"), {0, 1}, false);
  for (const auto& command : bench.out.commands) {
    if (const auto* session = std::get_if<wire::SfuSetSession>(&command)) { EXPECT_TRUE(session->receives.empty()); }
  }
  set(bench, "b", {});
  EXPECT_EQ(sources(*last(bench.take(b), F::INDEX)), std::vector<std::string>{"a"});
}

TEST(Capabilities, AShareNeedsTheRightAndEndsWithIt) {
  RoomBench bench;
  bench.enter("a");
  const SessionNo share = bench.enter("a#content", true, 78);
  bench.take(share);
  set(bench, "a", {kAll, kAll, kReceive});
  const auto told = last(bench.take(share), F::AUDIO_STATUS);
  ASSERT_TRUE(told);
  EXPECT_EQ(told->audio_status().audio_status(), 403u);
  ASSERT_FALSE(bench.out.closes.empty());
  EXPECT_EQ(bench.out.closes.back().session, share);
  EXPECT_EQ(bench.room->people_connected(), 1u) << "its person goes on";
  // Another one does not begin. Its token is asked about at its opening, so the socket has the capabilities of now.
  const SessionNo next = bench.room->open(bench.now, {"a#content", "ext-a", "A", true, {kAll, kAll, kReceive}}, bench.out);
  bench.join(next, 79);
  EXPECT_EQ(last(bench.take(next), F::AUDIO_STATUS)->audio_status().audio_status(), 403u);
}

TEST(Capabilities, TheyHoldFromTheBeginning) {
  RoomBench bench;
  const SessionNo a = bench.room->open(bench.now, {"a", "ext-a", "A", false, {kReceive, kReceive, kNone}}, bench.out);
  bench.join(a);
  bench.subscribe(a, captured("camera/03-offer.sdp"), {0}, true);
  EXPECT_EQ(rights(bench, a), (wire::SfuRights{false, false, true, true, false}));
  EXPECT_EQ(last(bench.take(a), F::SUBSCRIBE_ACK)->error().status(), 206u);
}

struct Rules : testing::Test {
  void make(RoomOptions options) {
    options.meeting = wire::MeetingNo{2};
    options.fingerprint = "00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF";
    options.candidates.push_back({"203.0.113.9", 40000, "host", true});
    bench.room = std::make_unique<Room>(bench.now, options, bench.random, [this] { return wire::ConnectionNo{bench.next_connection++}; }, bench.out);
  }
  // Whether this rule has told that the meeting is over.
  bool over(RoomEventKind kind) const { return count(bench, kind) == 1; }
  RoomBench bench;
};

TEST_F(Rules, AFullMeetingTakesNobodyElseButWhoIsInIt) {
  RoomOptions options;
  options.attendees_max = 2;
  make(options);
  const SessionNo a = bench.enter("a");
  bench.enter("b");
  const SessionNo c = bench.open("c");
  bench.join(c);
  const auto refused = last(bench.take(c), F::AUDIO_STATUS);
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->audio_status().audio_status(), 409u);
  bench.close(a);
  const SessionNo back = bench.open("a");
  bench.join(back);
  EXPECT_TRUE(last(bench.take(back), F::JOIN_ACK)) << "a seat that is kept is one's own";
  const SessionNo share = bench.open("b#content");
  bench.join(share, 78);
  EXPECT_TRUE(last(bench.take(share), F::JOIN_ACK)) << "a share is nobody";
}

TEST_F(Rules, OnlySoManyCamerasSend) {
  RoomOptions options;
  options.video_senders_max = 1;
  make(options);
  const SessionNo a = bench.enter("a", true), b = bench.enter("b", true);
  EXPECT_EQ(last(bench.take(b), F::SUBSCRIBE_ACK)->error().status(), 206u);
  bench.subscribe(a, captured("audio-only/01-offer.sdp"), {0}, false);
  EXPECT_FALSE(last(bench.take(b), F::INDEX)->index().at_capacity()) << "there is room again, and it is told";
  bench.subscribe(b, captured("camera/03-offer.sdp"), {0}, true);
  EXPECT_FALSE(last(bench.take(b), F::SUBSCRIBE_ACK)->has_error());
  EXPECT_TRUE(last(bench.take(a), F::INDEX)->index().at_capacity());
}

TEST_F(Rules, NobodyForFiveMinutesAndItIsOver) {
  RoomOptions options;
  options.idle_end = Duration::s(300);
  make(options);
  bench.run_for(Duration::s(299));
  EXPECT_FALSE(over(RoomEventKind::meeting_idle));
  bench.run_for(Duration::s(600));
  EXPECT_TRUE(over(RoomEventKind::meeting_idle)) << "told once, though nobody ended it";
}

TEST_F(Rules, WhoIsThereKeepsItAliveAndRecordingDoesNot) {
  RoomOptions options;
  options.idle_end = Duration::s(300);
  make(options);
  bench.room->add_silent_attendee(bench.now, {"rec", "rec", "RECORDING"}, bench.out);
  bench.run_for(Duration::s(200));
  const SessionNo a = bench.enter("a");
  F ping;
  ping.set_type(F::PING_PONG);
  ping.mutable_ping_pong()->set_type(signal::PING);
  ping.mutable_ping_pong()->set_ping_id(1);
  for (int i = 0; i < 100; ++i) {
    bench.run_for(Duration::s(10));
    bench.feed(a, ping);
  }
  EXPECT_FALSE(over(RoomEventKind::meeting_idle));
  F leave;
  leave.set_type(F::LEAVE);
  leave.mutable_leave();
  bench.feed(a, leave);
  bench.close(a);
  bench.run_for(Duration::s(299));
  EXPECT_FALSE(over(RoomEventKind::meeting_idle)) << "five minutes from the last one's leaving";
  bench.run_for(Duration::s(2));
  EXPECT_TRUE(over(RoomEventKind::meeting_idle));
}

TEST_F(Rules, ItsAgeEndsItWhoeverIsThere) {
  RoomOptions options;
  options.ends_at = bench.now.mono + Duration::s(20);
  make(options);
  bench.enter("a");
  bench.run_for(Duration::s(19));
  EXPECT_FALSE(over(RoomEventKind::meeting_too_old));
  bench.run_for(Duration::s(2));
  EXPECT_TRUE(over(RoomEventKind::meeting_too_old));
}

TEST_F(Rules, WithoutRulesItLivesOn) {
  make({});
  bench.run_for(Duration::s(100 * 86'400));
  EXPECT_TRUE(bench.out.events.empty());
}

TEST_F(Rules, TheSameTokenOnAnotherDeviceIsTold) {
  make({});
  bench.enter("a");
  const SessionNo again = bench.open("a");
  bench.join(again, 99);
  EXPECT_EQ(count(bench, RoomEventKind::attendee_authorized), 1u);
}

}  // namespace
}  // namespace upcall::signaling
