#include "identity/token_claims.hpp"

#include <gtest/gtest.h>

#include "json/json.hpp"

namespace upcall::identity {
namespace {

constexpr std::string_view kIssuer = "https://upcall.example";
const WallTime kNow = WallTime::from_unix_ms(1'800'000'000'000);

TokenClaims claims(TokenClaims::Use use) {
  return {use, std::string(kIssuer), "u1", "s1", "j1", "ann@example.com", "ann@example.com", "Ann", kNow, kNow, kNow + kAccessTokenLife, std::string(kClientId)};
}

TEST(TokenClaims, RoundTrip) {
  for (auto use : {TokenClaims::Use::access, TokenClaims::Use::id}) {
    auto read = claims_from_payload(to_payload(claims(use)), kIssuer, kNow);
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->use, use);
    EXPECT_EQ(read->subject, "u1");
    EXPECT_EQ(read->session_id, "s1");
    EXPECT_EQ(read->username, "ann@example.com");
    EXPECT_EQ(read->expires, kNow + kAccessTokenLife);
  }
}

// acceptance: 65
TEST(TokenClaims, EachClaimIsChecked) {
  const std::string good = to_payload(claims(TokenClaims::Use::access));
  EXPECT_FALSE(claims_from_payload(good, "https://other", kNow));
  EXPECT_FALSE(claims_from_payload(good, kIssuer, kNow + kAccessTokenLife));
  EXPECT_TRUE(claims_from_payload(good, kIssuer, kNow + kAccessTokenLife - Duration::s(1)));
  EXPECT_FALSE(claims_from_payload(good, kIssuer, kNow - Duration::s(31)));
  auto object = *json::parse_object(good);
  for (const char* name : {"iss", "sub", "sid", "exp", "iat", "auth_time", "token_use", "client_id"}) {
    auto without = object;
    without.erase(name);
    auto refused = claims_from_payload(boost::json::serialize(without), kIssuer, kNow);
    ASSERT_FALSE(refused) << name;
    EXPECT_EQ(refused.error().code, ErrorCode::unauthenticated);
    auto mistyped = object;
    mistyped[name] = boost::json::array{};
    EXPECT_FALSE(claims_from_payload(boost::json::serialize(mistyped), kIssuer, kNow)) << name;
  }
  auto far = object;
  far["exp"] = INT64_MAX;
  EXPECT_FALSE(claims_from_payload(boost::json::serialize(far), kIssuer, kNow));
  for (std::size_t n = 0; n < good.size(); ++n) EXPECT_FALSE(claims_from_payload(good.substr(0, n), kIssuer, kNow));
}

TEST(Json, DepthAndSizeAreBounded) {
  EXPECT_FALSE(json::parse(std::string(40, '[') + std::string(40, ']')));
  EXPECT_TRUE(json::parse(std::string(30, '[') + std::string(30, ']')));
  EXPECT_EQ(json::parse("[1,2,3]", 3).error(), ParseError::too_long);
  EXPECT_FALSE(json::parse_object("[]"));
  EXPECT_FALSE(json::parse("{} x"));
}

TEST(Json, CleanText) {
  EXPECT_TRUE(json::is_clean_text("Zoë 你好\n\U0001F600"));
  for (const char* bad : {"\x01", "a\x7f", "\xc3", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xc2\x85", "\xff", "\xe2\x82"}) {
    EXPECT_FALSE(json::is_clean_text(bad)) << bad;
  }
}

}  // namespace
}  // namespace upcall::identity
