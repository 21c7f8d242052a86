// service::RecordingService as an owner: leases, being taken up anew, and what a store or a disk that fails for a while
// may not make of a recording. What it means among several servers: tests/simulation/recording.
#include <filesystem>
#include <fstream>

#include "service_world.hpp"

namespace upcall::test {
namespace {

using store::RecordingState;
using wire::TapStopReason;

const std::vector<std::string> kWholeLife{"recording.started", "recording.stopped", "recording.stored"};

recording::Claim claim_of(ServiceWorld& world, const std::string& meeting = "m-1") {
  const std::string id = world.the_recording(meeting).recording_id;
  return world.store->read([&](store::Database& db) { return store::recordings::claim_of(db, id); }).value_or(recording::Claim{});
}

void recording_m1(ServiceWorld& world) {
  world.meeting("m-1");
  ASSERT_TRUE(world.record("m-1").has_value());
  ASSERT_TRUE(world.reaches("m-1", RecordingState::recording));
  // Something is sealed.
  ASSERT_TRUE(eventually([&] { return world.the_recording("m-1").data.find("start_ms") != std::string::npos; }));
}

// While no server runs.
void sql_between_lives(const ServiceWorld& world, const std::string& statement) {
  auto bare = store::Store::open({std::filesystem::path(world.spool()).parent_path().string()});
  ASSERT_TRUE(bare.has_value());
  ASSERT_TRUE((*bare)->write([&](store::Database& db) { return db.script(statement); }).has_value()) << statement;
}

TEST(RecordingOwnership, AStopIsAnsweredWhenItIsWrittenAndItsKeyComesWithIt) {
  UPCALL_NEEDS_COMPOSER();
  ServiceWorld world;
  recording_m1(world);
  world.sql("create trigger refuse before update on recordings when new.state='stopping' begin select raise(abort, 'refused'); end");
  auto stopped = world.recordings->stop("m-1", TapStopReason::requested, "agent-1", "key-1");
  ASSERT_TRUE(stopped.has_value());
  EXPECT_EQ(stopped->stopped, 0) << "after a crash it would go on";
  EXPECT_EQ(stopped->not_stopped, 1);
  EXPECT_FALSE(world.the_recording("m-1").stop_key) << "who asks again would be told that it is stopped";
  world.sql("drop trigger refuse");
  ASSERT_TRUE(world.reaches("m-1", RecordingState::stored)) << "it was asked for, and is tried again";
  EXPECT_EQ(world.the_recording("m-1").stop_key, "key-1");
  stopped = world.recordings->stop("m-1", TapStopReason::requested, "agent-1", "key-1");
  ASSERT_TRUE(stopped.has_value());
  EXPECT_EQ(stopped->stopped, 1);
  EXPECT_EQ(world.events("m-1", "recording."), kWholeLife);
}

TEST(RecordingOwnership, AFailureThatCannotBeWrittenIsWrittenLater) {
  ServiceWorld world;
  world.meeting("m-1");
  world.sql("create trigger nobody before insert on attendees when new.role='recording' begin select raise(abort, 'refused'); end");
  world.sql("create trigger refuse before update on recordings when new.state='failed' begin select raise(abort, 'refused'); end");
  EXPECT_FALSE(world.record("m-1").has_value());
  world.sql("drop trigger nobody");
  world.sql("drop trigger refuse");
  ASSERT_TRUE(world.reaches("m-1", RecordingState::failed));
  EXPECT_TRUE(world.record("m-1").has_value()) << "the meeting can be recorded again";
}

TEST(RecordingOwnership, AServerThatStoodStillTakesItsRecordingUpAnew) {
  UPCALL_NEEDS_COMPOSER();
  ServiceWorld world;
  recording_m1(world);
  const recording::Claim before = claim_of(world);
  EXPECT_EQ(before.epoch, 1u);
  EXPECT_FALSE(before.owner.empty());
  world.pass(Duration::s(40));
  ASSERT_TRUE(eventually([&] { return claim_of(world).epoch == 2 && world.recordings->counters().recording == 1; }));
  EXPECT_EQ(claim_of(world).owner, before.owner);
  EXPECT_EQ(world.the_recording("m-1").state, RecordingState::recording);
  ASSERT_TRUE(world.recordings->stop("m-1", TapStopReason::requested, "agent-1").has_value());
  ASSERT_TRUE(world.reaches("m-1", RecordingState::stored));
  EXPECT_NE(world.film(world.the_recording("m-1")).find("stop reason 1"), std::string::npos) << world.film(world.the_recording("m-1"));
  EXPECT_EQ(world.events("m-1", "recording."), kWholeLife);
  EXPECT_EQ(world.silent_attendees("m-1"), 0);
}

TEST(RecordingOwnership, TheLeaseIsRenewed) {
  ServiceWorld world;
  recording_m1(world);
  // Ten seconds at a time it is renewed; over a minute nobody has lost it.
  const auto until = [&] {
    return *world.store->read([&](store::Database& db) -> Result<std::int64_t> {
      return db.one("select lease_until_ms from recordings", [](store::Row& r) { return r.i64(0); }).map([](const auto& v) { return v.value_or(0); });
    });
  };
  for (int i = 0; i < 6; ++i) {
    const std::int64_t before = until();
    world.pass(Duration::s(10));
    ASSERT_TRUE(eventually([&] { return until() > before; })) << i;
  }
  EXPECT_EQ(claim_of(world).epoch, 1u);
}

TEST(RecordingOwnership, WhatAnotherServerOwnsIsLeftAloneUntilItsLeaseIsOver) {
  UPCALL_NEEDS_COMPOSER();
  ServiceWorld world;
  recording_m1(world);
  const std::int64_t until = (world.now().wall + Duration::s(60)).unix_ms();
  world.sql("update recordings set lease_owner='another', lease_until_ms=" + std::to_string(until));
  world.pass(Duration::s(10));
  ASSERT_TRUE(eventually([&] { return world.recordings->counters().recording == 0; })) << "it writes no more";
  const auto stopped = world.recordings->stop("m-1", TapStopReason::requested, "agent-1");
  ASSERT_TRUE(stopped.has_value());
  EXPECT_EQ(stopped->not_stopped, 1);
  EXPECT_EQ(world.the_recording("m-1").state, RecordingState::recording);
  EXPECT_EQ(claim_of(world), (recording::Claim{"another", 1}));
  // A restart takes nothing from it either.
  world.stop();
  world.start();
  EXPECT_EQ(claim_of(world).owner, "another");
  world.pass(Duration::s(61));
  ASSERT_TRUE(eventually([&] { return world.recordings->counters().recording == 1; }));
  EXPECT_EQ(claim_of(world).epoch, 2u);
  ASSERT_TRUE(world.recordings->stop("m-1", TapStopReason::requested, "agent-1").has_value());
  ASSERT_TRUE(world.reaches("m-1", RecordingState::stored));
  EXPECT_EQ(world.events("m-1", "recording."), kWholeLife);
}

TEST(RecordingOwnership, OneThatIsLostCostsTheOthersNoMoreThanAGap) {
  UPCALL_NEEDS_COMPOSER();
  ServiceWorld world;
  recording_m1(world);
  world.meeting("m-2");
  ASSERT_TRUE(world.record("m-2").has_value());
  ASSERT_TRUE(world.reaches("m-2", RecordingState::recording));
  const std::int64_t until = (world.now().wall + Duration::s(60)).unix_ms();
  world.sql("update recordings set lease_owner='another', lease_until_ms=" + std::to_string(until) + " where external_meeting_id='m-1'");
  world.pass(Duration::s(10));
  ASSERT_TRUE(eventually([&] { return claim_of(world, "m-2").epoch == 2 && world.recordings->counters().recording == 1; }));
  EXPECT_EQ(claim_of(world).owner, "another");
  EXPECT_EQ(world.recordings->counters().leases_lost, 2u);
  ASSERT_TRUE(world.recordings->stop("m-2", TapStopReason::requested, "agent-1").has_value());
  ASSERT_TRUE(world.reaches("m-2", RecordingState::stored));
  EXPECT_EQ(world.events("m-2", "recording."), kWholeLife);
  EXPECT_EQ(world.the_recording("m-1").state, RecordingState::recording);
}

TEST(RecordingOwnership, ACleanEndGivesLeasesBackAndTheNextServerIsTheSameOwner) {
  ServiceWorld world;
  recording_m1(world);
  const std::string owner = claim_of(world).owner;
  EXPECT_FALSE(owner.empty());
  world.stop();
  {
    auto bare = store::Store::open({std::filesystem::path(world.spool()).parent_path().string()});
    ASSERT_TRUE(bare.has_value());
    const auto held = (*bare)->read([](store::Database& db) {
      return db.one("select count(*) from recordings where lease_owner is not null", [](store::Row& r) { return r.i64(0); });
    });
    ASSERT_TRUE(held.has_value());
    EXPECT_EQ(held->value_or(-1), 0);
  }
  world.start();
  EXPECT_EQ(claim_of(world), (recording::Claim{owner, 2}));
}

TEST(RecordingOwnership, AJournalThatCannotBeOpenedNowIsNotGivenUp) {
  UPCALL_NEEDS_COMPOSER();
  ServiceWorld world;
  recording_m1(world);
  const std::string journal = world.spool() + "/" + world.the_recording("m-1").recording_id;
  world.stop();
  std::filesystem::rename(journal, journal + "-away");
  std::ofstream(journal) << "not a directory\n";
  world.start();
  // One that is begun after it is recording: the attempt has been made.
  world.meeting("m-2");
  ASSERT_TRUE(world.record("m-2").has_value());
  ASSERT_TRUE(world.reaches("m-2", RecordingState::recording));
  EXPECT_EQ(world.recordings->counters().recording, 1u);
  EXPECT_EQ(world.the_recording("m-1").state, RecordingState::recording);
  std::filesystem::remove(journal);
  std::filesystem::rename(journal + "-away", journal);
  world.pass(Duration::s(6));
  ASSERT_TRUE(eventually([&] { return world.recordings->counters().recording == 2; }));
  ASSERT_TRUE(world.recordings->stop("m-1", TapStopReason::requested, "agent-1").has_value());
  ASSERT_TRUE(world.reaches("m-1", RecordingState::stored));
  EXPECT_EQ(world.events("m-1", "recording."), kWholeLife);
}

TEST(RecordingOwnership, ADamagedJournalKeepsItsMeetingFromNothing) {
  UPCALL_NEEDS_COMPOSER();
  ServiceWorld world;
  recording_m1(world);
  const std::string journal = world.spool() + "/" + world.the_recording("m-1").recording_id;
  world.stop();
  for (const auto& file : std::filesystem::directory_iterator(journal)) {
    if (file.is_regular_file()) std::ofstream(file.path(), std::ios::in | std::ios::out) << std::string(64, 'x');
  }
  world.start();
  ASSERT_TRUE(world.reaches("m-1", RecordingState::composing));
  EXPECT_EQ(world.events("m-1", "recording."), (std::vector<std::string>{"recording.started", "recording.stopped"}));
  EXPECT_EQ(world.silent_attendees("m-1"), 0);
  EXPECT_TRUE(world.record("m-1").has_value());
}

TEST(RecordingOwnership, AStoreThatFailsWhileItIsTakenUpFailsNoRecording) {
  ServiceWorld world;
  recording_m1(world);
  world.stop();
  sql_between_lives(world, "create trigger refuse before update on recording_keys begin select raise(abort, 'refused'); end");
  world.start();
  world.sql("drop trigger refuse");
  world.pass(Duration::s(3));
  ASSERT_TRUE(eventually([&] { return world.recordings->counters().recording == 1; }));
  EXPECT_EQ(world.the_recording("m-1").state, RecordingState::recording);
}

TEST(RecordingOwnership, NobodyIsToldThatItRecordsAfterACrashAtItsEnd) {
  UPCALL_NEEDS_COMPOSER();
  ServiceWorld world;
  world.meeting("held-1");
  ASSERT_TRUE(world.record("held-1").has_value());
  ASSERT_TRUE(world.reaches("held-1", RecordingState::recording));
  ASSERT_TRUE(world.recordings->stop("held-1", TapStopReason::requested, "agent-1").has_value());
  ASSERT_TRUE(world.reaches("held-1", RecordingState::composing));
  ASSERT_TRUE(eventually([&] { return world.silent_attendees("held-1") == 0; }));
  world.stop();
  // As it was between the journal's end and the roster.
  sql_between_lives(world, "update attendees set removed_ms=null where role='recording'");
  world.start();
  EXPECT_TRUE(eventually([&] { return world.silent_attendees("held-1") == 0; }));
}

}  // namespace
}  // namespace upcall::test
