// The local time of a zone by the host's time zone database (/usr/share/zoneinfo, package tzdata): for hours of operation.
// The database is read once. Any thread.
#pragma once

#include <memory>

#include "contact/hours.hpp"

namespace upcall::time_zones {

std::shared_ptr<const contact::TimeZones> system_zones();
// Whether there is such a zone.
bool is_zone(std::string_view name);

}  // namespace upcall::time_zones
