// WallTime as text and back, without the C library's locale or time zone.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/time.hpp"

namespace upcall {

// "2026-11-22T08:08:26.352Z"
std::string to_iso8601(WallTime time);

// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 §5.6.7).
std::string http_date(WallTime time);

// Accepts what to_iso8601 writes, fraction of 0 to 9 digits optional; only "Z" as zone.
ParseResult<WallTime> parse_iso8601(std::string_view text);

struct CivilTime {
  int year, month, day, hour, minute, second, millisecond;
};
CivilTime to_civil_utc(WallTime time);

}  // namespace upcall
