#include "base/wall_text.hpp"

#include <chrono>
#include <cstdio>

namespace upcall {

CivilTime to_civil_utc(WallTime time) {
  using namespace std::chrono;
  const sys_time<milliseconds> point{milliseconds(time.unix_ms())};
  const auto day = floor<days>(point);
  const year_month_day date{day};
  const hh_mm_ss clock{point - day};
  return CivilTime{static_cast<int>(date.year()),
                   static_cast<int>(static_cast<unsigned>(date.month())),
                   static_cast<int>(static_cast<unsigned>(date.day())),
                   static_cast<int>(clock.hours().count()),
                   static_cast<int>(clock.minutes().count()),
                   static_cast<int>(clock.seconds().count()),
                   static_cast<int>(clock.subseconds().count())};
}

std::string to_iso8601(WallTime time) {
  const CivilTime c = to_civil_utc(time);
  char text[64];
  std::snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", c.year, c.month, c.day, c.hour, c.minute,
                c.second, c.millisecond);
  return text;
}

std::string http_date(WallTime time) {
  static constexpr const char* kDays[] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};  // 1970-01-01: Thursday
  static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const CivilTime t = to_civil_utc(time);
  const std::int64_t days = (time.unix_ms() - ((time.unix_ms() % 86'400'000) + 86'400'000) % 86'400'000) / 86'400'000;
  char out[64];
  std::snprintf(out, sizeof out, "%s, %02d %s %04d %02d:%02d:%02d GMT", kDays[((days % 7) + 7) % 7], t.day,
                kMonths[(t.month + 11) % 12], t.year, t.hour, t.minute, t.second);
  return out;
}

namespace {

// Reads exactly `digits` decimal digits at `at` and moves it.
bool read_number(std::string_view text, std::size_t& at, int digits, int& out) {
  if (at + static_cast<std::size_t>(digits) > text.size()) return false;
  out = 0;
  for (int i = 0; i < digits; ++i) {
    const char c = text[at++];
    if (c < '0' || c > '9') return false;
    out = out * 10 + (c - '0');
  }
  return true;
}

bool read_char(std::string_view text, std::size_t& at, char wanted) {
  if (at >= text.size() || text[at] != wanted) return false;
  ++at;
  return true;
}

}  // namespace

ParseResult<WallTime> parse_iso8601(std::string_view text) {
  std::size_t at = 0;
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, ms = 0;
  const bool shape = read_number(text, at, 4, year) && read_char(text, at, '-') && read_number(text, at, 2, month) &&
                     read_char(text, at, '-') && read_number(text, at, 2, day) && read_char(text, at, 'T') &&
                     read_number(text, at, 2, hour) && read_char(text, at, ':') && read_number(text, at, 2, minute) &&
                     read_char(text, at, ':') && read_number(text, at, 2, second);
  if (!shape) return fail(ParseError::malformed);
  if (at < text.size() && text[at] == '.') {
    ++at;
    int scale = 100, digits = 0;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9' && digits < 9) {
      ms += (text[at++] - '0') * scale;
      scale /= 10;
      ++digits;
    }
    if (digits == 0) return fail(ParseError::malformed);
  }
  if (!read_char(text, at, 'Z') || at != text.size()) return fail(ParseError::malformed);
  using namespace std::chrono;
  const year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                            std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok() || hour > 23 || minute > 59 || second > 60) return fail(ParseError::malformed);
  const auto total = sys_days(date).time_since_epoch() + hours(hour) + minutes(minute) + seconds(second);
  return WallTime::from_unix_ms(duration_cast<milliseconds>(total).count() + ms);
}

}  // namespace upcall
