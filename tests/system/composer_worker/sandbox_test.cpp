// The composer confines itself before it decodes: what somebody who took over a decoder would try kills it or is refused,
// and the film comes from the journal all the same (CVE-2023-5217 and its like).
#include <linux/landlock.h>
#include <sys/syscall.h>

#include "worker_process.hpp"

namespace upcall::test {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitizer = true;   // the recorder is not confined then
#else
constexpr bool kSanitizer = false;
#endif

bool kernel_has_landlock() { return ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION) >= 1; }

// The environment of workers that are started while it lives.
class Escape {
 public:
  explicit Escape(const char* way) { ::setenv("UPCALL_RECORDER_ESCAPE", way, 1); }
  ~Escape() { ::unsetenv("UPCALL_RECORDER_ESCAPE"); }
};

class Sandbox : public WorkerTest {
 protected:
  void SetUp() override {
    if (kSanitizer) GTEST_SKIP() << "a recorder with a sanitizer is not confined";
    WorkerTest::SetUp();
  }
};

TEST_F(Sandbox, WhatADecoderDoesNotNeedKillsItAndTheNextWorkerMakesTheFilm) {
  auto journal = feeder(3000);
  ASSERT_TRUE(journal->finish().has_value());
  for (const char* way : {"socket", "program", "process", "trace", "write", "code"}) {
    SCOPED_TRACE(way);
    const Escape escape(way);
    Worker taken_over;
    taken_over.send(ChildMessage::compose, order_text());
    EXPECT_FALSE(taken_over.wait_for(ChildMessage::done)) << "no film, no excuse";
    EXPECT_EQ(taken_over.wait_exit(), 128 + SIGSYS);
  }
  Worker next;
  next.send(ChildMessage::compose, order_text());
  auto done = next.wait_for(ChildMessage::done);
  ASSERT_TRUE(done);
  ASSERT_EQ(done->type, ChildMessage::done) << as_text(done->body);
  check_film(next, *done, 3);
}

TEST_F(Sandbox, FilesOfOthersCannotBeOpened) {
  if (!kernel_has_landlock()) GTEST_SKIP() << "this kernel has no Landlock";
  auto journal = feeder(3000);
  ASSERT_TRUE(journal->finish().has_value());
  const Escape escape("open");
  Worker worker;
  worker.send(ChildMessage::compose, order_text());
  auto done = worker.wait_for(ChildMessage::done);
  ASSERT_TRUE(done) << "exit status 77: it was opened";
  ASSERT_EQ(done->type, ChildMessage::done) << as_text(done->body);
  check_film(worker, *done, 3);
}

// Other codecs, threads and files than those of the other tests, each with its own system calls.
TEST_F(Sandbox, EveryCodecAndAScreenInFullSizeAreDecodedInside) {
  auto call = scenario("share", run_number, 4000);
  ASSERT_TRUE(call.has_value());
  call->people[0].codec = rtc::VideoCodec::h264;
  call->people[1].codec = rtc::VideoCodec::vp9;
  call->people[1].codec_changes = {{2000, rtc::VideoCodec::vp8}};
  auto records = make_call(*call);
  ASSERT_TRUE(records.has_value());
  JournalFeeder journal(std::move(*records), folder + "/journal", key, 1000);
  ASSERT_TRUE(journal.finish().has_value());
  json::object order = json::parse(order_text(nullptr, "veryfast", 1280, 720)).as_object();
  order["threads"] = 4;
  Worker worker;
  worker.send(ChildMessage::compose, json::serialize(order));
  auto done = worker.wait_for(ChildMessage::done);
  ASSERT_TRUE(done) << "exit status " << worker.wait_exit();
  ASSERT_EQ(done->type, ChildMessage::done) << as_text(done->body);
  EXPECT_TRUE(done->fields.at("complete").as_bool());
}

// A unit whose own list has not these four makes every packaged composer go unconfined, with nothing but a line in a log.
TEST_F(Sandbox, TheServicesUnitLetsComposersConfineThemselves) {
  const std::string unit = bytes_of(UPCALL_TEST_DIR "/../deploy/debian/upcall-server.upcall.service");
  ASSERT_NE(unit.find("SystemCallFilter=@system-service"), std::string::npos);
  for (const char* call : {"seccomp", "landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self"}) {
    const auto line = unit.find("\nSystemCallFilter=seccomp ");
    ASSERT_NE(line, std::string::npos);
    EXPECT_NE(unit.substr(line + 1, unit.find('\n', line + 1) - line - 1).find(call), std::string::npos) << call;
  }
}

TEST_F(Sandbox, TheWorkerSaysThatItIsConfined) {
  Worker worker;
  worker.send(ChildMessage::compose, order_text());
  auto ready = worker.wait_for(ChildMessage::ready);
  ASSERT_TRUE(ready);
  EXPECT_TRUE(ready->fields.at("systemCallsConfined").as_bool());
  EXPECT_EQ(ready->fields.at("filesConfined").as_bool(), kernel_has_landlock());
}

}  // namespace
}  // namespace upcall::test
