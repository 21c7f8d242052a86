// A client's and a server's whole transport (ICE, DTLS, SRTP) in memory: a seeded lossy network between them, one
// virtual clock, no socket and no sleep. Everything that happens follows from the seed.
#include <gtest/gtest.h>

#include <map>
#include <optional>

#include "../../support/openssl_clock.hpp"
#include "base/rng.hpp"
#include "rtc/demux/classify.hpp"
#include "rtc/dtls/transport.hpp"
#include "rtc/ice/controlling_agent.hpp"
#include "rtc/srtp/session.hpp"

namespace upcall {
namespace {

struct Weather {
  double loss = 0;
  double duplicate = 0;
  Duration delay = Duration::ms(20);
  Duration jitter = Duration::ms(0);  // more than the gap between datagrams reorders them
};

const dtls::DtlsContext& context_of(dtls::Role role) {
  static const auto make = [] {
    return dtls::DtlsContext::make(dtls::DtlsCertificate::make(WallTime::from_unix_ms(1'700'000'000'000)).value())
        .value();
  };
  static const dtls::DtlsContext server = make(), client = make();
  return role == dtls::Role::server ? server : client;
}

// DTLS and SRTP: the same at both ends.
struct SecureEnd {
  explicit SecureEnd(dtls::Role role)
      : dtls(context_of(role), role,
             context_of(role == dtls::Role::server ? dtls::Role::client : dtls::Role::server).fingerprint()) {}

  void after_dtls() {
    if (auto taken = dtls.take_srtp_keys()) {
      keys = *taken;
      send.emplace(keys->send, srtp::Direction::protect);
      receive.emplace(keys->receive, srtp::Direction::unprotect);
    }
  }
  ByteVector make_media(std::uint32_t ssrc) {
    ByteVector packet(12 + 200 + srtp::kMaxExpansion);
    Writer w(packet);
    w.u8(0x80);
    w.u8(96);
    w.u16(next_seq++);
    w.u32(0);
    w.u32(ssrc);
    packet.resize(send->protect_rtp(packet, 212).value_or(0));
    return packet;
  }
  void take_media(ByteVector packet) {
    if (!receive) return;  // before the keys: lost, as in life
    const auto size = receive->unprotect_rtp(packet);
    if (size) {
      ++media_received;
    } else if (size.error() == srtp::SrtpError::auth_failed) {
      ++media_refused;
    }
  }

  dtls::DtlsTransport dtls;
  std::optional<dtls::SrtpKeys> keys;
  std::optional<srtp::SrtpSession> send, receive;
  std::uint16_t next_seq = 0;
  std::size_t media_received = 0, media_refused = 0;
};

class World {
 public:
  World(std::uint64_t seed, Weather weather)
      : random_(seed),
        weather_(weather),
        server_ice(ice::make_credentials(random_)),
        client(dtls::Role::client),
        server(dtls::Role::server) {
    const ice::Credentials client_credentials = ice::make_credentials(random_);
    server_ice.set_remote_ufrag(client_credentials.ufrag);
    // The first candidate leads nowhere, as a private address of the server would.
    const ice::Path candidates[] = {{0, NetAddress::v4(10, 0, 0, 1, 40000)}, {0, server_address_}};
    agent.emplace(now, client_credentials, server_ice.local(), candidates, random_);
    server.next_seq = static_cast<std::uint16_t>(random_.below(32768));
    client.next_seq = static_cast<std::uint16_t>(random_.below(32768));
  }

  // Runs until `done` or `limit`. True when done.
  template <class Done>
  bool run(Duration limit, Done done) {
    const Instant end = now + limit;
    while (!done()) {
      Instant next = std::min({agent->next_deadline(), client.dtls.next_deadline(), server.dtls.next_deadline(),
                               server_ice.next_deadline(), next_media_});
      if (!air_.empty()) next = std::min(next, air_.begin()->first);
      if (next > end) return false;
      now = std::max(now, next);
      test::set_openssl_clock(now);
      step();
    }
    return true;
  }

  Instant now = Instant::from_ms(1'000'000);

 private:
  struct Flight {
    bool to_server;
    NetAddress source, destination;
    ByteVector data;
  };
  SeededRandom random_;
  Weather weather_;
  std::multimap<Instant, Flight> air_;
  const NetAddress server_address_ = NetAddress::v4(198, 51, 100, 1, 40000);
  Instant next_media_ = Instant::never();

 public:
  ice::IceLiteServer server_ice;
  std::optional<ice::IceControllingAgent> agent;
  SecureEnd client, server;
  NetAddress client_address = NetAddress::v4(203, 0, 113, 5, 50000);
  bool network_up = true;
  std::uint64_t strangers_dtls = 0;

