// service::RecordingService: the life of a recording, its edges, and what a restart or a broken store leaves of it.
#include <filesystem>
#include <future>

#include "base/wall_text.hpp"
#include "service_world.hpp"

namespace upcall::test {
namespace {

using store::RecordingState;
using wire::TapStopReason;

const std::vector<std::string> kWholeLife{"recording.started", "recording.stopped", "recording.stored"};

ErrorCode code_of(const auto& result) { return result ? ErrorCode::internal : result.error().code; }

// acceptance: 52
TEST(Recording, ManyStartsMakeOneRecording) {
  UPCALL_NEEDS_COMPOSER();
  ServiceWorld world;
  world.meeting("m-1");
  std::vector<std::future<Result<store::Recording>>> starts;
  for (int i = 0; i < 8; ++i) starts.push_back(std::async(std::launch::async, [&] { return world.record("m-1"); }));
  int started = 0;
  for (auto& s : starts) {
    const auto result = s.get();
    started += result.has_value();
    if (!result) {
      EXPECT_EQ(result.error().code, ErrorCode::conflict) << result.error().message;
    }
  }
  EXPECT_EQ(started, 1);
  EXPECT_TRUE(world.reaches("m-1", RecordingState::recording));
  EXPECT_EQ(world.silent_attendees("m-1"), 1);
  EXPECT_EQ(code_of(world.record("m-1")), ErrorCode::conflict);
  const auto stopped = world.recordings->stop("m-1", TapStopReason::requested, "agent-1");
  ASSERT_TRUE(stopped.has_value());
  EXPECT_EQ(stopped->stopped, 1);
  ASSERT_TRUE(world.reaches("m-1", RecordingState::stored));
  const auto row = world.the_recording("m-1");
  EXPECT_TRUE(row.started && row.stopped && row.stored);
  EXPECT_EQ(row.duration_ms, 1234);
  EXPECT_EQ(row.reason, "");
  EXPECT_NE(world.film(row).find("stop reason 1"), std::string::npos) << world.film(row);
  EXPECT_EQ(row.size_bytes, static_cast<std::int64_t>(world.film(row).size()));
  EXPECT_EQ(world.silent_attendees("m-1"), 0);
  EXPECT_EQ(world.events("m-1", "recording."), kWholeLife);
  EXPECT_TRUE(eventually([&] { return !std::filesystem::exists(world.spool() + "/" + row.recording_id); })) << "the journal goes when the film is stored";
  // After its end the meeting may be recorded again.
  EXPECT_TRUE(world.record("m-1").has_value());
}

// acceptance: 55
TEST(Recording, TheFilmsNameSaysWhenAndOfWhat) {
  UPCALL_NEEDS_COMPOSER();
  ServiceWorld world;
  world.meeting("m-1_x");
  ASSERT_TRUE(world.record("m-1_x").has_value());
  const auto row = world.the_recording("m-1_x");
  const CivilTime t = to_civil_utc(row.requested);
  char expected[200];
  std::snprintf(expected, sizeof expected, "RECORDINGS/%04d/%02d/%02d/%02d/m-1_x-%s-%04d%02d%02dT%02d%02d%02dZ.mp4", t.year, t.month, t.day, t.hour,
                row.recording_id.c_str(), t.year, t.month, t.day, t.hour, t.minute, t.second);
  EXPECT_EQ(row.object_key, expected);
}

TEST(Recording, AStopWhileItIsStartingCounts) {
  UPCALL_NEEDS_COMPOSER();
  ServiceWorld world;
  world.meeting("m-1");
  const auto gate = std::make_shared<Gate>();
  world.hold_control_thread(gate);
  // Neither the roster nor the tap can go on now.
  auto starting = std::async(std::launch::async, [&] { return world.record("m-1"); });
  ASSERT_TRUE(world.reaches("m-1", RecordingState::starting));
  const auto stopped = world.recordings->stop("m-1", TapStopReason::requested, "agent-1");
  ASSERT_TRUE(stopped.has_value()) << stopped.error().message;
  EXPECT_EQ(stopped->stopped, 1);
  EXPECT_EQ(world.the_recording("m-1").state, RecordingState::stopping);
  EXPECT_EQ(code_of(world.recordings->stop("m-1", TapStopReason::requested, "agent-1")), ErrorCode::conflict);
  gate->open();
  EXPECT_TRUE(starting.get().has_value());
  ASSERT_TRUE(world.reaches("m-1", RecordingState::stored));
  EXPECT_EQ(world.silent_attendees("m-1"), 0);
  EXPECT_EQ(world.events("m-1", "recording."), (std::vector<std::string>{"recording.stopped", "recording.stored"})) << "it never recorded";
}

TEST(Recording, StartsAndStopsOfNothingAreConflicts) {
  UPCALL_NEEDS_COMPOSER();
  ServiceWorld world;
  EXPECT_EQ(code_of(world.recordings->stop("no-such", TapStopReason::requested, "agent-1")), ErrorCode::conflict);
  EXPECT_EQ(code_of(world.record("no-such")), ErrorCode::not_found);
  const auto join = world.meeting("m-1");
  EXPECT_EQ(code_of(world.recordings->stop("m-1", TapStopReason::requested, "agent-1")), ErrorCode::conflict);
  ASSERT_TRUE(world.record("m-1").has_value());
  ASSERT_TRUE(world.recordings->stop("m-1", TapStopReason::requested, "agent-1").has_value());
  EXPECT_EQ(code_of(world.recordings->stop("m-1", TapStopReason::requested, "agent-1")), ErrorCode::conflict);
  ASSERT_TRUE(world.reaches("m-1", RecordingState::stored));
  EXPECT_EQ(code_of(world.recordings->stop("m-1", TapStopReason::requested, "agent-1")), ErrorCode::conflict);
  ASSERT_TRUE(world.directory->end(join.meeting).has_value());
  EXPECT_EQ(code_of(world.record("m-1")), ErrorCode::conflict);
  EXPECT_EQ(world.recordings->of_meeting("m-1")->size(), 1u);
}

std::vector<std::string> audit_of(ServiceWorld& world, const std::string& meeting) {
  const std::string id = world.the_recording(meeting).recording_id;
  std::vector<std::string> out;
  const auto entries = world.store->read([&](store::Database& db) { return store::audit::of_target(db, id); });
  if (!entries) return out;
  for (const auto& e : *entries) out.push_back(e.action + " by " + e.actor + (e.detail.empty() ? "" : " (" + e.detail + ")"));
  return out;
}

TEST(Recording, WhoStartsAndStopsItIsInTheAudit) {
  UPCALL_NEEDS_COMPOSER();
  ServiceWorld world;
  using Lines = std::vector<std::string>;
  world.meeting("m-1");
  ASSERT_TRUE(world.record("m-1").has_value());
  ASSERT_TRUE(world.reaches("m-1", RecordingState::recording));
  EXPECT_FALSE(world.record("m-1").has_value());
  EXPECT_EQ(audit_of(world, "m-1"), (Lines{"recording.started by agent-1 (m-1)"})) << "what was refused was not started";
  ASSERT_TRUE(world.recordings->stop("m-1", TapStopReason::requested, "agent-2", "key").has_value());
  ASSERT_TRUE(world.recordings->stop("m-1", TapStopReason::requested, "agent-2", "key").has_value());
  EXPECT_EQ(audit_of(world, "m-1"), (Lines{"recording.started by agent-1 (m-1)", "recording.stopped by agent-2 (requested)"}));
  // By nobody in person: its meeting ends, also while no server is there.
  const auto ends = world.meeting("m-2");
  ASSERT_TRUE(world.record("m-2").has_value());
  ASSERT_TRUE(world.reaches("m-2", RecordingState::recording));
  ASSERT_TRUE(world.directory->end(ends.meeting).has_value());
  world.deliver_ends();
  ASSERT_TRUE(world.reaches("m-2", RecordingState::stored));
  EXPECT_EQ(audit_of(world, "m-2"), (Lines{"recording.started by agent-1 (m-2)", "recording.stopped by system (the meeting ended)"}));
  const auto meanwhile = world.meeting("m-3");
  ASSERT_TRUE(world.record("m-3").has_value());
  ASSERT_TRUE(world.reaches("m-3", RecordingState::recording));
  world.stop();
  {
    auto bare = store::Store::open({std::filesystem::path(world.spool()).parent_path().string()});
    ASSERT_TRUE(bare.has_value());
    const auto done = (*bare)->write([&](store::Database& db) { return store::meetings::end(db, meanwhile.meeting.meeting_id, world.now().wall); });
    ASSERT_TRUE(done && *done);
  }
  world.start();
  ASSERT_TRUE(world.reaches("m-3", RecordingState::stored));
  EXPECT_EQ(audit_of(world, "m-3"), (Lines{"recording.started by agent-1 (m-3)", "recording.stopped by system (while no server was there)"}));
}

// acceptance: 56
TEST(Recording, TheMeetingsEndStopsIt) {
  UPCALL_NEEDS_COMPOSER();
  ServiceWorld world;
  const auto join = world.meeting("m-1");
  ASSERT_TRUE(world.record("m-1").has_value());
  ASSERT_TRUE(world.reaches("m-1", RecordingState::recording));
  ASSERT_TRUE(world.directory->end(join.meeting).has_value());
  world.deliver_ends();
  ASSERT_TRUE(world.reaches("m-1", RecordingState::stored));
  const auto row = world.the_recording("m-1");
  EXPECT_NE(world.film(row).find("stop reason 2"), std::string::npos) << world.film(row);
  EXPECT_EQ(world.events("m-1", "recording."), kWholeLife);
  // Delivered once more, as after a crash of the outbox's reader.
  EXPECT_TRUE(world.recordings->on_meeting_ended("m-1", join.meeting.meeting_id));
  EXPECT_EQ(world.the_recording("m-1").state, RecordingState::stored);
}

TEST(Recording, TheMeetingsEndAloneIsEnough) {
  UPCALL_NEEDS_COMPOSER();
  ServiceWorld world;
  const auto join = world.meeting("m-1");
  ASSERT_TRUE(world.record("m-1").has_value());
  ASSERT_TRUE(world.reaches("m-1", RecordingState::recording));
  // The outbox is late: the room's end closes the tap.
  ASSERT_TRUE(world.directory->end(join.meeting).has_value());
  ASSERT_TRUE(world.reaches("m-1", RecordingState::stored));
  EXPECT_EQ(world.events("m-1", "recording."), kWholeLife);
}

TEST(Recording, ARestartGoesOnWithIt) {
  UPCALL_NEEDS_COMPOSER();
  ServiceWorld world;
  world.meeting("m-1");
  ASSERT_TRUE(world.record("m-1").has_value());
  ASSERT_TRUE(world.reaches("m-1", RecordingState::recording));
  const std::string id = world.the_recording("m-1").recording_id;
  for (int life = 0; life < 2; ++life) {
    world.stop();
    world.start();
    EXPECT_EQ(world.the_recording("m-1").state, RecordingState::recording);
    EXPECT_EQ(world.silent_attendees("m-1"), 1);
    EXPECT_EQ(code_of(world.record("m-1")), ErrorCode::conflict) << "it is the one in progress";
    EXPECT_TRUE(eventually([&] { return world.recordings->counters().recording == 1; }));
  }
  ASSERT_TRUE(world.recordings->stop("m-1", TapStopReason::requested, "agent-1").has_value());
  ASSERT_TRUE(world.reaches("m-1", RecordingState::stored));
  EXPECT_EQ(world.the_recording("m-1").recording_id, id);
  EXPECT_EQ(world.events("m-1", "recording."), kWholeLife) << "each once over three lives";
  world.stop();
  world.start();
  EXPECT_EQ(world.the_recording("m-1").state, RecordingState::stored);
  EXPECT_TRUE(world.recordings->composer_pids().empty());
}

TEST(Recording, ARestartFinishesWhatWasStoppedOrEndedMeanwhile) {
  UPCALL_NEEDS_COMPOSER();
  ServiceWorld world;
  world.meeting("held-1");
  const auto ended = world.meeting("held-2");
  for (const char* m : {"held-1", "held-2"}) {
    ASSERT_TRUE(world.record(m).has_value());
    ASSERT_TRUE(world.reaches(m, RecordingState::recording));
  }
  // The first is composing when the server goes; the second's meeting ends while nobody is there to see it.
  ASSERT_TRUE(world.recordings->stop("held-1", TapStopReason::requested, "agent-1").has_value());
  ASSERT_TRUE(world.reaches("held-1", RecordingState::composing));
  world.stop();
  {
    auto bare = store::Store::open({std::filesystem::path(world.spool()).parent_path().string()});
    ASSERT_TRUE(bare.has_value());
    const auto done = (*bare)->write([&](store::Database& db) { return store::meetings::end(db, ended.meeting.meeting_id, world.now().wall); });
    ASSERT_TRUE(done && *done);
  }
  world.start();
  EXPECT_EQ(world.the_recording("held-1").state, RecordingState::composing);
  world.release_composers();
  for (const char* m : {"held-1", "held-2"}) {
    EXPECT_TRUE(world.reaches(m, RecordingState::stored)) << m;
    EXPECT_EQ(world.silent_attendees(m), 0) << m;
    EXPECT_EQ(world.events(m, "recording."), kWholeLife) << m;
    EXPECT_FALSE(world.film(world.the_recording(m)).empty());
  }
}

TEST(Recording, ARestartWithoutTheKeySaysSo) {
  ServiceWorld world;
  world.meeting("held-1");
  ASSERT_TRUE(world.record("held-1").has_value());
  ASSERT_TRUE(world.reaches("held-1", RecordingState::recording));
  world.sql("delete from recording_keys");
  world.stop();
  world.start();
  ASSERT_TRUE(world.reaches("held-1", RecordingState::failed));
  EXPECT_NE(world.the_recording("held-1").reason.find("key"), std::string::npos);
  EXPECT_EQ(world.events("held-1", "recording."), (std::vector<std::string>{"recording.started", "recording.failed"}));
  EXPECT_TRUE(world.record("held-1").has_value()) << "another can be started";
}

TEST(Recording, AFilmWhoseRowCannotBeWrittenIsMadeAgain) {
  UPCALL_NEEDS_COMPOSER();
  ServiceWorld world;
  world.meeting("m-1");
  ASSERT_TRUE(world.record("m-1").has_value());
  ASSERT_TRUE(world.reaches("m-1", RecordingState::recording));
  world.sql("create trigger refuse before update on recordings when new.state='stored' begin select raise(abort, 'refused'); end");
  ASSERT_TRUE(world.recordings->stop("m-1", TapStopReason::requested, "agent-1").has_value());
  ASSERT_TRUE(world.reaches("m-1", RecordingState::composing));
  const auto row = world.the_recording("m-1");
  ASSERT_TRUE(eventually([&] { return world.objects->stat(row.object_key).has_value() && world.recordings->composer_pids().empty(); }));
  EXPECT_EQ(world.the_recording("m-1").state, RecordingState::composing) << "the store's state counts";
  EXPECT_TRUE(std::filesystem::exists(world.spool() + "/" + row.recording_id)) << "the journal stays until the row says stored";
  EXPECT_EQ(world.recordings->counters().stored, 0u);
  world.sql("drop trigger refuse");
  world.pass(Duration::s(61));
  ASSERT_TRUE(world.reaches("m-1", RecordingState::stored));
  EXPECT_EQ(world.events("m-1", "recording."), kWholeLife);
  EXPECT_NE(world.film(world.the_recording("m-1")).find("stop reason 1"), std::string::npos);
}

TEST(Recording, AStateThatCannotBeWrittenIsNotBelieved) {
  UPCALL_NEEDS_COMPOSER();
  ServiceWorld world;
  world.meeting("m-1");
  world.sql("create trigger refuse before update on recordings when new.state='recording' begin select raise(abort, 'refused'); end");
  ASSERT_TRUE(world.record("m-1").has_value());
  ASSERT_TRUE(eventually([&] { return world.recordings->counters().recording == 1; })) << "capturing does not wait for the row";
  EXPECT_EQ(world.the_recording("m-1").state, RecordingState::starting);
  world.sql("drop trigger refuse");
  ASSERT_TRUE(world.recordings->stop("m-1", TapStopReason::requested, "agent-1").has_value());
  ASSERT_TRUE(world.reaches("m-1", RecordingState::stored)) << "the next changes start from what the store has";
}

TEST(Recording, AStartThatCannotBeWrittenLeavesNothing) {
  ServiceWorld world;
  world.meeting("held-1");
  world.sql("alter table recording_keys rename to keys_gone");
  const auto refused = world.record("held-1");
  ASSERT_FALSE(refused.has_value());
  EXPECT_NE(refused.error().code, ErrorCode::conflict);
  world.sql("alter table keys_gone rename to recording_keys");
  EXPECT_TRUE(world.recordings->of_meeting("held-1")->empty());
  EXPECT_EQ(world.recordings->counters().recording, 0u);
  // RECORDING cannot be written: the row that stands already ends as failed, and the next start is free.
  world.sql("create trigger refuse before insert on attendees when new.role='recording' begin select raise(abort, 'refused'); end");
  EXPECT_FALSE(world.record("held-1").has_value());
  ASSERT_TRUE(world.reaches("held-1", RecordingState::failed));
  world.sql("drop trigger refuse");
  EXPECT_TRUE(world.record("held-1").has_value());
  EXPECT_EQ(world.events("held-1", "recording.failed").size(), 1u);
}

TEST(Recording, AComposerThatFailsIsTriedAgain) {
  UPCALL_NEEDS_COMPOSER();
  ServiceWorld world;
  world.meeting("twice-1");
  ASSERT_TRUE(world.record("twice-1").has_value());
  ASSERT_TRUE(world.recordings->stop("twice-1", TapStopReason::requested, "agent-1").has_value());
  ASSERT_TRUE(world.reaches("twice-1", RecordingState::stored));
  EXPECT_NE(world.the_recording("twice-1").data.find("\"composer_attempts\":2"), std::string::npos) << world.the_recording("twice-1").data;
}

TEST(Recording, AFailedCompositionKeepsTheJournalAndSaysWhy) {
  UPCALL_NEEDS_COMPOSER();
  ServiceWorld world;
  world.meeting("broken-1");
  ASSERT_TRUE(world.record("broken-1").has_value());
  ASSERT_TRUE(world.recordings->stop("broken-1", TapStopReason::requested, "agent-1").has_value());
  ASSERT_TRUE(eventually([&] { return world.recordings->counters().failed == 1; })) << "after its attempts";
  const auto row = world.the_recording("broken-1");
  EXPECT_EQ(row.state, RecordingState::composing);
  EXPECT_EQ(row.reason, "made to fail");
  EXPECT_TRUE(std::filesystem::exists(world.spool() + "/" + row.recording_id));
  EXPECT_EQ(world.silent_attendees("broken-1"), 0) << "nobody is told that it still records";
}

TEST(Recording, AStoreThatIsDownStopsNoComposerAndAFilmIsUploadedWithoutComposingAgain) {
  UPCALL_NEEDS_COMPOSER();
  ServiceWorld world(1);
  world.break_objects();
  // One place for composers, two films that the store does not take.
  for (const char* m : {"m-1", "m-2"}) {
    world.meeting(m);
    ASSERT_TRUE(world.record(m).has_value());
    ASSERT_TRUE(world.reaches(m, RecordingState::recording));
    ASSERT_TRUE(world.recordings->stop(m, TapStopReason::requested, "agent-1").has_value());
  }
  ASSERT_TRUE(eventually([&] { return world.recordings->counters().uploads_in_trouble == 2; }));
  EXPECT_TRUE(eventually([&] { return world.recordings->counters().composing == 0; }));
  EXPECT_EQ(world.recordings->counters().failed, 0u);
  for (const char* m : {"m-1", "m-2"}) {
    const auto row = world.the_recording(m);
    EXPECT_EQ(row.state, RecordingState::composing);
    const auto film = world.recordings->film(row.recording_id);
    ASSERT_TRUE(film) << "it can be watched meanwhile";
    EXPECT_TRUE(film->progress().complete);
  }
  // A restart on the way, and the store comes back.
  world.stop();
  world.mend_objects();
  world.start();
  for (const char* m : {"m-1", "m-2"}) {
    ASSERT_TRUE(world.reaches(m, RecordingState::stored)) << m;
    const auto row = world.the_recording(m);
    EXPECT_EQ(world.composer_runs(m), 1) << "composed again";
    EXPECT_NE(world.film(row).find("stop reason 1"), std::string::npos);
    EXPECT_NE(row.data.find("\"composer_attempts\":0"), std::string::npos) << row.data;
    EXPECT_EQ(world.events(m, "recording."), kWholeLife);
    EXPECT_TRUE(eventually([&] { return !std::filesystem::exists(world.spool() + "/" + row.recording_id); }));
    EXPECT_FALSE(world.recordings->film(row.recording_id)) << "the store has it";
  }
}

TEST(Recording, AStoreThatComesBackTakesWhatWasComposedMeanwhile) {
  UPCALL_NEEDS_COMPOSER();
  ServiceWorld world;
  world.break_objects();
  world.meeting("m-1");
  ASSERT_TRUE(world.record("m-1").has_value());
  ASSERT_TRUE(world.recordings->stop("m-1", TapStopReason::requested, "agent-1").has_value());
  ASSERT_TRUE(eventually([&] { return world.recordings->counters().uploads_in_trouble == 1; }));
  world.mend_objects();
  ASSERT_TRUE(world.reaches("m-1", RecordingState::stored));
  EXPECT_EQ(world.recordings->counters().uploads_in_trouble, 0u);
  EXPECT_EQ(world.composer_runs("m-1"), 1);
}

TEST(Recording, ComposersWaitForEachOtherAndCapturingForNobody) {
  UPCALL_NEEDS_COMPOSER();
  ServiceWorld world(1);
  for (const char* m : {"held-1", "held-2"}) {
    world.meeting(m);
    ASSERT_TRUE(world.record(m).has_value());
    ASSERT_TRUE(world.reaches(m, RecordingState::recording));
  }
  // Both at once: before the first process is warm one waits and none composes.
  ASSERT_TRUE(eventually([&] {
    const auto c = world.recordings->counters();
    return c.waiting_for_composer == 1 && c.composing == 1;
  }));
  EXPECT_EQ(world.recordings->counters().recording, 2u);
  for (const char* m : {"held-1", "held-2"}) ASSERT_TRUE(world.recordings->stop(m, TapStopReason::requested, "agent-1").has_value());
  for (const char* m : {"held-1", "held-2"}) ASSERT_TRUE(world.reaches(m, RecordingState::composing));
  world.release_composers();
  for (const char* m : {"held-1", "held-2"}) EXPECT_TRUE(world.reaches(m, RecordingState::stored)) << m;
}

}  // namespace
}  // namespace upcall::test
