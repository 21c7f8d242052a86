// The pure rules of the log-in: codes, delays, passwords, redirects, the authorization request, the audit's chain.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "base/rng.hpp"
#include "identity/audit_chain.hpp"
#include "identity/authorize_request.hpp"
#include "identity/lockout.hpp"
#include "identity/password_policy.hpp"
#include "identity/redirect.hpp"
#include "identity/totp.hpp"
#include "identity/user_cache.hpp"

namespace upcall::identity {
namespace {

const WallTime kNow = WallTime::from_unix_ms(1'800'000'000'000);

// RFC 6238 appendix B, SHA-1, the last six of its eight digits.
TEST(Totp, PublishedVectors) {
  const Bytes secret = as_bytes(std::string_view("12345678901234567890"));
  constexpr std::pair<std::int64_t, const char*> kVectors[] = {{59, "287082"},          {1111111109, "081804"}, {1111111111, "050471"},
                                                               {1234567890, "005924"}, {2000000000, "279037"}, {20000000000, "353130"}};
  for (const auto& [second, code] : kVectors) {
    const WallTime at = WallTime::from_unix_ms(second * 1000);
    EXPECT_EQ(totp_code(secret, totp_step(at)), code);
    EXPECT_EQ(match_totp(secret, code, at), totp_step(at));
    for (const int off : {-30, 30}) EXPECT_EQ(match_totp(secret, code, WallTime::from_unix_ms((second + off) * 1000)), totp_step(at));
    for (const int off : {-60, 60}) {
      if (second + off < 0) continue;
      EXPECT_EQ(match_totp(secret, code, WallTime::from_unix_ms((second + off) * 1000)), std::nullopt);
    }
  }
  for (const char* bad : {"", "28708", "2870822", "28708x", " 287082"}) EXPECT_FALSE(match_totp(secret, bad, WallTime::from_unix_ms(59'000))) << bad;
}

TEST(Totp, Base32AndTheAddressForApps) {
  // RFC 4648 §10.
  constexpr std::pair<const char*, const char*> kVectors[] = {{"", ""}, {"f", "MY"}, {"fo", "MZXQ"}, {"foo", "MZXW6"}, {"foob", "MZXW6YQ"}, {"fooba", "MZXW6YTB"}, {"foobar", "MZXW6YTBOI"}};
  for (const auto& [plain, encoded] : kVectors) EXPECT_EQ(to_base32(as_bytes(std::string_view(plain))), encoded);
  EXPECT_EQ(otpauth_uri("Up call", "a&b@example.com", as_bytes(std::string_view("foobar"))),
            "otpauth://totp/Up%20call:a%26b%40example.com?secret=MZXW6YTBOI&issuer=Up%20call&algorithm=SHA1&digits=6&period=30");
}

TEST(Totp, RecoveryCodesAreReadAsPeopleTypeThem) {
  SeededRandom random(5);
  const auto codes = make_recovery_codes(random);
  EXPECT_EQ(std::set<std::string>(codes.begin(), codes.end()).size(), static_cast<std::size_t>(kRecoveryCodes));
  for (const std::string& code : codes) EXPECT_EQ(normal_recovery_code(code), code);
  EXPECT_EQ(normal_recovery_code(" abcde fghjk "), "ABCDE-FGHJK");
  EXPECT_EQ(normal_recovery_code("oil0o-12345"), "01100-12345") << "letters that look like digits";
  for (const char* bad : {"", "ABCDE", "ABCDE-FGHJ", "ABCDE-FGHJKM", "ABCDE-FGHJU", "ABCDE-FGHJ\xc3"}) EXPECT_FALSE(normal_recovery_code(bad)) << bad;
  EXPECT_FALSE(normal_recovery_code(std::string(100, ' ')));
}

TEST(Lockout, TheWaitGrowsAndIsForgottenAfterADay) {
  Failures f;
  for (int i = 1; i < kAccountLockout.free; ++i) {
    f = after_failure(f, kAccountLockout, kNow);
    EXPECT_EQ(wait_before_next(f, kNow), Duration()) << i;
  }
  for (const std::int64_t seconds : {30, 60, 120, 240, 480, 900, 900}) {
    f = after_failure(f, kAccountLockout, kNow);
    EXPECT_EQ(wait_before_next(f, kNow), Duration::s(seconds));
  }
  EXPECT_EQ(wait_before_next(f, kNow + Duration::s(899)), Duration::s(1));
  EXPECT_EQ(wait_before_next(f, kNow + Duration::s(900)), Duration());
  const auto later = after_failure(f, kAccountLockout, kNow + kFailuresForgotten);
  EXPECT_EQ(wait_before_next(later, kNow + kFailuresForgotten), Duration::s(900)) << "a day is not over";
  EXPECT_EQ(after_failure(f, kAccountLockout, kNow + kFailuresForgotten + Duration::ms(1)).count, 1);
}

TEST(Lockout, FewFailuresInALongTimeAreNone) {
  Failures f;
  WallTime at = kNow;
  for (int i = 0; i < 100; ++i, at = at + kAccountLockout.window + Duration::ms(1)) {
    f = after_failure(f, kAccountLockout, at);
    EXPECT_EQ(wait_before_next(f, at), Duration());
  }
  // Never more than ten in a quarter of an hour, however they are spread.
  EXPECT_EQ(f.count, 1);
}

TEST(PasswordPolicy, LengthAndTheList) {
  for (const char* bad : {"", "1234567", "password", "PassWord", "12345678", "qwertyuiop", "trustno1", "zzzzzzzzzzz"}) {
    const auto refused = check_new_password(bad, "ann", "ann@example.com", "Ann");
    ASSERT_FALSE(refused) << bad;
    EXPECT_EQ(refused.error().code, ErrorCode::invalid_argument);
  }
  EXPECT_FALSE(check_new_password("ann@EXAMPLE.com", "ann", "ann@example.com", "Ann"));
  EXPECT_FALSE(check_new_password("Annabell Lee", "ann", "ann@example.com", "annabell lee"));
  EXPECT_FALSE(check_new_password("annabell", "x", "Annabell@example.com", "Ann"));
  EXPECT_FALSE(check_new_password(std::string(257, 'a') + "b", "ann", "ann@example.com", "Ann"));
  for (const char* good : {"correct horse battery", "ü8ß-Äöü", "xq7#kkzp"}) EXPECT_TRUE(check_new_password(good, "ann", "ann@example.com", "Ann")) << good;
  EXPECT_FALSE(is_common_password("correct horse battery"));
}

TEST(Redirect, LocalPathsOnly) {
  for (const char* good : {"/", "/recording/m-1", "/a?b=c#d", "/%2F%2Fevil"}) EXPECT_TRUE(is_local_path(good)) << good;
  for (const char* bad : {"", "x", "//evil", "///evil", "/\\evil", "\\/evil", "/a\\b", "/a b", "/a\tb", "/a\nb", "https://evil", "javascript:x", "/\x7f", "/\xc3\xa9", "/a\"b", "/<x>"}) {
    EXPECT_FALSE(is_local_path(bad)) << bad;
  }
  EXPECT_FALSE(is_local_path("/" + std::string(2000, 'a')));
  EXPECT_EQ(origin_of("https://a.example:8443/x?y"), "https://a.example:8443");
  EXPECT_EQ(origin_of("https://a.example"), "https://a.example");
  EXPECT_EQ(origin_of("nonsense"), "");
}

TEST(AuthorizeRequest, ATruncatedQueryIsNeverMoreThanItSays) {
  const std::map<std::string, std::string> all = {{"client_id", "c"}, {"redirect_uri", "https://c/"}, {"response_type", "code"}, {"code_challenge", std::string(43, 'a')},
                                                  {"code_challenge_method", "S256"}, {"scope", "openid phone email"}, {"state", "s"}, {"nonce", "n"}, {"max_age", "60"}};
  const auto read = [](const std::map<std::string, std::string>& from, AuthorizeRequest& out) {
    const ParameterOf of = [&](std::string_view name) -> std::optional<std::string> {
      const auto at = from.find(std::string(name));
      return at == from.end() ? std::nullopt : std::optional(at->second);
    };
    out = read_client(of);
    return std::string(read_rest(of, out));
  };
  AuthorizeRequest request;
  ASSERT_EQ(read(all, request), "");
  EXPECT_EQ(request.scope, "openid email");
  EXPECT_EQ(request.max_age_s, 60);
  for (const char* needed : {"response_type", "code_challenge", "code_challenge_method"}) {
    auto without = all;
    without.erase(needed);
    EXPECT_NE(read(without, request), "") << needed;
  }
  for (const auto& [name, value] : all) {
    if (name == "client_id" || name == "redirect_uri" || name == "state" || name == "nonce" || name == "max_age") continue;
    for (std::size_t n = 0; n < value.size(); ++n) {
      auto cut = all;
      cut[name] = value.substr(0, n);
      if (name == "scope" && n >= 6) continue;  // "openid" is enough
      EXPECT_NE(read(cut, request), "") << name << " " << n;
    }
  }
}

TEST(Pkce, PublishedVectorAndNothingElse) {
  // RFC 7636 appendix B.
  const std::string verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
  EXPECT_TRUE(pkce_matches(challenge, verifier));
  EXPECT_FALSE(pkce_matches(verifier, verifier)) << "plain";
  EXPECT_FALSE(pkce_matches("", ""));
  for (std::size_t i = 0; i < verifier.size(); ++i) {
    EXPECT_FALSE(pkce_matches(challenge, verifier.substr(0, i)));
    EXPECT_FALSE(pkce_matches(challenge.substr(0, i), verifier));
  }
}

TEST(AuditChain, EveryFieldCountsAndNoTwoRowsShareAHash) {
  const AuditRow row{7, kNow, "actor", "action", "target", "detail"};
  std::set<std::string> seen{audit_hash(kAuditStart, row)};
  const auto other = [&](AuditRow r) { return seen.insert(audit_hash(kAuditStart, r)).second; };
  EXPECT_TRUE(other({8, kNow, "actor", "action", "target", "detail"}));
  EXPECT_TRUE(other({7, kNow + Duration::ms(1), "actor", "action", "target", "detail"}));
  EXPECT_TRUE(other({7, kNow, "actora", "ction", "target", "detail"})) << "a text that moves to its neighbour";
  EXPECT_TRUE(other({7, kNow, "actor", "action", "target", ""}));
  EXPECT_TRUE(other({7, kNow, "", "actoraction", "target", "detail"}));
  EXPECT_NE(audit_hash("x", row), audit_hash(kAuditStart, row));
}

TEST(UserCache, TellsWhenItMustBeReadAgain) {
  Principal p;
  p.username = "ann";
  p.security_profile_ids = {"b", "a"};
  const std::string truth = cached_text(p);
  std::swap(p.security_profile_ids[0], p.security_profile_ids[1]);
  EXPECT_EQ(cached_text(p), truth) << "an order is no change";
  EXPECT_FALSE(needs_refresh({truth, kNow}, truth, kNow + kUserCacheFresh));
  EXPECT_TRUE(needs_refresh({truth, kNow}, truth, kNow + kUserCacheFresh + Duration::ms(1)));
  EXPECT_TRUE(needs_refresh({truth, kNow}, truth, kNow - Duration::ms(1))) << "the clock was set back";
  p.hierarchy_group_id = "g";
  EXPECT_TRUE(needs_refresh({truth, kNow}, cached_text(p), kNow));
}

}  // namespace
}  // namespace upcall::identity
