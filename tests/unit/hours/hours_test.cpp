#include "contact/hours.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/time_zones/time_zones.hpp"

namespace upcall::contact {
namespace {

using ::testing::HasSubstr;

// Seconds since 1970 of what `date -u -d '2027-03-28 00:30' +%s` says.
constexpr std::int64_t kMarch28_2027 = 1'806'192'000;    // 00:00 UTC; Berlin goes from 02:00 to 03:00 at 01:00 UTC
constexpr std::int64_t kOctober31_2027 = 1'824'940'800;  // 00:00 UTC; Berlin goes from 03:00 back to 02:00 at 01:00 UTC

std::string period(const std::string& day, int from, int from_minute, int to, int to_minute) {
  const auto time = [](int h, int m) { return R"({"Hours":)" + std::to_string(h) + R"(,"Minutes":)" + std::to_string(m) + "}"; };
  return R"({"Day":")" + day + R"(","StartTime":)" + time(from, from_minute) + R"(,"EndTime":)" + time(to, to_minute) + "}";
}
HoursOfOperation hours(const std::string& zone, const std::string& periods, const std::string& overrides = "") {
  auto parsed = parse_hours(R"({"TimeZone":")" + zone + R"(","Config":[)" + periods + R"(],"Overrides":[)" + overrides + "]}");
  EXPECT_TRUE(parsed) << parsed.error().message;
  return parsed.value_or(HoursOfOperation{});
}
bool open_at(const HoursOfOperation& h, std::int64_t unix_seconds) {
  static const auto zones = time_zones::system_zones();
  const auto local = zones->local(h.time_zone, WallTime::from_unix_ms(unix_seconds * 1000));
  EXPECT_TRUE(local);
  return local && is_open(h, *local);
}
constexpr std::int64_t kHour = 3600, kDay = 24 * kHour;

TEST(Hours, WeeklyPeriods) {
  const auto h = hours("UTC", period("SUNDAY", 9, 0, 12, 30) + "," + period("SUNDAY", 14, 0, 17, 0));
  EXPECT_FALSE(open_at(h, kMarch28_2027 + 9 * kHour - 1));
  EXPECT_TRUE(open_at(h, kMarch28_2027 + 9 * kHour));
  EXPECT_TRUE(open_at(h, kMarch28_2027 + 12 * kHour + 1799));
  EXPECT_FALSE(open_at(h, kMarch28_2027 + 12 * kHour + 1800)) << "the end is not included";
  EXPECT_TRUE(open_at(h, kMarch28_2027 + 14 * kHour));
  EXPECT_FALSE(open_at(h, kMarch28_2027 + kDay + 10 * kHour)) << "a Monday";
}

TEST(Hours, OverMidnightAndAroundTheClock) {
  const auto night = hours("UTC", period("SATURDAY", 22, 0, 6, 0));
  EXPECT_TRUE(open_at(night, kMarch28_2027 - 2 * kHour));
  EXPECT_TRUE(open_at(night, kMarch28_2027 + 6 * kHour - 1));
  EXPECT_FALSE(open_at(night, kMarch28_2027 + 6 * kHour));
  EXPECT_FALSE(open_at(night, kMarch28_2027 + 22 * kHour)) << "Sunday's evening";
  const auto whole = hours("UTC", period("SUNDAY", 0, 0, 0, 0));
  EXPECT_TRUE(open_at(whole, kMarch28_2027));
  EXPECT_TRUE(open_at(whole, kMarch28_2027 + kDay - 1));
  EXPECT_FALSE(open_at(whole, kMarch28_2027 - 1));
  EXPECT_FALSE(open_at(whole, kMarch28_2027 + kDay));
}

TEST(Hours, WhenClocksGoForward) {
  const auto h = hours("Europe/Berlin", period("SUNDAY", 2, 30, 4, 0));
  EXPECT_FALSE(open_at(h, kMarch28_2027 + kHour - 1)) << "01:59:59; 02:30 is left out";
  EXPECT_TRUE(open_at(h, kMarch28_2027 + kHour)) << "03:00";
  EXPECT_TRUE(open_at(h, kMarch28_2027 + 2 * kHour - 1));
  EXPECT_FALSE(open_at(h, kMarch28_2027 + 2 * kHour)) << "04:00";
  const auto office = hours("Europe/Berlin", period("SATURDAY", 9, 0, 10, 0) + "," + period("SUNDAY", 9, 0, 10, 0));
  EXPECT_TRUE(open_at(office, kMarch28_2027 - kDay + 8 * kHour)) << "the day before: 09:00 is 08:00 UTC";
  EXPECT_FALSE(open_at(office, kMarch28_2027 - kDay + 7 * kHour));
  EXPECT_TRUE(open_at(office, kMarch28_2027 + 7 * kHour)) << "that day: 09:00 is 07:00 UTC";
  EXPECT_FALSE(open_at(office, kMarch28_2027 + 8 * kHour));
}

TEST(Hours, WhenClocksGoBack) {
  // From 02:00 to 03:00 is there twice, and open twice.
  const auto h = hours("Europe/Berlin", period("SUNDAY", 2, 0, 3, 0));
  EXPECT_FALSE(open_at(h, kOctober31_2027 - 1));
  EXPECT_TRUE(open_at(h, kOctober31_2027));
  EXPECT_TRUE(open_at(h, kOctober31_2027 + kHour));
  EXPECT_TRUE(open_at(h, kOctober31_2027 + 2 * kHour - 1));
  EXPECT_FALSE(open_at(h, kOctober31_2027 + 2 * kHour));
}

TEST(Hours, ZonesWithoutWholeHoursAndAcrossTheDateLine) {
  const auto kathmandu = hours("Asia/Kathmandu", period("SUNDAY", 9, 0, 10, 0));  // UTC+05:45
  EXPECT_FALSE(open_at(kathmandu, kMarch28_2027 + 3 * kHour + 14 * 60));
  EXPECT_TRUE(open_at(kathmandu, kMarch28_2027 + 3 * kHour + 15 * 60));
  const auto auckland = hours("Pacific/Auckland", period("SUNDAY", 9, 0, 10, 0));  // UTC+13 until April
  EXPECT_TRUE(open_at(auckland, kMarch28_2027 - 4 * kHour)) << "Saturday 20:00 UTC is Sunday 09:00 there";
}

TEST(Hours, HolidaysAndOtherDays) {
  const auto h = hours("UTC", period("SUNDAY", 9, 0, 17, 0) + "," + period("SATURDAY", 22, 0, 6, 0),
                       R"({"Name":"Short","EffectiveFrom":"2027-03-28","EffectiveTill":"2027-03-28","Config":[)" + period("SUNDAY", 10, 0, 11, 0) +
                           R"(]},{"Name":"Holiday","EffectiveFrom":"2027-04-03","EffectiveTill":"2027-04-04","Config":[]})");
  EXPECT_FALSE(open_at(h, kMarch28_2027 + 9 * kHour));
  EXPECT_TRUE(open_at(h, kMarch28_2027 + 10 * kHour));
  EXPECT_TRUE(open_at(h, kMarch28_2027 + 2 * kHour)) << "what began on Saturday goes on";
  EXPECT_FALSE(open_at(h, kMarch28_2027 + 6 * kDay + 23 * kHour)) << "Saturday, 3 April";
  EXPECT_FALSE(open_at(h, kMarch28_2027 + 7 * kDay + 2 * kHour)) << "nothing began";
  EXPECT_FALSE(open_at(h, kMarch28_2027 + 7 * kDay + 10 * kHour));
  EXPECT_TRUE(open_at(h, kMarch28_2027 + 14 * kDay + 10 * kHour));
}

TEST(Hours, AnUnknownZoneIsSaid) {
  EXPECT_FALSE(time_zones::is_zone("Europe/Atlantis"));
  EXPECT_FALSE(time_zones::is_zone("../../etc/passwd"));
  EXPECT_FALSE(time_zones::is_zone(""));
  EXPECT_TRUE(time_zones::is_zone("America/New_York"));
}

TEST(Hours, WhatCannotBeReadIsNamed) {
  const auto says = [](const std::string& text) {
    auto parsed = parse_hours(text);
    return parsed ? std::string("fine") : parsed.error().message;
  };
  EXPECT_THAT(says("[]"), HasSubstr("JSON object"));
  EXPECT_THAT(says("{}"), HasSubstr("TimeZone"));
  EXPECT_THAT(says(R"({"TimeZone":"UTC","Config":[{"Day":"Mon"}]})"), HasSubstr("MONDAY"));
  EXPECT_THAT(says(R"({"TimeZone":"UTC","Config":[)" + period("MONDAY", 24, 0, 1, 0) + "]}"), HasSubstr("StartTime"));
  EXPECT_THAT(says(R"({"TimeZone":"UTC","Config":[)" + period("MONDAY", 9, 0, 9, 0) + "]}"), HasSubstr("same minute"));
  EXPECT_THAT(says(R"({"TimeZone":"UTC","Overrides":[{"Name":"x","EffectiveFrom":"2027-02-29","EffectiveTill":"2027-03-01"}]})"), HasSubstr("EffectiveFrom"));
  EXPECT_THAT(says(R"({"TimeZone":"UTC","Overrides":[{"Name":"x","EffectiveFrom":"2027-03-02","EffectiveTill":"2027-03-01"}]})"), HasSubstr("ends before"));
  EXPECT_EQ(says(R"({"TimeZone":"UTC","Overrides":[{"Name":"x","EffectiveFrom":"2028-02-29","EffectiveTill":"2028-02-29"}]})"), "fine");
  const std::string whole = R"({"TimeZone":"UTC","Config":[)" + period("MONDAY", 9, 0, 17, 0) + "]}";
  for (std::size_t n = 0; n < whole.size(); ++n) EXPECT_FALSE(parse_hours(whole.substr(0, n))) << n;
}

}  // namespace
}  // namespace upcall::contact
