// Hours of operation: weekly periods in a time zone, and days that differ (holidays, or other hours). Pure: what the
// local time is in a zone is asked of TimeZones, which the outside implements.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"

namespace upcall::contact {

// A day of the calendar, without a zone.
struct CalendarDay {
  int year = 0, month = 0, day = 0;  // month and day from 1
  auto operator<=>(const CalendarDay&) const = default;
};

struct LocalTime {
  CalendarDay date, yesterday;
  int weekday = 0;  // 0: Monday
  int minute = 0;   // of the day, 0 to 1439
};

class TimeZones {
 public:
  virtual ~TimeZones() = default;
  // Nothing: there is no such zone ("Europe/Berlin").
  virtual std::optional<LocalTime> local(std::string_view zone, WallTime at) const = 0;
};

// Minutes of a day. `to` at or before `from` is on the day after: 22:00-06:00. From 0 to 0 is the whole day.
struct HoursPeriod {
  int weekday = 0;
  int from = 0, to = 0;
  bool operator==(const HoursPeriod&) const = default;
};

// Instead of the weekly periods on each of its days; a period's weekday says on which of them it is valid. Without
// periods these days are closed. Of several that fit the first counts.
struct HoursOverride {
  std::string name;
  CalendarDay from, till;  // both included
  std::vector<HoursPeriod> periods;
  bool operator==(const HoursOverride&) const = default;
};

struct HoursOfOperation {
  std::string id, name;
  std::string time_zone;
  std::vector<HoursPeriod> periods;
  std::vector<HoursOverride> overrides;
  bool operator==(const HoursOfOperation&) const = default;
};

bool is_open(const HoursOfOperation& hours, const LocalTime& at);

inline constexpr std::size_t kHoursMaxText = 64'000;
inline constexpr std::size_t kHoursMaxPeriods = 100;    // of a week, or of an override
inline constexpr std::size_t kHoursMaxOverrides = 100;

// {"TimeZone":"Europe/Berlin","Config":[{"Day":"MONDAY","StartTime":{"Hours":9,"Minutes":0},"EndTime":{"Hours":17,"Minutes":0}}],
//  "Overrides":[{"Name":"Christmas","EffectiveFrom":"2026-12-25","EffectiveTill":"2026-12-26","Config":[]}]}
// invalid_argument with a sentence. Whether the zone exists is not asked here. id and name stay empty.
Result<HoursOfOperation> parse_hours(std::string_view json);

}  // namespace upcall::contact
