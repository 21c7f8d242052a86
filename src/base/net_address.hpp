// An IP address and port as a value: compared and hashed in the media path, never logged in clear.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string>

#include "base/result.hpp"

namespace upcall {

struct NetAddress {
  std::array<std::uint8_t, 16> ip{};  // IPv4 lies in the first four bytes, the rest zero
  std::uint16_t port = 0;
  bool is_ipv6 = false;

  auto operator<=>(const NetAddress&) const = default;

  static NetAddress v4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d, std::uint16_t port) {
    NetAddress out;
    out.ip = {a, b, c, d};
    out.port = port;
    return out;
  }
};

// "192.0.2.1", "2001:db8::1": for SDP and the command line. Not for logs.
std::string ip_text(const NetAddress& address);
ParseResult<NetAddress> parse_ip(std::string_view ip, std::uint16_t port);
// Whose address it is, for limits on one peer: without the port; of IPv6 the /64, all of which one host owns; an IPv4 address
// that is written as an IPv6 one is the IPv4 address.
NetAddress peer_of(const NetAddress& address);
// Reachable by everybody in the Internet: false for what the registries of RFC 6890 keep for hosts, links, private
// networks, documentation and multicast, also when it is written as an IPv6 address that holds an IPv4 one.
bool is_public(const NetAddress& address);

}  // namespace upcall

template <>
struct std::hash<upcall::NetAddress> {
  std::size_t operator()(const upcall::NetAddress& a) const noexcept {
    std::uint64_t x, y;
    std::memcpy(&x, a.ip.data(), 8);
    std::memcpy(&y, a.ip.data() + 8, 8);
    std::uint64_t h = (x ^ 0x9e3779b97f4a7c15ull) * 0xbf58476d1ce4e5b9ull;
    h = (h ^ (h >> 29) ^ y) * 0x94d049bb133111ebull;
    h = (h ^ (h >> 32) ^ a.port) * 0x9e3779b97f4a7c15ull;
    return static_cast<std::size_t>(h ^ (h >> 31));
  }
};
