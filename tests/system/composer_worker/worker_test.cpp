// The composer as the server runs it: a child over an inherited descriptor, following a journal that grows, killed in
// the middle, started again.
#include "worker_process.hpp"

namespace upcall::test {
namespace {

class ComposerWorker : public WorkerTest {};

TEST_F(ComposerWorker, FollowsAGrowingJournalToItsEnd) {
  Worker worker;
  worker.send(ChildMessage::compose, order_text());   // before the journal exists
  ASSERT_TRUE(worker.wait_for(ChildMessage::warm)) << "before anybody asks";
  auto ready = worker.wait_for(ChildMessage::ready);
  ASSERT_TRUE(ready);
  ASSERT_EQ(ready->type, ChildMessage::ready);
  EXPECT_EQ(worker.priority(), 19);
  EXPECT_EQ(worker.command_line().find(to_hex(key)), std::string::npos);
  auto journal = feeder(6000);
  for (const std::uint64_t until : {1'500'000u, 3'000'000u, 4'500'000u}) {
    ASSERT_TRUE(journal->feed_until(until).has_value());
    auto progress = worker.wait_for(ChildMessage::progress);
    ASSERT_TRUE(progress && progress->type == ChildMessage::progress);
    EXPECT_LE(progress->fields.at("composed_ms").to_number<std::int64_t>() * 1000, static_cast<std::int64_t>(until));
  }
  ASSERT_TRUE(journal->finish().has_value());
  auto done = worker.wait_for(ChildMessage::done);
  ASSERT_TRUE(done);
  ASSERT_EQ(done->type, ChildMessage::done) << as_text(done->body);
  EXPECT_TRUE(done->fields.at("complete").as_bool());
  check_film(worker, *done, 6);
  EXPECT_EQ(worker.wait_exit(), 0);
  // A film depends on its journal only, not on when it was read: composed afterwards it is the same to the byte.
  const std::string command = std::string(UPCALL_BIN_DIR "/upcall-recorder compose ") + folder + "/journal -o " + folder +
                              "/again.mp4 --width 640 --height 360 --preset ultrafast --crf 28 --threads 1 > /dev/null";
  ASSERT_EQ(std::system(command.c_str()), 0);
  EXPECT_TRUE(bytes_of(folder + "/film.mp4") == bytes_of(folder + "/again.mp4"));
}

TEST_F(ComposerWorker, KilledWithNineASecondWorkerMakesTheWholeFilmFromTheJournal) {
  auto journal = feeder(6000);
  ASSERT_TRUE(journal->feed_until(4'000'000).has_value());
  {
    Worker first;
    first.send(ChildMessage::compose, order_text());
    while (auto progress = first.wait_for(ChildMessage::progress)) {
      if (progress->fields.at("composed_ms").to_number<std::int64_t>() > 1000) break;
    }
    first.kill();
  }
  Worker second;
  second.send(ChildMessage::compose, order_text());
  ASSERT_TRUE(journal->finish().has_value());
  auto done = second.wait_for(ChildMessage::done);
  ASSERT_TRUE(done);
  ASSERT_EQ(done->type, ChildMessage::done) << as_text(done->body);
  check_film(second, *done, 6);
}

TEST_F(ComposerWorker, StopEndsAFilmWhoseJournalHasNoEnd) {
  auto journal = feeder(6000);
  ASSERT_TRUE(journal->feed_until(3'000'000).has_value());
  Worker worker;
  worker.send(ChildMessage::compose, order_text());
  worker.send(ChildMessage::stop, "");
  auto done = worker.wait_for(ChildMessage::done);
  ASSERT_TRUE(done);
  ASSERT_EQ(done->type, ChildMessage::done) << as_text(done->body);
  EXPECT_FALSE(done->fields.at("complete").as_bool());
  check_film(worker, *done, 3);
}

TEST_F(ComposerWorker, BadOrdersAreRefusedInASentence) {
  for (const char* order : {"", "[]", "{", "{\"version\":1}", "{\"version\":2,\"journal\":\"/tmp\",\"key\":\"00\"}",
                            "{\"version\":\"2\",\"key\":5}"}) {
    Worker worker;
    worker.send(ChildMessage::compose, order);
    auto answer = worker.wait_for(ChildMessage::ready);
    ASSERT_TRUE(answer) << order;
    EXPECT_EQ(answer->type, ChildMessage::failed) << order;
    EXPECT_FALSE(answer->fields.at("message").as_string().empty());
    EXPECT_EQ(worker.wait_exit(), 1);
  }
  Worker worker;
  worker.send(ChildMessage::stop, "");
  auto answer = worker.wait_for(ChildMessage::ready);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->type, ChildMessage::failed);
}

TEST_F(ComposerWorker, AServerThatHangsUpEndsTheWorker) {
  Worker worker;
  worker.send(ChildMessage::compose, order_text());
  ASSERT_TRUE(worker.wait_for(ChildMessage::ready));
  worker.hang_up();
  EXPECT_EQ(worker.wait_exit(), 1);
}

}  // namespace
}  // namespace upcall::test
