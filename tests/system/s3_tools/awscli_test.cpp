// The vendor's own command-line client, as Debian has it, against a real server: the oracle of /aws/s3.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fcntl.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "harness.hpp"
#include "io/clock/system_clock.hpp"
#include "io/objects/directory_object_store.hpp"
#include "io/store/meeting_repository.hpp"
#include "io/store/recording_repository.hpp"
#include "io/store/sealer.hpp"
#include "io/store/store.hpp"

namespace upcall::story {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kAws = "/usr/bin/aws";  // Debian's; another one in PATH may be of any version

std::string slurp(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string film_bytes(std::size_t size) {
  std::string out(size, '\0');
  SeededRandom random{7};
  random.fill(MutBytes(reinterpret_cast<std::uint8_t*>(out.data()), out.size()));
  return out;
}

class AwsCli : public ::testing::Test {
 protected:
  void SetUp() override {
    if (::access(kAws, X_OK) != 0) GTEST_SKIP() << "no awscli here (tools/bootstrap.sh s3 installs it): /aws/s3 is not tried with it";
    big_ = film_bytes(20 << 20);
    WorldOptions options;
    options.prepare = [this](const std::string& dir) { prepare(dir); };
    world_.emplace(options);
    std::string pattern = testing::TempDir() + "upcall-aws-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    home_ = pattern;
    all_ = key("all", {});
  }
  void TearDown() override {
    if (!home_.empty()) fs::remove_all(home_);
  }

  void prepare(const std::string& dir) {
    crypto::SystemRandom random;
    auto store = store::Store::open({dir}).value();
    auto sealer = store::Sealer::open(dir, random).value();
    auto files = objects::DirectoryObjectStore::open_root(dir + "/objects", sealer->derive("objects"), random).value();
    const WallTime now = system_now().wall;
    for (const auto& [id, object, bytes] : {std::tuple<std::string, std::string, std::string>{"r-1", "RECORDINGS/2026/01/big.mp4", big_},
                                            {"r-2", "RECORDINGS/2026/02/small.mp4", "a small film"},
                                            {"r-3", "RECORDINGS/2027/other.mp4", "another film"}}) {
      auto upload = files->begin_upload(object, "video/mp4").value();
      for (std::size_t at = 0, part = 1; at < bytes.size(); at += 5 << 20, ++part) {
        ASSERT_TRUE(upload->put_part(static_cast<std::uint32_t>(part), as_bytes(std::string_view(bytes).substr(at, 5 << 20))));
      }
      ASSERT_TRUE(upload->complete(now));
      store::Meeting meeting;
      meeting.meeting_id = meeting.external_meeting_id = "m-" + id;
      meeting.created = now;
      meeting.ended = now;
      store::Recording row;
      row.recording_id = id;
      row.meeting_id = row.external_meeting_id = meeting.meeting_id;
      row.object_key = object;
      row.state = store::RecordingState::stored;
      row.requested = now;
      row.size_bytes = static_cast<std::int64_t>(bytes.size());
      ASSERT_TRUE(store->write([&](store::Database& db) { return store::meetings::insert(db, meeting); }));
      ASSERT_TRUE(store->write([&](store::Database& db) { return store::recordings::insert(db, row); }));
    }
  }

  struct Key {
    std::string id, secret;
  };
  Key key(const std::string& name, bj::object more) {
    more["name"] = name;
    const bj::value made = world_->admin("access-key.create", more);
    return {json::text_or(made.as_object(), "accessKeyId"), json::text_or(made.as_object(), "secretAccessKey")};
  }
  // Exit status; what it printed is in out_ and err_.
  int aws(const Key& k, std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"--endpoint-url", world_->url() + "/aws/s3"});
    const int out = ::open((home_ / "out").c_str(), O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC, 0600);
    const int err = ::open((home_ / "err").c_str(), O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC, 0600);
    process::ChildOptions options;
    options.program = kAws;
    options.arguments = std::move(arguments);
    options.environment = {{"PATH", "/usr/bin:/bin"},   {"HOME", home_.string()},         {"AWS_ACCESS_KEY_ID", k.id},
                           {"AWS_SECRET_ACCESS_KEY", k.secret}, {"AWS_DEFAULT_REGION", "eu-north-1"}, {"AWS_EC2_METADATA_DISABLED", "true"},
                           {"AWS_MAX_ATTEMPTS", "1"},    {"AWS_CONFIG_FILE", (home_ / "config").string()}};
    options.descriptors = {{out, 1}, {err, 2}};
    int status = -1;
    {
      auto child = host_.spawn(std::move(options));
      if (child) {
        if (const auto exit = (*child)->wait(Duration::s(60))) status = exit->signaled ? -exit->code : exit->code;
      }
    }
    ::close(out);
    ::close(err);
    out_ = slurp(home_ / "out");
    err_ = slurp(home_ / "err");
    return status;
  }

