// Ranges as players send them (RFC 9110 §14.1.2, §14.2).
#include "api/meeting/byte_range.hpp"

#include <gtest/gtest.h>

namespace upcall::api {
namespace {

struct Case {
  const char* header;
  std::uint64_t size;
  enum { whole, part, unsatisfiable } kind;
  std::uint64_t first = 0, last = 0;
};

TEST(ByteRange, Table) {
  const Case cases[] = {
      {"bytes=0-0", 10, Case::part, 0, 0},
      {"bytes=0-9", 10, Case::part, 0, 9},
      {"bytes=3-5", 10, Case::part, 3, 5},
      {"bytes=3-", 10, Case::part, 3, 9},
      {"bytes=3-500", 10, Case::part, 3, 9},
      {"bytes=9-", 10, Case::part, 9, 9},
      {"bytes=-1", 10, Case::part, 9, 9},
      {"bytes=-10", 10, Case::part, 0, 9},
      {"bytes=-500", 10, Case::part, 0, 9},
      {"bytes=0-18446744073709551615", 10, Case::part, 0, 9},
      {"bytes=10-", 10, Case::unsatisfiable},
      {"bytes=10-11", 10, Case::unsatisfiable},
      {"bytes=18446744073709551615-", 10, Case::unsatisfiable},
      {"bytes=-0", 10, Case::unsatisfiable},
      {"bytes=0-", 0, Case::unsatisfiable},
      {"bytes=-5", 0, Case::unsatisfiable},
      {"bytes=5-3", 10, Case::whole},          // not a range: ignored
      {"bytes=0-1,4-5", 10, Case::whole},      // several: the whole is allowed
      {"bytes=-", 10, Case::whole},
      {"bytes=", 10, Case::whole},
      {"bytes=a-b", 10, Case::whole},
      {"bytes=1-2x", 10, Case::whole},
      {"bytes= 1-2", 10, Case::whole},
      {"bytes=--2", 10, Case::whole},
      {"bytes=1--2", 10, Case::whole},
      {"bytes=18446744073709551616-", 10, Case::whole},
      {"items=1-2", 10, Case::whole},
      {"", 10, Case::whole},
  };
  for (const Case& c : cases) {
    const auto range = parse_byte_range(std::string_view(c.header), c.size);
    if (c.kind == Case::unsatisfiable) {
      ASSERT_FALSE(range.has_value()) << c.header;
      EXPECT_EQ(range.error().code, ErrorCode::invalid_argument) << c.header;
      continue;
    }
    ASSERT_TRUE(range.has_value()) << c.header;
    ASSERT_EQ(range->has_value(), c.kind == Case::part) << c.header;
    if (c.kind != Case::part) continue;
    EXPECT_EQ((*range)->first, c.first) << c.header;
    EXPECT_EQ((*range)->last, c.last) << c.header;
  }
  ASSERT_TRUE(parse_byte_range(std::nullopt, 10).has_value());
  EXPECT_FALSE(parse_byte_range(std::nullopt, 10)->has_value());
}

// What comes out always lies inside the film.
TEST(ByteRange, EveryPrefixOfAHeaderIsSafe) {
  const std::string headers[] = {"bytes=12345678901234567890-98765432109876543210", "bytes=-12345678901234567890", "bytes=7-9,1-2"};
  for (const std::string& header : headers) {
    for (std::size_t n = 0; n <= header.size(); ++n) {
      for (const std::uint64_t size : {std::uint64_t(0), std::uint64_t(1), std::uint64_t(8), UINT64_MAX}) {
        const auto range = parse_byte_range(std::string_view(header).substr(0, n), size);
        if (!range || !*range) continue;
        EXPECT_LE((*range)->first, (*range)->last) << header.substr(0, n);
        EXPECT_LT((*range)->last, size) << header.substr(0, n);
      }
    }
  }
}

}  // namespace
}  // namespace upcall::api
