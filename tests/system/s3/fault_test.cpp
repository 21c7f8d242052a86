// The table of faults, each against a real S3 server behind a proxy that makes it fail. Every row ends the same way: what
// was recorded is in the bucket byte for byte, and no multipart upload is left over.
#include <gtest/gtest.h>

#include <optional>
#include <thread>

#include "crypto/hash.hpp"
#include "crypto/random.hpp"
#include "fault_proxy.hpp"
#include "rgw.hpp"
#include "s3/part_ledger.hpp"

namespace upcall::s3 {
namespace {

using test::error_answer;
using test::Fault;
using test::FaultProxy;
using test::Rgw;
using test::SeenRequest;
using Kind = Fault::Kind;

constexpr std::size_t kMiB = 1 << 20;
const std::string kKey = "RECORDINGS/2026/11/30/08/call.mp4";

bool create(const SeenRequest& r) { return r.asks("POST", "?uploads"); }
bool part(const SeenRequest& r) { return r.asks("PUT", "partNumber="); }
bool part_2(const SeenRequest& r) { return r.asks("PUT", "partNumber=2&"); }
bool complete(const SeenRequest& r) { return r.asks("POST", "?uploadId="); }
bool head(const SeenRequest& r) { return r.method == "HEAD"; }
bool anything(const SeenRequest&) { return true; }

class S3Faults : public ::testing::Test {
 protected:
  void SetUp() override {
    auto found = Rgw::find();
    if (!found) GTEST_SKIP() << found.error().message;
    rgw_ = *found;
    bucket_ = rgw_.make_bucket();
    proxy_ = std::make_unique<FaultProxy>(rgw_.endpoint);
    SeededRandom(5).fill(film_);
    store_ = make_store(options());
  }

  ClientOptions options() const {
    ClientOptions out = rgw_.options(bucket_, proxy_->endpoint());
    out.io_timeout = Duration::ms(500);
    return out;
  }
  std::unique_ptr<S3ObjectStore> make_store(ClientOptions o) { return std::make_unique<S3ObjectStore>(std::move(o), random_, &metrics_); }

  Result<void> put(objects::Upload& upload, std::uint32_t number) {
    const std::size_t from = (number - 1) * 5 * kMiB;
    return upload.put_part(number, Bytes(film_).subspan(from, std::min(5 * kMiB, film_.size() - from)));
  }
  // One attempt as the composer makes it: the first part last; whatever fails ends it.
  Result<objects::ObjectInfo> attempt(const std::function<void()>& between = {}) {
    auto upload = store_->begin_upload(kKey, "video/mp4");
    if (!upload) return tl::unexpected(upload.error());
    for (const std::uint32_t number : {2u, 3u, 1u}) {
      if (auto done = put(**upload, number); !done) return tl::unexpected(done.error());
      if (number == 3 && between) between();
    }
    return (*upload)->complete({});
  }

  // What must hold after every row, asked of the server itself.
  void expect_nothing_lost() {
    proxy_->release();
    S3ObjectStore direct(rgw_.options(bucket_), random_, nullptr);
    auto source = direct.open(kKey);
    ASSERT_TRUE(source) << source.error().message;
    ASSERT_EQ((*source)->size(), film_.size());
    ByteVector seen(film_.size());
    for (std::size_t done = 0; done < seen.size();) {
      const auto n = (*source)->read(done, MutBytes(seen).subspan(done));
      ASSERT_TRUE(n);
      ASSERT_GT(*n, 0u);
      done += *n;
    }
    EXPECT_TRUE(seen == film_) << "the bytes are others";
    EXPECT_TRUE(rgw_.open_uploads(bucket_).empty()) << "an upload is left over";
  }
  void expect_healed_at_once(int strikes) {
    const auto done = attempt();
    ASSERT_TRUE(done) << done.error().message;
    EXPECT_EQ(proxy_->struck(), strikes);
    EXPECT_FALSE(store_->trouble());
    expect_nothing_lost();
  }
  // The first attempt fails like this and leaves the local data alone; the second one, as the composer makes it, stores.
  void expect_stored_by_the_second_attempt(ErrorCode code) {
    const auto first = attempt();
    ASSERT_FALSE(first);
    EXPECT_EQ(first.error().code, code) << first.error().message;
    const auto second = attempt();
    ASSERT_TRUE(second) << second.error().message;
    expect_nothing_lost();
  }
  double metric(const std::string& line) const {
    const std::string text = metrics_.text();
    const std::size_t at = text.find("\n" + line + " ");
    return at == std::string::npos ? 0 : std::atof(text.c_str() + at + line.size() + 2);
  }
  double retries(const std::string& of_class) const { return metric("upcall_object_store_retries_total{class=\"" + of_class + "\"}"); }

