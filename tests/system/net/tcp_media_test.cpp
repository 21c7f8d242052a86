// Media over TCP through real sockets: framing both ways, what a slow reader loses, who is let go.
#include <gtest/gtest.h>

#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <functional>
#include <vector>

#include "io/clock/system_clock.hpp"
#include "io/udp/tcp_media.hpp"
#include "io/udp/udp_socket.hpp"
#include "rtc/framing/stream_deframer.hpp"

namespace upcall::udp {
namespace {

class Client {
 public:
  explicit Client(const NetAddress& server, int receive_buffer = 0) : fd_(::socket(server.is_ipv6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    if (receive_buffer > 0) ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    socklen_t size = 0;
    const auto name = to_sockaddr(server, size);
    connected_ = ::connect(fd_, reinterpret_cast<const sockaddr*>(&name), size) == 0;
  }
  ~Client() { ::close(fd_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  bool connected() const { return connected_; }
  void send(Bytes bytes) { EXPECT_EQ(::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size())); }
  void send_datagram(const ByteVector& d) {
    ByteVector out = {static_cast<std::uint8_t>(d.size() >> 8), static_cast<std::uint8_t>(d.size())};
    out.insert(out.end(), d.begin(), d.end());
    send(out);
  }
  // What is there, without waiting; `ended` when the other side closed.
  void take(std::vector<ByteVector>& datagrams, bool& ended) {
    std::array<std::uint8_t, 65536> piece;
    for (;;) {
      const ssize_t got = ::recv(fd_, piece.data(), piece.size(), MSG_DONTWAIT);
      if (got == 0 || (got < 0 && errno != EAGAIN)) ended = true;
      if (got <= 0) return;
      EXPECT_TRUE(in_.feed(Bytes(piece).first(static_cast<std::size_t>(got)), [&](MutBytes d) { datagrams.emplace_back(d.begin(), d.end()); }));
    }
  }

 private:
  int fd_;
  bool connected_ = false;
  rtc::StreamDeframer in_;
};

struct TcpMediaTest : testing::Test {
  TcpMediaTest() {
    // A port that UDP says is free; another process may have the TCP one, then the next is tried.
    for (int i = 0; i < 20; ++i) {
      auto probe = UdpSocket::bind(NetAddress::v4(127, 0, 0, 1, 0), 1 << 16);
      address = probe->local();
      if (media.listen(address)) return;
    }
    ADD_FAILURE() << "no free port";
  }
  ~TcpMediaTest() override { ::close(epoll); }

  // The media thread's turns, until the condition holds.
  bool turn_until(const std::function<bool()>& condition, int limit_ms = 5000) {
    const Instant end = system_now().mono + Duration::ms(limit_ms);
    while (!condition()) {
      if (system_now().mono > end) return false;
      std::array<epoll_event, 16> ready;
      const int count = ::epoll_wait(epoll, ready.data(), static_cast<int>(ready.size()), 10);
      for (int i = 0; i < count; ++i) {
        const epoll_event& e = ready[static_cast<std::size_t>(i)];
        EXPECT_TRUE(TcpMedia::owns(e.data.u32));
        media.event(now, e.data.u32, e.events, [&](const ice::Path& path, MutBytes d) { got.emplace_back(path, ByteVector(d.begin(), d.end())); });
      }
    }
    return true;
  }

  int epoll = ::epoll_create1(EPOLL_CLOEXEC);
  TcpMedia media{epoll};
  NetAddress address;
  Instant now = Instant::from_ms(1000);
  std::vector<std::pair<ice::Path, ByteVector>> got;
};

TEST_F(TcpMediaTest, DatagramsGoBothWaysAndEachConnectionIsAPathOfItsOwn) {
  Client a(address), b(address);
  ASSERT_TRUE(a.connected() && b.connected());
  a.send_datagram({1, 2, 3});
  b.send_datagram(ByteVector(1200, 4));
  ASSERT_TRUE(turn_until([&] { return got.size() == 2; }));
  EXPECT_NE(got[0].first, got[1].first);
  EXPECT_NE(got[0].first.local_index, got[1].first.local_index);
  EXPECT_TRUE(is_tcp(got[0].first));
  EXPECT_FALSE(is_tcp({0, address}));
  for (const auto& [path, bytes] : got) {
    EXPECT_TRUE(media.send(path, bytes));
    EXPECT_TRUE(media.send(path, ByteVector{9}));
  }
  media.flush();
  for (Client* c : {&a, &b}) {
    std::vector<ByteVector> back;
    bool ended = false;
    ASSERT_TRUE(turn_until([&] {
      c->take(back, ended);
      return back.size() == 2;
    }));
    EXPECT_EQ(back[0], c == &a ? ByteVector({1, 2, 3}) : ByteVector(1200, 4));
    EXPECT_FALSE(ended);
  }
}

TEST_F(TcpMediaTest, WhoDoesNotReadLosesWholeDatagramsAndReadsOnAfterwards) {
  Client slow(address, 4096);
  slow.send_datagram({1});
  ASSERT_TRUE(turn_until([&] { return got.size() == 1; }));
  const ice::Path path = got[0].first;
  std::uint32_t sent = 0;
  std::vector<std::uint32_t> taken;
  for (; media.counters().dropped < 100 && sent < 10'000; ++sent) {
    ByteVector d(1000, 0x55);
    for (std::size_t i = 0; i < 4; ++i) d[i] = static_cast<std::uint8_t>(sent >> (24 - 8 * i));
    if (media.send(path, d)) taken.push_back(sent);
    media.flush();
  }
  EXPECT_EQ(media.counters().dropped, 100u);
  // What the queue and the kernel hold is bounded.
  EXPECT_LE(taken.size() * 1002, TcpMedia::kQueueBytesMax + (1u << 20));
  std::vector<ByteVector> back;
  bool ended = false;
  ASSERT_TRUE(turn_until([&] {
    slow.take(back, ended);
    return back.size() >= taken.size();
  }));
  for (std::size_t i = 0; i < taken.size(); ++i) {
    ASSERT_EQ(back[i].size(), 1000u);
    const auto number = static_cast<std::uint32_t>(back[i][0]) << 24 | static_cast<std::uint32_t>(back[i][1]) << 16 |
                        static_cast<std::uint32_t>(back[i][2]) << 8 | back[i][3];
    EXPECT_EQ(number, taken[i]);
  }
  EXPECT_TRUE(media.send(path, ByteVector{7}));
}

TEST_F(TcpMediaTest, AStreamThatIsNoneOfOursEnds) {
  Client c(address);
  c.send(as_bytes("GET / HTTP/1.1\r\nHost: example.com\r\n\r\n"));
  std::vector<ByteVector> back;
  bool ended = false;
  ASSERT_TRUE(turn_until([&] {
    c.take(back, ended);
    return ended;
  }));
  EXPECT_TRUE(back.empty());
  EXPECT_EQ(media.counters().malformed, 1u);
  EXPECT_EQ(media.counters().open, 0u);
}

TEST_F(TcpMediaTest, WhoCarriesNobodyIsLetGoWhoDoesStays) {
  Client idle(address), busy(address);
  busy.send_datagram({1});
  ASSERT_TRUE(turn_until([&] { return got.size() == 1 && media.counters().open == 2; }));
  const ice::Path carrying = got[0].first;
  const auto carries = [&](const ice::Path& path) { return path == carrying; };
  media.sweep(now + TcpMedia::kProveWithin - Duration::ms(1), carries);
  EXPECT_EQ(media.counters().open, 2u);
  media.sweep(now + TcpMedia::kProveWithin, carries);
  EXPECT_EQ(media.counters().open, 1u);
  EXPECT_EQ(media.counters().idle, 1u);
  EXPECT_TRUE(media.send(carrying, ByteVector{1}));
  // Its consent ends: as long again.
  media.sweep(now + TcpMedia::kProveWithin * 2, [](const ice::Path&) { return false; });
  EXPECT_EQ(media.counters().open, 0u);
  EXPECT_FALSE(media.send(carrying, ByteVector{1}));
}

TEST_F(TcpMediaTest, OneAddressHasSoManyAndAPlaceIsFreeAgainAfterAnEnd) {
  std::vector<std::unique_ptr<Client>> many;
  for (std::size_t i = 0; i < TcpMedia::kConnectionsOfPeerMax + 3; ++i) many.push_back(std::make_unique<Client>(address));
  ASSERT_TRUE(turn_until([&] { return media.counters().refused == 3; }));
  EXPECT_EQ(media.counters().open, TcpMedia::kConnectionsOfPeerMax);
  many.clear();
  ASSERT_TRUE(turn_until([&] { return media.counters().open == 0; }));
  Client again(address);
  ASSERT_TRUE(turn_until([&] { return media.counters().open == 1; }));
}

}  // namespace
}  // namespace upcall::udp
