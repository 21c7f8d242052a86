// Another process takes over in mid-call: the call and its recording go on where they are, everything else is the new one's.
#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "harness.hpp"
#include "io/clock/system_clock.hpp"

namespace upcall::story {
namespace {

void talk(World& world, Call& call, Duration at_least) {
  const std::int64_t until_ms = world.clock_ms() + at_least.ms();
  while (world.clock_ms() < until_ms) world.expect_media(call, Duration::s(20), 3);
}

// A program that a release of its own could be: `text` is a shell script.
std::string script(World& world, const std::string& name, const std::string& text) {
  const std::string path = world.data_dir() + "/" + name;
  std::ofstream(path) << "#!/bin/sh\n" << text << '\n';
  std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  return path;
}

void is_recording(World& world, const Call& call) {
  world.wait_recording(call, [](const bj::object& e) { return json::text_at(e, "status") == "recording"; }, Duration::s(20));
}

TEST(Handover, ACallAndItsRecordingGoOnAndNewOnesAreTheNewProcesss) {
  World world;
  Call call = world.begin_call();
  const auto started = world.clock_ms();
  ASSERT_EQ(world.start_recording(call), 200);
  is_recording(world, call);
  talk(world, call, Duration::s(3));
  const pid_t next = world.hand_over();
  EXPECT_NE(next, world.server_pid());
  EXPECT_TRUE(world.server_lives());
  EXPECT_EQ(world.ready_status(), 200);
  EXPECT_EQ(world.metric("upcall_draining_meetings"), 1);
  talk(world, call, Duration::s(3));
  EXPECT_EQ(world.metric("upcall_http_relayed_total"), 0) << "nobody had to come again";
  // Beside it, a call that begins after.
  Call later = world.begin_meeting();
  ASSERT_EQ(world.start_recording(later), 200);
  talk(world, later, Duration::s(2));
  EXPECT_EQ(world.metric("upcall_recordings_in_progress"), 1) << "the new process records the new call";
  // What is asked of the new process is done by the old one.
  EXPECT_EQ(world.start_recording(call), 409);
  talk(world, call, Duration::s(1));
  const auto stopped = world.clock_ms();
  ASSERT_EQ(world.stop_recording(call), 200);
  EXPECT_EQ(world.stop_recording(call), 409);
  const bj::object entry = world.wait_stored(call);
  ASSERT_EQ(world.start_recording(call), 200) << "a second one of the same call";
  is_recording(world, call);
  talk(world, call, Duration::s(1));
  ASSERT_EQ(world.end_meeting(call), 200);
  for (auto* device : {&*call.agent_device, &*call.customer_device}) {
    const auto ended = device->wait_for([](const bj::object& o) { return json::text_at(o, "event") == "ended"; }, Duration::s(10));
    ASSERT_TRUE(ended.has_value());
    EXPECT_EQ(number_at(*ended, "status"), 410);
  }
  EXPECT_EQ(world.wait_drained(Duration::s(20)), 0);
  world.until("the new process alone", Duration::s(10), [&] { return world.metric("upcall_draining_servers") == 0; });
  world.until("the second film", Duration::s(90), [&] { return json::text_at(world.recording(call), "status") == "stored"; });
  talk(world, later, Duration::s(1));
  ASSERT_EQ(world.stop_recording(later), 200);
  const bj::object film = world.film(entry);
  EXPECT_GE(number_at(film, "duration_s"), static_cast<double>(stopped - started) / 1000 - 1.5);
  EXPECT_LE(number_at(film, "longest_hold_s"), 0.5) << "no gap where the process changed";
  EXPECT_EQ(number_at(*json::object_at(entry, "facts"), "composer_restarts"), 0);
  const auto [agent, customer] = world.people_in(film);
  for (const bj::object* person : {&agent, &customer}) {
    EXPECT_LE(number_at(*person, "first_clock_ms"), static_cast<double>(started) + 1500);
    EXPECT_GE(number_at(*person, "last_clock_ms"), static_cast<double>(stopped) - 1500);
  }
  const bj::object second = world.film(world.wait_stored(later));
  world.people_in(second);
}

// UPCALL_HANDOVER_CALLS (tools/handover.sh) makes it the long one.
TEST(Handover, ManyRecordedCallsGoOnOverTwoHandovers) {
  const char* wanted = std::getenv("UPCALL_HANDOVER_CALLS");
  const int calls = wanted != nullptr ? std::atoi(wanted) : 2;
  WorldOptions small;
  small.width = 320;
  small.height = 180;
  small.kbps = 200;
  World world(small);
  world.set_parameter("recordingScreenWidth", "640");
  world.set_parameter("recordingScreenHeight", "360");
  std::vector<Call> all;
  std::vector<std::int64_t> started;
  for (int i = 0; i < calls; ++i) {
    all.push_back(world.begin_meeting());
    ASSERT_EQ(world.start_recording(all.back()), 200);
    started.push_back(world.clock_ms());
  }
  for (Call& call : all) talk(world, call, Duration::ms(500));
  const Instant before = system_now().mono;
  world.hand_over();
  const Duration first = system_now().mono - before;
  for (Call& call : all) talk(world, call, Duration::ms(500));
  // And again, while the first process still has them all.
  world.hand_over();
  EXPECT_EQ(world.metric("upcall_draining_meetings"), calls);
  for (Call& call : all) talk(world, call, Duration::ms(500));
  EXPECT_EQ(world.metric("upcall_http_relayed_total"), 0) << "nobody had to come again";
  std::vector<std::int64_t> stopped;
  for (Call& call : all) {
    stopped.push_back(world.clock_ms());
    ASSERT_EQ(world.stop_recording(call), 200);
  }
  double longest_hold_s = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const bj::object film = world.film(world.wait_stored(all[i], Duration::s(60 + 20 * calls)));
    EXPECT_GE(number_at(film, "duration_s"), static_cast<double>(stopped[i] - started[i]) / 1000 - 1.5);
    longest_hold_s = std::max(longest_hold_s, number_at(film, "longest_hold_s"));
    ASSERT_EQ(world.end_meeting(all[i]), 200);
  }
  EXPECT_LE(longest_hold_s, 0.5);
  std::printf("handover: %d calls, took over in %lld ms, longest hold in a film %.2f s\n", calls, static_cast<long long>(first.ms()), longest_hold_s);
  EXPECT_EQ(world.wait_drained(Duration::s(20)), 0);
}

TEST(Handover, WhoComesAgainIsCarriedToTheCall) {
  World world;
  Call call = world.begin_call();
  world.hand_over();
  // As after a reload: the socket comes in through the new process, the media to where the call is.
  call.customer_device.reset();
  call.customer_device = world.join(call.customer_join, "Carl again", 1);
  world.until("the customer's signalling", Duration::s(20), [&] { return world.metric("upcall_http_relayed_total") >= 1; });
  talk(world, call, Duration::s(2));
  EXPECT_TRUE(world.server_lives());
  // Everybody leaves: what is empty need not be waited for, and is found at the new process by who comes later.
  call.agent_device.reset();
  call.customer_device.reset();
  EXPECT_EQ(world.wait_drained(Duration::s(40)), 0);
  world.until("the call at the new process", Duration::s(10), [&] { return world.metric("upcall_meetings") == 1; });
  call.agent_device = world.join(call.agent_join, "Alice again", 0);
  call.customer_device = world.join(call.customer_join, "Carl again", 1);
  talk(world, call, Duration::s(1));
}

TEST(Handover, WhatDoesNotStartLeavesEverythingAsItWas) {
  World world;
  Call call = world.begin_call();
  ASSERT_EQ(world.start_recording(call), 200);
  is_recording(world, call);
  const std::string real = std::filesystem::read_symlink("/proc/" + std::to_string(world.server_pid()) + "/exe").string();
  EXPECT_NE(world.refused_admin("handover", {{"program", world.data_dir() + "/no-such"}}).find("nothing was changed"), std::string::npos);
  EXPECT_NE(world.refused_admin("handover", {{"program", script(world, "ends", "exit 3")}}).find("this one serves on"), std::string::npos);
  // Half an installation: the program without its recorder.
  std::filesystem::create_directories(world.data_dir() + "/half");
  std::filesystem::copy_file(real, world.data_dir() + "/half/upcall");
  const std::string half = world.refused_admin("handover", {{"program", world.data_dir() + "/half/upcall"}});
  EXPECT_NE(half.find("has no recorder"), std::string::npos) << half;
  EXPECT_EQ(world.metric("upcall_draining_servers"), 0);
  EXPECT_EQ(world.metric("upcall_recordings_in_progress"), 1) << "the same process serves";
  // It fails only when the old one has given everything away.
  const std::string late = world.refused_admin("handover", {{"program", script(world, "late", "exec " + real + " \"$@\" --master-key-command /bin/false")}});
  EXPECT_NE(late.find("the release of before serves again"), std::string::npos) << late;
  world.adopt_successor();
  EXPECT_EQ(world.ready_status(), 200);
  EXPECT_EQ(world.metric("upcall_draining_meetings"), 1);
  talk(world, call, Duration::s(1));
  ASSERT_EQ(world.stop_recording(call), 200);
  world.wait_stored(call);
  ASSERT_EQ(world.end_meeting(call), 200);
  EXPECT_EQ(world.wait_drained(Duration::s(20)), 0);
}

TEST(Handover, TheNewProcessMayBeKilledAndComeBackWhileTheOldOneHasItsCalls) {
  World world;
  Call call = world.begin_call();
  ASSERT_EQ(world.start_recording(call), 200);
  is_recording(world, call);
  world.hand_over();
  world.end_successor(SIGKILL);
  talk(world, call, Duration::s(1));
  // The old one keeps the calls; whoever starts the server again finds them there.
  const bj::object entry = [&] {
    World::Aside old(world);
    world.start_server();
    EXPECT_EQ(world.metric("upcall_draining_meetings"), 1);
    talk(world, call, Duration::s(1));
    EXPECT_EQ(world.stop_recording(call), 200);
    bj::object stored = world.wait_stored(call);
    EXPECT_EQ(world.terminate_server(Duration::s(20)), 0);
    return stored;
  }();
  EXPECT_EQ(world.wait_drained(Duration::s(20)), 0) << "it was told to go with the other";
  EXPECT_EQ(number_at(*json::object_at(entry, "facts"), "composer_restarts"), 0);
}

}  // namespace
}  // namespace upcall::story