  Rgw rgw_;
  std::string bucket_;
  crypto::SystemRandom random_;
  metrics::Registry metrics_;
  std::unique_ptr<FaultProxy> proxy_;
  ByteVector film_ = ByteVector(10 * kMiB + 1234);
  std::unique_ptr<S3ObjectStore> store_;
};

TEST_F(S3Faults, Status500And502And504) {
  proxy_->fail_with({.kind = Kind::answer, .matches = create, .text = error_answer(500, "InternalError")});
  proxy_->fail_with({.kind = Kind::answer, .matches = part_2, .times = 2, .text = error_answer(502, "x")});
  proxy_->fail_with({.kind = Kind::answer, .matches = complete, .text = error_answer(504, "x")});
  proxy_->fail_with({.kind = Kind::answer, .matches = head, .text = "HTTP/1.1 500 x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"});
  expect_healed_at_once(5);
  EXPECT_EQ(retries("server"), 5);
}

TEST_F(S3Faults, Status500AfterTheStoreHasDoneIt) {
  for (const auto& what : {create, part_2, complete}) proxy_->fail_with({.kind = Kind::answer_after, .matches = what, .text = error_answer(500, "InternalError")});
  // An upload that was begun without our knowing is an orphan of the same key: it goes too.
  expect_healed_at_once(3);
}

TEST_F(S3Faults, Status503SlowDown) {
  proxy_->fail_with({.kind = Kind::answer, .matches = part, .times = 2, .text = error_answer(503, "SlowDown")});
  proxy_->fail_with({.kind = Kind::answer, .matches = complete, .text = error_answer(503, "SlowDown")});
  expect_healed_at_once(3);
  EXPECT_EQ(retries("slow_down"), 3);
}

TEST_F(S3Faults, TimeOuts) {
  for (const auto& what : {create, part_2, complete, head}) proxy_->fail_with({.kind = Kind::hang, .matches = what});
  proxy_->fail_with({.kind = Kind::answer, .matches = part_2, .text = error_answer(400, "RequestTimeout")});
  expect_healed_at_once(5);
  EXPECT_EQ(retries("time_out"), 5);
}

TEST_F(S3Faults, ResetInAPart) {
  for (const std::size_t at : {std::size_t{0}, std::size_t{1}, 2 * kMiB, 5 * kMiB - 1}) proxy_->fail_with({.kind = Kind::reset_in_body, .matches = part_2, .at = at});
  expect_healed_at_once(4);
  EXPECT_EQ(retries("connection"), 4);
}

TEST_F(S3Faults, ResetAndCutAfterTheStoreHasDoneIt) {
  for (const auto& what : {create, part_2, complete}) proxy_->fail_with({.kind = Kind::reset_after, .matches = what});
  for (const auto& what : {create, part_2, complete}) proxy_->fail_with({.kind = Kind::cut_answer, .matches = what});
  const auto done = attempt();
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_GE(proxy_->struck(), 5);
  expect_nothing_lost();
}

TEST_F(S3Faults, ClockSkew) {
  for (const int hours : {-1, 1, 24 * 365}) {
    ClientOptions o = options();
    o.clock = [hours] {
      Now now = system_now();
      now.wall = now.wall + Duration::s(3600 * hours);
      return now;
    };
    store_ = make_store(o);
    const auto done = attempt();
    ASSERT_TRUE(done) << hours << " h: " << done.error().message;
    expect_nothing_lost();
    // HEAD has no body that says what is wrong: the date alone must do.
    EXPECT_TRUE(make_store(o)->stat(kKey)) << hours;
    // An address that is handed out is good by the store's clock.
    net::HttpClient anybody;
    EXPECT_EQ(anybody.get(*store_->presign(kKey, Duration::s(60)))->status, 200) << hours;
  }
  EXPECT_GE(retries("clock_skew"), 3);
  // Three uploads, each with one refusal: the offset is learnt once, not with each request.
  EXPECT_LE(retries("clock_skew"), 8);
}

TEST_F(S3Faults, ExpiredCredentials) {
  // From the second part on, as it happens: in the middle of a call.
  proxy_->fail_with({.kind = Kind::answer, .matches = [this](const SeenRequest& r) { return part(r) && proxy_ != nullptr && !part_2(r); }, .times = 1, .text = error_answer(400, "ExpiredToken")});
  const auto first = attempt();
  ASSERT_FALSE(first);
  EXPECT_EQ(first.error().code, ErrorCode::unavailable);
  EXPECT_NE(first.error().message.find("recordingS3SecretAccessKey"), std::string::npos) << first.error().message;
  EXPECT_EQ(proxy_->struck(), 1) << "tried again blindly";
  // Somebody sets new ones; the recording is tried again.
  store_ = make_store(options());
  ASSERT_TRUE(attempt());
  expect_nothing_lost();
}

TEST_F(S3Faults, WrongKeyAndWrongSecretAndNoRight) {
  for (const char* what : {"key", "secret"}) {
    ClientOptions o = options();
    (std::string(what) == "key" ? o.settings.access_key_id : o.settings.secret_access_key) += "x";
    store_ = make_store(o);
    const int before = proxy_->count(anything);
    const auto refused = attempt();
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().message.find("recordingS3AccessKeyId"), std::string::npos) << what << ": " << refused.error().message;
    EXPECT_EQ(refused.error().message.find(rgw_.secret_access_key), std::string::npos);
    EXPECT_EQ(proxy_->count(anything), before + 1) << "tried again blindly";
    ASSERT_TRUE(store_->trouble());
  }
  proxy_->fail_with({.kind = Kind::answer, .matches = part, .text = error_answer(403, "AccessDenied")});
  store_ = make_store(options());
  EXPECT_FALSE(attempt());
  ASSERT_TRUE(attempt());
  expect_nothing_lost();
}

TEST_F(S3Faults, UnknownUploadId) {
  const auto done = attempt([&] {
    // Somebody, or a rule of the bucket, ends the upload under our hands.
    S3ObjectStore other(rgw_.options(bucket_), random_, nullptr);
    EXPECT_EQ(other.abort_uploads("RECORDINGS/", system_now().wall + Duration::s(60), [](std::string_view) { return false; }), 1u);
  });
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::gone) << "the caller has to learn that all parts go again";
  EXPECT_FALSE(store_->trouble()) << "the store itself is well";
  ASSERT_TRUE(attempt());
  expect_nothing_lost();
}

