#include "base/net_address.hpp"

#include <gtest/gtest.h>

namespace upcall {
namespace {

bool is_public(const char* text) { return upcall::is_public(parse_ip(text, 443).value()); }

TEST(PublicAddress, WhatEverybodyReaches) {
  for (const char* ip : {"1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "172.15.255.255", "172.32.0.0", "192.0.1.1",
                         "192.167.255.255", "198.17.255.255", "198.20.0.0", "223.255.255.255", "2606:4700::1111", "2a00:1450::1", "2001:4860::8888",
                         "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::1"}) {
    EXPECT_TRUE(is_public(ip)) << ip;
  }
}

TEST(PublicAddress, WhatOnlyAHostALinkOrANetworkReaches) {
  for (const char* ip : {"0.0.0.0", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.255.255.254", "169.254.169.254",
                         "172.16.0.1", "172.31.255.255", "192.0.0.8", "192.0.2.1", "192.88.99.1", "192.168.0.1", "198.18.0.1", "198.19.255.255",
                         "198.51.100.7", "203.0.113.9", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255",
                         "::", "::1", "fe80::1", "fc00::1", "fd12::1", "ff02::1", "2001:db8::1", "2001::1", "3fff::1", "100::1", "::ffff:127.0.0.1",
                         "::ffff:169.254.169.254", "64:ff9b::10.0.0.1", "64:ff9b:1::1", "2002:7f00:1::1", "2002:a9fe:a9fe::1"}) {
    EXPECT_FALSE(is_public(ip)) << ip;
  }
}

TEST(NetAddress, APeerIsItsIpv4AddressOrItsIpv6Network) {
  const auto peer = [](const char* ip, std::uint16_t port) { return peer_of(parse_ip(ip, port).value()); };
  EXPECT_EQ(peer("192.0.2.1", 5), peer("192.0.2.1", 6));
  EXPECT_NE(peer("192.0.2.1", 5), peer("192.0.2.2", 5));
  EXPECT_EQ(peer("2001:db8:0:1::1", 5), peer("2001:db8:0:1:ffff:ffff:ffff:ffff", 9)) << "one host owns them all";
  EXPECT_NE(peer("2001:db8:0:1::1", 5), peer("2001:db8:0:2::1", 5));
  EXPECT_EQ(peer("::ffff:192.0.2.1", 5), peer("192.0.2.1", 5));
  EXPECT_NE(peer("::ffff:192.0.2.1", 5), peer("::ffff:192.0.2.2", 5));
}

}  // namespace
}  // namespace upcall