  // A datagram from an address that ICE has never seen.
  void inject_to_server(const NetAddress& source, ByteVector data) {
    air_.emplace(now, Flight{true, source, server_address_, std::move(data)});
  }

 private:
  void transmit(bool to_server, const NetAddress& source, const NetAddress& destination, Bytes data) {
    if (!network_up) return;
    const int copies = random_.chance(weather_.duplicate) ? 2 : 1;
    for (int i = 0; i < copies; ++i) {
      if (random_.chance(weather_.loss)) continue;
      const Duration jitter = Duration::us(static_cast<std::int64_t>(
          random_.below(static_cast<std::uint64_t>(weather_.jitter.us()) + 1)));
      air_.emplace(now + weather_.delay + jitter, Flight{to_server, source, destination, {data.begin(), data.end()}});
    }
  }
  void from_client(const NetAddress& destination, Bytes data) {
    transmit(true, client_address, destination, data);
  }
  void from_server(Bytes data) {
    if (const auto path = server_ice.selected()) transmit(false, server_address_, path->remote, data);
  }
  void flush_dtls(bool of_server) {
    for (std::size_t i = 0; i < dtls_out_.size(); ++i) {
      if (of_server) {
        from_server(dtls_out_[i]);
      } else if (const auto path = agent->selected()) {
        from_client(path->remote, dtls_out_[i]);
      }
    }
    dtls_out_.clear();
    (of_server ? server : client).after_dtls();
  }
  void flush_checks() {
    for (const auto& item : checks_.items()) from_client(item.path.remote, item.bytes());
    checks_.clear();
  }

  void step() {
    while (!air_.empty() && air_.begin()->first <= now) {
      const Flight flight = std::move(air_.begin()->second);
      air_.erase(air_.begin());
      flight.to_server ? at_server(flight) : at_client(flight);
    }
    agent->handle_timeout(now, checks_);
    flush_checks();
    server_ice.handle_timeout(now);
    client.dtls.handle_timeout(now, dtls_out_);
    flush_dtls(false);
    server.dtls.handle_timeout(now, dtls_out_);
    flush_dtls(true);
    if (now >= next_media_) {
      next_media_ = now + Duration::ms(20);
      if (const auto path = agent->selected(); path && client.send) from_client(path->remote, client.make_media(1));
      if (server.send) from_server(server.make_media(2));
    }
    if (next_media_.is_never() && (client.send || server.send)) next_media_ = now + Duration::ms(20);
  }

  void at_server(const Flight& flight) {
    if (flight.destination != server_address_) return;
    const ice::Path path{0, flight.source};
    const rtc::PacketKind kind = rtc::classify(flight.data);
    if (kind == rtc::PacketKind::stun) {
      const auto result = server_ice.handle(now, path, flight.data, reply_);
      if (!result.reply.empty()) transmit(false, server_address_, flight.source, result.reply);
    } else if (!server_ice.is_validated(path)) {
      ++strangers_dtls;
    } else if (kind == rtc::PacketKind::dtls) {
      server.dtls.handle(now, flight.data, dtls_out_);
      flush_dtls(true);
    } else if (kind == rtc::PacketKind::rtp) {
      server.take_media(flight.data);
    }
  }
  void at_client(const Flight& flight) {
    if (flight.destination != client_address) return;  // an address that the client has left
    const rtc::PacketKind kind = rtc::classify(flight.data);
    if (kind == rtc::PacketKind::stun) {
      if (agent->handle(now, {0, flight.source}, flight.data, checks_) &&
          agent->state() == ice::AgentState::connected) {
        client.dtls.start(now, dtls_out_);
      }
      flush_checks();
      flush_dtls(false);
    } else if (kind == rtc::PacketKind::dtls) {
      client.dtls.handle(now, flight.data, dtls_out_);
      flush_dtls(false);
    } else if (kind == rtc::PacketKind::rtp) {
      client.take_media(flight.data);
    }
  }

