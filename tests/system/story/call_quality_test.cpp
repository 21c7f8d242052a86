// How the people of a call fare, with real processes: what `upcall meeting show` prints of it, and what a killed server has
// kept of it.
#include <csignal>

#include <gtest/gtest.h>

#include <algorithm>
#include <regex>
#include <sstream>
#include <vector>

#include "cli/deploy/server_process.hpp"
#include "harness.hpp"
#include "io/clock/system_clock.hpp"

namespace upcall::story {
namespace {

std::string shown(World& world, const Call& call) {
  const auto ran = world.need(deploy::run_program(std::string(UPCALL_BIN_DIR) + "/upcall", {"meeting", "show", "--data-dir", world.data_dir(), call.meeting}, Duration::s(20)), "upcall meeting show");
  if (ran.status != 0) world.trouble("upcall meeting show: " + ran.out);
  return ran.out;
}

// The line that begins with this name, of the table whose head begins with `head`.
std::string line_of(const std::string& text, const std::string& head, const std::string& name) {
  std::istringstream lines(text);
  bool inside = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(head)) inside = true;
    if (line.empty()) inside = false;
    if (inside && line.starts_with(name)) return line;
  }
  return "";
}

bool matches(const std::string& line, const char* pattern) { return std::regex_search(line, std::regex(pattern)); }

TEST(CallQuality, MeetingShowPrintsEachPersonsScoreFiguresAndReason) {
  World world;
  Call call = world.begin_call();
  // score, sound, picture, round trip, jitter, both losses, both rates; and no reason when all is well.
  constexpr const char* kWell = R"(^\S+ \S+ +[45]\.\d +[45]\.\d +[45]\.\d +\d+ ms +\d+ ms +\d\.\d % +\d\.\d % +[1-9]\d* +[1-9]\d*$)";
  std::string text;
  const auto fares = [&](const char* name, const char* pattern) {
    return matches(line_of(text, "WHO", name), pattern);
  };
  try {
    world.until("two who fare well", Duration::s(40), [&] {
      text = shown(world, call);
      return fares("Alice Agent", kWell) && fares("Carl Customer", kWell);
    });
  } catch (const Trouble& trouble) {
    FAIL() << trouble.what() << "\n" << text;
  }
  EXPECT_TRUE(matches(text, R"(^meeting [0-9a-f-]{36}\npeople connected 2, sockets 2, recordings 0\n\nWHO +SCORE +SOUND +PICTURE +RTT +JITTER +LOSS UP +DOWN +KBIT/S UP +DOWN +WHY\n)")) << text;
  for (const std::string& id : {call.agent_attendee, call.customer_attendee}) {
    EXPECT_TRUE(matches(line_of(text, "CONNECTION", id), R"(validated +connected +good +[1-9]\d* +[1-9]\d*)")) << text;
  }

  // A device that stands still: its socket stays open, nothing comes.
  ASSERT_EQ(::kill(call.customer_device->child().pid(), SIGSTOP), 0);
  try {
    world.until("who stands still is named with a reason", Duration::s(30), [&] {
      text = shown(world, call);
      return fares("Carl Customer", R"(^Carl Customer +[12]\.\d .* nothing comes any more, for ([6-9]|[1-9]\d) s$)");   // so long that it is kept as well
    });
  } catch (const Trouble& trouble) {
    FAIL() << trouble.what() << "\n" << text;
  }
  EXPECT_FALSE(matches(line_of(text, "WHO", "Alice Agent"), "nothing comes")) << text;
  ASSERT_EQ(::kill(call.customer_device->child().pid(), SIGCONT), 0);

  ASSERT_EQ(world.end_meeting(call), 200);
  try {
    world.until("what is kept of it", Duration::s(20), [&] {
      text = shown(world, call);
      return fares("Alice Agent", R"( \d\.\d +\d\.\d +\d:\d\d +\d:\d\d +20\d\d-)") && fares("Carl Customer", R"( \d\.\d +[12]\.\d +\d:\d\d +\d:\d\d +20\d\d-.*Z +\S+)");
    });
  } catch (const Trouble& trouble) {
    FAIL() << trouble.what() << "\n" << text;
  }
  EXPECT_TRUE(matches(text, R"(\nover since 20\d\d-.*\nWHO +SCORE +WORST +THERE +BAD +FROM +MOSTLY\n)")) << text;
}

// Seconds that each stay of this person lasted, in the order of the table.
std::vector<int> stays(const std::string& text, const std::string& name) {
  std::vector<int> out;
  std::istringstream lines(text);
  const std::regex row("^" + name + R"( +\d\.\d +\d\.\d +(\d+):(\d\d) )");
  for (std::string line; std::getline(lines, line);) {
    if (std::smatch m; std::regex_search(line, m, row)) out.push_back(std::stoi(m[1]) * 60 + std::stoi(m[2]));
  }
  return out;
}

TEST(CallQuality, AKilledServerHasKeptAllButTheLastHalfMinuteAndGoesOn) {
  World world;
  Call call = world.begin_call();
  const Instant seen = system_now().mono;   // both have been there for at least as long
  world.until("a call of three quarters of a minute", Duration::s(90), [&] {
    world.expect_media(call, Duration::s(20), 15);
    return system_now().mono - seen >= Duration::s(45);
  });
  const auto there_s = static_cast<int>((system_now().mono - seen).seconds());
  world.kill_server();
  world.start_server();
  // Both come back, and what was kept stands beside what is kept from now on.
  world.expect_media(call, Duration::s(20));
  ASSERT_EQ(world.end_meeting(call), 200);
  std::string text;
  world.until("two stays of each", Duration::s(20), [&] {
    text = shown(world, call);
    return stays(text, "Alice Agent").size() == 2 && stays(text, "Carl Customer").size() == 2;
  });
  for (const char* name : {"Alice Agent", "Carl Customer"}) {
    const std::vector<int> lasted = stays(text, name);
    const int before = std::max(lasted[0], lasted[1]);
    EXPECT_GE(before, there_s - 30) << text;
    EXPECT_LE(before, there_s + 20) << text;
  }
}

}  // namespace
}  // namespace upcall::story
