// Runs, queue and logs as files.
#include "io/pipeline_runs/run_store.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "io/pipeline_runs/stage_log.hpp"

namespace upcall::pipeline {
namespace {

namespace fs = std::filesystem;

class RunStoreTest : public ::testing::Test {
 protected:
  RunStoreTest() {
    std::string pattern = (fs::temp_directory_path() / "upcall-runs-XXXXXX").string();
    dir = ::mkdtemp(pattern.data());
  }
  ~RunStoreTest() override { fs::remove_all(dir); }
  static pipeline::Run of(const std::string& commit) {
    pipeline::Run run;
    run.commit = commit;
    run.stages = {{"Source"}};
    return run;
  }
  std::string dir;
};

TEST_F(RunStoreTest, NumbersGoUpAndTheQueueIsInOrder) {
  const RunStore store(dir);
  for (int i = 1; i <= 12; ++i) EXPECT_EQ(store.enqueue(of("a"))->number, i);
  EXPECT_EQ(store.queued().front(), 1);
  EXPECT_EQ(store.queued().back(), 12) << "by number, not by name";
  store.leave_queue(1);
  EXPECT_EQ(store.queued().front(), 2);
  EXPECT_EQ(store.numbers(INT64_MAX, 3), (std::vector<std::int64_t>{12, 11, 10}));
  EXPECT_EQ(store.numbers(3, 10), (std::vector<std::int64_t>{2, 1}));
}

TEST_F(RunStoreTest, TwoWhoNoticeATipMakeOneRun) {
  const RunStore store(dir);
  std::vector<std::thread> threads;
  std::vector<std::int64_t> got(8);
  for (std::size_t i = 0; i < got.size(); ++i) threads.emplace_back([&, i] { got[i] = RunStore(dir).enqueue_tip(of("abc"))->number; });
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(got, std::vector<std::int64_t>(8, 1));
  EXPECT_EQ(store.tip(), "abc");
  EXPECT_EQ(store.enqueue_tip(of("def"))->number, 2);
  EXPECT_EQ(store.enqueue_tip(of("abc"))->number, 3) << "back to an old commit is a push of its own";
}

TEST_F(RunStoreTest, WhatIsDamagedIsSaidAndHarmsNothingElse) {
  const RunStore store(dir);
  ASSERT_TRUE(store.enqueue(of("a")));
  ASSERT_TRUE(store.enqueue(of("b")));
  std::ofstream(store.run_directory(1) + "/run.json") << "{ half";
  EXPECT_EQ(store.load(1).error().code, ErrorCode::corrupt);
  EXPECT_EQ(store.load(2)->commit, "b");
  EXPECT_EQ(store.load(3).error().code, ErrorCode::not_found);
  EXPECT_EQ(store.enqueue(of("c"))->number, 3);
}

TEST_F(RunStoreTest, ARunThatWasNotQueuedIsFound) {
  const RunStore store(dir);
  ASSERT_TRUE(store.enqueue(of("a")));
  store.leave_queue(1);
  store.queue_forgotten();
  EXPECT_EQ(store.queued(), (std::vector<std::int64_t>{1}));
  auto run = *store.load(1);
  run.state = State::failed;
  ASSERT_TRUE(store.save(run));
  store.leave_queue(1);
  store.queue_forgotten();
  EXPECT_TRUE(store.queued().empty());
}

TEST_F(RunStoreTest, LogsAreReadInPiecesOfWholeLines) {
  const RunStore store(dir);
  auto run = *store.enqueue(of("a"));
  EXPECT_EQ(store.read_log(run, 0, 0)->size, 0u);
  EXPECT_FALSE(store.read_log(run, 1, 0)) << "there is no such stage";
  const Mask mask;
  std::string all;
  {
    StageLog log(store.log_file(run, 0), mask);
    for (int i = 0; i < 20'000; ++i) {
      const std::string line = "line " + std::to_string(i) + (i % 3 == 0 ? " ä" : "");
      ASSERT_TRUE(log.line(line));
      all += line + "\n";
    }
    ASSERT_TRUE(log.write("not yet whole"));
  }
  std::string read;
  for (std::uint64_t at = 0;;) {
    const auto piece = store.read_log(run, 0, at);
    ASSERT_TRUE(piece);
    if (piece->text.empty()) break;
    EXPECT_EQ(piece->text.back(), '\n');
    read += piece->text;
    at = piece->next;
  }
  EXPECT_EQ(read, all);
  EXPECT_TRUE(store.read_log(run, 0, 1'000'000'000)->text.empty());
}

TEST_F(RunStoreTest, ALongLineIsCutAndASecretAcrossTheReadsIsMasked) {
  Mask mask;
  mask.add("hidden-secret");
  {
    StageLog log(dir + "/log", mask);
    ASSERT_TRUE(log.write("a hid"));
    ASSERT_TRUE(log.write("den-sec"));
    ASSERT_TRUE(log.write("ret\n"));
    ASSERT_TRUE(log.write(std::string(100'000, 'x')));
    ASSERT_TRUE(log.flush());
  }
  const auto text = read_whole(dir + "/log", 1 << 20);
  ASSERT_TRUE(text);
  EXPECT_TRUE(text->starts_with("a ***\nxxx")) << text->substr(0, 30);
  EXPECT_EQ(std::count(text->begin(), text->end(), 'x'), 100'000);
  for (std::size_t at = 0; at < text->size();) {
    const std::size_t end = text->find('\n', at);
    EXPECT_LE(end - at, 2 * StageLog::kLineMax);
    at = end + 1;
  }
}

TEST_F(RunStoreTest, NoSecretHidesWhereALongLineIsCut) {
  Mask mask;
  mask.add("hidden-secret");
  for (std::size_t before = StageLog::kLineMax - 20; before < StageLog::kLineMax + 5; ++before) {
    const std::string file = dir + "/log" + std::to_string(before);
    {
      StageLog log(file, mask);
      ASSERT_TRUE(log.write(std::string(before, 'x') + "hidden-secret" + std::string(50'000, 'y')));
      ASSERT_TRUE(log.flush());
    }
    std::string text = *read_whole(file, 1 << 20);
    std::erase(text, '\n');
    EXPECT_EQ(text.find("hidden"), std::string::npos) << before;
    EXPECT_EQ(text.find("secret"), std::string::npos) << before;
  }
}

TEST_F(RunStoreTest, AFullDeviceIsSaidOnce) {
  const Mask mask;
  fs::create_symlink("/dev/full", dir + "/log");
  StageLog log(dir + "/log", mask);
  EXPECT_FALSE(log.line("x"));
  EXPECT_TRUE(log.line("y")) << "whoever writes on is not told again and again";
  EXPECT_FALSE(write_whole("/proc/self/nothing", "x"));
}

TEST_F(RunStoreTest, OldRunsGoAndWaitingOnesStay) {
  const RunStore store(dir);
  for (int i = 0; i < 6; ++i) {
    const auto run = store.enqueue(of("a"));
    fs::create_directories(store.run_directory(run->number) + "/release");
    if (i != 0) store.leave_queue(run->number);
  }
  store.prune(3, 1);
  EXPECT_EQ(store.numbers(INT64_MAX, 10), (std::vector<std::int64_t>{6, 5, 4, 1}));
  EXPECT_TRUE(fs::exists(store.run_directory(6) + "/release"));
  EXPECT_FALSE(fs::exists(store.run_directory(5) + "/release"));
}

TEST_F(RunStoreTest, FilesThatAreLinksAreNotRead) {
  std::ofstream(dir + "/real") << "x";
  fs::create_symlink(dir + "/real", dir + "/link");
  EXPECT_EQ(read_whole(dir + "/real", 10), "x");
  EXPECT_FALSE(read_whole(dir + "/link", 10));
  EXPECT_FALSE(read_whole(dir, 10));
  EXPECT_FALSE(read_whole(dir + "/real", 0)) << "longer than it may be";
}

}  // namespace
}  // namespace upcall::pipeline
