#include "wire/url.hpp"

#include <gtest/gtest.h>

namespace upcall::wire {
namespace {

TEST(Url, PartsAndDefaults) {
  const auto url = parse_url("wss://[::1]:8443/control/m?x=1#frag");
  ASSERT_TRUE(url);
  EXPECT_TRUE(url->tls);
  EXPECT_EQ(url->host, "::1");
  EXPECT_EQ(url->port, 8443);
  EXPECT_EQ(url->target, "/control/m?x=1");
  EXPECT_EQ(url->authority(), "[::1]:8443");
  EXPECT_EQ(parse_url("http://h")->target, "/");
  EXPECT_EQ(parse_url("http://h?q")->target, "/?q");
  EXPECT_EQ(parse_url("http://h")->authority(), "h");
  EXPECT_EQ(parse_url("https://h")->port, 443);
  for (const char* bad : {"", "h", "ftp://h/", "http://", "http://:80/", "http://u@h/", "http://h:0/", "http://h:65536/",
                          "http://h:8x/", "http://[::1/", "http://h/a b", "http://h/\r\nx"}) {
    EXPECT_FALSE(parse_url(bad)) << bad;
  }
}

// However much of a good one arrives: an answer, never a port or host beyond the text.
TEST(Url, EveryTruncation) {
  const std::string whole = "https://[2001:db8::7]:8443/a/b?c=d#e";
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const std::string part = whole.substr(0, size);
    const auto url = parse_url(part);
    if (url) {
      EXPECT_GE(size, whole.find(']') + 1);
      EXPECT_EQ(url->host, "2001:db8::7");
    }
  }
}

}  // namespace
}  // namespace upcall::wire