  std::optional<World> world_;
  process::ChildHost host_;
  fs::path home_;
  std::string big_, out_, err_;
  Key all_;
};

TEST_F(AwsCli, ListsAndCopies) {
  ASSERT_EQ(aws(all_, {"s3", "ls"}), 0) << err_;
  EXPECT_THAT(out_, HasSubstr(" recordings\n"));
  ASSERT_EQ(aws(all_, {"s3", "ls", "s3://recordings/RECORDINGS/"}), 0) << err_;
  EXPECT_THAT(out_, HasSubstr("PRE 2026/\n"));
  EXPECT_THAT(out_, HasSubstr("PRE 2027/\n"));
  // One key a page: the client goes on by our tokens.
  ASSERT_EQ(aws(all_, {"s3", "ls", "--recursive", "--page-size", "1", "s3://recordings"}), 0) << err_;
  EXPECT_THAT(out_, HasSubstr("20971520 RECORDINGS/2026/01/big.mp4\n"));
  EXPECT_THAT(out_, HasSubstr("12 RECORDINGS/2026/02/small.mp4\n"));
  EXPECT_THAT(out_, HasSubstr("12 RECORDINGS/2027/other.mp4\n"));
  // 20 MiB: the client takes it in ranges of 8 MiB, several at once.
  const fs::path here = home_ / "big.mp4";
  ASSERT_EQ(aws(all_, {"s3", "cp", "s3://recordings/RECORDINGS/2026/01/big.mp4", here.string()}), 0) << err_;
  EXPECT_TRUE(slurp(here) == big_);
  ASSERT_EQ(aws(all_, {"s3", "sync", "s3://recordings/RECORDINGS/2027/", (home_ / "2027").string()}), 0) << err_;
  EXPECT_EQ(slurp(home_ / "2027" / "other.mp4"), "another film");
  ASSERT_EQ(aws(all_, {"s3api", "get-object", "--bucket", "recordings", "--key", "RECORDINGS/2026/02/small.mp4", "--range", "bytes=2-6", (home_ / "part").string()}), 0) << err_;
  EXPECT_EQ(slurp(home_ / "part"), "small");
  EXPECT_THAT(out_, HasSubstr("bytes 2-6/12"));
  ASSERT_EQ(aws(all_, {"s3api", "head-object", "--bucket", "recordings", "--key", "RECORDINGS/2026/02/small.mp4"}), 0) << err_;
  EXPECT_THAT(out_, HasSubstr("\"ContentLength\": 12"));
  EXPECT_THAT(out_, HasSubstr("video/mp4"));
  ASSERT_EQ(aws(all_, {"s3api", "get-bucket-location", "--bucket", "recordings"}), 0) << err_;
  EXPECT_EQ(aws(all_, {"s3api", "head-bucket", "--bucket", "recordings"}), 0) << err_;
  ASSERT_EQ(aws(all_, {"s3api", "list-objects-v2", "--bucket", "recordings", "--start-after", "RECORDINGS/2026/01/big.mp4", "--max-items", "1"}), 0) << err_;
  EXPECT_THAT(out_, HasSubstr("small.mp4"));
}

