// upcall meter on a real server: what it measured is among the metrics, and what went wrong too.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <poll.h>
#include <signal.h>
#include <stdlib.h>

#include <filesystem>
#include <regex>

#include "cli/demo/actors.hpp"
#include "io/clock/system_clock.hpp"
#include "io/net/http_client.hpp"
#include "json/json.hpp"
#include "server/serve/meter_board.hpp"

namespace upcall::test {
namespace {

namespace bj = boost::json;
namespace fs = std::filesystem;
const std::string kUpcall = std::string(UPCALL_BIN_DIR) + "/upcall";

class Meter : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "upcall-meter-XXXXXX").string();
    root = ::mkdtemp(pattern.data());
    auto started = demo::LineProcess::start(host, kUpcall, {"serve", "--data-dir", root + "/data", "--listen", "127.0.0.1:0", "--media-address", "127.0.0.1",
                                                           "--media-port", "0", "--log-file", root + "/server.log"});
    ASSERT_TRUE(started) << started.error().message;
    server = std::move(*started);
    auto ready = server->wait_line([](const std::string& line) { return line.starts_with("ready "); }, Duration::s(30));
    ASSERT_TRUE(ready) << "the server did not start: " << root;
    url = ready->substr(6);
  }
  void TearDown() override {
    if (server) {
      server->child().signal(SIGTERM);
      (void)server->child().wait(Duration::s(15));
    }
    std::error_code ignored;
    if (!HasFailure()) fs::remove_all(root, ignored);
  }
  demo::LineProcess meter(std::vector<std::string> more) {
    more.insert(more.begin(), {"meter", "--data-dir", root + "/data", "--seconds", "3", "--json"});
    auto started = demo::LineProcess::start(host, kUpcall, std::move(more));
    EXPECT_TRUE(started);
    return std::move(*started);
  }
  static Result<bj::object> line_of(demo::LineProcess& process) {
    return process.wait_for([](const bj::object& o) { return o.contains("steps"); }, Duration::s(60));
  }
  double metric(const std::string& name) {
    net::HttpClient http;
    auto answer = http.get(url + "/metrics");
    if (!answer) return -1;
    std::string literal;
    for (const char c : name) literal += std::string_view("{}").find(c) != std::string_view::npos ? std::string("\\") + c : std::string(1, c);
    std::smatch found;
    if (!std::regex_search(answer->body, found, std::regex("(^|\n)" + literal + " ([-+0-9.eE]+)"))) return -1;
    return std::stod(found[2]);
  }
  process::ChildHost host;
  std::string root, url;
  std::optional<demo::LineProcess> server;
};

TEST_F(Meter, WhatACallTookIsAmongTheMetrics) {
  EXPECT_EQ(metric("upcall_meter_last_run_timestamp_seconds"), 0);
  auto once = meter({"--once"});
  const auto said = line_of(once);
  ASSERT_TRUE(said);
  const auto exit = once.child().wait(Duration::s(10));
  ASSERT_TRUE(exit);
  EXPECT_EQ(exit->code, 0) << bj::serialize(*said);
  EXPECT_EQ(metric("upcall_meter_up"), 1);
  EXPECT_EQ(metric("upcall_meter_runs_total{result=\"ok\"}"), 1);
  EXPECT_GT(metric("upcall_meter_last_run_timestamp_seconds"), 1.7e9);
  for (const char* name : {"join", "first_picture", "glass_to_glass", "recording_start", "recording_stored"}) {
    const double seconds = metric("upcall_meter_" + std::string(name) + "_seconds");
    EXPECT_GT(seconds, 0) << name;
    EXPECT_LT(seconds, 20) << name;
  }
  EXPECT_LT(std::abs(metric("upcall_meter_av_offset_seconds")), 0.2);
}

TEST_F(Meter, ACallThatDoesNotComeAboutIsToldAndTheMeterGoesOnUntilItIsEnded) {
  auto goes_on = meter({"--every", "10", "--url", "http://127.0.0.1:1"});
  const auto said = line_of(goes_on);
  ASSERT_TRUE(said);
  EXPECT_FALSE(json::boolean_at(*said, "ok").value_or(true));
  // The line is printed before the server is told.
  const Instant end = system_now().mono + Duration::s(10);
  while (metric("upcall_meter_runs_total{result=\"failed\"}") < 1 && system_now().mono < end) (void)::poll(nullptr, 0, 20);
  EXPECT_EQ(metric("upcall_meter_runs_total{result=\"failed\"}"), 1);
  EXPECT_EQ(metric("upcall_meter_up"), 0);
  goes_on.child().signal(SIGTERM);
  const auto exit = goes_on.child().wait(Duration::s(10));
  ASSERT_TRUE(exit);
  EXPECT_EQ(exit->code, 0);
}

TEST(MeterBoard, TakesMeasuresAndNothingElse) {
  server::MeterBoard board;
  const Now now{Instant::from_ms(1), WallTime::from_unix_ms(1'800'000'000'000)};
  EXPECT_TRUE(board.report(now, {{"ok", true}, {"joinMs", 12.5}, {"avOffsetMs", -3}}));
  for (const bj::object& bad : {bj::object{}, bj::object{{"ok", "yes"}}, bj::object{{"ok", true}, {"joinMs", -1}}, bj::object{{"ok", true}, {"joinMs", "12"}},
                                bj::object{{"ok", true}, {"joinMs", 1e9}}, bj::object{{"ok", true}, {"mood", 1}}}) {
    const auto refused = board.report(now, bad);
    ASSERT_FALSE(refused) << bj::serialize(bad);
    EXPECT_EQ(refused.error().code, ErrorCode::invalid_argument);
  }
  metrics::Registry registry;
  board.add_metrics(registry);
  const std::string text = registry.text();
  EXPECT_THAT(text, testing::HasSubstr("upcall_meter_join_seconds 0.0125"));
  EXPECT_THAT(text, testing::HasSubstr("upcall_meter_runs_total{result=\"ok\"} 1"));
}

}  // namespace
}  // namespace upcall::test
