// The composer as the server runs it: a child over an inherited descriptor, following a journal that grows, killed in
// the middle, started again.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>
#include <thread>

#include <boost/json.hpp>

#include "crypto/hash.hpp"
#include "crypto/random.hpp"
#include "film_judge.hpp"
#include "synthetic_call.hpp"
#include "wire/child_control.hpp"

namespace upcall::test {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using wire::ChildMessage;

struct Message {
  ChildMessage type = ChildMessage::failed;
  ByteVector body;
  json::object fields;
};

class Worker {
 public:
  Worker() {
    int pair[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::dup2(pair[1], 3);
      ::execl(UPCALL_BIN_DIR "/upcall-recorder", "upcall-recorder", "worker", "--control-fd", "3", nullptr);
      ::_exit(127);
    }
    ::close(pair[1]);
    fd_ = pair[0];
  }
  ~Worker() {
    if (fd_ >= 0) ::close(fd_);
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
    }
  }
  void send(ChildMessage type, const std::string& body) {
    std::uint8_t head[5];
    wire::encode_child_head(type, body.size(), head);
    ASSERT_EQ(::send(fd_, head, sizeof head, MSG_NOSIGNAL), 5);
    if (!body.empty()) {
      ASSERT_EQ(::send(fd_, body.data(), body.size(), MSG_NOSIGNAL), static_cast<ssize_t>(body.size()));
    }
  }
  // The next message; nothing when the worker closed, or after half a minute.
  std::optional<Message> receive() {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (std::chrono::steady_clock::now() < deadline) {
      auto frame = splitter_.next();
      if (!frame) return std::nullopt;
      if (*frame) {
        Message m{(*frame)->type, ByteVector((*frame)->body.begin(), (*frame)->body.end()), {}};
        if (m.type != ChildMessage::part) m.fields = json::parse(as_text(m.body)).as_object();
        return m;
      }
      pollfd p{fd_, POLLIN, 0};
      if (::poll(&p, 1, 1000) <= 0) continue;
      const MutBytes room = splitter_.room();
      const ssize_t n = ::read(fd_, room.data(), room.size());
      if (n <= 0) return std::nullopt;
      splitter_.added(static_cast<std::size_t>(n));
    }
    return std::nullopt;
  }
  // Until a message of this type; parts on the way are kept.
  std::optional<Message> wait_for(ChildMessage type) {
    while (auto m = receive()) {
      if (m->type == ChildMessage::part) {
        Reader in(m->body);
        const std::uint32_t number = in.u32();
        order.push_back(number);
        const Bytes rest = in.rest();
        parts[number].assign(rest.begin(), rest.end());
      }
      if (m->type == type) return m;
      if (m->type == ChildMessage::failed) return m;
    }
    return std::nullopt;
  }
  void kill() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }
  void hang_up() {
    ::close(fd_);
    fd_ = -1;
  }
  int wait_exit() {
    int status = 0;
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (::waitpid(pid_, &status, WNOHANG) == 0) {
      if (std::chrono::steady_clock::now() > deadline) return -1;
      std::this_thread::yield();
    }
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  int priority() const { return ::getpriority(PRIO_PROCESS, static_cast<id_t>(pid_)); }
  std::string command_line() const {
    std::ifstream in("/proc/" + std::to_string(pid_) + "/cmdline");
    return {std::istreambuf_iterator<char>(in), {}};
  }

  std::map<std::uint32_t, ByteVector> parts;
  std::vector<std::uint32_t> order;

 private:
  pid_t pid_ = -1;
  int fd_ = -1;
  wire::ChildFrameSplitter splitter_;
};

class ComposerWorker : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "upcall-worker-XXXXXX").string();
    folder = ::mkdtemp(pattern.data());
    crypto::SystemRandom random;
    run_number = random.u64();
    key.resize(32);
    random.fill(key);
  }
  void TearDown() override { fs::remove_all(folder); }

  static std::string bytes_of(const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  std::string order_text() const {
    return json::serialize(json::object{{"version", 1}, {"journal", folder + "/journal"}, {"key", to_hex(key)},
                                        {"width", 640}, {"height", 360}, {"fps", 30}, {"title", ""}, {"live", true},
                                        {"preset", "ultrafast"}});
  }
  std::unique_ptr<JournalFeeder> feeder(std::uint32_t ms) {
    auto call = scenario("tiny", run_number, ms);
    auto records = make_call(*call);
    return std::make_unique<JournalFeeder>(std::move(*records), folder + "/journal", key, 1000);
  }
  void check_film(const Worker& worker, const Message& done, double seconds) {
    ASSERT_EQ(worker.order.back(), 1u) << "the first part comes last";
    std::ofstream out(folder + "/film.mp4", std::ios::binary);
    crypto::Sha256 all;
    std::uint64_t bytes = 0;
    for (const auto& [number, part] : worker.parts) {
      out.write(reinterpret_cast<const char*>(part.data()), static_cast<std::streamsize>(part.size()));
      all.update(crypto::sha256(part));
      bytes += part.size();
    }
    out.close();
    EXPECT_EQ(done.fields.at("bytes").to_number<std::uint64_t>(), bytes);
    EXPECT_EQ(done.fields.at("sha256").as_string(), to_hex(all.finish()));
    EXPECT_GT(done.fields.at("cpu_core_seconds").to_number<double>(), 0);
    Film film;
    ASSERT_TRUE(film.load(folder + "/film.mp4", {{0, 90, 320}, {320, 90, 320}}));
    EXPECT_NEAR(film.duration_s, seconds, 0.15);
    EXPECT_TRUE(film.index_first);
    for (const auto& list : film.readings) {
      // Two cameras of 10 fps out of step.
      ASSERT_GT(list.size(), static_cast<std::size_t>(seconds * 15));
      for (const auto& f : list) ASSERT_EQ(f.run, run_number);
      EXPECT_LT(list.front().time_s, 0.6);
      EXPECT_GT(list.back().time_s, seconds - 0.6);
    }
  }

  std::string folder;
  std::uint64_t run_number = 0;
  ByteVector key;
};

TEST_F(ComposerWorker, FollowsAGrowingJournalToItsEnd) {
  Worker worker;
  worker.send(ChildMessage::compose, order_text());   // before the journal exists
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
                              "/again.mp4 --width 640 --height 360 --preset ultrafast --crf 26 > /dev/null";
  ASSERT_EQ(std::system(command.c_str()), 0);
  EXPECT_EQ(bytes_of(folder + "/film.mp4"), bytes_of(folder + "/again.mp4"));
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
  for (const char* order : {"", "[]", "{", "{\"version\":2}", "{\"version\":1,\"journal\":\"/tmp\",\"key\":\"00\"}",
                            "{\"version\":\"1\",\"key\":5}"}) {
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
