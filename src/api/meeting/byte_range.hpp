// One range of bytes as a player asks for it (RFC 9110 §14).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.hpp"

namespace upcall::api {

struct ByteRange {
  std::uint64_t first = 0, last = 0;  // both included
};

// `header`: the value of Range, nothing when the request has none; `size`: of the whole, in bytes. nullopt: answer the
// whole (none asked, several, another unit, or not a range at all, §14.2). invalid_argument: not satisfiable, 416.
Result<std::optional<ByteRange>> parse_byte_range(std::optional<std::string_view> header, std::uint64_t size);

}  // namespace upcall::api
