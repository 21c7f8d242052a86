#include "io/process/child_process.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <thread>

namespace upcall::process {
namespace {

ChildOptions shell(std::string script) {
  ChildOptions out;
  out.program = "/bin/sh";
  out.arguments = {"-c", std::move(script)};
  out.environment = {{"PATH", "/usr/bin:/bin"}};
  return out;
}

// Everything the child writes into its control socket until it closes it.
std::string read_all(int fd) {
  std::string out;
  char chunk[4096];
  for (ssize_t n; (n = ::read(fd, chunk, sizeof chunk)) > 0;) out.append(chunk, static_cast<std::size_t>(n));
  return out;
}

TEST(ChildProcess, ExitStatusCallbackAndUsage) {
  ChildHost host;
  std::atomic<int> calls{0};
  auto child = host.spawn(shell("i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; exit 7"),
                          [&calls](const ChildExit& e) { calls += e.code; });
  ASSERT_TRUE(child) << child.error().message;
  const auto exit = (*child)->wait(Duration::s(60));
  ASSERT_TRUE(exit);
  EXPECT_EQ(calls, 7);
  EXPECT_FALSE(exit->signaled);
  EXPECT_EQ(exit->code, 7);
  EXPECT_GT(exit->user_cpu, Duration::ms(10));
  EXPECT_LT(exit->user_cpu, Duration::s(30));
  EXPECT_GT(exit->peak_rss, 100u << 10);
  EXPECT_FALSE((*child)->signal(SIGTERM));
}

TEST(ChildProcess, PeakMemoryIsTheChildsOwn) {
  // 200 MiB here must not show in a small child's figure.
  std::vector<char> ballast(200 << 20, 'x');
  ChildHost host;
  auto options = shell("read line <&3; exit 0");
  options.control_number = 3;
  auto small = host.spawn(options);
  ASSERT_TRUE(small);
  // Alive for at least one sample.
  EXPECT_FALSE((*small)->wait(Duration::ms(500)));
  ASSERT_EQ(::write((*small)->control_fd(), "go\n", 3), 3);
  const auto exit = (*small)->wait(Duration::s(20));
  ASSERT_TRUE(exit);
  EXPECT_LT(exit->peak_rss, 50u << 20);
  EXPECT_GT(exit->peak_rss, 100u << 10);
  EXPECT_EQ(ballast[100], 'x');
}

TEST(ChildProcess, OnlyTheNamedDescriptorsAndEnvironmentArrive) {
  ::setenv("UPCALL_TEST_SECRET", "leak", 1);
  const int leaked = ::open("/dev/null", O_RDONLY);           // inheritable on purpose
  const int wanted = ::open("/proc/self/comm", O_RDONLY | O_CLOEXEC);
  ASSERT_GE(leaked, 0);
  ChildHost host;
  // No shell here: it opens descriptors of its own. What ls opens to list its own is the lowest free number, 3.
  ChildOptions options;
  options.program = "/bin/ls";
  options.arguments = {"/proc/self/fd"};
  options.control_number = 1;
  options.descriptors = {{wanted, 5}, {wanted, 12}, {-1, 2}};
  auto child = host.spawn(options);
  ASSERT_TRUE(child) << child.error().message;
  const std::string text = read_all((*child)->control_fd());
  ::close(leaked);
  ::close(wanted);
  EXPECT_EQ(text, "0\n1\n12\n2\n3\n5\n");
  EXPECT_TRUE((*child)->wait(Duration::s(20))->ok());

  ChildOptions env;
  env.program = "/usr/bin/env";
  env.environment = {{"ONLY", "this"}};
  env.control_number = 1;
  auto second = host.spawn(env);
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_EQ(read_all((*second)->control_fd()), "ONLY=this\n");
  ::unsetenv("UPCALL_TEST_SECRET");
}

TEST(ChildProcess, DescriptorsMaySwapPlaces) {
  int a[2], b[2];
  ASSERT_EQ(::pipe2(a, O_CLOEXEC), 0);
  ASSERT_EQ(::pipe2(b, O_CLOEXEC), 0);
  ChildHost host;
  auto options = shell("echo A >&" + std::to_string(b[1]) + "; echo B >&" + std::to_string(a[1]));
  ASSERT_LT(std::max(a[1], b[1]), 10) << "the shell takes single digits only";
  options.descriptors = {{a[1], b[1]}, {b[1], a[1]}};
  auto child = host.spawn(options);
  ASSERT_TRUE(child);
  ASSERT_TRUE((*child)->wait(Duration::s(20))->ok());
  ::close(a[1]);
  ::close(b[1]);
  EXPECT_EQ(read_all(a[0]), "A\n");
  EXPECT_EQ(read_all(b[0]), "B\n");
  ::close(a[0]);
  ::close(b[0]);
}

TEST(ChildProcess, KillDashNineIsSeenAndTheControlSocketEnds) {
  ChildHost host;
  auto options = shell("echo ready >&3; exec sleep 1000");
  options.control_number = 3;
  std::atomic<bool> told{false};
  auto child = host.spawn(options, [&told](const ChildExit& e) { told = e.signaled && e.code == SIGKILL; });
  ASSERT_TRUE(child);
  char line[6];
  ASSERT_EQ(::read((*child)->control_fd(), line, 6), 6);
  ASSERT_EQ(::kill((*child)->pid(), SIGKILL), 0);
  EXPECT_EQ(read_all((*child)->control_fd()), "");
  const auto exit = (*child)->wait(Duration::s(20));
  ASSERT_TRUE(exit);
  EXPECT_TRUE(exit->signaled);
  EXPECT_EQ(exit->code, SIGKILL);
  EXPECT_TRUE(told);
}

TEST(ChildProcess, DestructorTakesTheWholeGroup) {
  ChildHost host;
  int control = -1;
  {
    auto options = shell("sleep 1000 & sleep 1000 & echo up >&3; wait");
    options.control_number = 3;
    auto child = host.spawn(options);
    ASSERT_TRUE(child);
    char line[3];
    ASSERT_EQ(::read((*child)->control_fd(), line, 3), 3);
    control = (*child)->release_control_fd();
  }
  // Every holder of the other end is gone.
  EXPECT_EQ(read_all(control), "");
  ::close(control);
}

TEST(ChildProcess, OutlivesTheThreadThatAskedForIt) {
  ChildHost host;
  std::unique_ptr<ChildProcess> child;
  std::thread([&] {
    auto options = shell("read line <&3; exit 5");
    options.control_number = 3;
    auto made = host.spawn(options);
    ASSERT_TRUE(made);
    child = std::move(*made);
  }).join();
  ASSERT_TRUE(child);
  EXPECT_FALSE(child->wait(Duration::ms(300)));
  ASSERT_EQ(::write(child->control_fd(), "x\n", 2), 2);
  EXPECT_EQ(child->wait(Duration::s(20))->code, 5);
}

TEST(ChildProcess, NiceAndMemoryLimitApply) {
  ChildHost host;
  auto options = shell("nice >&3; ulimit -v >&3");
  options.control_number = 3;
  options.nice = 19;
  options.memory_limit = 512u << 20;
  auto child = host.spawn(options);
  ASSERT_TRUE(child);
  EXPECT_EQ(read_all((*child)->control_fd()), "19\n" + std::to_string(512 << 10) + "\n");
}

TEST(ChildProcess, WhatCannotStartIsAnError) {
  ChildHost host;
  ChildOptions missing;
  missing.program = "/nonexistent/program";
  EXPECT_EQ(host.spawn(missing).error().code, ErrorCode::not_found);
  auto twice = shell("true");
  twice.descriptors = {{0, 4}, {1, 4}};
  EXPECT_EQ(host.spawn(twice).error().code, ErrorCode::invalid_argument);
  auto nowhere = shell("true");
  nowhere.directory = "/nonexistent";
  EXPECT_EQ(host.spawn(nowhere).error().code, ErrorCode::not_found);
}

TEST(ChildProcess, ManyAtOnceLeaveNoDescriptors) {
  const auto open_descriptors = [] {
    int n = 0;
    for (int fd = 0; fd < 1024; ++fd) n += ::fcntl(fd, F_GETFD) >= 0;
    return n;
  };
  const int before = open_descriptors();
  {
    ChildHost host;
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&host] {
        for (int i = 0; i < 10; ++i) {
          auto options = shell("exit 3");
          options.control_number = 3;
          auto child = host.spawn(options);
          ASSERT_TRUE(child);
          EXPECT_EQ((*child)->wait(Duration::s(30))->code, 3);
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  EXPECT_EQ(open_descriptors(), before);
}

}  // namespace
}  // namespace upcall::process
