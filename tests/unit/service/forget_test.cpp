// service::RecordingService forgets: who may, what the row, the audit and the outbox say, and what a server that died in
// the middle leaves.
#include <filesystem>

#include <boost/json.hpp>

#include "io/journal/journal_files.hpp"
#include "io/store/parameter_repository.hpp"
#include "json/json.hpp"
#include "service_world.hpp"

namespace upcall::test {
namespace {

namespace bj = boost::json;
using store::RecordingState;
using wire::TapStopReason;

class Forget : public ::testing::Test {
 protected:
  void set(const char* name, const char* value) {
    ASSERT_TRUE(world.store->write([&](store::Database& db) { return store::parameters::set(db, name, value); }).has_value());
  }
  void record(const char* seconds) {
    set("recordingPauseAllowed", "true");
    set("recordingForgetSeconds", seconds);
    world.meeting("m-1");
    ASSERT_TRUE(world.record("m-1").has_value());
    ASSERT_TRUE(world.reaches("m-1", RecordingState::recording));
    go_on(Duration::s(8));
  }
  // Time that is sealed, in windows.
  void go_on(Duration span) {
    for (Duration passed; passed < span; passed = passed + Duration::ms(300)) {
      const auto before = journal_us();
      world.pass(Duration::ms(300));
      ASSERT_TRUE(eventually([&] { return journal_us() >= before + 250'000; }));
    }
  }
  std::uint64_t journal_us() {
    const auto recovered = journal::recover_journal(directory(), key());
    return recovered ? recovered->position.until_us : 0;
  }
  std::string directory() { return world.spool() + "/" + world.the_recording("m-1").recording_id; }
  ByteVector key() {
    const std::string id = world.the_recording("m-1").recording_id;
    auto wrapped = world.store->read([&](store::Database& db) { return store::recordings::wrapped_key(db, id); });
    return world.sealer->unseal("recording_keys/" + id, **wrapped).value();
  }
  // Of the keys that are left in the key file.
  int keys_left() {
    journal::WindowKeyReader places(directory());
    journal::WindowSecrets secrets(key());
    ByteVector opened(journal::kKeySize);
    int out = 0;
    for (std::uint32_t n = 1; n < 100; ++n) {
      journal::WindowPlace place{};
      const std::size_t size = places.read(n, place);
      out += secrets.open(n, Bytes(place).first(size), opened) == journal::WindowState::key;
    }
    return out;
  }
  bj::array forgotten() {
    const auto facts = json::parse_object(world.the_recording("m-1").data);
    const bj::array* spans = facts ? json::array_at(*facts, "forgotten") : nullptr;
    return spans ? *spans : bj::array{};
  }
  ErrorCode refused(std::int64_t seconds) {
    const auto answer = world.recordings->forget("m-1", seconds, "agent-1");
    return answer ? ErrorCode::internal : answer.error().code;
  }
  std::vector<std::string> audit() {
    std::vector<std::string> out;
    const auto entries = world.store->read([&](store::Database& db) { return store::audit::of_target(db, world_id_); });
    if (entries) {
      for (const auto& e : *entries) out.push_back(e.action + " by " + e.actor);
    }
    return out;
  }
  void know_id() { world_id_ = world.the_recording("m-1").recording_id; }

  ServiceWorld world;
  std::string world_id_;
};

TEST_F(Forget, TellsTheRowTheAuditAndTheOutbox) {
  UPCALL_NEEDS_COMPOSER();
  record("60");
  know_id();
  const int before = keys_left();
  const Now asked = world.now();
  const auto answer = world.recordings->forget("m-1", 5, "agent-1");
  ASSERT_TRUE(answer.has_value()) << answer.error().message;
  EXPECT_EQ(answer->recording_id, world_id_);
  EXPECT_LE((answer->from - (asked.wall - Duration::s(5))).ms(), 50);
  EXPECT_GE((answer->until - asked.wall).ms(), -50);
  EXPECT_LT(keys_left(), before);
  const auto spans = forgotten();
  ASSERT_EQ(spans.size(), 1u);
  const bj::object& span = spans[0].as_object();
  EXPECT_EQ(json::integer_at(span, "from_unix_ms"), answer->from.unix_ms());
  EXPECT_EQ(json::integer_at(span, "until_unix_ms"), answer->until.unix_ms());
  EXPECT_EQ(json::text_or(span, "by"), "agent-1");
  EXPECT_FALSE(span.contains("pending"));
  EXPECT_EQ(world.events("m-1", "recording."), (std::vector<std::string>{"recording.started", "recording.forgotten"}));
  EXPECT_EQ(audit(), (std::vector<std::string>{"recording.started by agent-1", "recording.forgotten by agent-1"}));
  // It goes on, is forgotten again, outlives the server, and ends well.
  go_on(Duration::s(3));
  EXPECT_TRUE(world.recordings->forget("m-1", 1, "agent-1").has_value());
  world.stop();
  world.start();
  EXPECT_EQ(forgotten().size(), 2u);
  ASSERT_TRUE(world.recordings->stop("m-1", TapStopReason::requested, "agent-1").has_value());
  ASSERT_TRUE(world.reaches("m-1", RecordingState::stored));
  EXPECT_EQ(forgotten().size(), 2u);
  EXPECT_EQ(world.events("m-1", "recording."),
            (std::vector<std::string>{"recording.started", "recording.forgotten", "recording.forgotten", "recording.stopped", "recording.stored"}));
}

TEST_F(Forget, WorksWhileItPauses) {
  UPCALL_NEEDS_COMPOSER();
  record("10");
  ASSERT_TRUE(world.recordings->pause("m-1", Duration::s(300), "agent-1").has_value());
  EXPECT_TRUE(world.recordings->forget("m-1", 10, "agent-1").has_value());
  EXPECT_TRUE(world.recordings->go_on("m-1", "agent-1").has_value()) << "and it still did";
}

TEST_F(Forget, IsRefusedWithAReason) {
  UPCALL_NEEDS_COMPOSER();
  EXPECT_EQ(refused(5), ErrorCode::conflict) << "nothing is recorded";
  record("10");
  EXPECT_EQ(refused(0), ErrorCode::invalid_argument);
  EXPECT_EQ(refused(-1), ErrorCode::invalid_argument);
  EXPECT_EQ(refused(11), ErrorCode::invalid_argument);
  EXPECT_NE(world.recordings->forget("m-1", 11, "agent-1").error().message.find("1 to 10"), std::string::npos);
  set("recordingForgetSeconds", "300");
  EXPECT_EQ(refused(11), ErrorCode::invalid_argument) << "its composer follows by what was said when it began";
  EXPECT_TRUE(forgotten().empty());
  ASSERT_TRUE(world.recordings->stop("m-1", TapStopReason::requested, "agent-1").has_value());
  EXPECT_EQ(refused(5), ErrorCode::conflict);
  ASSERT_TRUE(world.reaches("m-1", RecordingState::stored));
  EXPECT_EQ(world.events("m-1", "recording.forgotten").size(), 0u);
}

TEST_F(Forget, IsForbiddenWhereNothingWasSaidOfIt) {
  UPCALL_NEEDS_COMPOSER();
  set("recordingForgetSeconds", "10");   // without pausing it means nothing
  world.meeting("m-1");
  ASSERT_TRUE(world.record("m-1").has_value());
  ASSERT_TRUE(world.reaches("m-1", RecordingState::recording));
  EXPECT_EQ(refused(5), ErrorCode::forbidden);
  EXPECT_FALSE(std::filesystem::exists(directory() + "/" + journal::kWindowFileName)) << "and costs nothing";
}

TEST_F(Forget, WhatCannotBeNotedIsNotDone) {
  UPCALL_NEEDS_COMPOSER();
  record("60");
  const int before = keys_left();
  world.sql("alter table audit rename to audit_gone");
  EXPECT_FALSE(world.recordings->forget("m-1", 5, "agent-1").has_value());
  world.sql("alter table audit_gone rename to audit");
  EXPECT_GE(keys_left(), before);
  EXPECT_TRUE(forgotten().empty());
  EXPECT_TRUE(world.recordings->forget("m-1", 5, "agent-1").has_value());
}

// The server died when the row was written and no key was overwritten yet.
TEST_F(Forget, ARestartDoesWhatWasAskedFor) {
  UPCALL_NEEDS_COMPOSER();
  record("60");
  know_id();
  const std::int64_t until_ms = world.now().wall.unix_ms();
  const auto from_us = static_cast<std::int64_t>(journal_us()) - 5'000'000;
  const int before = keys_left();
  world.stop();
  {
    auto bare = store::Store::open({std::filesystem::path(world.spool()).parent_path().string()});
    ASSERT_TRUE(bare.has_value());
    const auto done = (*bare)->write([&](store::Database& db) -> Result<bool> {
      auto row = store::recordings::find(db, world_id_);
      bj::object facts = json::parse_object((*row)->data).value();
      facts["forgotten"] = bj::array{bj::object{{"from_unix_ms", until_ms - 5000}, {"until_unix_ms", until_ms}, {"by", "agent-1"}, {"pending", true}, {"from_us", from_us}}};
      (*row)->data = bj::serialize(facts);
      return store::recordings::update(db, **row, (*row)->state);
    });
    ASSERT_TRUE(done && *done);
  }
  world.start();
  ASSERT_TRUE(eventually([&] { return world.events("m-1", "recording.forgotten").size() == 1; }));
  EXPECT_LE(keys_left(), before - 3);
  ASSERT_EQ(forgotten().size(), 1u);
  EXPECT_FALSE(forgotten()[0].as_object().contains("pending"));
  EXPECT_LE(*json::integer_at(forgotten()[0].as_object(), "from_unix_ms"), until_ms - 4900);
  world.stop();
  world.start();
  ASSERT_TRUE(world.recordings->stop("m-1", TapStopReason::requested, "agent-1").has_value());
  ASSERT_TRUE(world.reaches("m-1", RecordingState::stored));
  EXPECT_EQ(world.events("m-1", "recording.forgotten").size(), 1u) << "once";
}

}  // namespace
}  // namespace upcall::test
