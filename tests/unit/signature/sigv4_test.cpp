#include "crypto/sigv4.hpp"

#include <gtest/gtest.h>

#include "base/wall_text.hpp"

namespace upcall::crypto {
namespace {

using Headers = std::vector<std::pair<std::string, std::string>>;
constexpr std::string_view kSecret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const WallTime kNow = *parse_iso8601("2015-08-30T12:36:00Z");

// The vendor's published worked example ("ListUsers").
const Headers kIamHeaders = {{"content-type", "application/x-www-form-urlencoded; charset=utf-8"},
                             {"host", "iam.amazonaws.com"},
                             {"x-amz-date", "20150830T123600Z"}};
constexpr std::string_view kIamAuthorization =
    "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, SignedHeaders=content-type;host;x-amz-date, "
    "Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7";

TEST(SigV4, SigningKeyOfThePublishedExample) {
  EXPECT_EQ(to_hex(sigv4_signing_key(kSecret, "20150830", "us-east-1", "iam")),
            "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9");
}

TEST(SigV4, PublishedExampleVerifies) {
  auto a = SigV4Authorization::parse(kIamAuthorization);
  ASSERT_TRUE(a);
  EXPECT_EQ(a->access_key_id, "AKIDEXAMPLE");
  const SigV4Request request{"GET", "/", "Action=ListUsers&Version=2010-05-08", kIamHeaders, ""};
  EXPECT_TRUE(sigv4_verify(request, *a, kSecret, kNow));
  EXPECT_FALSE(sigv4_verify(request, *a, "another", kNow));
  EXPECT_FALSE(sigv4_verify(request, *a, kSecret, kNow + Duration::s(901)));
  EXPECT_FALSE(sigv4_verify(request, *a, kSecret, kNow - Duration::s(901)));
  EXPECT_TRUE(sigv4_verify(request, *a, kSecret, kNow + Duration::s(899)));
  EXPECT_FALSE(sigv4_verify({"POST", "/", "Action=ListUsers&Version=2010-05-08", kIamHeaders, ""}, *a, kSecret, kNow));
  EXPECT_FALSE(sigv4_verify({"GET", "/x", "Action=ListUsers&Version=2010-05-08", kIamHeaders, ""}, *a, kSecret, kNow));
  EXPECT_FALSE(sigv4_verify({"GET", "/", "Action=ListUsers", kIamHeaders, ""}, *a, kSecret, kNow));
  EXPECT_FALSE(sigv4_verify({"GET", "/", "Action=ListUsers&Version=2010-05-08", kIamHeaders, "x"}, *a, kSecret, kNow));
  // Parameters in another order are the same request.
  EXPECT_TRUE(sigv4_verify({"GET", "/", "Version=2010-05-08&Action=ListUsers", kIamHeaders, ""}, *a, kSecret, kNow));
}

// The published test suite's "get-vanilla".
TEST(SigV4, GetVanilla) {
  const Headers headers = {{"host", "example.amazonaws.com"}, {"x-amz-date", "20150830T123600Z"}};
  SigV4Authorization a{"AKIDEXAMPLE", "20150830", "us-east-1", "service", {"host", "x-amz-date"}, ""};
  EXPECT_EQ(sigv4_signature({"GET", "/", "", headers, ""}, a, kSecret), "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
}

TEST(SigV4, HeadersBehindTheSignersBackAreRefused) {
  auto a = SigV4Authorization::parse(kIamAuthorization);
  Headers headers = kIamHeaders;
  headers.emplace_back("x-amz-target", "Something");
  EXPECT_FALSE(sigv4_verify({"GET", "/", "Action=ListUsers&Version=2010-05-08", headers, ""}, *a, kSecret, kNow));
  SigV4Authorization no_host = *a;
  no_host.signed_headers = {"x-amz-date"};
  EXPECT_FALSE(sigv4_verify({"GET", "/", "Action=ListUsers&Version=2010-05-08", kIamHeaders, ""}, no_host, kSecret, kNow));
}

TEST(SigV4, TruncatedAuthorizationsNeverVerify) {
  const SigV4Request request{"GET", "/", "Action=ListUsers&Version=2010-05-08", kIamHeaders, ""};
  for (std::size_t n = 0; n < kIamAuthorization.size(); ++n) {
    auto a = SigV4Authorization::parse(kIamAuthorization.substr(0, n));
    if (!a) continue;
    EXPECT_FALSE(sigv4_verify(request, *a, kSecret, kNow)) << n;
  }
}

// The vendor's published example of a presigned request.
const std::string kPresigned =
    "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&"
    "X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&"
    "X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404";
constexpr std::string_view kS3Secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
const Headers kS3Host = {{"host", "examplebucket.s3.amazonaws.com"}};
const WallTime kMade = *parse_iso8601("2013-05-24T00:00:00Z");

Result<void, SigV4Fault> presigned(const std::string& query, WallTime now, const Headers& headers = kS3Host, std::string_view method = "GET",
                                   std::string_view path = "/test.txt") {
  const auto parsed = SigV4Presigned::parse(query);
  if (!parsed) return tl::unexpected(SigV4Fault::mismatch);
  return sigv4_check({method, path, query, headers, ""}, *parsed, kS3Secret, now);
}

TEST(SigV4, PublishedPresignedExampleVerifiesForAsLongAsItSays) {
  EXPECT_TRUE(SigV4Presigned::is_in(kPresigned));
  EXPECT_FALSE(SigV4Presigned::is_in("prefix=X-Amz-Signature"));
  EXPECT_TRUE(presigned(kPresigned, kMade));
  EXPECT_TRUE(presigned(kPresigned, kMade + Duration::s(86400)));
  EXPECT_EQ(presigned(kPresigned, kMade + Duration::s(86401)).error(), SigV4Fault::expired);
  EXPECT_TRUE(presigned(kPresigned, kMade - Duration::s(900))) << "our clock may be behind";
  EXPECT_EQ(presigned(kPresigned, kMade - Duration::s(901)).error(), SigV4Fault::not_yet);
}

TEST(SigV4, TamperedPresignedRequestsAreRefused) {
  const auto with = [](std::string from, const std::string& to) {
    std::string out = kPresigned;
    return out.replace(out.find(from), from.size(), to);
  };
  EXPECT_EQ(presigned(with("Expires=86400", "Expires=86401"), kMade).error(), SigV4Fault::mismatch);
  EXPECT_EQ(presigned(with("f604d404", "f604d405"), kMade).error(), SigV4Fault::mismatch);
  EXPECT_EQ(presigned(kPresigned + "&response-content-type=text/html", kMade).error(), SigV4Fault::mismatch);
  EXPECT_EQ(presigned(kPresigned, kMade, kS3Host, "HEAD").error(), SigV4Fault::mismatch);
  EXPECT_EQ(presigned(kPresigned, kMade, kS3Host, "GET", "/other.txt").error(), SigV4Fault::mismatch);
  EXPECT_EQ(presigned(kPresigned, kMade, {{"host", "evil.example"}}).error(), SigV4Fault::mismatch);
  EXPECT_EQ(presigned(kPresigned, kMade, {kS3Host[0], {"x-amz-acl", "public-read"}}).error(), SigV4Fault::not_covered);
  EXPECT_EQ(presigned(with("20130524T000000Z", "20140524T000000Z"), kMade).error(), SigV4Fault::bad_date) << "another day than the key's";
  // A week and no more; each parameter once.
  EXPECT_TRUE(SigV4Presigned::parse(with("86400", "604800")));
  for (const char* bad : {"604801", "0", "-1", "1x", ""}) EXPECT_FALSE(SigV4Presigned::parse(with("86400", bad))) << bad;
  EXPECT_FALSE(SigV4Presigned::parse(kPresigned + "&X-Amz-Expires=5"));
  EXPECT_FALSE(SigV4Presigned::parse(with("AWS4-HMAC-SHA256", "AWS4-ECDSA")));
}

TEST(SigV4, TruncatedPresignedQueriesNeverVerify) {
  for (std::size_t n = 0; n < kPresigned.size(); ++n) EXPECT_FALSE(presigned(kPresigned.substr(0, n), kMade)) << n;
}

TEST(SigV4, FaultsAreTold) {
  auto a = SigV4Authorization::parse(kIamAuthorization);
  const SigV4Request request{"GET", "/", "Action=ListUsers&Version=2010-05-08", kIamHeaders, ""};
  EXPECT_EQ(sigv4_check(request, *a, kSecret, kNow + Duration::s(901)).error(), SigV4Fault::skewed);
  EXPECT_EQ(sigv4_check(request, *a, "another", kNow).error(), SigV4Fault::mismatch);
  // A date as far away as dates go.
  const Headers far = {{"host", "h"}, {"x-amz-date", "99991231T235959Z"}};
  SigV4Authorization far_away{"AKID", "99991231", "r", "s", {"host", "x-amz-date"}, std::string(64, '0')};
  EXPECT_EQ(sigv4_check({"GET", "/", "", far, ""}, far_away, kSecret, kNow).error(), SigV4Fault::skewed);
}

}  // namespace
}  // namespace upcall::crypto
