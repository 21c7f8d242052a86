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

}  // namespace
}  // namespace upcall::crypto
