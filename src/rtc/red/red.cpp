#include "rtc/red/red.hpp"

#include <algorithm>

namespace upcall::rtc {

ParseResult<RedPayload> parse_red(Bytes payload) {
  RedPayload out;
  std::array<std::size_t, RedPayload::kRedundantMax> sizes{};
  std::size_t at = 0;
  for (;;) {
    if (at >= payload.size()) return fail(ParseError::truncated);
    const std::uint8_t first = payload[at];
    if ((first & 0x80) == 0) {
      out.primary.payload_type = first;
      ++at;
      break;
    }
    if (out.redundant_count == out.redundant.size()) return fail(ParseError::unsupported);
    if (payload.size() - at < 4) return fail(ParseError::truncated);
    RedBlock& block = out.redundant[out.redundant_count];
    block.payload_type = first & 0x7f;
    block.timestamp_offset = static_cast<std::uint16_t>(payload[at + 1] << 6 | payload[at + 2] >> 2);
    sizes[out.redundant_count++] = static_cast<std::size_t>((payload[at + 2] & 3) << 8 | payload[at + 3]);
    at += 4;
  }
  for (std::size_t i = 0; i < out.redundant_count; ++i) {
    if (sizes[i] > payload.size() - at) return fail(ParseError::truncated);
    out.redundant[i].payload = payload.subspan(at, sizes[i]);
    at += sizes[i];
  }
  out.primary.payload = payload.subspan(at);
  return out;
}

std::size_t write_red(MutBytes out, std::span<const RedBlock> earlier, std::uint8_t payload_type, Bytes primary) {
  std::size_t size = 1 + primary.size();
  for (const RedBlock& block : earlier) {
    if (block.payload.size() > kRedBlockMax || block.timestamp_offset > kRedOffsetMax) return 0;
    size += 4 + block.payload.size();
  }
  if (size > out.size()) return 0;
  std::size_t at = 0;
  for (const RedBlock& block : earlier) {
    out[at++] = static_cast<std::uint8_t>(0x80 | block.payload_type);
    out[at++] = static_cast<std::uint8_t>(block.timestamp_offset >> 6);
    out[at++] = static_cast<std::uint8_t>((block.timestamp_offset & 0x3f) << 2 | block.payload.size() >> 8);
    out[at++] = static_cast<std::uint8_t>(block.payload.size());
  }
  out[at++] = payload_type & 0x7f;
  for (const RedBlock& block : earlier) {
    std::copy(block.payload.begin(), block.payload.end(), out.begin() + static_cast<std::ptrdiff_t>(at));
    at += block.payload.size();
  }
  std::copy(primary.begin(), primary.end(), out.begin() + static_cast<std::ptrdiff_t>(at));
  return size;
}

}  // namespace upcall::rtc