TEST_F(S3Faults, UnknownUploadIdAtTheEndAndPartsThatAreMissing) {
  proxy_->fail_with({.kind = Kind::answer, .matches = complete, .text = error_answer(404, "NoSuchUpload")});
  expect_stored_by_the_second_attempt(ErrorCode::gone);
  proxy_->fail_with({.kind = Kind::answer, .matches = complete, .text = error_answer(400, "InvalidPart")});
  expect_stored_by_the_second_attempt(ErrorCode::gone);
}

TEST_F(S3Faults, AnOlderObjectOfTheKeyIsNotTakenForTheNewOne) {
  // The same bytes, stored before: only the mark tells that this upload did not make it.
  ASSERT_TRUE(attempt());
  proxy_->fail_with({.kind = Kind::answer, .matches = complete, .text = error_answer(404, "NoSuchUpload")});
  expect_stored_by_the_second_attempt(ErrorCode::gone);
}

TEST_F(S3Faults, Status200WithAnErrorInTheBody) {
  proxy_->fail_with({.kind = Kind::answer, .matches = complete, .times = 2, .text = error_answer(200, "InternalError")});
  expect_healed_at_once(2);
  // For ever: then it is an error, whatever the status says.
  ClientOptions o = options();
  o.writes = {Duration::s(2), 3};
  store_ = make_store(o);
  proxy_->clear();
  proxy_->fail_with({.kind = Kind::answer, .matches = complete, .times = 3, .text = error_answer(200, "InternalError")});
  expect_stored_by_the_second_attempt(ErrorCode::unavailable);
}

TEST_F(S3Faults, WrongEtagOfAPart) {
  const std::string etag = to_hex(crypto::md5(Bytes(film_).subspan(5 * kMiB, 5 * kMiB)));
  std::string other = etag;
  other[0] = other[0] == '0' ? '1' : '0';
  proxy_->fail_with({.kind = Kind::replace, .matches = part_2, .times = 2, .text = etag, .by = other});
  expect_healed_at_once(2);
  EXPECT_EQ(retries("bad_answer"), 2);
  proxy_->clear();
  proxy_->fail_with({.kind = Kind::replace, .matches = part_2, .times = 4, .text = etag, .by = other});
  expect_stored_by_the_second_attempt(ErrorCode::corrupt);
}

TEST_F(S3Faults, WrongEtagOfTheWhole) {
  PartLedger ledger;
  for (const std::uint32_t number : {1u, 2u, 3u}) {
    const std::size_t from = (number - 1) * 5 * kMiB;
    const Bytes bytes = Bytes(film_).subspan(from, std::min(5 * kMiB, film_.size() - from));
    ledger.put(number, bytes.size(), to_hex(crypto::md5(bytes)), true);
  }
  const std::string other = std::string(32, '0') + "-3";
  proxy_->fail_with({.kind = Kind::replace, .matches = head, .text = ledger.expected_etag(), .by = other});
  expect_stored_by_the_second_attempt(ErrorCode::corrupt);
  // Ceph 16 says none here: one that is said must be right.
  proxy_->fail_with({.kind = Kind::replace, .matches = complete, .text = "<ETag></ETag>", .by = "<ETag>" + other + "</ETag>"});
  expect_stored_by_the_second_attempt(ErrorCode::corrupt);
  proxy_->fail_with({.kind = Kind::replace, .matches = complete, .text = "<ETag></ETag>", .by = "<ETag>&quot;" + ledger.expected_etag() + "&quot;</ETag>"});
  ASSERT_TRUE(attempt());
  EXPECT_EQ(proxy_->struck(), 3);
}

