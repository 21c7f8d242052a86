// The command people run first, judged by its own JSON; and what it must never show to others on the machine.
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <thread>

#include <gtest/gtest.h>

#include "cli/demo/actors.hpp"
#include "cli/demo/story.hpp"
#include "io/clock/system_clock.hpp"
#include "json/json.hpp"

namespace upcall {
namespace {

namespace bj = boost::json;

const std::string kBin = UPCALL_BIN_DIR;

std::string slurp(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream out;
  out << in.rdbuf();
  return out.str();
}

struct TemporaryDirectory {
  TemporaryDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "upcall-demo-test-XXXXXX").string();
    path = ::mkdtemp(pattern.data());
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    if (!::testing::Test::HasFailure()) std::filesystem::remove_all(path, ignored);
  }
  std::string path;
};

// The whole story's steps, in order: a missing one must stand in the list, and the list may only shrink.
const std::set<std::string> kSteps = {
    "server starts", "people are added", "agent is available", "customer starts a chat", "agent accepts", "they chat",
    "agent escalates to video", "customer is invited", "both join", "recording starts", "second start is refused",
    "they talk and share a screen", "recording stops", "film is stored", "meeting ends", "supervisor plays the film",
    "others are refused", "film shows this run", "contact is closed"};

// acceptance: 50, 53
TEST(Demo, EndsInTimeWithEveryStepAndEveryFact) {
  TemporaryDirectory dir;
  const std::string json_file = dir.path + "/facts.json";
  std::printf("again with: %s/upcall demo --seconds 10 --json FILE\n", kBin.c_str());
  double load[1] = {0};
  ASSERT_EQ(::getloadavg(load, 1), 1);
  process::ChildHost host;
  const Instant begin = system_now().mono;
  auto run = demo::LineProcess::start(host, kBin + "/upcall", {"demo", "--seconds", "10", "--json", json_file, "--data-dir", dir.path});
  ASSERT_TRUE(run.has_value()) << run.error().message;
  const auto exit = run->child().wait(Duration::s(100));
  const double took_s = (system_now().mono - begin).seconds();
  ASSERT_TRUE(exit.has_value()) << "the demo hangs";
  const auto facts = json::parse_object(slurp(json_file));
  ASSERT_TRUE(facts.has_value()) << "no JSON; see " << dir.path << "/server.log";
  const std::string text = bj::serialize(*facts);
  EXPECT_EQ(exit->code, 0) << text;
  EXPECT_TRUE(json::boolean_at(*facts, "ok").value_or(false)) << text;
  std::printf("the demo took %.1f s\n", took_s);
  // The promise is for a quiet machine; where others compute too it is watched, not judged.
  if (load[0] <= static_cast<double>(std::thread::hardware_concurrency())) EXPECT_LE(took_s, 30);
  else if (took_s > 30) std::printf("WARNING: over 30 s, with a load of %.1f before it began\n", load[0]);

  std::set<std::string> missing;
  std::ifstream list(std::string(UPCALL_TEST_DIR) + "/system/story/missing_steps.txt");
  ASSERT_TRUE(list.is_open());
  for (std::string line; std::getline(list, line);) {
    if (!line.empty() && line[0] != '#') missing.insert(line);
  }
  const bj::array* steps = json::array_at(*facts, "steps");
  ASSERT_NE(steps, nullptr);
  std::set<std::string> seen;
  for (const bj::value& v : *steps) {
    const bj::object& step = v.as_object();
    seen.insert(json::text_or(step, "name"));
    EXPECT_TRUE(json::boolean_at(step, "ok").value_or(false)) << bj::serialize(step);
    EXPECT_TRUE(step.contains("ms"));
  }
  for (const std::string& name : kSteps) {
    EXPECT_NE(seen.contains(name), missing.contains(name)) << "step \"" << name << "\" must be played, or stand in missing_steps.txt";
  }
  for (const std::string& name : missing) EXPECT_TRUE(kSteps.contains(name)) << name << " is no step of the story";

  const auto has = [&](const bj::object& o, std::initializer_list<const char*> names) {
    for (const char* name : names) EXPECT_TRUE(o.contains(name)) << name << " is missing in " << bj::serialize(o);
  };
  const bj::object *join = json::object_at(*facts, "join_ms"), *recording = json::object_at(*facts, "recording"), *media = json::object_at(*facts, "media");
  ASSERT_TRUE(join != nullptr && recording != nullptr && media != nullptr) << text;
  has(*join, {"agent", "customer"});
  has(*recording, {"file", "url", "width", "height", "fps", "duration_s", "start_ms", "finalize_ms", "av_offset_ms", "cpu_core_seconds", "peak_rss_mib"});
  has(*media, {"packets_forwarded", "cpu_core_seconds"});
  const auto number = [](const bj::object& o, const char* name) { return o.contains(name) && o.at(name).is_number() ? o.at(name).to_number<double>() : -1; };
  EXPECT_EQ(number(*recording, "width"), 1920);
  EXPECT_EQ(number(*recording, "height"), 1080);
  EXPECT_EQ(number(*recording, "fps"), 30);
  EXPECT_GE(number(*recording, "duration_s"), 9);
  EXPECT_LE(number(*recording, "duration_s"), took_s);
  EXPECT_LE(std::abs(number(*recording, "av_offset_ms")), 40);
  EXPECT_GT(number(*recording, "start_ms"), 0);
  EXPECT_GT(number(*recording, "finalize_ms"), 0);
  EXPECT_GT(number(*recording, "cpu_core_seconds"), 0);
  EXPECT_GT(number(*recording, "peak_rss_mib"), 0);
  EXPECT_GT(number(*media, "packets_forwarded"), 1000);
  EXPECT_GT(number(*media, "cpu_core_seconds"), 0);
  EXPECT_TRUE(json::text_or(*recording, "url").starts_with("http"));
  EXPECT_GT(std::filesystem::file_size(json::text_or(*recording, "file")), 100'000u);
}

}  // namespace
}  // namespace upcall
