// The composer as a process with its control socket, the film that it makes, and a journal of a call for it: what a server
// would hold. One thread.
#pragma once

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
#include <functional>
#include <optional>
#include <thread>

#include <boost/json.hpp>

#include "compose/film_index.hpp"
#include "crypto/random.hpp"
#include "film_judge.hpp"
#include "synthetic_call.hpp"
#include "wire/child_control.hpp"
#include "wire/film_message.hpp"

namespace upcall::test {

namespace fs = std::filesystem;
namespace json = boost::json;
using wire::ChildMessage;

// A film as far as it was received.
struct FilmInHand {
  compose::FilmIndex index;
  ByteVector bytes;

  void add(const wire::FilmHeader& header) {
    ASSERT_TRUE(index.begin(header).has_value());
    bytes.assign(header.boxes.begin(), header.boxes.end());
    bytes.resize(bytes.size() + compose::kIndexReserve);
  }
  void add(const wire::FilmFragment& fragment) {
    const auto added = index.add(fragment);
    ASSERT_TRUE(added.has_value()) << added.error().message << " number " << fragment.number;
    bytes.insert(bytes.end(), fragment.boxes.begin(), fragment.boxes.end());
  }
  void write(const std::string& file) {
    if (index.fragments().empty()) return;
    const ByteVector place = index.index();
    std::copy(place.begin(), place.end(), bytes.begin() + static_cast<std::ptrdiff_t>(index.header_bytes()));
    std::ofstream(file, std::ios::binary).write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  }
};

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
        if (!m.body.empty() && m.type != ChildMessage::header && m.type != ChildMessage::fragment) m.fields = json::parse(as_text(m.body)).as_object();
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
  // The next message; what belongs to the film is added to it.
  std::optional<Message> next() {
    auto m = receive();
    if (m) {
      if (m->type == ChildMessage::header) {
        const auto header = wire::parse_film_header(m->body);
        EXPECT_TRUE(header.has_value());
        if (header) film->add(*header);
      }
      if (m->type == ChildMessage::fragment) {
        const auto fragment = wire::parse_film_fragment(m->body);
        EXPECT_TRUE(fragment.has_value());
        if (fragment) film->add(*fragment);
      }
    }
    return m;
  }
  // Until a message of this type, or `failed`.
  std::optional<Message> wait_for(ChildMessage type) {
    while (auto m = next()) {
      if (m->type == type || m->type == ChildMessage::failed) return m;
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

  std::shared_ptr<FilmInHand> film = std::make_shared<FilmInHand>();

 private:
  pid_t pid_ = -1;
  int fd_ = -1;
  wire::ChildFrameSplitter splitter_;
};

class WorkerTest : public testing::Test {
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
  // `film`: to go on with.
  std::string order_text(const FilmInHand* film = nullptr, const std::string& preset = "ultrafast", int width = 640,
                         int height = 360) const {
    json::object order{{"version", 2}, {"journal", folder + "/journal"}, {"key", to_hex(key)}, {"width", width},
                       {"height", height}, {"fps", 30}, {"title", ""}, {"live", true}, {"preset", preset}};
    if (film && !film->index.fragments().empty()) order["resume"] = to_base64(wire::encode(film->index.resume()));
    return json::serialize(order);
  }
  std::unique_ptr<JournalFeeder> feeder(std::uint32_t ms, const std::string& name = "tiny") {
    auto call = scenario(name, run_number, ms);
    auto records = make_call(*call);
    return std::make_unique<JournalFeeder>(std::move(*records), folder + "/journal", key, 1000);
  }
  void check_film(const Worker& worker, const Message& done, double seconds) {
    worker.film->write(folder + "/film.mp4");
    EXPECT_EQ(done.fields.at("fragments").to_number<std::uint64_t>(), worker.film->index.fragments().size());
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

}  // namespace upcall::test
