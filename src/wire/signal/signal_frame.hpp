// One signalling message: a type byte, then an SdkSignalFrame (proto2). Client sends 0x05, servers 0x02 or 0x05.
#pragma once

#include <string>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "wire/signal/signal.pb.h"

namespace upcall::wire {

using SignalFrame = ::upcall::signal::SdkSignalFrame;

// Larger than any offer that parse_sdp accepts.
inline constexpr std::size_t kSignalMessageMax = 320 * 1024;

// Sets timestamp_ms; the frame's type must be set.
std::string encode_signal(SignalFrame& frame, WallTime now);

ParseResult<SignalFrame> decode_signal(Bytes message);

}  // namespace upcall::wire
