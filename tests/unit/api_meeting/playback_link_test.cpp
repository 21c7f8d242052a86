// The address of a recording: bound to recording, viewer and time, and to every bit of itself.
#include "api/meeting/playback_link.hpp"

#include <gtest/gtest.h>

#include "base/bytes.hpp"
#include "crypto/random.hpp"

namespace upcall::api {
namespace {

const WallTime kNow = WallTime::from_unix_ms(1'795'000'000'000);

class PlaybackLink : public ::testing::Test {
 protected:
  crypto::SystemRandom random;
  PlaybackLinks links{random};
  PlaybackGrant grant{"5f9a1c52-0001-4000-8000-000000000001", "user/42", kNow + Duration::s(900)};
};

TEST_F(PlaybackLink, GoesThereAndBack) {
  const auto read = links.verify(links.sign(grant), kNow);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->recording_id, grant.recording_id);
  EXPECT_EQ(read->viewer_id, grant.viewer_id);
  EXPECT_EQ(read->expires, grant.expires);
  for (const char c : links.sign(grant)) EXPECT_TRUE(std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_') << c;
}

// acceptance: 63
TEST_F(PlaybackLink, EndsToTheMillisecond) {
  const std::string text = links.sign(grant);
  EXPECT_TRUE(links.verify(text, grant.expires - Duration::ms(1)).has_value());
  EXPECT_FALSE(links.verify(text, grant.expires).has_value());
  EXPECT_FALSE(links.verify(text, grant.expires + Duration::s(86400)).has_value());
}

TEST_F(PlaybackLink, EveryBitCounts) {
  const auto bytes = from_base64url(links.sign(grant));
  ASSERT_TRUE(bytes.has_value());
  for (std::size_t i = 0; i < bytes->size() * 8; ++i) {
    ByteVector changed = *bytes;
    changed[i / 8] ^= static_cast<std::uint8_t>(1u << (i % 8));
    EXPECT_FALSE(links.verify(to_base64url(changed), kNow).has_value()) << "bit " << i;
  }
}

TEST_F(PlaybackLink, EveryLengthButTheWholeIsRefused) {
  const std::string text = links.sign(grant);
  for (std::size_t n = 0; n < text.size(); ++n) EXPECT_FALSE(links.verify(text.substr(0, n), kNow).has_value()) << n;
  EXPECT_FALSE(links.verify(text + "AAAA", kNow).has_value());
  EXPECT_FALSE(links.verify(std::string(5000, 'A'), kNow).has_value());
  EXPECT_FALSE(links.verify(text + "\n", kNow).has_value());
  EXPECT_FALSE(links.verify(text + "=", kNow).has_value());
}

TEST_F(PlaybackLink, AnotherServersKeyOpensNothing) {
  const PlaybackLinks other(random);
  EXPECT_FALSE(other.verify(links.sign(grant), kNow).has_value());
}

// The border between the two ids is part of what is signed.
TEST_F(PlaybackLink, IdsCannotBeShifted) {
  PlaybackGrant shifted = grant;
  shifted.viewer_id = grant.recording_id.back() + grant.viewer_id;
  shifted.recording_id.pop_back();
  EXPECT_NE(links.sign(grant), links.sign(shifted));
}

}  // namespace
}  // namespace upcall::api
