// Datagrams through real sockets: what was sent in one go arrives as it was, also where neighbours share a message.
#include <gtest/gtest.h>
#include <poll.h>

#include <map>
#include <memory>
#include <vector>

#include "base/rng.hpp"
#include "io/udp/udp_socket.hpp"

namespace upcall::udp {
namespace {

const NetAddress kAny = NetAddress::v4(127, 0, 0, 1, 0);

UdpSocket socket() {
  auto out = UdpSocket::bind(kAny, 1 << 20);
  if (!out) throw std::runtime_error(out.error().message);
  return std::move(*out);
}

std::vector<ByteVector> take(UdpSocket& from, std::size_t count) {
  auto memory = std::make_unique<UdpSocket::ReceiveMemory>();
  std::vector<ByteVector> out;
  while (out.size() < count) {
    pollfd ready{from.fd(), POLLIN, 0};
    if (::poll(&ready, 1, 5000) != 1) break;
    for (const auto& r : from.receive(*memory)) out.emplace_back(r.datagram.begin(), r.datagram.end());
  }
  return out;
}

TEST(UdpSocket, DatagramsArriveAsTheyWereSentWhateverSharesAMessage) {
  SeededRandom random(11);
  UdpSocket sender = socket();
  std::vector<UdpSocket> receivers;
  for (int i = 0; i < 3; ++i) receivers.push_back(socket());
  const std::size_t sizes[] = {1, 60, 1100, 1100, 1100, 1101, 1232, 1233, 1500};
  for (int round = 0; round < 40; ++round) {
    std::vector<ByteVector> bytes;
    std::vector<std::size_t> to;
    const std::size_t count = 1 + random.u64() % 150;
    std::size_t receiver = 0;
    for (std::size_t i = 0; i < count; ++i) {
      if (random.u64() % 4 == 0) receiver = random.u64() % receivers.size();
      bytes.emplace_back(sizes[random.u64() % std::size(sizes)], static_cast<std::uint8_t>(i));
      to.push_back(receiver);
    }
    std::vector<UdpSocket::Item> items;
    for (std::size_t i = 0; i < count; ++i) items.push_back({receivers[to[i]].local(), bytes[i]});
    EXPECT_EQ(sender.send(items), 0u);
    for (std::size_t r = 0; r < receivers.size(); ++r) {
      std::vector<ByteVector> expected;
      for (std::size_t i = 0; i < count; ++i) {
        if (to[i] == r) expected.push_back(bytes[i]);
      }
      EXPECT_TRUE(take(receivers[r], expected.size()) == expected) << "round " << round << ", receiver " << r;
    }
  }
}

TEST(UdpSocket, WhoCannotBeReachedCostsOnlyItsOwnDatagrams) {
  UdpSocket sender = socket();
  UdpSocket receiver = socket();
  const ByteVector part(1000, 7);
  const NetAddress here = receiver.local(), nowhere = NetAddress::v4(127, 0, 0, 1, 0);  // port 0: the kernel refuses
  const std::vector<UdpSocket::Item> items{{here, part}, {here, part}, {nowhere, part}, {nowhere, part}, {nowhere, part}, {here, part}, {here, part}};
  EXPECT_EQ(sender.send(items), 3u);
  EXPECT_EQ(take(receiver, 4).size(), 4u);
  EXPECT_EQ(sender.send(items), 3u);
  EXPECT_EQ(take(receiver, 4).size(), 4u);
}

}  // namespace
}  // namespace upcall::udp
