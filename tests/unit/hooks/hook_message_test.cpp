#include "service/hooks/hook_message.hpp"

#include <gtest/gtest.h>

#include "base/ids.hpp"
#include "json/json.hpp"

namespace upcall::service {
namespace {

// The example of the Standard Webhooks specification's reference libraries.
TEST(HookMessage, SignatureIsThatOfTheStandard) {
  const ByteVector secret = from_base64("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").value();
  EXPECT_EQ(hook_signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, R"({"test": 2432232314})"),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
  EXPECT_EQ(secret_text(secret), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
}

TEST(HookMessage, BodySaysWhatHappened) {
  const store::OutboxEvent event{7, "e-1", "m-1", 3, "recording.stored", R"({"recordingId":"r-1"})", WallTime::from_unix_ms(1'700'000'000'000)};
  const auto body = json::parse_object(hook_body(event, {{"playbackURL", "https://x/recording/m-1"}})).value();
  EXPECT_EQ(json::text_or(body, "id"), "e-1");
  EXPECT_EQ(json::text_or(body, "type"), "recording.stored");
  EXPECT_EQ(json::text_or(body, "meeting"), "m-1");
  EXPECT_EQ(json::integer_at(body, "sequence"), 3);
  EXPECT_EQ(json::text_or(body, "timestamp"), "2023-11-14T22:13:20.000Z");
  const auto* data = json::object_at(body, "data");
  EXPECT_EQ(json::text_or(*data, "recordingId"), "r-1");
  EXPECT_EQ(json::text_or(*data, "playbackURL"), "https://x/recording/m-1");
}

TEST(HookMessage, IsTriedForADayWithGrowingPauses) {
  SeededRandom random(1);
  Duration since;
  int attempts = 0;
  Duration longest;
  for (;;) {
    ++attempts;
    const auto pause = hook_pause(attempts, since, random);
    if (!pause) break;
    EXPECT_GE(*pause, Duration::s(4)) << attempts;
    longest = std::max(longest, *pause);
    since += *pause;
    ASSERT_LT(attempts, 200);
  }
  EXPECT_GE(since, Duration::s(24 * 3600));
  EXPECT_LE(since, Duration::s(25 * 3600 + 720));
  EXPECT_LE(longest, Duration::s(4320));
  EXPECT_GT(attempts, 25);
}

TEST(HookMessage, AddressesAndEventsAreChecked) {
  EXPECT_TRUE(check_hook_url("https://hooks.example.com/upcall?x=1", false));
  EXPECT_FALSE(check_hook_url("http://hooks.example.com/", false));
  EXPECT_TRUE(check_hook_url("http://127.0.0.1:8080/", true));
  for (const char* url : {"", "hooks.example.com", "ftp://x/", "https://a:b@x/", "https://x/#y", "file:///etc/passwd", "https://"}) {
    EXPECT_FALSE(check_hook_url(url, true)) << url;
  }
  EXPECT_FALSE(check_hook_url("https://x/" + std::string(3000, 'a'), true));
  EXPECT_TRUE(check_hook_events("recording.* meeting.ended *"));
  EXPECT_FALSE(check_hook_events(""));
  EXPECT_FALSE(check_hook_events("recording.*;drop"));
}

}  // namespace
}  // namespace upcall::service
