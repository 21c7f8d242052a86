// The log file is moved away and opened anew while the server runs, by logrotate with the file of the packages, and by a
// signal; no line is lost.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <set>
#include <sstream>
#include <thread>

#include "installation.hpp"
#include "io/log/log.hpp"

namespace upcall::operations {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

namespace fs = std::filesystem;

TEST(LogRotation, NoLineIsLostWhileTheFileIsMovedAway) {
  Installation it;  // for its directory
  const std::string file = it.dir() + "/lines.log";
  ASSERT_TRUE(log::start({log::Level::info, file}));
  // 8000 lines in all, fewer than the queue holds: none is dropped. The file is moved while each piece is being written.
  constexpr int kPieces = 16, kPieceLines = 500, kLines = kPieces * kPieceLines;
  std::atomic<int> begun{0}, moved{0};
  std::thread writer([&] {
    for (int piece = 0; piece < kPieces; ++piece) {
      begun = piece + 1;
      begun.notify_one();
      for (int i = 0; i < kPieceLines; ++i) log::info("line", {{"number", piece * kPieceLines + i}});
      for (int seen = moved; seen <= piece; seen = moved) moved.wait(seen);
    }
  });
  for (int move = 1; move <= kPieces; ++move) {
    for (int seen = begun; seen < move; seen = begun) begun.wait(seen);
    fs::rename(file, file + "." + std::to_string(move));
    EXPECT_TRUE(log::reopen());
    moved = move;
    moved.notify_one();
  }
  writer.join();
  const std::uint64_t dropped = log::dropped();
  log::stop();
  std::set<long> numbers;
  for (const auto& entry : fs::directory_iterator(it.dir())) {
    if (!entry.path().filename().string().starts_with("lines.log")) continue;
    std::istringstream text(read_text(entry.path()));
    for (std::string line; std::getline(text, line);) {
      const auto object = json::parse_object(line);
      ASSERT_TRUE(object) << line;
      const auto number = json::integer_at(*object, "number");
      if (!number) continue;  // log.reopened
      EXPECT_TRUE(numbers.insert(*number).second) << "twice: " << *number;
    }
  }
  EXPECT_EQ(numbers.size() + dropped, static_cast<std::size_t>(kLines));
  EXPECT_EQ(dropped, 0u);
}

TEST(LogRotation, AFileThatCannotBeOpenedLeavesTheOldOne) {
  Installation it;
  const std::string folder = it.dir() + "/logs";
  fs::create_directory(folder);
  ASSERT_TRUE(log::start({log::Level::info, folder + "/a.log"}));
  fs::rename(folder, it.dir() + "/away");
  write_text(folder, "a file where the folder was");
  const auto opened = log::reopen();
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().message, HasSubstr("write to its directory"));
  log::info("still.here");
  log::stop();
  EXPECT_THAT(read_text(it.dir() + "/away/a.log"), HasSubstr("still.here"));
}

TEST(LogRotation, ASignalOpensItAnew) {
  Installation it;
  const std::string file = it.dir() + "/upcall.log";
  it.start({"--log-file", file});
  for (const int number : {SIGUSR1, SIGHUP}) {
    fs::rename(file, file + ".old");
    it.signal(number);
    it.until("a new file", kSoon, [&] { return read_text(file).find("log.reopened") != std::string::npos; });
  }
  EXPECT_EQ(it.stop(), 0);
  EXPECT_THAT(read_text(file), HasSubstr("server.stopped"));
}

// The file of the packages, for another folder and data directory.
TEST(LogRotation, LogrotateItselfDoesIt) {
  const char* program = "/usr/sbin/logrotate";
  if (::access(program, X_OK) != 0) GTEST_SKIP() << "there is no logrotate here";
  Installation it;
  const std::string folder = it.dir() + "/logs", file = folder + "/upcall.log", config = it.dir() + "/logrotate.conf";
  fs::create_directory(folder);
  it.start({"--log-file", file});
  std::string rules = read_text(std::string(UPCALL_DEPLOY_DIR) + "/debian/upcall-server.logrotate");
  const auto replace = [&](const std::string& from, const std::string& to) {
    std::size_t at = rules.find(from);
    ASSERT_NE(at, std::string::npos) << from;
    for (; at != std::string::npos; at = rules.find(from, at + to.size())) rules.replace(at, from.size(), to);
  };
  replace("/var/log/upcall", folder);
  replace("\tsu upcall upcall\n", "");
  replace("/usr/bin/upcall", Installation::bin("upcall"));
  replace("/var/lib/upcall", it.data_dir());
  write_text(config, rules);
  fs::permissions(config, fs::perms::owner_read | fs::perms::owner_write);
  for (int round = 1; round <= 2; ++round) {
    const Ran ran = it.run(program, {"--force", "--state", it.dir() + "/logrotate.state", config}, {{"PATH", "/usr/bin:/bin"}});
    ASSERT_EQ(ran.exit, 0) << ran.text();
    EXPECT_THAT(read_text(file), HasSubstr("log.reopened"));
    EXPECT_THAT(read_text(file), Not(HasSubstr("server.started")));
    EXPECT_TRUE(fs::exists(file + ".1"));
  }
  EXPECT_TRUE(fs::exists(file + ".2.gz"));
  EXPECT_EQ(it.stop(), 0);
  EXPECT_THAT(read_text(file), HasSubstr("server.stopped"));
  // Nobody to tell is no error.
  const Ran at_rest = it.run(program, {"--force", "--state", it.dir() + "/logrotate.state", config}, {{"PATH", "/usr/bin:/bin"}});
  EXPECT_EQ(at_rest.exit, 0) << at_rest.text();
}

}  // namespace
}  // namespace upcall::operations
