#include "recording/retention.hpp"

#include <gtest/gtest.h>

namespace upcall::recording {
namespace {

WallTime day(int n) { return WallTime::from_unix_ms(std::int64_t{n} * 24 * 3600 * 1000); }

const RetentionRule kAll{"all", "", "", "", 100}, kSales{"sales", "", "Sales", "", 30}, kSalesLost{"lost", "", "Sales", "lost", 7},
    kYear{"year", "RECORDINGS/2026/", "", "", 50}, kMonth{"month", "RECORDINGS/2026/11/", "", "", 10};

std::string counts(std::vector<RetentionRule> rules, RetentionSubject subject) {
  const RetentionRule* rule = rule_for(rules, subject);
  return rule == nullptr ? "" : rule->id;
}

TEST(Retention, TheRuleWithTheMostConditionsCounts) {
  const std::vector<RetentionRule> rules{kAll, kSales, kSalesLost, kYear, kMonth};
  EXPECT_EQ(counts(rules, {"RECORDINGS/2025/01/x.mp4", "Other", "", day(0)}), "all");
  EXPECT_EQ(counts({kAll, kSales, kSalesLost}, {"x", "Sales", "won", day(0)}), "sales");
  EXPECT_EQ(counts({kAll, kSales, kSalesLost}, {"x", "Sales", "lost", day(0)}), "lost");
  EXPECT_EQ(counts({kYear, kMonth}, {"RECORDINGS/2026/11/x.mp4", "", "", day(0)}), "month");
  EXPECT_EQ(counts({kMonth, kYear}, {"RECORDINGS/2026/10/x.mp4", "", "", day(0)}), "year");
  EXPECT_EQ(counts({kSales}, {"x", "Other", "", day(0)}), "") << "for ever";
  EXPECT_EQ(counts({}, {"x", "Other", "", day(0)}), "");
  // The same conditions in two ways: what keeps longer.
  EXPECT_EQ(counts({{"short", "", "Sales", "", 1}, {"long", "", "", "won", 9}}, {"x", "Sales", "won", day(0)}), "long");
}

TEST(Retention, ExpiresAfterItsDaysAndNotBefore) {
  const std::vector<RetentionRule> rules{kSales};
  const RetentionSubject subject{"x", "Sales", "", day(10)};
  EXPECT_FALSE(expired(rules, subject, day(40) - Duration::ms(1)));
  EXPECT_TRUE(expired(rules, subject, day(40)));
  EXPECT_FALSE(expired({}, subject, day(100000)));
  EXPECT_TRUE(expired(std::vector<RetentionRule>{{"now", "", "", "", 0}}, subject, day(10)));
}

TEST(Retention, WhatMakesNoSenseIsRefused) {
  EXPECT_TRUE(checked(kSales));
  EXPECT_FALSE(checked({"x", "", "", "", -1}));
  EXPECT_FALSE(checked({"x", "", "", "", 36501}));
  EXPECT_FALSE(checked({"x", "a\nb", "", "", 1}));
  EXPECT_FALSE(checked({"x", "", std::string(257, 'q'), "", 1}));
}

}  // namespace
}  // namespace upcall::recording
