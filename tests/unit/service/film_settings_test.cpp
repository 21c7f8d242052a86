// service::film_settings: what the parameters say when a recording starts is what its film is made by.
#include "io/store/parameter_repository.hpp"
#include "service/recording/film_settings.hpp"
#include "service_world.hpp"

namespace upcall::test {
namespace {

using service::FilmSettings;

TEST(FilmSettings, AreKeptWithTheRecording) {
  ServiceWorld world;
  const auto set = [&](const char* name, const char* value) {
    ASSERT_TRUE(world.store->write([&](store::Database& db) { return store::parameters::set(db, name, value); }).has_value());
  };
  set("recordingScreenWidth", "720");
  set("recordingScreenHeight", "1280");
  set("recordingScreenFrameRate", "25");
  set("recordingLayout", "speaker");
  set("recordingConstantRate", "true");
  world.meeting("m-1");
  ASSERT_TRUE(world.record("m-1").has_value());
  set("recordingScreenWidth", "1280");
  const FilmSettings expected{720, 1280, 25, "speaker", true};
  EXPECT_EQ(service::settings_in(world.the_recording("m-1").data), expected);
  // Facts that come later leave them alone.
  ASSERT_TRUE(world.reaches("m-1", store::RecordingState::recording));
  world.stop();
  world.start();
  EXPECT_EQ(service::settings_in(world.the_recording("m-1").data), expected);
}

TEST(FilmSettings, WhatMakesNoFilmIsTheDefault) {
  EXPECT_EQ(service::settings_in("{}"), FilmSettings{});
  EXPECT_EQ(service::settings_in("no json"), FilmSettings{});
  EXPECT_EQ(service::settings_in(R"({"film":{"width":641}})"), FilmSettings{});
  EXPECT_EQ(service::settings_in(R"({"film":{"width":640,"height":360,"fps":0}})"), FilmSettings{});
  EXPECT_EQ(service::settings_in(R"({"film":{"layout":"round"}})"), FilmSettings{});
  const FilmSettings some{640, 360, 15, "grid", false};
  EXPECT_EQ(service::settings_in(service::with_settings(R"({"start_ms":12})", some)), some);
  EXPECT_NE(service::with_settings(R"({"start_ms":12})", some).find("\"start_ms\":12"), std::string::npos);
  ServiceWorld world;
  ASSERT_TRUE(world.store->write([](store::Database& db) { return store::parameters::set(db, "recordingScreenFrameRate", "900"); }).has_value());
  EXPECT_EQ(world.store->read(service::film_settings).value(), FilmSettings{});
}

}  // namespace
}  // namespace upcall::test
