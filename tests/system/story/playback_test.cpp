// Who may watch: decided anew at each request, also for an address that was handed out before.
#include <gtest/gtest.h>

#include "base/ids.hpp"
#include "harness.hpp"

namespace upcall::story {
namespace {

// acceptance: 62, 63
TEST(Playback, PermissionIsCheckedAtEachRange) {
  World world;
  crypto::SystemRandom random;
  const std::string password = make_token(random, 12);
  world.admin("user.add", {{"username", "otto@example.com"}, {"email", "otto@example.com"}, {"password", password}, {"name", "Otto"},
                           {"security-profile", bj::array{"QualityAnalyst", "VideoCallRecordingPlayback"}}, {"hierarchy-group", "Elsewhere"}});
  Call call = world.begin_call();
  ASSERT_EQ(world.start_recording(call), 200);
  const auto from = world.clock_ms();
  while (world.clock_ms() < from + 1500) world.expect_media(call, Duration::s(10));
  // No address for what is not stored.
  EXPECT_FALSE(world.recording(call).contains("recordingURL"));
  ASSERT_EQ(world.stop_recording(call), 200);
  const bj::object entry = world.wait_stored(call);
  const std::string address = json::text_or(entry, "recordingURL");
  ASSERT_TRUE(address.starts_with(world.url()));
  net::HttpClient player;
  const auto range = [&](const std::string& url, const std::string& bytes) {
    return world.need(player.send({"GET", url, {{"range", bytes}}, {}}), "a range");
  };
  const auto first = range(address, "bytes=0-1023");
  EXPECT_EQ(first.status, 206);
  EXPECT_EQ(first.body.size(), 1024u);
  const auto size = static_cast<std::uint64_t>(number_at(entry, "sizeBytes"));
  EXPECT_EQ(first.header("content-range"), "bytes 0-1023/" + std::to_string(size));
  const auto tail = range(address, "bytes=-100");
  EXPECT_EQ(tail.status, 206);
  EXPECT_EQ(tail.body.size(), 100u);
  EXPECT_EQ(range(address, "bytes=" + std::to_string(size) + "-").status, 416);
  // Another group, also with the log-in of somebody who may watch other things.
  demo::ApiClient otto = world.client();
  world.need(otto.log_in("otto@example.com", password), "log-in");
  const std::string summary = "/api/recording/recording-summary?externalMeetingId=" + call.meeting;
  EXPECT_EQ(world.need(otto.call("GET", summary), "summary").status, 403);
  // An address changed in one character opens nothing, wherever it is.
  const std::size_t grant = address.find("grant=") + 6;
  for (std::size_t at = grant; at < address.size(); at += 7) {
    std::string changed = address;
    changed[at] = changed[at] == 'A' ? 'B' : 'A';
    EXPECT_EQ(range(changed, "bytes=0-9").status, 401) << at - grant;
  }
  EXPECT_EQ(range(address.substr(0, grant), "bytes=0-9").status, 401);
  // The profile is taken away, then given back; then the user is disabled.
  const auto refused_soon = [&](const char* why) {
    world.until(why, Duration::s(5), [&] { return range(address, "bytes=0-9").status == 403; });
  };
  world.admin("user.set", {{"username", "sam@example.com"}, {"security-profile", bj::array{"QualityAnalyst"}}});
  refused_soon("403 without the profile");
  EXPECT_EQ(world.need(world.supervisor().call("GET", summary), "summary").status, 403);
  world.admin("user.set", {{"username", "sam@example.com"}, {"security-profile", bj::array{"QualityAnalyst", "VideoCallRecordingPlayback"}}});
  EXPECT_EQ(range(address, "bytes=0-9").status, 206);
  world.admin("user.set", {{"username", "sam@example.com"}, {"hierarchy-group", "Elsewhere"}});
  refused_soon("403 in another group");
  world.admin("user.set", {{"username", "sam@example.com"}, {"hierarchy-group", "Demo"}});
  EXPECT_EQ(range(address, "bytes=0-9").status, 206);
  world.admin("user.disable", {{"username", "sam@example.com"}});
  refused_soon("403 for a disabled user");
  const auto after = world.need(world.supervisor().call("GET", summary), "summary");
  EXPECT_TRUE(after.status == 401 || after.status == 403) << after.status;
}

}  // namespace
}  // namespace upcall::story
