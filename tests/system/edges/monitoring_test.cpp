// The alerts and the dashboard that come with the server (deploy/monitoring) ask for nothing that it does not tell.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <regex>
#include <set>

#include "edge_server.hpp"

namespace upcall::edges {
namespace {

std::string text_of(const std::string& name) {
  std::ifstream in(std::string(UPCALL_MONITORING_DIR) + "/" + name);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::set<std::string> metrics_in(const std::string& text) {
  static const std::regex name("\\bupcall_[a-z0-9_]+");
  std::set<std::string> out;
  for (std::sregex_iterator at(text.begin(), text.end(), name), end; at != end; ++at) out.insert(at->str());
  return out;
}

TEST(Monitoring, AlertsAndDashboardAskForWhatIsThere) {
  EdgeServer server;
  std::set<std::string> told;
  // A metric with labels has a line only when something has happened; its description is always there.
  for (const std::string& name : metrics_in(server.send("GET", "/metrics").body)) told.insert(name);
  for (const char* file : {"upcall.rules.yml", "grafana-dashboard.json"}) {
    const std::set<std::string> asked = metrics_in(text_of(file));
    EXPECT_GT(asked.size(), 12u) << file;
    for (std::string name : asked) {
      if (const std::string bucket = "_bucket"; name.ends_with(bucket)) name.resize(name.size() - bucket.size());
      EXPECT_TRUE(told.contains(name)) << file << " asks for " << name << ", which /metrics does not have";
    }
  }
}

TEST(Monitoring, TheDashboardsPanelsLieBesideEachOther) {
  const auto board = json::parse_object(text_of("grafana-dashboard.json"), 1 << 20);
  ASSERT_TRUE(board);
  const bj::array* panels = json::array_at(*board, "panels");
  ASSERT_TRUE(panels != nullptr && panels->size() > 10);
  std::set<std::pair<std::int64_t, std::int64_t>> taken;
  for (const bj::value& panel : *panels) {
    const bj::object* at = json::object_at(panel.as_object(), "gridPos");
    ASSERT_NE(at, nullptr);
    const auto of = [&](const char* name) { return json::integer_at(*at, name).value_or(-1); };
    EXPECT_LE(of("x") + of("w"), 24);
    for (std::int64_t x = of("x"); x < of("x") + of("w"); ++x) {
      for (std::int64_t y = of("y"); y < of("y") + of("h"); ++y) EXPECT_TRUE(taken.insert({x, y}).second) << json::text_or(panel.as_object(), "title");
    }
  }
}

}  // namespace
}  // namespace upcall::edges
