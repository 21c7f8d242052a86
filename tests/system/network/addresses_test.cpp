// Several media addresses, IPv6 among them: the answer names each, and one that cannot be reached stops nobody.
#include <gtest/gtest.h>

#include "io/udp/udp_socket.hpp"
#include "network.hpp"

namespace upcall::network {
namespace {

// Nobody's (RFC 5737): checks that go there are never answered.
const std::string kUnreachable = "203.0.113.7=127.0.0.1";

story::WorldOptions addresses(const std::string& first, const std::vector<std::string>& others) {
  story::WorldOptions out;
  out.media_address = first;
  for (const std::string& other : others) {
    out.more.push_back("--media-address");
    out.more.push_back(other);
  }
  return out;
}

bool has_ipv6() {
  const auto loopback = parse_ip("::1", 0);
  return loopback && udp::UdpSocket::bind(*loopback, 1 << 16).has_value();
}

TEST(Addresses, ACallOverIpv6Alone) {
  if (!has_ipv6()) GTEST_SKIP() << "this host has no IPv6";
  story::World world(addresses("::1", {}));
  world.begin_meeting();   // throws unless both see and hear each other
}

TEST(Addresses, ASecondAddressIsUsedWhereTheFirstCannotBeReached) {
  story::World world(addresses(kUnreachable, {"127.0.0.2"}));
  world.begin_meeting();
}

TEST(Addresses, SoIsOneOfTheOtherFamily) {
  if (!has_ipv6()) GTEST_SKIP() << "this host has no IPv6";
  story::World world(addresses(kUnreachable, {"::1"}));
  world.begin_meeting();
}

TEST(Addresses, OneSocketMayHaveSeveralNames) {
  // A host behind two routers, or one that people inside and outside reach by other addresses.
  story::World world(addresses(kUnreachable, {"198.51.100.7=127.0.0.1", "127.0.0.1"}));
  world.begin_meeting();
}

}  // namespace
}  // namespace upcall::network
