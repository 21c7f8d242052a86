// What the recording service makes of the check of a stored film. The check is this program itself (fake_composer.hpp).
#include <filesystem>
#include <fstream>

#include "json/json.hpp"
#include "service_world.hpp"

namespace upcall::test {
namespace {

using store::RecordingState;
using wire::TapStopReason;

// Records a meeting of this name until its local data is gone.
store::Recording stored_and_checked(ServiceWorld& world, const std::string& meeting) {
  world.meeting(meeting);
  EXPECT_TRUE(world.record(meeting).has_value());
  EXPECT_TRUE(world.reaches(meeting, RecordingState::recording));
  EXPECT_TRUE(world.recordings->stop(meeting, TapStopReason::requested, "agent-1").has_value());
  EXPECT_TRUE(world.reaches(meeting, RecordingState::stored));
  const std::string id = world.the_recording(meeting).recording_id;
  EXPECT_TRUE(eventually([&] { return !std::filesystem::exists(world.spool() + "/" + id); }));
  EXPECT_TRUE(eventually([&] { return world.the_recording(meeting).data.find("\"health\"") != std::string::npos; }));
  return world.the_recording(meeting);
}

boost::json::object health_of(const store::Recording& row) {
  const auto facts = json::parse_object(row.data);
  const auto* health = facts ? json::object_at(*facts, "health") : nullptr;
  return health ? *health : boost::json::object{};
}

TEST(FilmCheck, AGoodFilmIsNotedAndNobodyIsTold) {
  UPCALL_NEEDS_COMPOSER();
  ServiceWorld world;
  const auto row = stored_and_checked(world, "well");
  const auto health = health_of(row);
  ASSERT_NE(json::array_at(health, "findings"), nullptr);
  EXPECT_TRUE(json::array_at(health, "findings")->empty());
  EXPECT_EQ(world.events("well", "recording.unhealthy"), std::vector<std::string>{});
  EXPECT_EQ(world.recordings->health().checked, 1u);
}

TEST(FilmCheck, AFilmThatIsUnwellIsSaidInFactsEventAndMetrics) {
  UPCALL_NEEDS_COMPOSER();
  ServiceWorld world;
  const auto row = stored_and_checked(world, "unwell-1");
  EXPECT_EQ(row.state, RecordingState::stored);
  const auto health = health_of(row);
  const auto* findings = json::array_at(health, "findings");
  ASSERT_TRUE(findings && findings->size() == 2);
  EXPECT_EQ(json::text_or(findings->at(0).as_object(), "kind"), "frozen");
  EXPECT_EQ(json::integer_at(findings->at(0).as_object(), "atMs"), 700);
  EXPECT_EQ(world.events("unwell-1", "recording."),
            (std::vector<std::string>{"recording.started", "recording.stopped", "recording.stored", "recording.unhealthy"}));
  const auto counters = world.recordings->health();
  EXPECT_EQ(counters.alarms[static_cast<std::size_t>(recording::HealthKind::frozen)], 1u);
  EXPECT_EQ(counters.alarms[static_cast<std::size_t>(recording::HealthKind::gap)], 0u) << "a warning is no alarm";
}

TEST(FilmCheck, ACheckThatDiesOrLiesKeepsNoRecordingFromItsEnd) {
  UPCALL_NEEDS_COMPOSER();
  ServiceWorld world;
  for (const std::string meeting : {"check-dies", "check-lies"}) {
    const auto row = stored_and_checked(world, meeting);
    EXPECT_EQ(row.state, RecordingState::stored);
    EXPECT_NE(json::text_or(health_of(row), "error"), "") << row.data;
    EXPECT_EQ(world.events(meeting, "recording.unhealthy"), std::vector<std::string>{});
  }
  EXPECT_EQ(world.recordings->health().failed, 2u);
}

TEST(FilmCheck, WhatAServerHadNotCheckedWhenItEndedIsCheckedByTheNext) {
  UPCALL_NEEDS_COMPOSER();
  ServiceWorld world;
  // Its film as a server leaves it that was killed as soon as the row said stored.
  world.meeting("unwell-held");
  ASSERT_TRUE(world.record("unwell-held").has_value());
  ASSERT_TRUE(world.reaches("unwell-held", RecordingState::recording));
  world.break_objects();
  ASSERT_TRUE(world.recordings->stop("unwell-held", TapStopReason::requested, "agent-1").has_value());
  const std::string id = world.the_recording("unwell-held").recording_id, local = world.spool() + "/" + id, kept = world.spool() + "-kept";
  ASSERT_TRUE(eventually([&] { return film_spool::FilmSpool::looks_complete(local + "/" + film_spool::kFileName); }));
  std::filesystem::copy(local, kept, std::filesystem::copy_options::recursive);
  world.mend_objects();
  ASSERT_TRUE(world.reaches("unwell-held", RecordingState::stored));
  ASSERT_TRUE(eventually([&] { return !std::filesystem::exists(local); }));
  world.sql("UPDATE recordings SET data = '{}'");
  world.stop();
  std::filesystem::rename(kept, local);
  const std::string empty = world.spool() + "/somebody-elses";
  std::filesystem::create_directories(empty);
  world.start();
  EXPECT_TRUE(eventually([&] { return !std::filesystem::exists(local); }));
  EXPECT_TRUE(eventually([&] { return world.the_recording("unwell-held").data.find("\"frozen\"") != std::string::npos; }));
  EXPECT_TRUE(std::filesystem::exists(empty)) << "no recording's";
}

TEST(FilmCheck, AnswersAreReadWithCare) {
  const auto good = service::parse_film_health(R"({"findings":[{"kind":"av_offset","severity":"alarm","value":-200,"at_ms":4}],"more":1})");
  ASSERT_TRUE(good);
  EXPECT_TRUE(good->alarm());
  EXPECT_EQ(good->findings[0].value, -200);
  for (const char* bad : {"", "[]", "{}", R"({"findings":7})", R"({"findings":[7]})", R"({"findings":[{}]})",
                          R"({"findings":[{"kind":"black","severity":"huge","value":1,"at_ms":0}]})",
                          R"({"findings":[{"kind":"black","severity":"alarm","value":"1","at_ms":0}]})",
                          R"({"findings":[{"kind":"black","severity":"alarm","value":1}]})"}) {
    EXPECT_FALSE(service::parse_film_health(bad)) << bad;
  }
}

}  // namespace
}  // namespace upcall::test
