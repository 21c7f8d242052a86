// A recorded call whose film goes into a bucket of a real S3 server, is played from there, and survives what may happen.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "crypto/random.hpp"
#include "fault_proxy.hpp"
#include "harness.hpp"
#include "rgw.hpp"

namespace upcall::story {
namespace {

using test::Fault;
using test::FaultProxy;
using test::Rgw;
using test::SeenRequest;

bool part(const SeenRequest& r) { return r.asks("PUT", "partNumber="); }

std::string slurp(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

class Storage : public ::testing::Test {
 protected:
  void SetUp() override {
    auto found = Rgw::find();
    if (!found) GTEST_SKIP() << found.error().message;
    rgw_ = *found;
    bucket_ = rgw_.make_bucket();
    proxy_ = std::make_unique<FaultProxy>(rgw_.endpoint);
  }
  bj::object parameters(const std::string& bucket) const {
    return {{"recordingObjectStore", "s3"},       {"recordingS3Endpoint", proxy_->endpoint()},
            {"recordingS3Bucket", bucket},        {"recordingS3AccessKeyId", rgw_.access_key_id},
            {"recordingS3Region", rgw_.region},   {"recordingS3SecretAccessKey", rgw_.secret_access_key},
            // Tests of films count what goes over the wire.
            {"recordingJournalCopySeconds", "0"}};
  }
  static void talk(World& world, Call& call, Duration at_least) {
    const std::int64_t until_ms = world.clock_ms() + at_least.ms();
    while (world.clock_ms() < until_ms) world.expect_media(call, Duration::s(20), 3);
  }
  static std::string text_of(World& world, const std::string& path) { return world.need(world.agent().http().get(world.url() + path), path).body; }

  Rgw rgw_;
  std::string bucket_;
  std::unique_ptr<FaultProxy> proxy_;
  crypto::SystemRandom random_;
  net::HttpClient player_;
};

// acceptance: 53, 57
TEST_F(Storage, AFilmGoesIntoTheBucketThroughAKilledServerAndIsPlayedFromThere) {
  World world;
  Call call = world.begin_call();
  // One recording of before the change of the store.
  ASSERT_EQ(world.start_recording(call), 200);
  talk(world, call, Duration::ms(1500));
  ASSERT_EQ(world.stop_recording(call), 200);
  const bj::object before = world.wait_stored(call);

  const bj::value answer = world.admin("configure", parameters(bucket_));
  EXPECT_EQ(bj::serialize(answer).find(rgw_.secret_access_key), std::string::npos);
  proxy_->fail_with({.kind = Fault::Kind::hang, .matches = part, .times = 1000});
  ASSERT_EQ(world.start_recording(call), 200);
  talk(world, call, Duration::s(2));
  ASSERT_EQ(world.stop_recording(call), 200);
  world.until("a part on its way", Duration::s(60), [&] { return proxy_->count(part) > 0; });
  world.kill_server();
  EXPECT_EQ(rgw_.open_uploads(bucket_).size(), 1u) << "the server was not killed in the middle of an upload";
  proxy_->clear();
  proxy_->release();
  world.start_server();
  const bj::object entry = world.wait_stored(call);
  EXPECT_NE(json::text_or(entry, "recordingId"), json::text_or(before, "recordingId"));
  EXPECT_TRUE(rgw_.open_uploads(bucket_).empty()) << "the killed server's upload is an orphan";

  // It lies in the bucket, and only there.
  s3::S3ObjectStore direct(rgw_.options(bucket_), random_, nullptr);
  const auto objects = direct.list("RECORDINGS/");
  ASSERT_TRUE(objects);
  ASSERT_EQ(objects->size(), 2u) << "the film, and its manifest before it in the order of names";
  const auto size = static_cast<std::uint64_t>(number_at(entry, "sizeBytes"));
  EXPECT_EQ(direct.stat((*objects)[0].key)->content_type, "application/json");
  EXPECT_EQ((*objects)[1].size, size);
  EXPECT_EQ(direct.stat((*objects)[1].key)->content_type, "video/mp4");
  // The journal goes when the bucket has the film, and the film was looked at.
  world.until("an empty spool", Duration::s(30), [&] { return !std::filesystem::exists(world.data_dir() + "/spool/" + json::text_or(entry, "recordingId")); });

  // Played through our own address, with ranges, whole in picture and sound.
  const bj::object film = world.film(entry);
  world.people_in(film);
  const std::string whole = slurp(world.data_dir() + "/" + json::text_or(entry, "recordingId") + ".mp4");
  ASSERT_EQ(whole.size(), size);
  const std::string address = json::text_or(entry, "recordingURL");
  for (const auto& [range, from, length] : {std::tuple<std::string, std::size_t, std::size_t>{"bytes=0-1023", 0, 1024},
                                            {"bytes=1000-1000", 1000, 1},
                                            {"bytes=" + std::to_string(size / 2) + "-", size / 2, size - size / 2},
                                            {"bytes=-100", size - 100, 100}}) {
    const auto got = world.need(player_.send({"GET", address, {{"range", range}}, {}}), range);
    EXPECT_EQ(got.status, 206) << range;
    EXPECT_TRUE(got.body == whole.substr(from, length)) << range;
  }
  EXPECT_EQ(world.need(player_.send({"GET", address, {{"range", "bytes=" + std::to_string(size) + "-"}}, {}}), "range").status, 416);
  // The recording of before the change is played from where it lies.
  const auto summary = world.need(world.supervisor().expect(200, "GET", "/api/recording/recording-summary?externalMeetingId=" + call.meeting), "summary");
  const bj::object& older = json::array_at(summary.body, "data")->at(0).as_object();
  ASSERT_EQ(json::text_or(older, "recordingId"), json::text_or(before, "recordingId"));
  const int asked = proxy_->count([](const SeenRequest& r) { return r.method == "GET" && r.target.find(".mp4") != std::string::npos; });
  EXPECT_EQ(world.need(player_.send({"GET", json::text_or(older, "recordingURL"), {{"range", "bytes=0-9"}}, {}}), "the older film").status, 206);
  EXPECT_EQ(proxy_->count([](const SeenRequest& r) { return r.method == "GET" && r.target.find(".mp4") != std::string::npos; }), asked);

  const std::string metrics = text_of(world, "/metrics");
  // The film, its manifest, and the manifest with what the look at the film has found.
  EXPECT_NE(metrics.find("upcall_object_store_uploads_total{result=\"completed\"} 3"), std::string::npos);
  EXPECT_NE(metrics.find("upcall_object_store_uploads_total{result=\"left_aborted\"} 1"), std::string::npos);
  EXPECT_NE(metrics.find("upcall_object_store_up 1"), std::string::npos);
  // The secret is nowhere but sealed.
  for (const auto& file : std::filesystem::recursive_directory_iterator(world.data_dir())) {
    if (!file.is_regular_file()) continue;
    EXPECT_EQ(slurp(file.path()).find(rgw_.secret_access_key), std::string::npos) << file.path();
  }
}

// The host's disk is lost in mid-call: what was captured comes back from the bucket, and the film has both halves.
TEST_F(Storage, ALostSpoolComesBackFromTheBucket) {
  World world;
  bj::object wanted = parameters(bucket_);
  wanted["recordingJournalCopySeconds"] = "1";
  world.admin("configure", wanted);
  Call call = world.begin_call();
  ASSERT_EQ(world.start_recording(call), 200);
  talk(world, call, Duration::s(3));
  const std::string id = json::text_or(world.recording(call), "recordingId");
  s3::S3ObjectStore direct(rgw_.options(bucket_), random_, nullptr);
  const auto copied = [&] {
    std::uint64_t bytes = 0;
    if (const auto list = direct.list("JOURNALS/" + id + "/")) {
      for (const auto& object : *list) bytes += object.size;
    }
    return bytes;
  };
  world.until("a copy", Duration::s(20), [&] { return copied() > 0; });
  // As much as there was at this moment is in the bucket soon.
  const std::string spool = world.data_dir() + "/spool/" + id;
  std::uint64_t captured = 0;
  for (const auto& file : std::filesystem::directory_iterator(spool)) {
    if (file.path().extension() == ".upj") captured += file.file_size();
  }
  world.until("all of it copied", Duration::s(20), [&] { return copied() >= captured; });
  world.kill_server();
  std::filesystem::remove_all(world.data_dir() + "/spool");
  world.start_server();
  EXPECT_NE(text_of(world, "/metrics").find("upcall_journals_restored_total 1"), std::string::npos);
  ASSERT_EQ(world.stop_recording(call), 200);
  const bj::object entry = world.wait_stored(call);
  EXPECT_GE(number_at(entry, "durationMs"), 2500);
  world.people_in(world.film(entry));
  world.until("no copies of what is stored", Duration::s(20), [&] { return copied() == 0; });
}

TEST_F(Storage, AWrongBucketIsNamedAndTheRecordingWaitsForTheRightOne) {
  World world;
  world.admin("configure", parameters(bucket_ + "-x"));
  world.until("the store's trouble in /readyz", Duration::s(10), [&] { return world.ready_status() == 503; });
  EXPECT_NE(text_of(world, "/readyz").find("recordingS3Bucket"), std::string::npos) << text_of(world, "/readyz");
  EXPECT_NE(text_of(world, "/metrics").find("upcall_object_store_up 0"), std::string::npos);
  Call call = world.begin_call();
  ASSERT_EQ(world.start_recording(call), 200) << "capturing waits for no store";
  const auto create = [](const SeenRequest& r) { return r.asks("POST", "?uploads"); };
  talk(world, call, Duration::ms(1500));
  ASSERT_EQ(world.stop_recording(call), 200);
  world.until("the upload's second attempt", Duration::s(30), [&] { return proxy_->count(create) >= 2; });
  EXPECT_NE(json::text_or(world.recording(call), "status"), "stored");
  world.admin("configure", {{"recordingS3Bucket", bucket_}});
  const bj::object film = world.film(world.wait_stored(call, Duration::s(120)));
  world.people_in(film);
  world.until("ready again", Duration::s(10), [&] { return world.ready_status() == 200; });
  EXPECT_TRUE(rgw_.open_uploads(bucket_).empty());
}

// What the doctor says of the bucket.
TEST_F(Storage, TheDoctorWritesReadsAndRemovesAProbe) {
  World world;
  world.admin("configure", parameters(bucket_));
  const auto examined = [&](const std::string& verdict) {
    process::ChildHost host;
    auto doctor = world.need(demo::LineProcess::start(host, std::string(UPCALL_BIN_DIR) + "/upcall", {"doctor", "--data-dir", world.data_dir(), "--json"}), "the doctor");
    const auto answer = world.need(doctor.wait_for([](const bj::object& o) { return o.contains("findings"); }, Duration::s(60)), "its answer");
    for (const bj::value& f : answer.at("findings").as_array()) {
      if (json::text_at(f.as_object(), "check") == "object store" && json::text_at(f.as_object(), "verdict") == verdict) return json::text_or(f.as_object(), "what");
    }
    return bj::serialize(answer);
  };
  EXPECT_EQ(examined("well"), "the bucket " + bucket_ + ": a probe could be written, read and deleted");
  s3::S3ObjectStore store(rgw_.options(bucket_), random_, nullptr);
  const auto left = store.list("RECORDINGS/doctor");
  EXPECT_TRUE(left && left->empty());
  world.admin("configure", {{"recordingS3Bucket", "no-such-bucket"}});
  EXPECT_TRUE(examined("fault").starts_with("the bucket no-such-bucket: "));
}

}  // namespace
}  // namespace upcall::story
