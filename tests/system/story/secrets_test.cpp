// What everybody on the machine may read, and what ends up in log files: no secret and no address of anybody.
#include <fstream>
#include <regex>
#include <sstream>

#include <gtest/gtest.h>

#include "harness.hpp"

namespace upcall::story {
namespace {

std::string slurp(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream out;
  out << in.rdbuf();
  return out.str();
}

TEST(Secrets, StandInNoLogArgumentOrEnvironment) {
  World world;
  Call call = world.begin_call();
  ASSERT_EQ(world.start_recording(call), 200);
  std::vector<pid_t> composers;
  world.until("a composer", Duration::s(20), [&] { return !(composers = world.composers()).empty(); });
  std::vector<std::pair<std::string, std::string>> places;
  const auto add_process = [&](const std::string& name, pid_t pid) {
    const std::string proc = "/proc/" + std::to_string(pid);
    const std::string arguments = slurp(proc + "/cmdline");
    ASSERT_NE(arguments.find("upcall"), std::string::npos) << name << " cannot be looked at";
    places.emplace_back(name + "'s arguments", arguments);
    places.emplace_back(name + "'s environment", slurp(proc + "/environ"));
  };
  add_process("the server", world.server_pid());
  add_process("an attendee", call.agent_device->child().pid());
  add_process("an attendee", call.customer_device->child().pid());
  for (const pid_t pid : composers) add_process("a composer", pid);
  ASSERT_EQ(world.stop_recording(call), 200);
  const std::string url = json::text_or(world.wait_stored(call), "recordingURL");
  const std::size_t grant = url.find("grant=");
  ASSERT_NE(grant, std::string::npos);
  world.secrets.push_back(url.substr(grant + 6));
  ASSERT_EQ(world.end_meeting(call), 200);
  // A refused log-in and a refused token leave lines too.
  demo::ApiClient stranger = world.client();
  EXPECT_FALSE(stranger.log_in("alice@example.com", "Wrong-Password-1").has_value());
  world.secrets.push_back("Wrong-Password-1");
  ASSERT_EQ(world.terminate_server(Duration::s(20)), 0);
  const std::string log = slurp(world.log_file());
  ASSERT_NE(log.find("server.started"), std::string::npos) << "the log is not where it should be";
  places.emplace_back("the server's log", log);
  ASSERT_GE(world.secrets.size(), 8u);
  for (const auto& [place, text] : places) {
    for (const std::string& secret : world.secrets) {
      ASSERT_GE(secret.size(), 8u);
      EXPECT_EQ(text.find(secret), std::string::npos) << place << " shows a secret";
    }
    // A recording's key is 32 bytes, written as 64 digits.
    EXPECT_FALSE(std::regex_search(text, std::regex("[0-9a-fA-F]{64}"))) << place << " shows something like a key";
  }
  EXPECT_FALSE(std::regex_search(log, std::regex(R"(\b[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\b)"))) << "the log shows an address";
  EXPECT_EQ(log.find("@example"), std::string::npos) << "the log shows an e-mail address";
}

}  // namespace
}  // namespace upcall::story
