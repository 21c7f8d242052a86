// No room for the journal: the recording ends or has a gap, and says so; the call never notices.
#include <filesystem>

#include <sys/mount.h>
#include <unistd.h>

#include <gtest/gtest.h>

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

TEST(Spool, FullDiskLeavesAMarkedGapAndTheCallGoesOn) {
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
    Call call = world.begin_call();
    const auto started_ms = world.clock_ms();
    ASSERT_EQ(world.start_recording(call), 200);
    world.until("degraded while the disk is full", Duration::s(60), [&] { return world.ready_status() == 503; });
    const auto full_ms = world.clock_ms();
    world.expect_media(call, Duration::s(10), 20);
    EXPECT_EQ(json::text_or(world.recording(call), "status"), "recording");
    ASSERT_EQ(::mount("tmpfs", disk.path.c_str(), "tmpfs", MS_REMOUNT, "size=64m"), 0);
    world.until("ready when there is room", Duration::s(20), [&] { return world.ready_status() == 200; });
    const auto room_ms = world.clock_ms();
    while (world.clock_ms() < room_ms + 6000) world.expect_media(call, Duration::s(10));
    ASSERT_EQ(world.stop_recording(call), 200);
    const bj::object film = world.film(world.wait_stored(call));
    const auto [agent, customer] = world.people_in(film);
    EXPECT_LE(number_at(agent, "first_clock_ms"), static_cast<double>(full_ms));
    // Sound goes on at once; pictures with the next key frame, which the tap asks for each 30 s.
    const double gap_s = static_cast<double>(room_ms - full_ms) / 1000;
    for (const bj::object* person : {&agent, &customer}) {
      EXPECT_GE(number_at(*person, "beeps"), number_at(film, "duration_s") - gap_s - 3) << "no sound after the disk had room";
    }
    EXPECT_GE(number_at(film, "duration_s") * 1000, static_cast<double>(room_ms + 6000 - started_ms) - 1000) << "the gap has shortened the film";
  }
}

}  // namespace
}  // namespace upcall::story