TEST_F(S3Faults, WrongSizeOfTheWhole) {
  proxy_->fail_with({.kind = Kind::replace, .matches = head, .text = "Content-Length: " + std::to_string(film_.size()), .by = "Content-Length: " + std::to_string(film_.size() - 1)});
  expect_stored_by_the_second_attempt(ErrorCode::corrupt);
}

TEST_F(S3Faults, BucketGone) {
  const std::string there = bucket_;
  bucket_ += "-gone";
  store_ = make_store(options());
  const auto refused = attempt();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::unavailable);
  EXPECT_NE(refused.error().message.find("recordingS3Bucket"), std::string::npos) << refused.error().message;
  ASSERT_TRUE(store_->trouble());
  // In the middle of an upload, too.
  bucket_ = there;
  store_ = make_store(options());
  proxy_->fail_with({.kind = Kind::answer, .matches = part, .text = error_answer(404, "NoSuchBucket")});
  const auto second = attempt();
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::unavailable);
  // It is made again.
  bucket_ += "-gone";
  rgw_.make_bucket(bucket_);
  store_ = make_store(options());
  ASSERT_TRUE(attempt());
  EXPECT_FALSE(store_->trouble());
  expect_nothing_lost();
  bucket_ = there;
  EXPECT_TRUE(rgw_.open_uploads(bucket_).empty());
}

TEST_F(S3Faults, AnOutageThatOutlastsEveryRetry) {
  ClientOptions o = options();
  o.writes = {Duration::s(1), 4};
  o.reads = {Duration::s(1), 4};
  o.io_timeout = Duration::ms(200);
  store_ = make_store(o);
  proxy_->fail_with({.kind = Kind::hang, .matches = anything, .times = 1'000'000});
  EXPECT_EQ(attempt().error().code, ErrorCode::unavailable);
  ASSERT_TRUE(store_->trouble());
  EXPECT_EQ(store_->trouble()->message, "the object store does not answer in time");
  // A viewer does not wait for what is known to be away.
  const int before = proxy_->count(head);
  EXPECT_EQ(store_->stat(kKey).error().code, ErrorCode::unavailable);
  EXPECT_EQ(proxy_->count(head), before + 1);
  proxy_->clear();
  EXPECT_TRUE(store_->probe());
  EXPECT_FALSE(store_->trouble());
  ASSERT_TRUE(attempt());
  expect_nothing_lost();
}

TEST_F(S3Faults, AStoreThatIsStoppedDoesNotWait) {
  proxy_->fail_with({.kind = Kind::answer, .matches = anything, .times = 1'000'000, .text = error_answer(503, "SlowDown")});
  std::thread stopper([&] {
    while (proxy_->struck() < 2) std::this_thread::yield();
    store_->stop();
  });
  const Instant begun = system_now().mono;
  EXPECT_EQ(attempt().error().code, ErrorCode::unavailable);
  EXPECT_LT(system_now().mono - begun, Duration::s(20)) << "the whole limit is 60 s";
  stopper.join();
}

TEST_F(S3Faults, ReadingGoesOnThroughFaultsAndNeverGivesOtherBytes) {
  ASSERT_TRUE(attempt());
  const auto get = [](const SeenRequest& r) { return r.method == "GET" && r.target.find("call.mp4") != std::string::npos; };
  proxy_->fail_with({.kind = Kind::reset_after, .matches = get});
  proxy_->fail_with({.kind = Kind::cut_answer, .matches = get});
  proxy_->fail_with({.kind = Kind::hang, .matches = get});
  proxy_->fail_with({.kind = Kind::answer, .matches = get, .text = error_answer(503, "SlowDown")});
  // A store that ignores ranges: its answer is not taken for the piece that was asked.
  proxy_->fail_with({.kind = Kind::replace, .matches = get, .text = " 206 ", .by = " 200 "});
  auto source = store_->open(kKey);
  ASSERT_TRUE(source);
  ByteVector seen(film_.size());
  for (std::size_t done = 0; done < seen.size();) {
    const auto n = (*source)->read(done, MutBytes(seen).subspan(done));
    ASSERT_TRUE(n) << n.error().message;
    done += *n;
  }
  EXPECT_TRUE(seen == film_);
  EXPECT_EQ(proxy_->struck(), 5);
}

}  // namespace
}  // namespace upcall::s3
