// Redundant audio (RFC 2198): a payload that carries earlier frames beside its own. Views on received bytes and a writer
// into memory of the caller; nothing allocates.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace upcall::rtc {

struct RedBlock {
  std::uint8_t payload_type = 0;
  std::uint16_t timestamp_offset = 0;  // before the packet's timestamp, in its clock (14 bits); 0: the packet's own frame
  Bytes payload;
};

struct RedPayload {
  static constexpr std::size_t kRedundantMax = 8;
  std::array<RedBlock, kRedundantMax> redundant;  // as on the wire: the oldest first
  std::size_t redundant_count = 0;
  RedBlock primary;

  std::span<const RedBlock> earlier() const { return std::span(redundant).first(redundant_count); }
};

// RFC 2198 §3. Lengths that go past the end are `truncated`; more than kRedundantMax blocks are `unsupported`.
ParseResult<RedPayload> parse_red(Bytes payload);

inline constexpr std::size_t kRedBlockMax = 1023;            // 10 bits of length
inline constexpr std::uint16_t kRedOffsetMax = 0x3fff;       // 14 bits

// Writes `earlier` (oldest first, each of at most kRedBlockMax bytes and kRedOffsetMax) and `primary`. The size written; 0
// when it does not fit.
std::size_t write_red(MutBytes out, std::span<const RedBlock> earlier, std::uint8_t payload_type, Bytes primary);

}  // namespace upcall::rtc