TEST_F(AwsCli, PresignedAddressesWorkWithoutAKey) {
  ASSERT_EQ(aws(all_, {"s3", "presign", "s3://recordings/RECORDINGS/2026/02/small.mp4", "--expires-in", "604800"}), 0) << err_;
  const std::string url = out_.substr(0, out_.find('\n'));
  ASSERT_THAT(url, HasSubstr("X-Amz-Signature="));
  net::HttpClient anybody;
  const auto whole = world_->need(anybody.get(url), "presigned");
  EXPECT_EQ(whole.status, 200);
  EXPECT_EQ(whole.body, "a small film");
  EXPECT_EQ(world_->need(anybody.send({"GET", url, {{"range", "bytes=0-0"}}, {}}), "range").body, "a");
  std::string tampered = url;
  tampered.replace(tampered.find("small.mp4"), 9, "other.mp4");
  EXPECT_EQ(world_->need(anybody.get(tampered), "tampered").status, 403);
  EXPECT_EQ(world_->need(anybody.get(url.substr(0, url.find('?'))), "unsigned").status, 403);
  tampered = url;
  tampered.replace(tampered.find("Expires=604800"), 14, "Expires=604799");
  EXPECT_EQ(world_->need(anybody.get(tampered), "tampered").status, 403);
}

TEST_F(AwsCli, WhatIsRefusedIsToldInItsOwnWords) {
  const Key limited = key("limited", {{"s3-prefix", "RECORDINGS/2026/"}, {"permission", {"recording.playback"}}});
  ASSERT_EQ(aws(limited, {"s3", "ls", "--recursive", "s3://recordings/RECORDINGS/2026/"}), 0) << err_;
  EXPECT_THAT(out_, HasSubstr("small.mp4"));
  EXPECT_NE(aws(limited, {"s3", "ls", "s3://recordings/RECORDINGS/"}), 0);
  EXPECT_THAT(err_, HasSubstr("(AccessDenied)"));
  EXPECT_NE(aws(limited, {"s3", "cp", "s3://recordings/RECORDINGS/2027/other.mp4", (home_ / "x").string()}), 0);
  EXPECT_THAT(err_, HasSubstr("(403)"));
  EXPECT_NE(aws({all_.id, "wrong"}, {"s3", "ls", "s3://recordings"}), 0);
  EXPECT_THAT(err_, HasSubstr("(SignatureDoesNotMatch)"));
  EXPECT_NE(aws({"UPCANOBODY", "x"}, {"s3", "ls", "s3://recordings"}), 0);
  EXPECT_THAT(err_, HasSubstr("(InvalidAccessKeyId)"));
  EXPECT_NE(aws(all_, {"s3api", "get-object", "--bucket", "recordings", "--key", "RECORDINGS/none", (home_ / "x").string()}), 0);
  EXPECT_THAT(err_, HasSubstr("(NoSuchKey)"));
  EXPECT_NE(aws(all_, {"s3", "ls", "s3://elsewhere"}), 0);
  EXPECT_THAT(err_, HasSubstr("(NoSuchBucket)"));
  std::ofstream(home_ / "up") << "mine";
  EXPECT_NE(aws(all_, {"s3", "cp", (home_ / "up").string(), "s3://recordings/up"}), 0);
  EXPECT_THAT(err_, HasSubstr("(MethodNotAllowed)"));
  EXPECT_NE(aws(all_, {"s3", "rm", "s3://recordings/RECORDINGS/2027/other.mp4"}), 0);
  EXPECT_THAT(out_ + err_, HasSubstr("(MethodNotAllowed)"));
  EXPECT_NE(aws(all_, {"s3api", "get-bucket-versioning", "--bucket", "recordings"}), 0);
  EXPECT_THAT(err_, HasSubstr("(NotImplemented)"));
  EXPECT_THAT(slurp(world_->log_file()), Not(HasSubstr(all_.secret)));
}

}  // namespace
}  // namespace upcall::story
