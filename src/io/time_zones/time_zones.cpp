#include "io/time_zones/time_zones.hpp"

#include <exception>

#include <date/tz.h>

namespace upcall::time_zones {
namespace {

// The library throws for what it does not know; nothing leaves this file.
const date::time_zone* find(std::string_view name) {
  try {
    return date::locate_zone(std::string(name));
  } catch (const std::exception&) {
    return nullptr;
  }
}

contact::CalendarDay day_of(date::local_days day) {
  const date::year_month_day d(day);
  return {static_cast<int>(d.year()), static_cast<int>(static_cast<unsigned>(d.month())), static_cast<int>(static_cast<unsigned>(d.day()))};
}

class SystemZones final : public contact::TimeZones {
 public:
  std::optional<contact::LocalTime> local(std::string_view name, WallTime at) const override {
    const date::time_zone* zone = find(name);
    if (zone == nullptr) return std::nullopt;
    try {
      const date::sys_seconds when(std::chrono::seconds(at.unix_ms() / 1000));
      const auto local = zone->to_local(when);
      const auto day = date::floor<date::days>(local);
      contact::LocalTime out;
      out.date = day_of(day);
      out.yesterday = day_of(day - date::days(1));
      out.weekday = static_cast<int>(date::weekday(day).iso_encoding()) - 1;
      out.minute = static_cast<int>(std::chrono::duration_cast<std::chrono::minutes>(local - day).count());
      return out;
    } catch (const std::exception&) {
      return std::nullopt;  // a damaged file of the database
    }
  }
};

}  // namespace

std::shared_ptr<const contact::TimeZones> system_zones() { return std::make_shared<SystemZones>(); }

bool is_zone(std::string_view name) { return find(name) != nullptr; }

}  // namespace upcall::time_zones
