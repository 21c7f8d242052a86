// A keyed hash of a peer's address: rate limits can count per peer while no address is ever kept or logged.
#pragma once

#include <array>
#include <cstdint>

#include "base/bytes.hpp"
#include "base/net_address.hpp"

namespace upcall::net {

using SipKey = std::array<std::uint8_t, 16>;

// SipHash-2-4 (Aumasson and Bernstein, 2012): keyed, so that keys cannot be turned back into addresses by trying all.
std::uint64_t siphash24(const SipKey& key, Bytes data);

// The address without its port; IPv6 by its /64, because one host owns all of that; IPv4-mapped IPv6 counts as IPv4.
std::uint64_t peer_key(const SipKey& key, const NetAddress& address);

}  // namespace upcall::net
