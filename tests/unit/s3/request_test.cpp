#include "s3/request.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/wall_text.hpp"
#include "crypto/hash.hpp"
#include "crypto/sigv4.hpp"

namespace upcall::s3 {
namespace {

// The worked examples of the S3 reference, "Authenticating Requests: Using the Authorization Header" and "… Query Parameters".
const WallTime kNow = *parse_iso8601("2013-05-24T00:00:00Z");

Settings example() {
  Settings s;
  s.endpoint = "https://s3.amazonaws.com";
  s.bucket = "examplebucket";
  s.access_key_id = "AKIAIOSFODNN7EXAMPLE";
  s.secret_access_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
  s.virtual_host = true;
  return s;
}

std::string header(const Signed& made, std::string_view name) {
  for (const auto& [n, v] : made.headers) {
    if (n == name) return v;
  }
  return {};
}

std::string signature_of(const Signed& made) {
  const std::string a = header(made, "authorization");
  return a.substr(a.find("Signature=") + 10);
}

TEST(S3Request, PublishedExampleGetObject) {
  Call call;
  call.method = "GET";
  call.key = "test.txt";
  call.headers = {{"range", "bytes=0-9"}};
  const Signed made = sign(example(), call, kNow);
  EXPECT_EQ(signature_of(made), "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
  EXPECT_EQ(made.url, "https://examplebucket.s3.amazonaws.com/test.txt");
  EXPECT_NE(header(made, "authorization").find("SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,"), std::string::npos);
  EXPECT_TRUE(header(made, "host").empty()) << "the HTTP client makes it";
}

TEST(S3Request, PublishedExampleListObjects) {
  Call call;
  call.method = "GET";
  call.query = {{"max-keys", "2"}, {"prefix", "J"}};
  EXPECT_EQ(signature_of(sign(example(), call, kNow)), "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

TEST(S3Request, PublishedExampleOfAQueryWithoutValue) {
  Call call;
  call.method = "GET";
  call.query = {{"lifecycle", ""}};
  EXPECT_EQ(signature_of(sign(example(), call, kNow)), "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
}

TEST(S3Request, PublishedExamplePresigned) {
  EXPECT_EQ(presign_get(example(), "test.txt", kNow, Duration::s(86400)),
            "https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256"
            "&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z"
            "&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
            "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404");
}

TEST(S3Request, PresignIsBounded) {
  EXPECT_NE(presign_get(example(), "a", kNow, Duration::s(30 * 86400)).find("X-Amz-Expires=604800&"), std::string::npos);
  EXPECT_NE(presign_get(example(), "a", kNow, -Duration::s(5)).find("X-Amz-Expires=1&"), std::string::npos);
}

TEST(S3Request, PathStyleAndEscapes) {
  Settings s = example();
  s.virtual_host = false;
  s.endpoint = "http://10.0.0.5:7480";
  Call call;
  call.method = "PUT";
  call.key = "a b/c+d/ü.mp4";
  const Signed made = sign(s, call, kNow);
  EXPECT_EQ(made.url, "http://10.0.0.5:7480/examplebucket/a%20b/c%2Bd/%C3%BC.mp4");
  call.key.clear();
  call.query = {{"uploads", ""}, {"prefix", "x/y"}};
  EXPECT_EQ(sign(s, call, kNow).url, "http://10.0.0.5:7480/examplebucket?uploads=&prefix=x%2Fy");
}

TEST(S3Request, TheBodysHashIsSignedOnHttpAndOnlyThere) {
  const ByteVector body(1000, 7);
  Settings plain = example();
  plain.endpoint = "http://s3.example.com";
  plain.virtual_host = false;
  const Call call = upload_part("k", "id", 3, body, crypto::md5(body));
  EXPECT_EQ(header(sign(plain, call, kNow), "x-amz-content-sha256"), to_hex(crypto::sha256(body)));
  EXPECT_EQ(header(sign(example(), call, kNow), "x-amz-content-sha256"), "UNSIGNED-PAYLOAD");
  EXPECT_EQ(header(sign(plain, call, kNow), "content-md5"), to_base64(crypto::md5(body)));
  // The verifying side, written for our own interfaces, agrees.
  Signed made = sign(plain, call, kNow);
  made.headers.emplace_back("host", "s3.example.com");
  const auto authorization = crypto::SigV4Authorization::parse(header(made, "authorization"));
  ASSERT_TRUE(authorization);
  const std::size_t path = made.url.find("/examplebucket"), query = made.url.find('?');
  const crypto::SigV4Request seen{"PUT", std::string_view(made.url).substr(path, query - path), std::string_view(made.url).substr(query + 1), made.headers, as_text(body)};
  EXPECT_TRUE(crypto::sigv4_verify(seen, *authorization, plain.secret_access_key, kNow, crypto::SigV4Path::as_sent));
  const crypto::SigV4Request changed{"PUT", seen.path, seen.query, made.headers, "another body"};
  EXPECT_FALSE(crypto::sigv4_verify(changed, *authorization, plain.secret_access_key, kNow, crypto::SigV4Path::as_sent));
}

TEST(S3Request, EncryptionIsAskedForOnlyWhenConfigured) {
  Settings s = example();
  const auto asks = [&](std::string_view name) {
    const Call call = create_upload(s, "k", "video/mp4", "mark");
    const auto at = std::find_if(call.headers.begin(), call.headers.end(), [&](const auto& h) { return h.first == name; });
    return at == call.headers.end() ? std::string() : at->second;
  };
  constexpr std::string_view kKind = "x-amz-server-side-encryption", kKey = "x-amz-server-side-encryption-aws-kms-key-id";
  for (const char* off : {"", "none"}) {
    ASSERT_TRUE(set_encryption(s, off));
    EXPECT_EQ(asks(kKind), "");
  }
  ASSERT_TRUE(set_encryption(s, "AES256"));
  EXPECT_EQ(asks(kKind), "AES256");
  EXPECT_EQ(asks(kKey), "");
  ASSERT_TRUE(set_encryption(s, "aws:kms"));
  EXPECT_EQ(asks(kKind), "aws:kms");
  EXPECT_EQ(asks(kKey), "");
  ASSERT_TRUE(set_encryption(s, "aws:kms:arn:aws:kms:eu-central-1:1234:key/abc"));
  EXPECT_EQ(asks(kKind), "aws:kms");
  EXPECT_EQ(asks(kKey), "arn:aws:kms:eu-central-1:1234:key/abc");
  for (const char* wrong : {"aes256", "aws:kms:", "kms", "aws:kms:a b", "aws:kms:a\r\nx-amz-acl: public-read"}) EXPECT_FALSE(set_encryption(s, wrong)) << wrong;
  // Parts must not repeat it: stores refuse that.
  const Call part = upload_part("k", "id", 1, as_bytes("x"), crypto::md5(as_bytes("x")));
  for (const auto& [name, value] : part.headers) EXPECT_EQ(name.find("encryption"), std::string::npos);
}

TEST(S3Settings, WhatCannotBeRightIsRefused) {
  Settings good = example();
  good.endpoint += "//";
  ASSERT_TRUE(check(good));
  EXPECT_EQ(good.endpoint, "https://s3.amazonaws.com");
  EXPECT_EQ(good.origin(), "https://examplebucket.s3.amazonaws.com");
  good.virtual_host = false;
  good.endpoint = "https://s3.example.com:443";
  EXPECT_EQ(good.host(), "s3.example.com");
  const auto bad = [&](auto change) {
    Settings s = example();
    change(s);
    const auto checked = check(s);
    EXPECT_FALSE(checked);
    if (checked) return std::string();
    EXPECT_EQ(checked.error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(checked.error().message.find("wJalr"), std::string::npos);
    return checked.error().message;
  };
  for (const char* endpoint : {"", "s3.example.com", "ftp://x", "http://", "https://x/path", "https://user@x", "https://x?y", "https://x y"}) {
    EXPECT_NE(bad([&](Settings& s) { s.endpoint = endpoint; }).find("recordingS3Endpoint"), std::string::npos) << endpoint;
  }
  for (const char* bucket : {"", "ab", "Upper", "-x-", "a/b", "a..b/../c", "under_score"}) {
    EXPECT_NE(bad([&](Settings& s) { s.bucket = bucket; }).find("recordingS3Bucket"), std::string::npos) << bucket;
  }
  EXPECT_NE(bad([](Settings& s) { s.region = "a b"; }).find("recordingS3Region"), std::string::npos);
  EXPECT_NE(bad([](Settings& s) { s.access_key_id = "a/b"; }).find("recordingS3AccessKeyId"), std::string::npos);
  EXPECT_NE(bad([](Settings& s) { s.secret_access_key = "wJalr\n"; }).find("recordingS3SecretAccessKey"), std::string::npos);
}

}  // namespace
}  // namespace upcall::s3
