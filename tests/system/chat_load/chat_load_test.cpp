// Many chats at once, with and without the server being killed under them: what was acknowledged is kept, once, in its
// order, and reaches the other side. Short here; as long as wanted with (tools/chat_load.sh)
//
//   UPCALL_CHATS=2000 UPCALL_CHAT_RATE=2000 UPCALL_CHAT_SECONDS=600 build/release/bin/test_system_chat_load --gtest_filter='*Quiet*'
//   UPCALL_CHATS=2000 UPCALL_CHAT_RATE=2000 UPCALL_CHAT_KILLS=50 UPCALL_SEED=7 … --gtest_filter='*Kills*'
//
// The figures are printed, not judged: a machine with other work is slower, and no less right.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <sys/resource.h>

#include "chat_crowd.hpp"
#include "harness.hpp"
#include "io/clock/system_clock.hpp"

namespace upcall::story {
namespace {

using namespace std::chrono_literals;

constexpr int kSlots = 10;

double number(const char* name, double otherwise) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != 0 ? std::atof(value) : otherwise;
}

struct Load {
  int chats = 0;
  double rate = 0, seconds = 0;
  int kills = 0;
  std::uint64_t seed = 1;
};

double quantile(std::vector<double>& values, double q) {
  if (values.empty()) return 0;
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(std::ceil(q * static_cast<double>(values.size() - 1)));
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

void print(const char* what, std::vector<double>& v) {
  std::printf("%-34s n %zu  median %.1f  p99 %.1f  p99.9 %.1f  most %.1f ms\n", what, v.size(), quantile(v, 0.5), quantile(v, 0.99), quantile(v, 0.999), quantile(v, 1));
}

// CPU seconds of a process so far.
double cpu_of(pid_t pid) {
  double out = 0;
  std::error_code error;
  for (const auto& task : std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/task", error)) {
    double ns = 0;
    std::ifstream(task.path() / "schedstat") >> ns;
    out += ns / 1e9;
  }
  return out;
}

class ChatLoad : public ::testing::Test {
 protected:
  void run(const Load& load) {
    // A server that was started with few descriptors, as shells do it, helps itself to what it may have.
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = 150;
    ::setrlimit(RLIMIT_NOFILE, &files);
    World world;
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);
    world.admin("routing-profile.add", {{"name", "Load"}, {"queue", bj::array{"BasicQueue"}}, {"slots", kSlots}});
    chat_rig::CrowdOptions options;
    const std::size_t colon = world.url().rfind(':');
    options.port = static_cast<std::uint16_t>(std::atoi(world.url().c_str() + colon + 1));
    options.flow_id = json::text_or(world.admin("instance.show", {}).as_object(), "defaultContactFlowId");
    options.chats = load.chats;
    options.messages_per_second = load.rate;
    options.seed = load.seed;
    for (int i = 0; i * kSlots < load.chats; ++i) {
      const std::string name = "agent" + std::to_string(i) + "@example.com";
      const std::string password = "correct horse " + std::to_string(i);
      world.admin("user.add", {{"username", name}, {"email", name}, {"password", password}, {"name", "Agent " + std::to_string(i)},
                               {"security-profile", bj::array{"Agent"}}, {"hierarchy-group", "Demo/Team"}, {"routing-profile", "Load"}});
      demo::ApiClient client = world.client();
      world.need(client.log_in(name, password), "an agent's log-in");
      options.agent_tokens.push_back(client.token());
    }
    chat_rig::ChatCrowd crowd(std::move(options));
    const auto patience = 20s + std::chrono::seconds(load.chats / 10);
    ASSERT_TRUE(crowd.open(patience)) << crowd.why();
    const double cpu_before = cpu_of(world.server_pid());
    crowd.begin_sending();
    const Instant began = system_now().mono;
    if (load.kills == 0) {
      world.until("the time to send", Duration::s(3600), [&] { return (system_now().mono - began).seconds() >= load.seconds; });
    } else {
      SeededRandom random(load.seed);
      for (int kill = 0; kill < load.kills; ++kill) {
        // Not before people talk again.
        const std::uint64_t talked = crowd.acknowledged() + static_cast<std::uint64_t>(load.rate / 4) + random.below(static_cast<std::uint64_t>(load.rate));
        world.until("messages after kill " + std::to_string(kill), Duration::s(60), [&] { return crowd.acknowledged() >= talked; });
        world.kill_server();
        world.start_server();
      }
      const std::uint64_t talked = crowd.acknowledged() + static_cast<std::uint64_t>(load.rate);
      world.until("messages after the last kill", Duration::s(60), [&] { return crowd.acknowledged() >= talked; });
    }
    const double cpu = load.kills == 0 ? (cpu_of(world.server_pid()) - cpu_before) / (system_now().mono - began).seconds() : 0;
    ASSERT_TRUE(crowd.end_sending(60s)) << crowd.why();
    chat_rig::CrowdReport report = crowd.judge(load.kills == 0);
    std::printf("%d chats, %d kills, seed %llu: %llu messages sent in %.1f s (%.0f a second), %llu acknowledged, %llu repeats, %llu times busy\n", load.chats, load.kills,
                static_cast<unsigned long long>(load.seed), static_cast<unsigned long long>(report.sent), report.seconds, static_cast<double>(report.acknowledged) / report.seconds,
                static_cast<unsigned long long>(report.acknowledged), static_cast<unsigned long long>(report.repeated), static_cast<unsigned long long>(report.busy));
    print("sent to acknowledged", report.acknowledge_ms);
    print("sent to the other side's socket", report.delivery_ms);
    if (load.kills == 0) std::printf("server's CPU %.2f cores\n", cpu);
    EXPECT_GT(report.acknowledged, 0u);
    EXPECT_EQ(report.acknowledged, report.sent);
    for (std::size_t i = 0; i < report.faults.size() && i < 20; ++i) ADD_FAILURE() << report.faults[i];
    EXPECT_EQ(report.faults.size(), 0u);
  }
};

TEST_F(ChatLoad, QuietEveryMessageIsKeptOnceAndReachesTheOtherSide) {
  run({static_cast<int>(number("UPCALL_CHATS", 60)), number("UPCALL_CHAT_RATE", 100), number("UPCALL_CHAT_SECONDS", 4), 0, static_cast<std::uint64_t>(number("UPCALL_SEED", 1))});
}

TEST_F(ChatLoad, KillsOfTheServerLoseNothingThatWasAcknowledged) {
  run({static_cast<int>(number("UPCALL_CHATS", 40)), number("UPCALL_CHAT_RATE", 80), 0, static_cast<int>(number("UPCALL_CHAT_KILLS", 2)), static_cast<std::uint64_t>(number("UPCALL_SEED", 1))});
}

TEST(Ledger, TellsWhatIsWrong) {
  using chat_rig::Side;
  const auto c = [](std::uint32_t n) { return chat_rig::MessageName{Side::customer, n}; };
  const auto a = [](std::uint32_t n) { return chat_rig::MessageName{Side::agent, n}; };
  const chat_rig::Ledger good{{c(1), a(1), c(2)}, {c(1), a(1), c(2)}, {c(1), a(1), c(2)}, {c(1), a(1), c(2)}, {c(1), a(1), c(2)}};
  EXPECT_TRUE(chat_rig::faults(good, true).empty());
  auto lost = good;
  lost.kept = {c(1), a(1)};
  EXPECT_FALSE(chat_rig::faults(lost, false).empty());
  auto twice = good;
  twice.kept = {c(1), c(1), a(1), c(2)};
  EXPECT_FALSE(chat_rig::faults(twice, false).empty());
  auto turned = good;
  turned.kept = {c(2), a(1), c(1)};
  EXPECT_FALSE(chat_rig::faults(turned, false).empty());
  auto otherwise_delivered = good;
  otherwise_delivered.got_by_agent = {a(1), c(1), c(2)};
  EXPECT_FALSE(chat_rig::faults(otherwise_delivered, false).empty());
  auto undelivered = good;
  undelivered.got_by_customer = {c(1), a(1)};
  EXPECT_TRUE(chat_rig::faults(undelivered, false).empty());
  EXPECT_FALSE(chat_rig::faults(undelivered, true).empty());
  auto invented = good;
  invented.kept.push_back(a(2));
  EXPECT_FALSE(chat_rig::faults(invented, false).empty());
  EXPECT_EQ(chat_rig::message_name(chat_rig::to_text(a(17))), a(17));
  EXPECT_FALSE(chat_rig::message_name("agent 0") || chat_rig::message_name("agent") || chat_rig::message_name("customer 1x"));
}

}  // namespace
}  // namespace upcall::story
