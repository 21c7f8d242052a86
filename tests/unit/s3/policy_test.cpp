// The table of failures: what a store's answer means, whether it is tried again and how long after, what people read.
#include <gtest/gtest.h>

#include <set>

#include "s3/failure.hpp"
#include "s3/part_ledger.hpp"
#include "s3/retry.hpp"

namespace upcall::s3 {
namespace {

constexpr Instant kStart = Instant::from_ms(1000);

TEST(S3Failure, ClassOfAnswers) {
  struct Row {
    Operation operation;
    int status;
    const char* code;
    Failure failure;
  };
  const Row rows[] = {
      {Operation::upload_part, 500, "InternalError", Failure::server},
      {Operation::upload_part, 502, "", Failure::server},
      {Operation::upload_part, 503, "SlowDown", Failure::slow_down},
      {Operation::upload_part, 503, "", Failure::slow_down},
      {Operation::upload_part, 429, "", Failure::slow_down},
      {Operation::upload_part, 504, "", Failure::server},
      {Operation::upload_part, 400, "RequestTimeout", Failure::time_out},
      {Operation::upload_part, 400, "BadDigest", Failure::bad_answer},
      {Operation::upload_part, 403, "RequestTimeTooSkewed", Failure::clock_skew},
      {Operation::upload_part, 403, "InvalidAccessKeyId", Failure::credentials},
      {Operation::upload_part, 403, "SignatureDoesNotMatch", Failure::credentials},
      {Operation::upload_part, 400, "ExpiredToken", Failure::expired},
      {Operation::upload_part, 403, "ExpiredToken", Failure::expired},
      {Operation::upload_part, 403, "AccessDenied", Failure::denied},
      {Operation::head, 403, "", Failure::denied},
      {Operation::upload_part, 404, "NoSuchUpload", Failure::no_upload},
      {Operation::upload_part, 404, "NoSuchBucket", Failure::no_bucket},
      {Operation::upload_part, 404, "", Failure::no_upload},
      {Operation::complete_upload, 400, "InvalidPart", Failure::no_upload},
      {Operation::complete_upload, 200, "InternalError", Failure::server},
      {Operation::complete_upload, 200, "SomethingNew", Failure::server},
      {Operation::complete_upload, 200, "NoSuchUpload", Failure::no_upload},
      {Operation::list_parts, 404, "NoSuchKey", Failure::no_upload},
      {Operation::head, 404, "", Failure::no_object},
      {Operation::get, 404, "NoSuchKey", Failure::no_object},
      {Operation::get, 412, "PreconditionFailed", Failure::changed},
      {Operation::create_upload, 404, "", Failure::no_bucket},
      {Operation::list_objects, 301, "PermanentRedirect", Failure::wrong_region},
      {Operation::list_objects, 400, "AuthorizationHeaderMalformed", Failure::wrong_region},
      {Operation::create_upload, 400, "KMS.NotFoundException", Failure::encryption},
      {Operation::upload_part, 403, "QuotaExceeded", Failure::full},
      {Operation::upload_part, 507, "", Failure::full},
      {Operation::upload_part, 400, "EntityTooLarge", Failure::refused},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(to_string(classify(row.operation, row.status, row.code)), to_string(row.failure)) << row.status << " " << row.code;
  }
}

TEST(S3Failure, EveryClassHasALabelAndASentence) {
  std::set<std::string_view> labels;
  std::set<std::string> sentences;
  for (int i = 0; i <= static_cast<int>(Failure::refused); ++i) {
    const auto failure = static_cast<Failure>(i);
    labels.insert(to_string(failure));
    const Error error = to_error(failure);
    sentences.insert(error.message);
    EXPECT_FALSE(is_transient(failure) && is_configuration(failure));
    // A wrong configuration leaves the upload to be tried again, and says which parameter to look at.
    if (is_configuration(failure) && failure != Failure::full && failure != Failure::denied) {
      EXPECT_EQ(error.code, ErrorCode::unavailable);
      EXPECT_NE(error.message.find("recordingS3"), std::string::npos) << error.message;
    }
  }
  EXPECT_EQ(labels.size(), static_cast<std::size_t>(Failure::refused) + 1);
  EXPECT_EQ(sentences.size(), labels.size());
  EXPECT_EQ(to_error(Failure::no_upload).code, ErrorCode::gone);
  EXPECT_EQ(to_error(Failure::no_object).code, ErrorCode::not_found);
}

TEST(S3Retry, PausesGrowWithJitterAndEndAtTheDeadline) {
  for (const Failure failure : {Failure::connection, Failure::time_out, Failure::server, Failure::slow_down}) {
    SeededRandom random(7);
    RetryPlan plan({Duration::s(60), 100}, kStart);
    Instant now = kStart;
    Duration longest;
    int tries = 0;
    std::set<std::int64_t> different;
    while (const auto pause = plan.next(failure, now, random)) {
      const Duration bound = failure == Failure::slow_down ? Duration::s(20) : Duration::s(5);
      EXPECT_LE(*pause, bound);
      if (failure == Failure::slow_down) { EXPECT_GE(*pause, Duration::ms(200)); }
      if (tries == 0) { EXPECT_LE(*pause, failure == Failure::slow_down ? Duration::ms(400) : Duration::ms(100)); }
      longest = std::max(longest, *pause);
      different.insert(pause->ms());
      now = now + *pause;
      ASSERT_LT(++tries, 100);
    }
    EXPECT_LT(now, kStart + Duration::s(60)) << "no attempt begins after the deadline";
    EXPECT_GE(longest, Duration::s(2)) << to_string(failure);
    EXPECT_GT(different.size(), 4u) << "no jitter";
    EXPECT_EQ(plan.attempt(), tries);
  }
}

TEST(S3Retry, ClassesThatAreNotTriedAgain) {
  for (const Failure failure : {Failure::certificate, Failure::credentials, Failure::expired, Failure::denied, Failure::no_bucket, Failure::wrong_region,
                                Failure::encryption, Failure::full, Failure::no_object, Failure::no_upload, Failure::changed, Failure::refused}) {
    SeededRandom random(1);
    RetryPlan plan({}, kStart);
    EXPECT_FALSE(plan.next(failure, kStart, random)) << to_string(failure);
  }
}

TEST(S3Retry, SkewIsTriedAgainAtOnceButNotForEver) {
  SeededRandom random(1);
  RetryPlan plan({}, kStart);
  EXPECT_EQ(plan.next(Failure::clock_skew, kStart, random), Duration());
  EXPECT_EQ(plan.next(Failure::clock_skew, kStart, random), Duration());
  EXPECT_FALSE(plan.next(Failure::clock_skew, kStart, random));
  RetryPlan bad({}, kStart);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(bad.next(Failure::bad_answer, kStart, random));
  EXPECT_FALSE(bad.next(Failure::bad_answer, kStart, random));
  RetryPlan once({Duration::s(5), 1}, kStart);
  EXPECT_FALSE(once.next(Failure::connection, kStart, random));
}

TEST(S3Retry, TheStoresClock) {
  ServerClock clock;
  const WallTime ours = WallTime::from_unix_ms(1'000'000'000'000);
  EXPECT_EQ(clock.at(ours), ours);
  clock.learn(ours + Duration::s(3600), ours);
  EXPECT_EQ(clock.at(ours), ours + Duration::s(3600));
  clock.learn(ours - Duration::s(7200), ours);
  EXPECT_EQ(clock.at(ours + Duration::s(1)), ours - Duration::s(7199));
  clock.learn(ours + Duration::s(2), ours);
  EXPECT_EQ(clock.offset(), Duration()) << "a network's delay is no skew";
}

TEST(S3PartLedger, TheEtagOfTheWhole) {
  PartLedger ledger;
  EXPECT_FALSE(ledger.check_complete());
  // Parts of "abc" and "def": md5(md5("abc") md5("def")), by the openssl program.
  ledger.put(2, 3, to_hex(crypto::md5(as_bytes("def"))), true);
  EXPECT_FALSE(ledger.check_complete()) << "part 1 is missing";
  ledger.put(1, 3, to_hex(crypto::md5(as_bytes("abc"))), true);
  EXPECT_TRUE(ledger.check_complete());
  EXPECT_EQ(ledger.size(), 6u);
  EXPECT_EQ(ledger.expected_etag(), "4c8e93283780e078db9e0c6b9b3f8043-2");
  EXPECT_TRUE(ledger.contradicts("00000000000000000000000000000000-2"));
  EXPECT_FALSE(ledger.contradicts(ledger.expected_etag()));
  EXPECT_FALSE(ledger.contradicts("an-etag-of-another-kind")) << "not every store's ETag is an MD5";
  ledger.put(3, 4, "opaque", false);
  EXPECT_EQ(ledger.expected_etag(), "");
  EXPECT_FALSE(ledger.contradicts("00000000000000000000000000000000-3"));
  ledger.put(3, 5, to_hex(crypto::md5(as_bytes("ghi"))), true);
  EXPECT_EQ(ledger.size(), 11u) << "a part that comes again replaces the one before";
  ledger.put(5, 1, "x", false);
  EXPECT_FALSE(ledger.check_complete()) << "part 4 is missing";
}

TEST(S3PartLedger, WhichEtagsAreMd5s) {
  const std::string md5(32, 'a');
  EXPECT_TRUE(is_md5_etag(md5, ""));
  EXPECT_TRUE(is_md5_etag(md5, "AES256"));
  EXPECT_FALSE(is_md5_etag(md5, "aws:kms"));
  EXPECT_FALSE(is_md5_etag(md5, "aws:kms:dsse"));
  EXPECT_FALSE(is_md5_etag(md5 + "-1", ""));
  EXPECT_FALSE(is_md5_etag(std::string(32, 'g'), ""));
}

}  // namespace
}  // namespace upcall::s3
