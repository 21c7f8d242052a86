// Cuts a VP8 frame into RTP payloads (RFC 7741 §4.1), for publishers of our own (headless attendee, tests).
#pragma once

#include <cstdint>
#include <functional>

#include "base/bytes.hpp"

namespace upcall::rtc {

// Calls `emit(payload, last)` for each packet; a payload is at most `payload_max` bytes and lives until emit returns.
// The descriptor carries a 15-bit picture id, as browsers send it.
void packetize_vp8(Bytes frame, std::uint16_t picture_id, std::size_t payload_max,
                   const std::function<void(Bytes payload, bool last)>& emit);

}  // namespace upcall::rtc
