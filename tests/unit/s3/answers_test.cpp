#include "s3/answers.hpp"

#include <gtest/gtest.h>

#include "base/wall_text.hpp"

namespace upcall::s3 {
namespace {

constexpr std::string_view kHead = R"(<?xml version="1.0" encoding="UTF-8"?>)";

std::string doc(std::string_view body) { return std::string(kHead) + std::string(body); }

const std::string kError = doc("\n<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message><RequestId>1</RequestId></Error>");
const std::string kCreate = doc(R"(<InitiateMultipartUploadResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Bucket>b</Bucket><Key>k</Key><UploadId>2~abc/def+g</UploadId></InitiateMultipartUploadResult>)");
// Spaces while the store worked, as the reference describes it.
const std::string kComplete = doc("\n\n     \n<CompleteMultipartUploadResult><Location>http://x/b/k</Location><ETag>&quot;3858f62230ac3c915f300c664312c11f-9&quot;</ETag></CompleteMultipartUploadResult>");
const std::string kParts = doc("<ListPartsResult><UploadId>u</UploadId><IsTruncated>true</IsTruncated><NextPartNumberMarker>2</NextPartNumberMarker>"
                               "<Part><PartNumber>1</PartNumber><ETag>\"aa\"</ETag><Size>5242880</Size></Part>"
                               "<Part><PartNumber>2</PartNumber><ETag>bb</ETag><Size>1</Size></Part></ListPartsResult>");
const std::string kObjects = doc("<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>t+/=</NextContinuationToken>"
                                 "<Contents><Key>RECORDINGS/a&amp;b.mp4</Key><LastModified>2026-11-22T08:08:26.352Z</LastModified><ETag>&quot;e&quot;</ETag><Size>18446744073709551615</Size></Contents></ListBucketResult>");
const std::string kUploads = doc("<ListMultipartUploadsResult><IsTruncated>false</IsTruncated><Upload><Key>k</Key><UploadId>u</UploadId><Initiated>2026-11-22T08:08:26.000Z</Initiated></Upload></ListMultipartUploadsResult>");

TEST(S3Answers, WhatStoresSay) {
  EXPECT_EQ(parse_error(kError), "SlowDown");
  EXPECT_EQ(parse_create_upload(kCreate), "2~abc/def+g");
  EXPECT_EQ(parse_complete(kComplete)->etag, "3858f62230ac3c915f300c664312c11f-9");
  EXPECT_EQ(parse_complete(doc("<Error><Code>InternalError</Code></Error>"))->error, "InternalError");
  // As Ceph 16 says it.
  EXPECT_EQ(parse_complete(doc("<CompleteMultipartUploadResult><Key>k</Key><ETag></ETag></CompleteMultipartUploadResult>"))->etag, "");
  const auto parts = parse_parts(kParts);
  ASSERT_TRUE(parts);
  ASSERT_EQ(parts->parts.size(), 2u);
  EXPECT_EQ(parts->parts[0].etag, "aa");
  EXPECT_EQ(parts->parts[0].size, 5242880u);
  EXPECT_EQ(parts->parts[1].etag, "bb");
  EXPECT_EQ(parts->next, 2u);
  const auto objects = parse_objects(kObjects);
  ASSERT_TRUE(objects);
  EXPECT_EQ(objects->objects[0].key, "RECORDINGS/a&b.mp4");
  EXPECT_EQ(objects->objects[0].size, UINT64_MAX);
  EXPECT_EQ(objects->objects[0].modified, *parse_iso8601("2026-11-22T08:08:26.352Z"));
  EXPECT_EQ(objects->next, "t+/=");
  const auto uploads = parse_uploads(kUploads);
  ASSERT_TRUE(uploads);
  EXPECT_EQ(uploads->uploads[0].id, "u");
  EXPECT_TRUE(uploads->next_key.empty());
}

TEST(S3Answers, CutOffAnywhereIsAnError) {
  for (std::size_t n = 0; n < kComplete.size(); ++n) EXPECT_FALSE(parse_complete(kComplete.substr(0, n))) << n;
  for (std::size_t n = 0; n < kError.size(); ++n) EXPECT_FALSE(parse_error(kError.substr(0, n))) << n;
  for (std::size_t n = 0; n < kCreate.size(); ++n) EXPECT_FALSE(parse_create_upload(kCreate.substr(0, n))) << n;
  for (std::size_t n = 0; n < kParts.size(); ++n) EXPECT_FALSE(parse_parts(kParts.substr(0, n))) << n;
  for (std::size_t n = 0; n < kObjects.size(); ++n) EXPECT_FALSE(parse_objects(kObjects.substr(0, n))) << n;
  for (std::size_t n = 0; n < kUploads.size(); ++n) EXPECT_FALSE(parse_uploads(kUploads.substr(0, n))) << n;
  EXPECT_EQ(parse_error("").error(), ParseError::truncated);
}

TEST(S3Answers, WhatDoesNotFitIsRefused) {
  EXPECT_EQ(parse_complete(kCreate).error(), ParseError::malformed);
  EXPECT_EQ(parse_create_upload(doc("<InitiateMultipartUploadResult><UploadId></UploadId></InitiateMultipartUploadResult>")).error(), ParseError::malformed);
  EXPECT_EQ(parse_error(doc("<Error><Code>a b\"</Code></Error>")).error(), ParseError::malformed) << "a code becomes a label and a log field";
  EXPECT_EQ(parse_error(std::string(kAnswerMax + 1, ' ')).error(), ParseError::too_long);
  // "More" without "from where" would be an endless loop.
  EXPECT_FALSE(parse_parts(doc("<ListPartsResult><IsTruncated>true</IsTruncated></ListPartsResult>")));
  EXPECT_FALSE(parse_objects(doc("<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>")));
  EXPECT_FALSE(parse_uploads(doc("<ListMultipartUploadsResult><IsTruncated>true</IsTruncated></ListMultipartUploadsResult>")));
  for (const char* size : {"-1", "1.5", "99999999999999999999", ""}) {
    EXPECT_FALSE(parse_objects(doc("<ListBucketResult><Contents><Key>k</Key><LastModified>2026-11-22T08:08:26Z</LastModified><Size>" + std::string(size) + "</Size></Contents></ListBucketResult>"))) << size;
  }
}

TEST(S3Answers, NoEntityIsExpandedAndNothingIsFetched) {
  // The laughs stay text: what comes out is not longer than what came in.
  const std::string laughs = R"(<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;"><!ENTITY f SYSTEM "file:///etc/passwd">]>)"
                             "<CompleteMultipartUploadResult><ETag>&b;&f;</ETag></CompleteMultipartUploadResult>";
  const auto answer = parse_complete(doc(laughs));
  if (answer) {
    EXPECT_EQ(answer->etag, "&b;&f;");
  }
  // Depth costs no stack.
  std::string deep;
  for (int i = 0; i < 200'000; ++i) deep += "<a>";
  EXPECT_FALSE(parse_complete(deep));
  for (int i = 0; i < 200'000; ++i) deep += "</a>";
  EXPECT_FALSE(parse_complete(deep));
}

TEST(S3Answers, HttpDates) {
  EXPECT_EQ(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT"), *parse_iso8601("1994-11-06T08:49:37Z"));
  EXPECT_EQ(parse_http_date("Thu, 29 Feb 2024 23:59:59 GMT"), *parse_iso8601("2024-02-29T23:59:59Z"));
  const std::string good = "Sun, 06 Nov 1994 08:49:37 GMT";
  for (std::size_t n = 0; n < good.size(); ++n) EXPECT_FALSE(parse_http_date(good.substr(0, n))) << n;
  for (const char* bad : {"Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994     ", "Sun, 06 Nox 1994 08:49:37 GMT",
                          "Sun, 06 Nov 1994 08:49:37 UTC", "Sun, 06 Nov 1994 25:49:37 GMT", "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 GMT "}) {
    EXPECT_FALSE(parse_http_date(bad)) << bad;
  }
}

TEST(S3Answers, TheBodyOfCompleteIsWellFormedWhateverTheEtags) {
  const std::string xml = complete_xml({{1, 5, "a<b&c>\"d"}, {2, 6, "e"}});
  EXPECT_EQ(xml, "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
                 "<Part><PartNumber>1</PartNumber><ETag>&quot;a&lt;b&amp;c&gt;\"d&quot;</ETag></Part>"
                 "<Part><PartNumber>2</PartNumber><ETag>&quot;e&quot;</ETag></Part></CompleteMultipartUpload>");
  EXPECT_EQ(bare_etag("\"abc\""), "abc");
  EXPECT_EQ(bare_etag("W/\"abc\""), "abc");
  EXPECT_EQ(bare_etag("abc"), "abc");
  EXPECT_EQ(bare_etag("\""), "\"");
}

}  // namespace
}  // namespace upcall::s3
