#include "base/net_address.hpp"

#include <algorithm>
#include <arpa/inet.h>

namespace upcall {

namespace {

struct Block {
  std::array<std::uint8_t, 16> ip;
  int bits;
};

// RFC 6890 and its registries; 192.88.99.0/24 by RFC 7526, multicast and the reserved rest included.
constexpr Block kSpecialV4[] = {
    {{0}, 8},          {{10}, 8},          {{100, 64}, 10},     {{127}, 8},         {{169, 254}, 16},
    {{172, 16}, 12},   {{192, 0, 0}, 24},  {{192, 0, 2}, 24},   {{192, 88, 99}, 24}, {{192, 168}, 16},
    {{198, 18}, 15},   {{198, 51, 100}, 24}, {{203, 0, 113}, 24}, {{224}, 4},         {{240}, 4},
};
// Of 2000::/3, outside of which nothing is public.
constexpr Block kSpecialV6[] = {
    {{0x20, 0x01, 0x00}, 23},         // protocol assignments, Teredo among them
    {{0x20, 0x01, 0x0d, 0xb8}, 32},   // documentation
    {{0x3f, 0xff, 0x00}, 20},         // documentation, RFC 9637
};

bool within(const std::uint8_t* ip, const Block& block) {
  for (int bit = 0; bit < block.bits; bit += 8) {
    const int left = block.bits - bit;
    const auto mask = static_cast<std::uint8_t>(left >= 8 ? 0xff : 0xff << (8 - left));
    if (((ip[bit / 8] ^ block.ip[static_cast<std::size_t>(bit / 8)]) & mask) != 0) return false;
  }
  return true;
}

bool is_public_v4(const std::uint8_t* ip) {
  for (const Block& block : kSpecialV4) {
    if (within(ip, block)) return false;
  }
  return true;
}

}  // namespace

bool is_public(const NetAddress& address) {
  const std::uint8_t* ip = address.ip.data();
  if (!address.is_ipv6) return is_public_v4(ip);
  // Addresses that stand for an IPv4 one: mapped (RFC 4291 §2.5.5.2), NAT64 (RFC 6052), 6to4 (RFC 3056).
  constexpr Block kMapped{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 96}, kNat64{{0x00, 0x64, 0xff, 0x9b}, 96}, k6to4{{0x20, 0x02}, 16};
  if (within(ip, kMapped) || within(ip, kNat64)) return is_public_v4(ip + 12);
  if (within(ip, k6to4)) return is_public_v4(ip + 2);
  if ((ip[0] & 0xe0) != 0x20) return false;
  for (const Block& block : kSpecialV6) {
    if (within(ip, block)) return false;
  }
  return true;
}

NetAddress peer_of(const NetAddress& address) {
  NetAddress out = address;
  out.port = 0;
  if (!address.is_ipv6) return out;
  static constexpr std::array<std::uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (std::equal(kMapped.begin(), kMapped.end(), address.ip.begin())) {
    return NetAddress::v4(address.ip[12], address.ip[13], address.ip[14], address.ip[15], 0);
  }
  std::fill(out.ip.begin() + 8, out.ip.end(), std::uint8_t(0));
  return out;
}

std::string ip_text(const NetAddress& address) {
  char text[INET6_ADDRSTRLEN] = {};
  inet_ntop(address.is_ipv6 ? AF_INET6 : AF_INET, address.ip.data(), text, sizeof text);
  return text;
}

ParseResult<NetAddress> parse_ip(std::string_view ip, std::uint16_t port) {
  const std::string text(ip);
  NetAddress out;
  out.port = port;
  if (inet_pton(AF_INET, text.c_str(), out.ip.data()) == 1) return out;
  out.is_ipv6 = true;
  if (inet_pton(AF_INET6, text.c_str(), out.ip.data()) == 1) return out;
  return fail(ParseError::malformed);
}

}  // namespace upcall
