// Rules of the room: order of a join, roster and index, what is refused and how, reconnects, time limits.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "room_bench.hpp"
#include "rtc/sdp/sdp_compression.hpp"

namespace upcall::signaling {
namespace {

using F = wire::SignalFrame;

std::vector<int> types(const std::vector<F>& frames) {
  std::vector<int> out;
  for (const F& f : frames) out.push_back(f.type());
  return out;
}
const F* last_of(const std::vector<F>& frames, F::Type type) {
  const F* out = nullptr;
  for (const F& f : frames) {
    if (f.type() == type) out = &f;
  }
  return out;
}
std::uint16_t close_code(const RoomBench& bench, SessionNo session) {
  for (const auto& c : bench.out.closes) {
    if (c.session == session) return c.code;
  }
  return 0;
}

TEST(Room, AnswersAJoinInTheOrderTheClientWaitsFor) {
  RoomBench bench;
  const SessionNo a = bench.open("a");
  F ping;
  ping.set_type(F::PING_PONG);
  ping.mutable_ping_pong()->set_type(signal::PING);
  ping.mutable_ping_pong()->set_ping_id(9);
  bench.feed(a, ping);
  bench.join(a);
  bench.subscribe(a, captured("audio-only/01-offer.sdp"));
  const auto frames = bench.take(a);
  EXPECT_EQ(types(frames), (std::vector<int>{F::PING_PONG, F::JOIN_ACK, F::INDEX, F::SUBSCRIBE_ACK}));
  EXPECT_EQ(frames[0].ping_pong().type(), signal::PONG);
  EXPECT_EQ(frames[0].ping_pong().ping_id(), 9u);
  EXPECT_FALSE(frames[1].joinack().wants_compressed_sdp());
  // Present, or the client logs an error; empty, or it would use nothing but relays.
  EXPECT_TRUE(frames[1].joinack().has_turn_credentials());
  EXPECT_EQ(frames[1].joinack().turn_credentials().uris_size(), 0);
  EXPECT_EQ(frames[2].index().num_participants(), 1u);
  EXPECT_TRUE(frames[2].index().sources().empty());
  // The roster comes with the media, not before.
  bench.sfu(wire::SfuConnected{bench.connection_of(a)});
  const auto roster = bench.take(a);
  ASSERT_EQ(types(roster), (std::vector<int>{F::AUDIO_STREAM_ID_INFO, F::AUDIO_METADATA}));
  ASSERT_EQ(roster[0].audio_stream_id_info().streams_size(), 1);
  EXPECT_EQ(roster[0].audio_stream_id_info().streams(0).attendee_id(), "a");
  EXPECT_GT(roster[0].audio_stream_id_info().streams(0).audio_stream_id(), 0u);
  EXPECT_EQ(roster[1].audio_metadata().attendee_states(0).signal_strength(), 2u) << "a client that comes back forgets old ones";
}

TEST(Room, WhatItHasAnsweredIsNamedForWhoeverMeasures) {
  RoomBench bench;
  std::uint32_t stream = 0;
  for (const F& f : bench.take(bench.enter("p", true))) {
    if (f.type() == F::SUBSCRIBE_ACK) stream = f.suback().allocations(0).stream_id();
  }
  const SessionNo a = bench.open("a");
  bench.out.answered.clear();
  bench.join(a);
  bench.subscribe(a, captured("audio-only/01-offer.sdp"));
  bench.subscribe(a, "no offer at all");
  bench.subscribe(a, captured("remote/03-offer.sdp"), {0, stream});
  ASSERT_EQ(bench.out.answered.size(), 3u) << "a refusal is no step of a join";
  for (const auto& answered : bench.out.answered) {
    EXPECT_EQ(answered.session, a);
    EXPECT_EQ(answered.connection, bench.connection_of(a));
  }
  EXPECT_FALSE(bench.out.answered[0].subscribe);
  EXPECT_TRUE(bench.out.answered[1].subscribe);
  EXPECT_FALSE(bench.out.answered[1].receives_video);
  EXPECT_TRUE(bench.out.answered[2].receives_video);
}

TEST(Room, TheWorkerKnowsTheSessionBeforeTheClientHasItsAnswer) {
  RoomBench bench;
  const SessionNo a = bench.open("a");
  bench.join(a);
  bench.take_commands();
  bench.subscribe(a, captured("audio-only/01-offer.sdp"));
  const auto commands = bench.take_commands();
  ASSERT_EQ(commands.size(), 2u);
  EXPECT_TRUE(std::holds_alternative<wire::SfuAddConnection>(commands[0]));
  EXPECT_TRUE(std::holds_alternative<wire::SfuSetSession>(commands[1]));
}

TEST(Room, RecordingIsInTheRosterAndNowhereElse) {
  RoomBench bench;
  const SessionNo a = bench.enter("a");
  bench.take(a);
  bench.room->add_silent_attendee(bench.now, {"RECORDING", "RECORDING", "Recording", false}, bench.out);
  auto frames = bench.take(a);
  ASSERT_EQ(types(frames), (std::vector<int>{F::AUDIO_STREAM_ID_INFO}));
  EXPECT_EQ(frames[0].audio_stream_id_info().streams(0).attendee_id(), "RECORDING");
  const SessionNo b = bench.enter("b");
  frames = bench.take(b);
  EXPECT_EQ(last_of(frames, F::INDEX)->index().num_participants(), 2u);
  EXPECT_TRUE(last_of(frames, F::INDEX)->index().sources().empty());
  EXPECT_EQ(last_of(frames, F::AUDIO_STREAM_ID_INFO)->audio_stream_id_info().streams_size(), 3);
  EXPECT_EQ(bench.room->people_connected(), 2u);
  bench.take(a);
  bench.room->remove_silent_attendee(bench.now, "RECORDING", bench.out);
  frames = bench.take(a);
  ASSERT_EQ(frames.size(), 1u);
  const auto& leave = frames[0].audio_stream_id_info().streams(0);
  EXPECT_FALSE(leave.has_attendee_id());
  EXPECT_FALSE(leave.has_muted());   // with it the client would read a mute change
}

TEST(Room, LeaveIsAcknowledgedAndToldToTheOthers) {
  RoomBench bench;
  const SessionNo a = bench.enter("a", true), b = bench.enter("b");
  bench.take(a);
  bench.take(b);
  F leave;
  leave.set_type(F::LEAVE);
  leave.mutable_leave();
  bench.feed(a, leave);
  EXPECT_EQ(types(bench.take(a)), (std::vector<int>{F::LEAVE_ACK}));
  const auto seen = bench.take(b);
  const F* roster = last_of(seen, F::AUDIO_STREAM_ID_INFO);
  ASSERT_NE(roster, nullptr);
  EXPECT_FALSE(roster->audio_stream_id_info().streams(0).dropped());
  EXPECT_EQ(last_of(seen, F::INDEX)->index().num_participants(), 1u);
  EXPECT_TRUE(last_of(seen, F::INDEX)->index().sources().empty());
  EXPECT_EQ(close_code(bench, a), 0);   // the client closes
}

TEST(Room, AReconnectIsNoLeaveAndItsFirstRosterIsComplete) {
  RoomBench bench;
  const SessionNo a = bench.enter("a"), b = bench.enter("b");
  bench.close(a);   // abruptly: no LEAVE
  bench.take(b);
  const SessionNo again = bench.enter("a");
  const auto mine = bench.take(again);
  std::set<std::string> names;
  for (const auto& s : last_of(mine, F::AUDIO_STREAM_ID_INFO)->audio_stream_id_info().streams()) names.insert(s.attendee_id());
  EXPECT_EQ(names, (std::set<std::string>{"a", "b"}));
  EXPECT_EQ(last_of(mine, F::INDEX)->index().num_participants(), 2u);
  for (const F& f : bench.take(b)) {
    if (f.type() != F::AUDIO_STREAM_ID_INFO) continue;
    for (const auto& s : f.audio_stream_id_info().streams()) EXPECT_TRUE(s.has_attendee_id() || s.has_muted()) << "a leave was told";
  }
  for (const auto& e : bench.out.events) EXPECT_EQ(e.kind, RoomEventKind::attendee_joined);
  EXPECT_EQ(bench.out.events.size(), 2u);
  EXPECT_EQ(bench.room->connections().size(), 2u);
}

TEST(Room, AnotherDeviceWithTheSameTokenWins) {
  RoomBench bench;
  const SessionNo a = bench.enter("a", false, 1);
  bench.take(a);
  const SessionNo other = bench.enter("a", false, 2);
  const auto told = bench.take(a);
  ASSERT_FALSE(told.empty());
  EXPECT_EQ(told[0].type(), F::AUDIO_STATUS);
  EXPECT_EQ(told[0].audio_status().audio_status(), 301u);
  EXPECT_NE(close_code(bench, a), 0);
  EXPECT_EQ(close_code(bench, other), 0);
  EXPECT_EQ(bench.room->connections().size(), 1u);
}

TEST(Room, EndAndRemovalSaySoBeforeTheSocketCloses) {
  RoomBench bench;
  const SessionNo a = bench.enter("a"), b = bench.enter("b"), share = bench.enter("a#content", true);
  for (const SessionNo s : {a, b, share}) bench.take(s);
  bench.room->remove_attendee(bench.now, "a", bench.out);
  EXPECT_EQ(last_of(bench.take(a), F::AUDIO_STATUS)->audio_status().audio_status(), 411u);
  EXPECT_EQ(last_of(bench.take(share), F::AUDIO_STATUS)->audio_status().audio_status(), 411u);
  EXPECT_EQ(close_code(bench, b), 0);
  bench.take(b);
  bench.room->end(bench.now, bench.out);
  EXPECT_EQ(last_of(bench.take(b), F::AUDIO_STATUS)->audio_status().audio_status(), 410u);
  EXPECT_EQ(close_code(bench, b), 4410);
  const SessionNo late = bench.open("c");
  EXPECT_EQ(close_code(bench, late), 4410);
  EXPECT_TRUE(std::holds_alternative<wire::SfuEndMeeting>(bench.out.commands.back()));
}

// Its token was looked up a moment before the removal was written.
TEST(Room, WhoWasRemovedFindsNoDoorThatIsStillOpen) {
  RoomBench bench;
  const SessionNo b = bench.enter("b");
  bench.room->remove_attendee(bench.now, "a", bench.out);
  for (const char* id : {"a", "a#content"}) {
    const SessionNo late = bench.open(id);
    const auto told = bench.take(late);
    ASSERT_EQ(types(told), (std::vector<int>{F::AUDIO_STATUS})) << id;
    EXPECT_EQ(told[0].audio_status().audio_status(), 411u);
    EXPECT_EQ(close_code(bench, late), 4403);
    bench.join(late);
    EXPECT_TRUE(bench.take(late).empty());
    bench.close(late);
  }
  EXPECT_EQ(bench.room->people_connected(), 1u);
  EXPECT_EQ(close_code(bench, b), 0);
  EXPECT_EQ(close_code(bench, bench.open("a2")), 0) << "invited again: another id";
}

TEST(Room, AFullMeetingAndAThirdShareAreRefusedWith409) {
  RoomBench bench;
  bench.enter("a#content", true);
  bench.enter("b#content", true);
  const SessionNo third = bench.open("c#content");
  bench.join(third);
  EXPECT_EQ(last_of(bench.take(third), F::AUDIO_STATUS)->audio_status().audio_status(), 409u);
  EXPECT_NE(close_code(bench, third), 0);
  bench.close(third);
  for (int i = 0; i < 14; ++i) bench.open("p" + std::to_string(i));
  const SessionNo one_more = bench.open("x");
  EXPECT_EQ(last_of(bench.take(one_more), F::AUDIO_STATUS)->audio_status().audio_status(), 409u);
}

// As Firefox offers its camera (RFC 9143 §6): refused, the browser would stop the transceiver for good.
TEST(Room, ABundleOnlySectionIsAnswered) {
  std::string offer = captured("camera/03-offer.sdp");
  const auto video = offer.find("m=video 9 ");
  ASSERT_NE(video, std::string::npos);
  offer.replace(video, 10, "m=video 0 ");
  const auto mid = offer.find("a=mid:", video);
  ASSERT_NE(mid, std::string::npos);
  offer.insert(mid, "a=bundle-only\r\n");
  RoomBench bench;
  const SessionNo a = bench.open("a");
  bench.join(a);
  bench.subscribe(a, offer, {0}, true);
  const auto frames = bench.take(a);
  const F* ack = last_of(frames, F::SUBSCRIBE_ACK);
  ASSERT_NE(ack, nullptr);
  EXPECT_NE(ack->suback().sdp_answer().find("m=video "), std::string::npos) << ack->error().description();
  EXPECT_EQ(ack->suback().sdp_answer().find("m=video 0 "), std::string::npos);
}

// Firefox takes a stream that arrives before the answer that announces it for one of the camera's section, if that may
// receive at all, and then never shows it.
TEST(Room, FirefoxsCameraSectionReceivesNothing) {
  for (const auto& [browser, expected] : {std::pair("firefox", rtc::SdpDirection::recvonly), std::pair("chrome", rtc::SdpDirection::sendrecv)}) {
    RoomBench bench;
    const SessionNo a = bench.open("a");
    bench.join(a, 77, browser);
    bench.subscribe(a, captured("camera/03-offer.sdp"), {0}, true);
    const auto frames = bench.take(a);
    const auto answer = rtc::parse_sdp(last_of(frames, F::SUBSCRIBE_ACK)->suback().sdp_answer());
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->media[1].direction, expected) << browser;
  }
}

TEST(Room, ABadOfferIsRefusedWith400AndDisturbsNothing) {
  RoomBench bench;
  const SessionNo a = bench.enter("a", true);
  const std::string good = captured("audio-only/01-offer.sdp");
  std::string no_fingerprint = good;
  for (auto at = no_fingerprint.find("a=fingerprint:sha-256"); at != std::string::npos; at = no_fingerprint.find("a=fingerprint:sha-256"))
    no_fingerprint.replace(at, 21, "a=fingerprint:sha-512");
  for (const std::string& offer : {std::string("nonsense"), std::string(), good.substr(0, 30), no_fingerprint}) {
    const SessionNo b = bench.open("b");
    bench.join(b);
    bench.take(b);
    bench.take_commands();
    bench.subscribe(b, offer);
    const auto frames = bench.take(b);
    ASSERT_EQ(frames.size(), 1u);
    EXPECT_EQ(frames[0].type(), F::SUBSCRIBE_ACK);
    EXPECT_EQ(frames[0].error().status(), 400u);
    EXPECT_FALSE(frames[0].error().description().empty());
    EXPECT_TRUE(bench.take_commands().empty());
    bench.close(b);
  }
  const SessionNo early = bench.open("c");
  bench.subscribe(early, good);
  EXPECT_EQ(bench.take(early)[0].error().status(), 400u);
  EXPECT_EQ(bench.room->people_connected(), 1u);
  EXPECT_EQ(close_code(bench, a), 0);
}

TEST(Room, MalformedFramesAreCountedAndAStreamOfThemEndsTheSession) {
  RoomBench bench;
  const SessionNo a = bench.enter("a"), b = bench.enter("b");
  bench.feed_bytes(a, as_bytes("\x05\xff\xff\xff"));
  bench.feed_bytes(a, {});
  bench.feed_bytes(a, ByteVector(wire::kSignalMessageMax + 1, 5));
  EXPECT_EQ(bench.room->malformed_messages(), 3u);
  EXPECT_EQ(close_code(bench, a), 0);
  for (int i = 0; i < 10; ++i) bench.feed_bytes(a, as_bytes("\x05\xff"));
  EXPECT_EQ(close_code(bench, a), 4400);
  EXPECT_EQ(close_code(bench, b), 0);
  EXPECT_EQ(bench.room->people_connected(), 1u);
}

TEST(Room, TimeLimitsOfJoinSilenceAndSeat) {
  RoomBench bench;
  const SessionNo quiet = bench.open("quiet");
  bench.run_for(Room::kJoinTimeout);
  EXPECT_EQ(close_code(bench, quiet), 4400);
  bench.close(quiet);

  const SessionNo a = bench.enter("a"), b = bench.enter("b");
  const auto ping = [&](SessionNo s) {
    F frame;
    frame.set_type(F::PING_PONG);
    frame.mutable_ping_pong()->set_type(signal::PING);
    frame.mutable_ping_pong()->set_ping_id(1);
    bench.feed(s, frame);
  };
  for (int i = 0; i < 5; ++i) {   // b pings, a is half open
    bench.run_for(Duration::s(10));
    ping(b);
  }
  EXPECT_EQ(close_code(bench, a), 4500);
  EXPECT_EQ(close_code(bench, b), 0);
  bench.close(a);
  EXPECT_EQ(bench.room->people_connected(), 2u);   // the seat is kept
  for (int i = 0; i < 3; ++i) {
    bench.run_for(Duration::s(10));
    ping(b);
  }
  EXPECT_EQ(bench.room->people_connected(), 1u);
  bool dropped = false;
  for (const F& f : bench.take(b)) {
    if (f.type() == F::AUDIO_STREAM_ID_INFO) dropped = dropped || f.audio_stream_id_info().streams(0).dropped();
  }
  EXPECT_TRUE(dropped);
}

TEST(Room, MuteAndLevelsReachEverybody) {
  RoomBench bench;
  const SessionNo a = bench.enter("a"), b = bench.enter("b");
  bench.take(a);
  bench.take(b);
  bench.take_commands();
  F mute;
  mute.set_type(F::AUDIO_CONTROL);
  mute.mutable_audio_control()->set_muted(true);
  bench.feed(a, mute);
  for (const SessionNo s : {a, b}) {
    const auto frames = bench.take(s);
    ASSERT_EQ(types(frames), (std::vector<int>{F::AUDIO_STREAM_ID_INFO}));
    EXPECT_TRUE(frames[0].audio_stream_id_info().streams(0).muted());
    EXPECT_FALSE(frames[0].audio_stream_id_info().streams(0).has_attendee_id());
  }
  const auto commands = bench.take_commands();
  ASSERT_EQ(commands.size(), 1u);
  EXPECT_TRUE(std::get<wire::SfuSetMuted>(commands[0]).muted);
  // Who is muted has no level, and a frame about nobody would say that all are silent.
  bench.sfu(wire::SfuAudioLevels{wire::MeetingNo{1}, {{bench.connection_of(a), 20}}});
  EXPECT_TRUE(bench.take(b).empty());
  bench.sfu(wire::SfuAudioLevels{wire::MeetingNo{1}, {{bench.connection_of(a), 20}, {bench.connection_of(b), 25}}});
  const auto levels = bench.take(a);
  ASSERT_EQ(levels.size(), 1u);
  ASSERT_EQ(levels[0].audio_metadata().attendee_states_size(), 1);
  EXPECT_EQ(levels[0].audio_metadata().attendee_states(0).volume(), 25u);
}

TEST(Room, LeavingWhileReconnectingGivesUpTheKeptSeat) {
  RoomBench bench;
  const SessionNo a = bench.enter("a");
  bench.enter("b");
  bench.close(a);
  const SessionNo again = bench.open("a");
  bench.join(again);
  F leave;
  leave.set_type(F::LEAVE);
  bench.feed(again, leave);
  EXPECT_EQ(bench.room->people_connected(), 1u);
  EXPECT_EQ(bench.room->connections().size(), 1u);
}

TEST(Room, ASectionThatShowsAnotherStreamGetsAnotherSsrc) {
  RoomBench bench;
  std::vector<std::uint32_t> streams;
  for (const char* id : {"p", "q"}) {
    for (const F& f : bench.take(bench.enter(id, true))) {
      if (f.type() == F::SUBSCRIBE_ACK) streams.push_back(f.suback().allocations(0).stream_id());
    }
  }
  const SessionNo a = bench.open("a");
  bench.join(a);
  const auto ssrc_with = [&](std::uint32_t stream) {
    bench.take(a);
    bench.subscribe(a, captured("remote/03-offer.sdp"), {0, stream});
    const auto frames = bench.take(a);
    return frames[0].suback().tracks_size() == 0 ? 0u : frames[0].suback().tracks(0).ssrc();
  };
  const std::uint32_t first = ssrc_with(streams[0]);
  EXPECT_NE(first, 0u);
  EXPECT_EQ(ssrc_with(streams[0]), first);
  const std::uint32_t second = ssrc_with(streams[1]);
  EXPECT_NE(second, first);
  EXPECT_EQ(ssrc_with(0), 0u);
  const std::uint32_t third = ssrc_with(streams[1]);   // off and on again: SRTP must not meet old numbers
  EXPECT_NE(third, second);
  EXPECT_NE(third, first);
}

TEST(Room, CompressedOffersHaveCompressedAnswersEachAgainstTheOneBefore) {
  RoomBench bench;
  const SessionNo a = bench.open("a");
  F join;
  join.set_type(F::JOIN);
  join.mutable_join()->set_protocol_version(2);
  join.mutable_join()->set_audio_session_id(7);
  join.mutable_join()->set_wants_compressed_sdp(true);
  bench.feed(a, join);
  EXPECT_TRUE(bench.take(a)[0].joinack().wants_compressed_sdp());
  const std::string offer = captured("audio-only/01-offer.sdp");
  std::string before;
  std::size_t first_size = 0;
  for (int round = 0; round < 3; ++round) {
    F subscribe;
    subscribe.set_type(F::SUBSCRIBE);
    subscribe.mutable_sub()->set_duplex(signal::RX);
    subscribe.mutable_sub()->set_sdp_offer("");   // as the client does
    subscribe.mutable_sub()->set_compressed_sdp_offer(rtc::deflate_sdp(offer));   // each by itself, likewise
    subscribe.mutable_sub()->add_send_streams()->set_media_type(signal::AUDIO);
    bench.feed(a, subscribe);
    const auto frames = bench.take(a);
    const F* ack = last_of(frames, F::SUBSCRIBE_ACK);
    ASSERT_TRUE(ack != nullptr && !ack->has_error());
    EXPECT_FALSE(ack->suback().has_sdp_answer());
    const auto answer = rtc::inflate_sdp(as_bytes(ack->suback().compressed_sdp_answer()), before);
    ASSERT_TRUE(answer);
    EXPECT_THAT(*answer, testing::HasSubstr("a=ice-lite"));
    if (round == 0) first_size = ack->suback().compressed_sdp_answer().size();
    else EXPECT_LT(ack->suback().compressed_sdp_answer().size(), first_size / 2);
    before = *answer;
  }
}

TEST(Room, ACompressedOfferThatCannotBeReadIsRefusedAndNothingElse) {
  RoomBench bench;
  const SessionNo a = bench.enter("a");
  const SessionNo b = bench.open("b");
  F join;
  join.set_type(F::JOIN);
  join.mutable_join()->set_wants_compressed_sdp(true);
  join.mutable_join()->set_audio_session_id(8);
  bench.feed(b, join);
  bench.take(a);
  bench.take(b);
  for (const SessionNo who : {a, b}) {   // one that did not ask for compression, and one whose bytes are a bomb
    F subscribe;
    subscribe.set_type(F::SUBSCRIBE);
    subscribe.mutable_sub()->set_duplex(signal::RX);
    subscribe.mutable_sub()->set_compressed_sdp_offer(rtc::deflate_sdp(std::string(64 << 20, 'a')));
    bench.feed(who, subscribe);
    const auto frames = bench.take(who);
    const F* ack = last_of(frames, F::SUBSCRIBE_ACK);
    ASSERT_TRUE(ack != nullptr && ack->has_error());
    EXPECT_EQ(ack->error().status(), 400u);
    EXPECT_EQ(close_code(bench, who), 0);
  }
}

}  // namespace
}  // namespace upcall::signaling
