#include "wire/signal/signal_frame.hpp"

#include "base/invariant.hpp"

namespace upcall::wire {

namespace {
constexpr char kFrameByte = 0x05;
constexpr char kOtherFrameByte = 0x02;
}  // namespace

std::string encode_signal(SignalFrame& frame, WallTime now) {
  frame.set_timestamp_ms(static_cast<std::uint64_t>(now.unix_ms()));
  UPCALL_INVARIANT(frame.IsInitialized(), "a signalling frame lacks a required field");
  std::string out(1, kFrameByte);
  frame.AppendToString(&out);
  return out;
}

ParseResult<SignalFrame> decode_signal(Bytes message) {
  if (message.empty()) return fail(ParseError::truncated);
  if (message.size() > kSignalMessageMax) return fail(ParseError::too_long);
  if (message[0] != kFrameByte && message[0] != kOtherFrameByte) return fail(ParseError::unsupported);
  SignalFrame frame;
  // Answers false for missing required fields too.
  if (!frame.ParseFromArray(message.data() + 1, static_cast<int>(message.size() - 1))) return fail(ParseError::malformed);
  return frame;
}

}  // namespace upcall::wire
