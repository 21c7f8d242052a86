// TURN: what credentials look like, and who is given any.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/bytes.hpp"
#include "crypto/hmac.hpp"
#include "room_bench.hpp"
#include "signaling/relay_offer.hpp"

namespace upcall::signaling {
namespace {

using F = wire::SignalFrame;

const RelaySettings kRelay{{"turn:turn.example.com:3478?transport=udp", "turns:turn.example.com:443?transport=tcp"}, "the secret"};

// One attempt of a device: the credentials of its JOIN_ACK.
struct Attempt {
  SessionNo session;
  signal::SdkTurnCredentials turn;
};

struct Relayed : testing::Test {
  RoomBench bench{kRelay};

  Attempt attempt(const std::string& attendee, std::uint32_t device = 77) {
    const SessionNo session = bench.open(attendee);
    bench.join(session, device);
    Attempt out{session, bench.take(session).at(0).joinack().turn_credentials()};
    bench.subscribe(session, captured("audio-only/01-offer.sdp"));
    return out;
  }
  void give_up(const Attempt& a) {   // as the client does after 15 s
    bench.run_for(Duration::s(14));
    F leave;
    leave.set_type(F::LEAVE);
    bench.feed(a.session, leave);
    bench.close(a.session);
  }
  void connect(const Attempt& a) {
    bench.sfu(wire::SfuValidated{bench.connection_of(a.session)});
    bench.sfu(wire::SfuConnected{bench.connection_of(a.session)});
  }
};

TEST_F(Relayed, OnlyTheSecondJoinOfASessionThatReachedNothingIsGivenARelay) {
  const Attempt first = attempt("a");
  EXPECT_EQ(first.turn.uris_size(), 0) << "it would use nothing else";
  EXPECT_TRUE(first.turn.username().empty() && first.turn.password().empty());
  give_up(first);
  const Attempt second = attempt("a");
  EXPECT_THAT(second.turn.uris(), testing::ElementsAreArray(kRelay.uris));
  EXPECT_EQ(second.turn.ttl(), 12u * 3600);
  const std::string& name = second.turn.username();
  EXPECT_EQ(std::stoll(name.substr(0, name.find(':'))), (bench.now.wall.unix_ms() - 14'000) / 1000 + 14 + 12 * 3600);
  EXPECT_EQ(second.turn.password(), to_base64(crypto::hmac_sha1(as_bytes(kRelay.secret), as_bytes(name))));
  EXPECT_THAT(name, testing::Not(testing::HasSubstr("a:"))) << "who asks is nothing for a relay to know";
  // With it it got in: when it comes back, it gets one again.
  connect(second);
  give_up(second);
  EXPECT_GT(attempt("a").turn.uris_size(), 0);
}

TEST_F(Relayed, WhoWasReachedOnceComesBackWithoutOne) {
  const Attempt first = attempt("a");
  connect(first);
  give_up(first);
  EXPECT_EQ(attempt("a").turn.uris_size(), 0);
}

TEST_F(Relayed, AnotherDeviceAndAnotherPersonBeginAnew) {
  give_up(attempt("a"));
  EXPECT_EQ(attempt("b").turn.uris_size(), 0);
  EXPECT_EQ(attempt("a", 78).turn.uris_size(), 0);
}

TEST_F(Relayed, ASocketThatBreaksAtOnceSaysNothingAboutTheNetwork) {
  const Attempt first = attempt("a");
  bench.run_for(Duration::s(2));
  bench.close(first.session);
  EXPECT_EQ(attempt("a").turn.uris_size(), 0);
}

TEST_F(Relayed, WhoFindsNoWayOutJoinsLeavesAndJoinsAgain) {
  const SessionNo first = bench.open("a");
  bench.join(first);
  F leave;
  leave.set_type(F::LEAVE);
  bench.feed(first, leave);   // no address was gathered: there is nothing to offer
  bench.close(first);
  EXPECT_GT(attempt("a").turn.uris_size(), 0);
}

TEST_F(Relayed, ASocketThatBreaksLaterDoesThoughItsSeatIsKept) {
  const Attempt first = attempt("a");
  bench.run_for(Duration::s(14));
  bench.close(first.session);
  EXPECT_GT(attempt("a").turn.uris_size(), 0);
}

TEST_F(Relayed, ARelayThatDoesNotHelpIsFollowedByADirectAttempt) {
  give_up(attempt("a"));
  const Attempt second = attempt("a");
  ASSERT_GT(second.turn.uris_size(), 0);
  give_up(second);
  EXPECT_EQ(attempt("a").turn.uris_size(), 0);
}

TEST_F(Relayed, AShareGoesTheWayOfItsPerson) {
  give_up(attempt("a"));
  connect(attempt("a"));
  EXPECT_GT(attempt("a#content", 900).turn.uris_size(), 0);
  EXPECT_EQ(attempt("b#content", 901).turn.uris_size(), 0);
}

TEST(Relay, WithoutServersNobodyIsGivenAny) {
  RoomBench bench;
  for (int i = 0; i < 3; ++i) {
    const SessionNo session = bench.open("a");
    bench.join(session);
    const auto frames = bench.take(session);
    EXPECT_TRUE(frames.at(0).joinack().has_turn_credentials());
    EXPECT_EQ(frames.at(0).joinack().turn_credentials().uris_size(), 0);
    bench.subscribe(session, captured("audio-only/01-offer.sdp"));
    bench.run_for(Duration::s(14));
    bench.close(session);
  }
}

TEST(Relay, SettingsAreWholeOrRefused) {
  EXPECT_TRUE(check_relay({}));
  EXPECT_TRUE(check_relay(kRelay));
  EXPECT_FALSE(check_relay({kRelay.uris, ""}));
  EXPECT_FALSE(check_relay({{}, "secret"}));
  EXPECT_FALSE(check_relay({{"http://turn.example.com"}, "secret"}));
  EXPECT_FALSE(check_relay({std::vector<std::string>(9, kRelay.uris[0]), "secret"}));
}

TEST(Relay, CredentialsDifferEachTime) {
  SeededRandom random(1);
  const WallTime now = WallTime::from_unix_ms(1'800'000'000'000);
  EXPECT_NE(make_relay_credentials(now, "s", random).username, make_relay_credentials(now, "s", random).username);
  EXPECT_TRUE(make_relay_credentials(now, "s", random).username.starts_with("1800043200:"));
}

}  // namespace
}  // namespace upcall::signaling
