// What a datagram on a shared media socket is, by its first bytes (RFC 7983 §7, RFC 5761 §4). A guess that costs
// nothing: each parser judges for itself afterwards.
#pragma once

#include <cstdint>

#include "base/bytes.hpp"

namespace upcall::rtc {

enum class PacketKind : std::uint8_t { stun, dtls, rtp, rtcp, other };

constexpr PacketKind classify(Bytes datagram) {
  if (datagram.empty()) return PacketKind::other;
  const std::uint8_t first = datagram[0];
  if (first <= 3) return PacketKind::stun;
  if (first >= 20 && first <= 63) return PacketKind::dtls;
  if (first < 128 || first > 191 || datagram.size() < 2) return PacketKind::other;
  // RTCP packet types 192-223 lie where an RTP payload type of 64-95 with the marker bit would.
  return datagram[1] >= 192 && datagram[1] <= 223 ? PacketKind::rtcp : PacketKind::rtp;
}

}  // namespace upcall::rtc
