// The S3 store against a real one: Ceph RGW.
#include <gtest/gtest.h>

#include <set>

#include "base/ids.hpp"
#include "crypto/random.hpp"
#include "rgw.hpp"
#include "s3/answers.hpp"

namespace upcall::s3 {
namespace {

using test::Rgw;
constexpr std::size_t kMiB = 1 << 20;

class S3Store : public ::testing::Test {
 protected:
  void SetUp() override {
    auto found = Rgw::find();
    if (!found) GTEST_SKIP() << found.error().message;
    rgw_ = *found;
    bucket_ = rgw_.make_bucket();
    store_ = std::make_unique<S3ObjectStore>(rgw_.options(bucket_), random_, &metrics_);
  }
  static ByteVector pattern(std::size_t size, std::uint64_t seed = 1) {
    ByteVector out(size);
    SeededRandom(seed).fill(out);
    return out;
  }
  objects::ObjectInfo put(S3ObjectStore& store, const std::string& key, Bytes bytes) {
    auto upload = store.begin_upload(key, "video/mp4");
    EXPECT_TRUE(upload) << upload.error().message;
    if (!upload) return {};
    EXPECT_TRUE((*upload)->put_part(1, bytes));
    auto info = (*upload)->complete({});
    EXPECT_TRUE(info) << info.error().message;
    return info.value_or(objects::ObjectInfo{});
  }
  static ByteVector read(wire::BodySource& source, std::uint64_t offset, std::uint64_t size) {
    ByteVector out(static_cast<std::size_t>(size));
    std::size_t done = 0;
    while (done < out.size()) {
      const auto n = source.read(offset + done, MutBytes(out).subspan(done));
      if (!n || *n == 0) break;
      done += *n;
    }
    out.resize(done);
    return out;
  }
  ByteVector read_all(S3ObjectStore& store, const std::string& key) {
    auto source = store.open(key);
    EXPECT_TRUE(source) << source.error().message;
    return source ? read(**source, 0, (*source)->size()) : ByteVector{};
  }

  Rgw rgw_;
  std::string bucket_;
  crypto::SystemRandom random_;
  metrics::Registry metrics_;
  std::unique_ptr<S3ObjectStore> store_;
};

TEST_F(S3Store, MultipartOf30MiBInAnyOrderReadBackByRanges) {
  const ByteVector film = pattern(30 * kMiB + 17);
  const Bytes all(film);
  const std::string key = "RECORDINGS/2026/11/30/08/m-r-20261130T080000Z.mp4";
  auto upload = store_->begin_upload(key, "video/mp4");
  ASSERT_TRUE(upload) << upload.error().message;
  // As the composer sends them: the first part last, and one of them twice.
  const std::size_t cuts[] = {0, 5 * kMiB, 15 * kMiB, 20 * kMiB + 3, film.size()};
  EXPECT_TRUE((*upload)->put_part(3, all.subspan(0, 5 * kMiB)));
  for (const std::uint32_t number : {2u, 3u, 4u, 1u}) {
    EXPECT_EQ(store_->stat(key).error().code, ErrorCode::not_found);
    const auto done = (*upload)->put_part(number, all.subspan(cuts[number - 1], cuts[number] - cuts[number - 1]));
    ASSERT_TRUE(done) << done.error().message;
  }
  EXPECT_EQ((*upload)->parts().size(), 4u);
  EXPECT_EQ((*upload)->parts()[2].size, 5 * kMiB + 3);
  const auto info = (*upload)->complete({});
  ASSERT_TRUE(info) << info.error().message;
  EXPECT_EQ(info->size, film.size());
  EXPECT_TRUE(info->etag.ends_with("-4"));
  EXPECT_EQ(info->content_type, "video/mp4");
  const auto seen = store_->stat(key);
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->etag, info->etag);
  EXPECT_EQ((*upload)->put_part(5, as_bytes("x")).error().code, ErrorCode::conflict);
  upload->reset();
  EXPECT_TRUE(rgw_.open_uploads(bucket_).empty());

