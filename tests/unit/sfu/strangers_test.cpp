// What comes from somebody who is not the peer changes nothing: no address is taken for the peer's, no clock of the connection
// moves, no key is used, and nobody gets more bytes than came from him.
#include <tuple>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rtc/stun/builder.hpp"
#include "sim/live_peers.hpp"

namespace upcall::sim {
namespace {

using testing::IsEmpty;

const ice::Path kElsewhere{0, NetAddress::v4(203, 0, 113, 66, 4444)};

struct Strangers : testing::Test {
  Strangers() { live.watch_stranger(kElsewhere); }
  void TearDown() override { EXPECT_THAT(live.breaches(), IsEmpty()); }

  ByteVector check(const std::string& sender, const std::string& pwd, bool username = true, bool integrity = true) {
    std::uint8_t buffer[stun::kBuildBufferSize];
    stun::TransactionId id{};
    id[11] = ++serial;
    stun::Builder builder(buffer, stun::Class::request, stun::kBindingMethod, id);
    if (username) builder.username(a.ufrag, sender);
    builder.priority(1).use_candidate().ice_controlling(1);
    if (integrity) builder.integrity(crypto::HmacSha1(as_bytes(pwd)));
    const Bytes done = builder.fingerprint().finish();
    return {done.begin(), done.end()};
  }
  // The kinds of what a stranger has: the names of a check that it saw on the wire, but not the password; records of a
  // handshake; media under the streams' numbers.
  std::vector<ByteVector> stranger_datagrams() {
    std::vector<ByteVector> out{check("them", "not-the-password-at-all!"), check("others", a.pwd), check("them", a.pwd, false), check("them", a.pwd, true, false)};
    out.push_back({22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 1, 0, 4, 1, 0, 0, 0});
    out.push_back({21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 2, 0, 2, 2, 40});
    ByteVector rtp(60, 0x55);
    rtp[0] = 0x80;
    rtp[1] = LivePeers::kOpus;
    for (int i = 0; i < 4; ++i) rtp[8 + static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(a.session.audio->receive_ssrc >> (24 - 8 * i));
    out.push_back(rtp);
    ByteVector rtcp(32, 0x55);
    rtcp[0] = 0x80;
    rtcp[1] = 200;
    rtcp[2] = 0;
    rtcp[3] = 6;
    out.push_back(rtcp);
    return out;
  }
  auto state() const {
    const sfu::Connection& c = live.connection(a);
    return std::tuple(c.last_heard, c.dropped_told, c.connected, c.failed, c.dtls_started, c.validated_at, c.ice.selected(), c.ice.path_count(),
                      c.ice.next_deadline(), c.feedback_due, c.routes, c.ssrcs);
  }
  template <class Event>
  std::size_t told() {
    return static_cast<std::size_t>(std::count_if(live.events().begin(), live.events().end(), [&](const wire::SfuEvent& event) {
      const auto* one = std::get_if<Event>(&event);
      return one != nullptr && one->connection == a.no;
    }));
  }

  LivePeers live;
  LivePeer& a = live.join(1, "a");
  LivePeer& b = live.join(1, "b");
  std::uint8_t serial = 0;
};

TEST_F(Strangers, ChangeNothingOfAConnection) {
  live.advance(Duration::ms(1));
  const auto before = state();
  for (const ByteVector& datagram : stranger_datagrams()) {
    live.send_from(kElsewhere, datagram);
    EXPECT_EQ(state(), before);
  }
  EXPECT_THAT(b.rtp, IsEmpty());
}

TEST_F(Strangers, AreNoSignOfLifeAlsoFromThePeersOwnAddress) {
  for (const ice::Path& path : {kElsewhere, a.path}) {
    live.advance(Duration::ms(1));
    const auto before = state();
    for (const ByteVector& datagram : stranger_datagrams()) {
      if (datagram[0] > 19 && datagram[0] < 64) continue;   // records: there is no handshake here (see LivePeers)
      live.send_from(path, datagram);
      EXPECT_EQ(state(), before);
    }
  }
}

// A peer that is gone is seen to be gone, whatever others send in its name.
TEST_F(Strangers, KeepNoDeadConnectionAlive) {
  live.go_silent(a);
  for (int second = 0; second < 70; ++second) {
    live.advance(Duration::s(1));
    for (const ByteVector& datagram : stranger_datagrams()) {
      live.send_from(kElsewhere, datagram);
      live.send_from(a.path, datagram);
    }
  }
  EXPECT_EQ(told<wire::SfuDropped>(), 1u);
  EXPECT_EQ(told<wire::SfuFailed>(), 1u);
  EXPECT_FALSE(live.connection(b).failed);
}

}  // namespace
}  // namespace upcall::sim