  ice::CheckOutbox checks_;
  dtls::DtlsOutbox dtls_out_;
  std::array<std::uint8_t, stun::kBuildBufferSize> reply_;
};

bool media_flows(const World& world, std::size_t packets) {
  return world.client.media_received >= packets && world.server.media_received >= packets;
}

void expect_equal_keys(const World& world) {
  ASSERT_TRUE(world.client.keys && world.server.keys);
  EXPECT_EQ(world.client.keys->send.key.value, world.server.keys->receive.key.value);
  EXPECT_EQ(world.client.keys->receive.key.value, world.server.keys->send.key.value);
  EXPECT_EQ(world.client.keys->send.salt.value, world.server.keys->receive.salt.value);
  EXPECT_EQ(world.client.media_refused + world.server.media_refused, 0u);
}

TEST(TwoEnds, CleanNetworkConnectsWithinFiveRoundTrips) {
  World world(1, {});
  const Instant begin = world.now;
  ASSERT_TRUE(world.run(Duration::s(5), [&] { return world.client.send && world.server.send; }));
  expect_equal_keys(world);
  // 20 ms pacing past the dead candidate, one round trip of ICE, two of DTLS; 40 ms each.
  EXPECT_LE((world.now - begin).ms(), 200);
}

// Instantiated for 200 seeds; each runs its own weather up to 20 % loss, 60 ms of jitter and 5 % duplicates.
class TwoEndsSeeds : public testing::TestWithParam<int> {};

TEST_P(TwoEndsSeeds, EndsWithMediaBothWaysAndEqualKeys) {
  for (int i = 0; i < 20; ++i) {
    const auto seed = static_cast<std::uint64_t>(GetParam() * 20 + i);
    SCOPED_TRACE(seed);
    SeededRandom random(seed + 1000);
    const Weather weather{.loss = random.unit() * 0.2,
                          .duplicate = random.unit() * 0.05,
                          .delay = Duration::ms(static_cast<std::int64_t>(1 + random.below(80))),
                          .jitter = Duration::ms(static_cast<std::int64_t>(random.below(60)))};
    World world(seed, weather);
    ASSERT_TRUE(world.run(Duration::s(30), [&] { return media_flows(world, 50); }));
    expect_equal_keys(world);
    EXPECT_EQ(world.client.dtls.counters().restarts + world.server.dtls.counters().restarts, 0u);
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, TwoEndsSeeds, testing::Range(0, 10));

TEST(TwoEnds, AddressChangeMovesTheMediaWithoutNewKeys) {
  World world(5, {.loss = 0.02, .duplicate = 0, .delay = Duration::ms(20), .jitter = Duration::ms(5)});
  ASSERT_TRUE(world.run(Duration::s(10), [&] { return media_flows(world, 20); }));
  const NetAddress old = world.client_address;
  world.client_address = NetAddress::v4(203, 0, 113, 77, 61000);
  const std::size_t before = world.client.media_received;
  // Until the next consent check comes from the new address, nothing is taken from it; then all is well again.
  ASSERT_TRUE(world.run(Duration::s(15), [&] { return world.client.media_received > before + 50; }));
  EXPECT_EQ(world.server_ice.selected()->remote, world.client_address);
  EXPECT_GT(world.strangers_dtls, 0u) << "media from the not yet validated address must be refused";
  // The old one was nominated and another followed: it does not wait for the end of its consent.
  ASSERT_TRUE(world.run(ice::IceLiteServer::kLinger, [&] { return !world.server_ice.is_validated({0, old}); }));
  expect_equal_keys(world);
}

TEST(TwoEnds, ADeadNetworkEndsConsentAtBothEnds) {
  World world(6, {});
  ASSERT_TRUE(world.run(Duration::s(10), [&] { return media_flows(world, 5); }));
  world.network_up = false;
  const Instant cut = world.now;
  ASSERT_TRUE(world.run(Duration::s(60), [&] {
    return world.agent->state() == ice::AgentState::failed && world.server_ice.path_count() == 0;
  }));
  EXPECT_LE((world.now - cut).ms(), 31'000);
  EXPECT_GE((world.now - cut).ms(), 23'000);
}

TEST(TwoEnds, StrangersNeverReachDtlsOrTheMedia) {
  World world(8, {});
  // A complete honest-looking hello from somewhere else, before, during and after.
  dtls::DtlsTransport stranger(context_of(dtls::Role::client), dtls::Role::client,
                               context_of(dtls::Role::server).fingerprint());
  dtls::DtlsOutbox box;
  test::set_openssl_clock(world.now);
  stranger.start(world.now, box);
  const ByteVector hello(box[0].begin(), box[0].end());
  const NetAddress elsewhere = NetAddress::v4(192, 0, 2, 66, 6666);
  std::size_t injected = 0;
  ASSERT_TRUE(world.run(Duration::s(10), [&] {
    if (injected < 50) {
      world.inject_to_server(elsewhere, hello);
      world.inject_to_server(elsewhere, ByteVector(300, 0x80));
      ++injected;
    }
    return media_flows(world, 20);
  }));
  EXPECT_EQ(world.strangers_dtls, 2 * injected);
  EXPECT_EQ(world.server.dtls.counters().restarts, 0u);
  expect_equal_keys(world);
}

}  // namespace
}  // namespace upcall