  auto source = store_->open(key);
  ASSERT_TRUE(source);
  ASSERT_EQ((*source)->size(), film.size());
  EXPECT_EQ(read(**source, 0, film.size()), film);
  for (const auto& [from, size] : {std::pair<std::uint64_t, std::uint64_t>{0, 1}, {kMiB - 1, 2}, {5 * kMiB - 1, 2}, {film.size() - 1, 1}, {7 * kMiB + 5, 3 * kMiB}}) {
    const Bytes expected = all.subspan(static_cast<std::size_t>(from), static_cast<std::size_t>(size));
    EXPECT_EQ(read(**source, from, size), ByteVector(expected.begin(), expected.end())) << from;
  }
  std::uint8_t byte = 0;
  EXPECT_EQ((*source)->read(film.size(), {&byte, 1}), 0u);
  EXPECT_NE(metrics_.text().find("upcall_object_store_uploads_total{result=\"completed\"} 1"), std::string::npos);
}

TEST_F(S3Store, AnUploadThatIsAbortedOrDestroyedLeavesNothing) {
  auto upload = store_->begin_upload("RECORDINGS/a.mp4", "video/mp4");
  ASSERT_TRUE(upload);
  ASSERT_TRUE((*upload)->put_part(1, pattern(kMiB)));
  EXPECT_EQ(rgw_.open_uploads(bucket_).size(), 1u);
  (*upload)->abort();
  EXPECT_TRUE(rgw_.open_uploads(bucket_).empty());
  EXPECT_EQ((*upload)->complete({}).error().code, ErrorCode::conflict);
  {
    auto other = store_->begin_upload("RECORDINGS/a.mp4", "video/mp4");
    ASSERT_TRUE(other);
    EXPECT_EQ((*other)->complete({}).error().code, ErrorCode::invalid_argument) << "no part";
    ASSERT_TRUE((*other)->put_part(2, pattern(kMiB)));
    EXPECT_EQ((*other)->complete({}).error().code, ErrorCode::invalid_argument) << "part 1 is missing";
    EXPECT_EQ((*other)->put_part(0, pattern(1)).error().code, ErrorCode::invalid_argument);
    EXPECT_EQ((*other)->put_part(10'001, pattern(1)).error().code, ErrorCode::invalid_argument);
    EXPECT_EQ((*other)->put_part(1, {}).error().code, ErrorCode::invalid_argument);
  }
  EXPECT_TRUE(rgw_.open_uploads(bucket_).empty());
  EXPECT_EQ(store_->stat("RECORDINGS/a.mp4").error().code, ErrorCode::not_found);
}

TEST_F(S3Store, EveryCharacterOfAKeyAndListsOfMoreThanOnePage) {
  const std::string every = "RECORDINGS/ABCDEFGHIJKLMNOPQRSTUVWXYZ/abcdefghijklmnopqrstuvwxyz/0123456789/a.b_c-d..e__f--g/" + std::string(200, 'x');
  ASSERT_TRUE(objects::is_safe_key(every));
  put(*store_, every, as_bytes("film"));
  EXPECT_EQ(read_all(*store_, every), ByteVector({'f', 'i', 'l', 'm'}));
  for (const char* wrong : {"", "/a", "a/../b", "a b", "a?b", "a%2fb", "ü"}) {
    EXPECT_EQ(store_->begin_upload(wrong, "x").error().code, ErrorCode::invalid_argument) << wrong;
    EXPECT_EQ(store_->stat(wrong).error().code, ErrorCode::not_found) << wrong;
  }
  EXPECT_EQ(store_->begin_upload("a", "x\r\nx-amz-acl: public-read").error().code, ErrorCode::invalid_argument);

  Client client(rgw_.options(bucket_), random_, nullptr);
  std::set<std::string> keys;
  for (int i = 0; i < 7; ++i) {
    keys.insert("RECORDINGS/list/" + std::to_string(i));
    ASSERT_TRUE(client.call(put_object(client.settings(), *keys.rbegin(), "text/plain", as_bytes("x"))));
  }
  // Somebody else's object whose key we could not have made: it is there, and is not ours.
  ASSERT_TRUE(client.call(put_object(client.settings(), "RECORDINGS/list/not ours & <theirs>", "text/plain", as_bytes("x"))));
  auto page = client.call(list_objects("RECORDINGS/list/", "", 3));
  ASSERT_TRUE(page);
  auto parsed = parse_objects(page->body);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->objects.size(), 3u);
  ASSERT_FALSE(parsed->next.empty());
  page = client.call(list_objects("RECORDINGS/list/", parsed->next, 1000));
  ASSERT_TRUE(page);
  EXPECT_EQ(parse_objects(page->body)->objects.size(), 5u);
  const auto list = store_->list("RECORDINGS/list/");
  ASSERT_TRUE(list);
  ASSERT_EQ(list->size(), keys.size());
  for (const auto& info : *list) EXPECT_TRUE(keys.contains(info.key));

  ASSERT_TRUE(store_->remove(every));
  EXPECT_EQ(store_->remove(every).error().code, ErrorCode::not_found);
  EXPECT_EQ(store_->stat(every).error().code, ErrorCode::not_found);
  EXPECT_EQ(store_->open(every).error().code, ErrorCode::not_found);
}

TEST_F(S3Store, AnObjectThatChangesUnderAReaderEndsTheReading) {
  put(*store_, "RECORDINGS/a.mp4", pattern(3 * kMiB, 1));
  auto source = store_->open("RECORDINGS/a.mp4");
  ASSERT_TRUE(source);
  EXPECT_EQ(read(**source, 0, 100).size(), 100u);
  put(*store_, "RECORDINGS/a.mp4", pattern(3 * kMiB, 2));
  ByteVector out(100);
  EXPECT_EQ((*source)->read(2 * kMiB, out).error().code, ErrorCode::corrupt);
}

TEST_F(S3Store, PresignedAddresses) {
  put(*store_, "RECORDINGS/a.mp4", as_bytes("film"));
  const auto address = store_->presign("RECORDINGS/a.mp4", Duration::s(60));
  ASSERT_TRUE(address);
  net::HttpClient anybody;
  const auto good = anybody.get(*address);
  ASSERT_TRUE(good);
  EXPECT_EQ(good->status, 200);
  EXPECT_EQ(good->body, "film");
  // One character of the signature, another object, a longer life.
  std::string changed = *address;
  changed.back() = changed.back() == '0' ? '1' : '0';
  EXPECT_EQ(anybody.get(changed)->status, 403);
  changed = *address;
  changed.replace(changed.find("a.mp4"), 5, "b.mp4");
  EXPECT_EQ(anybody.get(changed)->status, 403);
  changed = *address;
  changed.replace(changed.find("X-Amz-Expires=60"), 16, "X-Amz-Expires=99");
  EXPECT_EQ(anybody.get(changed)->status, 403);
  EXPECT_EQ(anybody.get(address->substr(0, address->find('?')))->status, 403);
  ClientOptions past = rgw_.options(bucket_);
  past.clock = [] {
    Now now = system_now();
    now.wall = now.wall - Duration::s(120);
    return now;
  };
  S3ObjectStore earlier(past, random_, nullptr);
  EXPECT_EQ(anybody.get(*earlier.presign("RECORDINGS/a.mp4", Duration::s(60)))->status, 403) << "expired";
  EXPECT_EQ(anybody.get(*earlier.presign("RECORDINGS/a.mp4", Duration::s(180)))->status, 200);
}

TEST_F(S3Store, AnUploadGoesOnInAnotherProcess) {
  const ByteVector film = pattern(11 * kMiB);
  const Bytes all(film);
  std::string token;
  {
    auto upload = store_->begin_upload("RECORDINGS/a.mp4", "video/mp4");
    ASSERT_TRUE(upload);
    ASSERT_TRUE((*upload)->put_part(2, all.subspan(5 * kMiB, 5 * kMiB)));
    token = (*upload)->resume_token();
    (*upload)->leave();
  }
  S3ObjectStore later(rgw_.options(bucket_), random_, nullptr);
  auto upload = later.resume_upload("RECORDINGS/a.mp4", token);
  ASSERT_TRUE(upload) << upload.error().message;
  ASSERT_EQ((*upload)->parts().size(), 1u);
  EXPECT_EQ((*upload)->parts()[0].number, 2u);
  EXPECT_EQ((*upload)->parts()[0].size, 5 * kMiB);
  ASSERT_TRUE((*upload)->put_part(3, all.subspan(10 * kMiB)));
  ASSERT_TRUE((*upload)->put_part(1, all.subspan(0, 5 * kMiB)));
  const auto info = (*upload)->complete({});
  ASSERT_TRUE(info) << info.error().message;
  EXPECT_EQ(read_all(later, "RECORDINGS/a.mp4"), film);
  EXPECT_EQ(later.resume_upload("RECORDINGS/a.mp4", token).error().code, ErrorCode::gone);
  EXPECT_EQ(later.resume_upload("RECORDINGS/a.mp4", "nonsense").error().code, ErrorCode::invalid_argument);
}

TEST_F(S3Store, UploadsThatNobodyOwnsAreEnded) {
  const auto leave_one = [&](const std::string& key) {
    auto upload = store_->begin_upload(key, "video/mp4");
    ASSERT_TRUE(upload);
    ASSERT_TRUE((*upload)->put_part(1, pattern(1000)));
    (*upload)->leave();
  };
  for (const char* key : {"RECORDINGS/orphan.mp4", "RECORDINGS/unfinished.mp4", "elsewhere/other.mp4"}) leave_one(key);
  auto mine = store_->begin_upload("RECORDINGS/mine.mp4", "video/mp4");
  ASSERT_TRUE(mine);
  const auto keep = [](std::string_view key) { return key == "RECORDINGS/unfinished.mp4"; };
  const WallTime now = system_now().wall;
  EXPECT_EQ(store_->abort_uploads("RECORDINGS/", now - Duration::s(24 * 3600), keep), 0u) << "too young";
  EXPECT_EQ(rgw_.open_uploads(bucket_).size(), 4u);
  EXPECT_EQ(store_->abort_uploads("RECORDINGS/", now + Duration::s(60), keep), 1u);
  const auto open = rgw_.open_uploads(bucket_);
  EXPECT_EQ(std::set<std::string>(open.begin(), open.end()), (std::set<std::string>{"RECORDINGS/unfinished.mp4", "RECORDINGS/mine.mp4", "elsewhere/other.mp4"}));
  // Its recording begins again: the upload of before goes, those of others stay.
  {
    auto again = store_->begin_upload("RECORDINGS/unfinished.mp4", "video/mp4");
    ASSERT_TRUE(again);
    EXPECT_EQ(rgw_.open_uploads(bucket_).size(), 3u);
  }
  EXPECT_EQ(rgw_.open_uploads(bucket_).size(), 2u);
}

// acceptance: 59
TEST_F(S3Store, UnderAKeyOfTheKeyManager) {
  ClientOptions options = rgw_.options(bucket_);
  ASSERT_TRUE(set_encryption(options.settings, "aws:kms:" + rgw_.kms_key));
  S3ObjectStore store(options, random_, nullptr);
  const ByteVector film = pattern(6 * kMiB);
  auto upload = store.begin_upload("RECORDINGS/a.mp4", "video/mp4");
  ASSERT_TRUE(upload) << upload.error().message;
  ASSERT_TRUE((*upload)->put_part(2, Bytes(film).subspan(5 * kMiB)));
  ASSERT_TRUE((*upload)->put_part(1, Bytes(film).first(5 * kMiB)));
  const auto info = (*upload)->complete({});
  ASSERT_TRUE(info) << info.error().message;
  EXPECT_EQ(read_all(store, "RECORDINGS/a.mp4"), film);
  Client client(rgw_.options(bucket_), random_, nullptr);
  const auto head = client.call(head_object("RECORDINGS/a.mp4"));
  ASSERT_TRUE(head);
  EXPECT_EQ(head->header("x-amz-server-side-encryption"), "aws:kms");
  // A key that the manager does not have is the user's to put right.
  ASSERT_TRUE(set_encryption(options.settings, "aws:kms:no-such-key"));
  S3ObjectStore wrong(options, random_, nullptr);
  auto refused = wrong.begin_upload("RECORDINGS/b.mp4", "video/mp4");
  if (refused) {
    EXPECT_FALSE((*refused)->put_part(1, as_bytes("x")));
  }
}

TEST_F(S3Store, OverTlsWithACertificateThatIsTrustedAndOnlyThen) {
  ClientOptions options = rgw_.options(bucket_, rgw_.tls_endpoint);
  options.ca_pem = rgw_.ca_pem;
  S3ObjectStore store(options, random_, nullptr);
  const ByteVector film = pattern(6 * kMiB);
  put(store, "RECORDINGS/a.mp4", film);
  EXPECT_EQ(read_all(store, "RECORDINGS/a.mp4"), film);
  EXPECT_TRUE(store.probe());
  EXPECT_FALSE(store.trouble());
  options.ca_pem.clear();
  S3ObjectStore distrustful(options, random_, nullptr);
  const auto refused = distrustful.stat("RECORDINGS/a.mp4");
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("certificate"), std::string::npos) << refused.error().message;
  EXPECT_TRUE(distrustful.trouble());
}

}  // namespace
}  // namespace upcall::s3
