#include "io/log/log.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <limits>
#include <thread>
#include <type_traits>
#include <vector>

#include <unistd.h>

namespace upcall::log {
namespace {

static_assert(!std::is_constructible_v<Field, const char*, NetAddress>, "an address must not be a field");

TEST(Log, LineHasTypedFields) {
  const std::string id = "r-1";
  EXPECT_EQ(format_line(WallTime::from_unix_ms(0), Level::info, "recording.started",
                        {{"id", id}, {"n", -3}, {"big", std::uint64_t(18446744073709551615ull)}, {"ok", true}, {"x", 0.5}, {"ms", Duration::us(1500)},
                         {"bad", std::numeric_limits<double>::infinity()}}),
            R"({"time":"1970-01-01T00:00:00.000Z","level":"info","event":"recording.started","id":"r-1","n":-3,)"
            R"("big":18446744073709551615,"ok":true,"x":0.5,"ms":1.5,"bad":null})");
}

TEST(Log, ValuesCannotForgeLines) {
  const std::string line = format_line(WallTime(), Level::warn, "a\"b", {{"v", "x\n{\"level\":\"error\"}\x7f"}, {"u", "\xff\xc0\xaf\xed\xa0\x80 \xc3\xa9"}});
  EXPECT_EQ(line.find('\n'), std::string::npos);
  EXPECT_NE(line.find(R"("a\"b")"), std::string::npos);
  EXPECT_NE(line.find(R"(x\u000a{\"level\":\"error\"}\u007f)"), std::string::npos);
  EXPECT_NE(line.find("\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd \xc3\xa9"), std::string::npos) << line;
  EXPECT_LT(format_line(WallTime(), Level::info, "e", {{"v", std::string(100'000, 'x')}}).size(), 2300u);
}

TEST(Log, RedactedHoldsNothing) {
  const std::string secret = "canary-secret";
  const std::string line = format_line(WallTime(), Level::info, "e", {{"token", Redacted(secret)}});
  EXPECT_EQ(line.find("canary"), std::string::npos);
  EXPECT_NE(line.find("[redacted]"), std::string::npos);
  static_assert(sizeof(Redacted<std::string>) == 1, "it does not even keep the value");
}

TEST(Log, WriterKeepsOrderAndLevels) {
  std::string form = (std::filesystem::temp_directory_path() / "log-XXXXXX").string();
  const std::string dir = ::mkdtemp(form.data());
  Options options;
  options.file = dir + "/log.jsonl";
  ASSERT_TRUE(start(options));
  debug("not.written");
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([t] {
      for (int i = 0; i < 250; ++i) info("tick", {{"t", t}, {"i", i}});
    });
  }
  for (std::thread& thread : threads) thread.join();
  set_level(Level::debug);
  debug("written");
  EXPECT_EQ(dropped(), 0u);
  stop();
  std::ifstream in(options.file);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  ASSERT_EQ(lines.size(), 1001u);
  EXPECT_NE(lines.back().find("\"written\""), std::string::npos);
  int next[4] = {};
  for (std::size_t i = 0; i < 1000; ++i) {
    const int t = lines[i][lines[i].find("\"t\":") + 4] - '0';
    ASSERT_NE(lines[i].find("\"i\":" + std::to_string(next[t]++) + "}"), std::string::npos) << lines[i];
  }
  Options nowhere;
  nowhere.file = "/proc/nonexistent/x";
  EXPECT_FALSE(start(nowhere));
  EXPECT_FALSE(enabled(Level::info));
  EXPECT_EQ(parse_level("debug").value(), Level::debug);
  EXPECT_FALSE(parse_level("loud"));
  std::filesystem::remove_all(dir);
}

}  // namespace
}  // namespace upcall::log
