#include "io/net/peer_key.hpp"

#include <bit>

namespace upcall::net {

namespace {

std::uint64_t little_endian(const std::uint8_t* from, std::size_t size) {
  std::uint64_t v = 0;
  for (std::size_t i = 0; i < size; ++i) v |= std::uint64_t(from[i]) << (8 * i);
  return v;
}

struct State {
  std::uint64_t a, b, c, d;
  void round() {
    a += b; b = std::rotl(b, 13); b ^= a; a = std::rotl(a, 32);
    c += d; d = std::rotl(d, 16); d ^= c;
    a += d; d = std::rotl(d, 21); d ^= a;
    c += b; b = std::rotl(b, 17); b ^= c; c = std::rotl(c, 32);
  }
  void absorb(std::uint64_t word) {
    d ^= word;
    round();
    round();
    a ^= word;
  }
};

}  // namespace

std::uint64_t siphash24(const SipKey& key, Bytes data) {
  const std::uint64_t k0 = little_endian(key.data(), 8), k1 = little_endian(key.data() + 8, 8);
  State s{k0 ^ 0x736f6d6570736575ull, k1 ^ 0x646f72616e646f6dull, k0 ^ 0x6c7967656e657261ull,
          k1 ^ 0x7465646279746573ull};
  std::size_t at = 0;
  for (; at + 8 <= data.size(); at += 8) s.absorb(little_endian(data.data() + at, 8));
  s.absorb(little_endian(data.data() + at, data.size() - at) | std::uint64_t(data.size()) << 56);
  s.c ^= 0xff;
  for (int i = 0; i < 4; ++i) s.round();
  return s.a ^ s.b ^ s.c ^ s.d;
}

std::uint64_t peer_key(const SipKey& key, const NetAddress& address) {
  const NetAddress peer = peer_of(address);
  return siphash24(key, Bytes(peer.ip.data(), peer.is_ipv6 ? 8 : 4));
}

}  // namespace upcall::net
