#include "contact/hours.hpp"

#include <algorithm>
#include <charconv>

#include "json/json.hpp"

namespace upcall::contact {

namespace bj = boost::json;

namespace {

constexpr std::string_view kDays[] = {"MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"};

const std::vector<HoursPeriod>& periods_on(const HoursOfOperation& hours, const CalendarDay& day) {
  for (const HoursOverride& o : hours.overrides) {
    if (o.from <= day && day <= o.till) return o.periods;
  }
  return hours.periods;
}

bool leap(int year) { return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0; }

int days_of(int year, int month) {
  constexpr int kLengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && leap(year) ? 29 : kLengths[month - 1];
}

Result<int> minute_of(const bj::object& period, std::string_view name) {
  const bj::object* time = json::object_at(period, name);
  const auto hours = time != nullptr ? json::integer_at(*time, "Hours") : std::nullopt;
  const auto minutes = time != nullptr ? json::integer_at(*time, "Minutes") : std::nullopt;
  if (!hours || !minutes || *hours < 0 || *hours > 23 || *minutes < 0 || *minutes > 59) {
    return fail(ErrorCode::invalid_argument, std::string(name) + " needs Hours from 0 to 23 and Minutes from 0 to 59");
  }
  return static_cast<int>(*hours * 60 + *minutes);
}

Result<std::vector<HoursPeriod>> periods_at(const bj::object& object) {
  std::vector<HoursPeriod> out;
  const bj::array* list = json::array_at(object, "Config");
  if (list == nullptr) return out;
  if (list->size() > kHoursMaxPeriods) return fail(ErrorCode::invalid_argument, "Config has more than 100 periods");
  for (const bj::value& value : *list) {
    const bj::object* period = value.if_object();
    if (period == nullptr) return fail(ErrorCode::invalid_argument, "a period is not an object");
    const std::string day = json::text_or(*period, "Day");
    const auto found = std::find(std::begin(kDays), std::end(kDays), day);
    if (found == std::end(kDays)) return fail(ErrorCode::invalid_argument, "Day is MONDAY to SUNDAY");
    auto from = minute_of(*period, "StartTime");
    if (!from) return tl::unexpected(from.error());
    auto to = minute_of(*period, "EndTime");
    if (!to) return tl::unexpected(to.error());
    if (*from == *to && *from != 0) return fail(ErrorCode::invalid_argument, "a period begins and ends at the same minute");
    out.push_back({static_cast<int>(found - std::begin(kDays)), *from, *to});
  }
  return out;
}

Result<CalendarDay> day_at(const bj::object& object, std::string_view name) {
  const std::string text = json::text_or(object, name);
  CalendarDay day;
  const auto part = [&](std::size_t at, std::size_t length, int& out) {
    const auto [end, error] = std::from_chars(text.data() + at, text.data() + at + length, out);
    return error == std::errc() && end == text.data() + at + length;
  };
  const bool fine = text.size() == 10 && text[4] == '-' && text[7] == '-' && part(0, 4, day.year) && part(5, 2, day.month) && part(8, 2, day.day) &&
                    day.year >= 1970 && day.month >= 1 && day.month <= 12 && day.day >= 1 && day.day <= days_of(day.year, day.month);
  if (!fine) return fail(ErrorCode::invalid_argument, std::string(name) + " must be a day like 2026-12-25");
  return day;
}

}  // namespace

bool is_open(const HoursOfOperation& hours, const LocalTime& at) {
  for (const HoursPeriod& p : periods_on(hours, at.date)) {
    if (p.weekday != at.weekday) continue;
    if (p.to <= p.from ? at.minute >= p.from : at.minute >= p.from && at.minute < p.to) return true;
  }
  // What has begun yesterday may go on.
  const int before = (at.weekday + 6) % 7;
  for (const HoursPeriod& p : periods_on(hours, at.yesterday)) {
    if (p.weekday == before && p.to <= p.from && at.minute < p.to) return true;
  }
  return false;
}

Result<HoursOfOperation> parse_hours(std::string_view text) {
  auto document = json::parse_object(text, kHoursMaxText);
  if (!document) return fail(ErrorCode::invalid_argument, "hours of operation are a JSON object of at most 64000 bytes");
  HoursOfOperation out;
  out.time_zone = json::text_or(*document, "TimeZone");
  if (out.time_zone.empty() || out.time_zone.size() > 64 || !json::is_clean_text(out.time_zone)) {
    return fail(ErrorCode::invalid_argument, "TimeZone must be a zone like Europe/Berlin");
  }
  auto periods = periods_at(*document);
  if (!periods) return tl::unexpected(periods.error());
  out.periods = std::move(*periods);
  if (const bj::array* overrides = json::array_at(*document, "Overrides")) {
    if (overrides->size() > kHoursMaxOverrides) return fail(ErrorCode::invalid_argument, "there are more than 100 overrides");
    for (const bj::value& value : *overrides) {
      const bj::object* object = value.if_object();
      if (object == nullptr) return fail(ErrorCode::invalid_argument, "an override is not an object");
      HoursOverride o;
      o.name = json::text_or(*object, "Name");
      if (o.name.size() > 127 || !json::is_clean_text(o.name)) return fail(ErrorCode::invalid_argument, "an override's Name has at most 127 bytes");
      auto from = day_at(*object, "EffectiveFrom");
      if (!from) return tl::unexpected(from.error());
      auto till = day_at(*object, "EffectiveTill");
      if (!till) return tl::unexpected(till.error());
      if (*till < *from) return fail(ErrorCode::invalid_argument, "an override ends before it begins");
      auto own = periods_at(*object);
      if (!own) return tl::unexpected(own.error());
      o.from = *from;
      o.till = *till;
      o.periods = std::move(*own);
      out.overrides.push_back(std::move(o));
    }
  }
  return out;
}

}  // namespace upcall::contact
