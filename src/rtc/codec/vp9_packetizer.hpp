// Cuts a VP9 frame into RTP payloads (RFC 9628 §4), for publishers of our own (headless attendee, tests).
#pragma once

#include <cstdint>
#include <functional>

#include "base/bytes.hpp"

namespace upcall::rtc {

// One layer, flexible mode: each picture names the one before it as its reference. Key frames carry their size. A payload
// is at most `payload_max` bytes and lives until emit returns; picture ids have 15 bits and rise by one.
void packetize_vp9(Bytes frame, std::uint16_t picture_id, std::size_t payload_max,
                   const std::function<void(Bytes payload, bool last)>& emit);

}  // namespace upcall::rtc
