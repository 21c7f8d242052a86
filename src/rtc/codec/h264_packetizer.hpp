// Cuts an H.264 access unit into RTP payloads (RFC 6184, packetization-mode 1), for publishers of our own.
#pragma once

#include <functional>

#include "base/bytes.hpp"

namespace upcall::rtc {

// `access_unit` as a byte stream (Annex B). Parameter sets share a packet (STAP-A) as browsers send them, NAL units that
// fit stand alone, others go in fragments (FU-A). A payload lives until emit returns; `last` is the access unit's end.
void packetize_h264(Bytes access_unit, std::size_t payload_max, const std::function<void(Bytes payload, bool last)>& emit);

}  // namespace upcall::rtc
