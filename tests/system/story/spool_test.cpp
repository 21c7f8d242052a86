// No room for the journal: the recording ends or has a gap, and says so; the call never notices.
#include <algorithm>
#include <filesystem>
#include <fstream>

#include <sys/mount.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "film_judge.hpp"
#include "harness.hpp"

namespace upcall::story {
namespace {

TEST(Spool, LimitEndsTheRecordingWithItsReason) {
  WorldOptions options;
  options.spool_limit_mib = 1;
  World world(options);
  Call call = world.begin_call();
  const auto started_ms = world.clock_ms();
  ASSERT_EQ(world.start_recording(call), 200);
  const bj::object entry = world.wait_stored(call, Duration::s(100));
  EXPECT_EQ(json::text_or(entry, "reason"), "the spool was full");
  world.expect_media(call, Duration::s(10));
  EXPECT_EQ(world.ready_status(), 200) << "room again: nothing is open";
  const bj::object film = world.film(entry);
  const auto [agent, customer] = world.people_in(film);
  EXPECT_LE(number_at(agent, "first_clock_ms"), static_cast<double>(started_ms) + 1500);
  EXPECT_GT(number_at(film, "duration_s"), 1);
  EXPECT_EQ(world.stop_recording(call), 409);
  // RECORDING has left, so the next start works.
  EXPECT_EQ(world.start_recording(call), 200);
  EXPECT_EQ(world.stop_recording(call), 200);
}

// A file system of a few MiB for the spool alone.
struct SmallDisk {
  std::string path;
  bool mounted = false;
  ~SmallDisk() {
    if (!mounted) return;
    ::umount2(path.c_str(), MNT_DETACH);
    // What World could not remove while it was mounted; only empty directories go.
    std::error_code ignored;
    std::filesystem::remove(path, ignored);
    std::filesystem::remove(std::filesystem::path(path).parent_path(), ignored);
  }
};

TEST(Spool, FullDiskLeavesAMarkedGapAndWhoeverCameMeanwhileIsInTheFilm) {
  SmallDisk disk;
  {
    char pattern[] = "/tmp/upcall-disk-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern), nullptr);
    const bool may = ::mount("tmpfs", pattern, "tmpfs", 0, "size=1m") == 0;
    if (may) ::umount2(pattern, MNT_DETACH);
    ::rmdir(pattern);
    if (!may) GTEST_SKIP() << "this process may not mount a small disk (it needs CAP_SYS_ADMIN)";
  }
  WorldOptions options;
  options.prepare = [&](const std::string& data_dir) {
    disk.path = data_dir + "/spool";
    std::filesystem::create_directories(disk.path);
    disk.mounted = ::mount("tmpfs", disk.path.c_str(), "tmpfs", 0, "size=1m") == 0;
  };
  {
    World world(options);
    ASSERT_TRUE(disk.mounted);
    // A disk that others fill in a moment: nobody looks at it in time.
    // In this order: recordings must not be ended at more than they are refused at.
    world.set_parameter("recordingDiskEndPercent", "0");
    world.set_parameter("recordingDiskRefusePercent", "0");
    Call call = world.begin_call(false);
    const auto connected = [](const bj::object& o) { return json::text_at(o, "event") == "connected"; };
    call.agent_device = world.join(call.agent_join, "Alice Agent", 0);
    world.need(call.agent_device->wait_for(connected, Duration::s(20)), "the agent's joining");
    const auto started_ms = world.clock_ms();
    ASSERT_EQ(world.start_recording(call), 200);
    world.until("degraded while the disk is full", Duration::s(60), [&] { return world.ready_status() == 503; });
    const auto full_ms = world.clock_ms();
    call.customer_device = world.join(call.customer_join, "Carl Customer", 1);
    world.need(call.customer_device->wait_for(connected, Duration::s(20)), "the customer's joining");
    world.expect_media(call, Duration::s(20), 20);
    EXPECT_EQ(json::text_or(world.recording(call), "status"), "recording");
    const auto room_ms = world.clock_ms();
    ASSERT_EQ(::mount("tmpfs", disk.path.c_str(), "tmpfs", MS_REMOUNT, "size=64m"), 0);
    world.until("ready when there is room", Duration::s(20), [&] { return world.ready_status() == 200; });
    while (world.clock_ms() < room_ms + 6000) world.expect_media(call, Duration::s(10));
    ASSERT_EQ(world.stop_recording(call), 200);
    const bj::object entry = world.wait_stored(call);
    const bj::object film = world.film(entry);
    const auto [agent, customer] = world.people_in(film);
    EXPECT_LE(number_at(agent, "first_clock_ms"), static_cast<double>(full_ms));
    const double gap_s = static_cast<double>(room_ms - full_ms) / 1000;
    EXPECT_GE(number_at(agent, "beeps"), number_at(film, "duration_s") - gap_s - 3) << "no sound after the disk had room";
    EXPECT_GE(number_at(customer, "beeps"), 3) << "no sound of who came meanwhile";
    EXPECT_GE(number_at(film, "duration_s") * 1000, static_cast<double>(room_ms + 6000 - started_ms) - 1000) << "the gap has shortened the film";

    // Two tiles side by side below the title, by eyes of their own. No picture of the customer's reached the journal
    // before; the agent's hangs on key frames that did not.
    test::Film seen;
    ASSERT_TRUE(seen.load(world.data_dir() + "/" + json::text_or(entry, "recordingId") + ".mp4", {{0, 292, 960}, {960, 292, 960}}));
    for (unsigned who = 0; who < 2; ++who) {
      const auto& readings = seen.readings[who];
      const auto first = std::find_if(readings.begin(), readings.end(), [&](const test::JudgedFrame& f) { return f.clock_ms >= room_ms; });
      ASSERT_NE(first, readings.end()) << "no picture of participant " << who << " after the disk had room";
      EXPECT_LE(first->clock_ms, room_ms + 2000) << "participant " << who;
      EXPECT_EQ(first->participant, who);
      // In the film it stands where it belongs: as long before the last one as its clock says.
      const test::JudgedFrame& last = readings.back();
      EXPECT_GE(last.clock_ms, room_ms + 5000);
      EXPECT_NEAR(last.time_s - first->time_s, (last.clock_ms - first->clock_ms) / 1000.0, 0.3) << "participant " << who;
    }
  }
}

TEST(Spool, ANearlyFullDiskRefusesNewRecordingsAndEndsRunningOnesWell) {
  SmallDisk disk;
  WorldOptions options;
  options.prepare = [&](const std::string& data_dir) {
    disk.path = data_dir + "/spool";
    std::filesystem::create_directories(disk.path);
    disk.mounted = ::mount("tmpfs", disk.path.c_str(), "tmpfs", 0, "size=64m") == 0;
  };
  {
    World world(options);
    if (!disk.mounted) GTEST_SKIP() << "this process may not mount a small disk (it needs CAP_SYS_ADMIN)";
    const std::string ballast = disk.path + "/ballast";
    const auto fill = [&](std::size_t mib) {
      std::ofstream(ballast, std::ios::binary) << "";
      ASSERT_EQ(::truncate(ballast.c_str(), 0), 0);
      std::ofstream out(ballast, std::ios::binary);
      const std::string block(1 << 20, 'x');
      for (std::size_t i = 0; i < mib; ++i) out << block;
    };
    Call call = world.begin_call();
    fill(60);
    world.until("refused", Duration::s(10), [&] { return world.start_recording(call) == 503; });
    EXPECT_EQ(world.ready_status(), 503);
    std::filesystem::remove(ballast);
    world.until("room again", Duration::s(10), [&] { return world.start_recording(call) == 200; });
    world.expect_media(call, Duration::s(20), 60);
    fill(63);
    const auto ended = [](const bj::object& e) { return e.contains("endedAt"); };
    world.wait_recording(call, ended, Duration::s(20));
    std::filesystem::remove(ballast);
    const bj::object entry = world.wait_stored(call);
    EXPECT_EQ(json::text_or(entry, "reason"), "the spool was full");
    world.people_in(world.film(entry));
  }
}

}  // namespace
}  // namespace upcall::story
