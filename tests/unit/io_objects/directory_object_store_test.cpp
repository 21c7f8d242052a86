#include "io/objects/directory_object_store.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "base/ids.hpp"
#include "crypto/random.hpp"
#include "io/objects/object_index.hpp"

namespace upcall::objects {
namespace {

namespace fs = std::filesystem;

class ObjectStoreTest : public ::testing::Test {
 protected:
  ObjectStoreTest() {
    std::string form = (fs::temp_directory_path() / "objects-XXXXXX").string();
    root_ = std::string(::mkdtemp(form.data())) + "/store";
    master_.value.fill(7);
    reopen();
  }
  ~ObjectStoreTest() override { fs::remove_all(fs::path(root_).parent_path()); }
  void reopen() {
    store_.reset();
    auto made = DirectoryObjectStore::open_root(root_, master_, random_);
    ASSERT_TRUE(made) << made.error().message;
    store_ = std::move(*made);
  }
  static ByteVector pattern(std::size_t size, std::uint64_t seed) {
    ByteVector out(size);
    SeededRandom(seed).fill(out);
    return out;
  }
  ObjectInfo put(const std::string& key, Bytes bytes) {
    auto upload = store_->begin_upload(key, "video/mp4");
    EXPECT_TRUE(upload) << key;
    EXPECT_TRUE((*upload)->put_part(1, bytes));
    auto info = (*upload)->complete(WallTime::from_unix_ms(5));
    EXPECT_TRUE(info);
    return info.value_or(ObjectInfo{});
  }
  ByteVector read(const std::string& key) {
    auto source = store_->open(key);
    if (!source) return {};
    ByteVector out((*source)->size());
    const auto got = (*source)->read(0, out);
    EXPECT_TRUE(got);
    EXPECT_EQ(got.value_or(0), out.size());
    return out;
  }
  std::vector<fs::path> data_files() const {
    std::vector<fs::path> out;
    for (const auto& entry : fs::directory_iterator(root_ + "/data")) out.push_back(entry.path());
    return out;
  }

  std::string root_;
  crypto::Secret<32> master_;
  crypto::SystemRandom random_;
  std::unique_ptr<DirectoryObjectStore> store_;
};

// acceptance: 53
TEST_F(ObjectStoreTest, PartsInAnyOrderOfAnySizeAndAnyRange) {
  const std::vector<std::size_t> sizes = {100, kChunk, kChunk + 1, 3 * kChunk - 1, 1, 5 * kChunk};
  ByteVector whole;
  std::vector<ByteVector> parts;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    parts.push_back(pattern(sizes[i], i));
    whole.insert(whole.end(), parts[i].begin(), parts[i].end());
  }
  auto upload = store_->begin_upload("RECORDINGS/2026/11/22/20/a-b.mp4", "video/mp4");
  ASSERT_TRUE(upload);
  EXPECT_TRUE((*upload)->put_part(4, pattern(77, 99)));  // replaced below
  for (const std::uint32_t n : {6u, 3u, 4u, 2u, 5u, 1u}) ASSERT_TRUE((*upload)->put_part(n, parts[n - 1]));
  EXPECT_EQ(store_->stat("RECORDINGS/2026/11/22/20/a-b.mp4").error().code, ErrorCode::not_found);
  const auto info = (*upload)->complete(WallTime::from_unix_ms(1234));
  ASSERT_TRUE(info) << info.error().message;
  EXPECT_EQ(info->size, whole.size());
  EXPECT_TRUE(info->etag.ends_with("-6"));
  reopen();
  const auto stat = store_->stat("RECORDINGS/2026/11/22/20/a-b.mp4");
  ASSERT_TRUE(stat);
  EXPECT_EQ(stat->etag, info->etag);
  EXPECT_EQ(stat->content_type, "video/mp4");
  EXPECT_EQ(stat->stored_at.unix_ms(), 1234);
  EXPECT_EQ(read("RECORDINGS/2026/11/22/20/a-b.mp4"), whole);
  auto source = store_->open("RECORDINGS/2026/11/22/20/a-b.mp4");
  ASSERT_TRUE(source);
  SeededRandom dice(3);
  for (int i = 0; i < 300; ++i) {
    const std::size_t from = dice.below(whole.size() + 10), want = dice.below(2 * kChunk) + 1;
    ByteVector out(want);
    const auto got = (*source)->read(from, out);
    ASSERT_TRUE(got);
    const std::size_t expect = from >= whole.size() ? 0 : std::min(want, whole.size() - from);
    ASSERT_EQ(*got, expect);
    ASSERT_TRUE(std::equal(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(expect), whole.begin() + static_cast<std::ptrdiff_t>(std::min(from, whole.size()))));
  }
}

// acceptance: 59
TEST_F(ObjectStoreTest, NothingReadableLiesOnTheDisk) {
  const std::string secret = "a sentence that must not be found on the disk, nor its name type/x-canary";
  auto upload = store_->begin_upload("a/b", "type/x-canary");
  ASSERT_TRUE((*upload)->put_part(1, as_bytes(secret)));
  ASSERT_TRUE((*upload)->complete(WallTime()));
  std::size_t files = 0;
  for (const auto& entry : fs::recursive_directory_iterator(root_)) {
    if (!entry.is_regular_file()) continue;
    ++files;
    std::ifstream in(entry.path(), std::ios::binary);
    const std::string bytes(std::istreambuf_iterator<char>(in), {});
    EXPECT_EQ(bytes.find("sentence"), std::string::npos);
    EXPECT_EQ(bytes.find("canary"), std::string::npos);
    EXPECT_EQ(fs::status(entry.path()).permissions() & fs::perms::others_all, fs::perms::none);
    EXPECT_EQ(fs::status(entry.path()).permissions() & fs::perms::group_all, fs::perms::none);
  }
  EXPECT_EQ(files, 2u);
  crypto::Secret<32> other;
  other.value.fill(8);
  auto stranger = DirectoryObjectStore::open_root(root_, other, random_);
  ASSERT_TRUE(stranger);
  EXPECT_EQ((*stranger)->stat("a/b").error().code, ErrorCode::corrupt);
  EXPECT_EQ((*stranger)->removed_partial_uploads(), 0u);
  EXPECT_EQ(read("a/b").size(), secret.size());
}

TEST_F(ObjectStoreTest, EveryTamperedByteAndEveryCutIsFound) {
  const ByteVector bytes = pattern(2 * kChunk + 500, 1);
  put("x", bytes);
  const fs::path file = data_files().at(0);
  const auto size = fs::file_size(file);
  const auto flip = [&file](std::uint64_t at) {
    std::fstream f(file, std::ios::in | std::ios::out | std::ios::binary);
    f.seekg(static_cast<std::streamoff>(at));
    const char c = static_cast<char>(f.get());
    f.seekp(static_cast<std::streamoff>(at));
    f.put(static_cast<char>(c ^ 1));
  };
  SeededRandom dice(9);
  for (int i = 0; i < 60; ++i) {
    const std::uint64_t at = i == 0 ? 0 : i == 1 ? size - 1 : dice.below(size);
    flip(at);
    ByteVector out(bytes.size());
    const auto got = store_->open("x").value()->read(0, out);
    ASSERT_FALSE(got) << at;
    ASSERT_EQ(got.error().code, ErrorCode::corrupt);
    flip(at);
  }
  EXPECT_EQ(read("x"), bytes);
  // A chunk that is gone, and the file as a whole.
  fs::resize_file(file, size - 516);
  ByteVector out(bytes.size());
  EXPECT_EQ(store_->open("x").value()->read(0, out).error().code, ErrorCode::corrupt);
  EXPECT_TRUE(store_->open("x").value()->read(0, MutBytes(out).first(kChunk)));
  fs::remove(file);
  EXPECT_EQ(store_->open("x").error().code, ErrorCode::corrupt);
}

TEST_F(ObjectStoreTest, ObjectsCannotChangeNames) {
  put("mine", pattern(10, 1));
  put("yours", pattern(10, 2));
  fs::copy_file(root_ + "/index/yours~object", root_ + "/index/mine~object", fs::copy_options::overwrite_existing);
  EXPECT_EQ(store_->open("mine").error().code, ErrorCode::corrupt);
  EXPECT_TRUE(store_->remove("mine"));
  EXPECT_EQ(store_->stat("mine").error().code, ErrorCode::not_found);
}

TEST_F(ObjectStoreTest, UnfinishedUploadsVanish) {
  put("keep", pattern(1000, 1));
  {
    auto dropped = store_->begin_upload("dropped", "");
    ASSERT_TRUE((*dropped)->put_part(1, pattern(10, 1)));
  }
  EXPECT_EQ(data_files().size(), 1u);
  // A process that dies in the middle leaves its data file and nothing else.
  const pid_t child = ::fork();
  if (child == 0) {
    auto upload = store_->begin_upload("half", "");
    if (upload && (*upload)->put_part(2, pattern(10, 1))) ::kill(::getpid(), SIGKILL);
    ::_exit(1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(data_files().size(), 2u);
  std::ofstream(root_ + "/index/half~new") << "torn";
  reopen();
  EXPECT_EQ(store_->removed_partial_uploads(), 1u);
  EXPECT_EQ(data_files().size(), 1u);
  EXPECT_FALSE(fs::exists(root_ + "/index/half~new"));
  EXPECT_EQ(store_->stat("half").error().code, ErrorCode::not_found);
  EXPECT_EQ(read("keep"), pattern(1000, 1));
}

TEST_F(ObjectStoreTest, AFullDiskLosesNothing) {
  const ByteVector big = pattern(1 << 20, 1), small = pattern(1000, 2);
  auto upload = store_->begin_upload("full", "");
  ASSERT_TRUE((*upload)->put_part(2, small));
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto old = ::signal(SIGXFSZ, SIG_IGN);
  const rlimit tight{500'000, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &tight), 0);
  const auto refused = (*upload)->put_part(1, big);
  const auto fits = (*upload)->put_part(3, small);
  ::setrlimit(RLIMIT_FSIZE, &before);
  ::signal(SIGXFSZ, old);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::exhausted);
  EXPECT_TRUE(fits);  // the space of the failed part was given back
  EXPECT_EQ((*upload)->complete(WallTime()).error().code, ErrorCode::invalid_argument);
  ASSERT_TRUE((*upload)->put_part(1, big));
  ASSERT_TRUE((*upload)->complete(WallTime()));
  ByteVector whole = big;
  whole.insert(whole.end(), small.begin(), small.end());
  whole.insert(whole.end(), small.begin(), small.end());
  EXPECT_EQ(read("full"), whole);
}

TEST_F(ObjectStoreTest, ReplaceRemoveAndList) {
  put("a/1", pattern(10, 1));
  put("a.b", pattern(20, 2));
  put("a/1.x/2", pattern(30, 3));
  put("a", pattern(40, 4));  // beside a directory of the same name
  auto held = store_->open("a/1").value();
  put("a/1", pattern(50, 5));
  ByteVector old(10);
  EXPECT_EQ(held->read(0, old).value(), 10u);
  EXPECT_EQ(old, pattern(10, 1));
  EXPECT_EQ(read("a/1"), pattern(50, 5));
  EXPECT_EQ(data_files().size(), 4u);
  std::vector<std::string> keys;
  const auto listed = store_->list("a/");
  ASSERT_TRUE(listed);
  for (const ObjectInfo& info : *listed) keys.push_back(info.key);
  EXPECT_EQ(keys, (std::vector<std::string>{"a/1", "a/1.x/2"}));
  EXPECT_EQ(store_->list("")->size(), 4u);
  EXPECT_TRUE(store_->remove("a/1"));
  EXPECT_EQ(store_->remove("a/1").error().code, ErrorCode::not_found);
  EXPECT_EQ(data_files().size(), 3u);
}

TEST_F(ObjectStoreTest, NoNameEscapesTheDirectory) {
  const std::string canary = fs::path(root_).parent_path().string() + "/canary~object";
  std::ofstream(canary) << "untouched";
  const std::vector<std::string> hostile = {
      "", "/", "..", ".", "../canary", "a/../../canary", "a/..", "a//b", "/a", "a/", ".hidden", "a/.b", "a\\b", "a\nb",
      std::string("a\0b", 3), "a~object", "a~new", "%2e%2e/x", "\xc0\xae\xc0\xae/x", "a b", "ä", "a:b", std::string(201, 'a'),
      std::string(901, 'a')};
  for (const std::string& key : hostile) {
    EXPECT_FALSE(is_safe_key(key)) << key;
    EXPECT_EQ(store_->begin_upload(key, "").error().code, ErrorCode::invalid_argument) << key;
    EXPECT_EQ(store_->open(key).error().code, ErrorCode::not_found) << key;
    EXPECT_EQ(store_->remove(key).error().code, ErrorCode::not_found) << key;
  }
  // Random names from the characters that matter: whatever passes must stay below the root when joined to it.
  SeededRandom dice(11);
  static constexpr std::string_view kAlphabet("./\\~%a-_\0\x80 :", 12);
  std::size_t passed = 0;
  for (int i = 0; i < 1'000'000; ++i) {
    std::string key(dice.below(12), 'x');
    for (char& c : key) c = kAlphabet[dice.below(kAlphabet.size())];
    if (!is_safe_key(key)) continue;
    ++passed;
    const std::string normal = fs::path("/r/" + key).lexically_normal().string();
    ASSERT_EQ(normal, "/r/" + key);
  }
  EXPECT_GT(passed, 1000u);
  EXPECT_TRUE(fs::exists(canary));
}

TEST_F(ObjectStoreTest, UploadsInParallel) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([this, t] {
      for (int i = 0; i < 5; ++i) {
        const std::string key = "p/" + std::to_string(t) + "/" + std::to_string(i);
        put(key, pattern(100'000, static_cast<std::uint64_t>(t * 10 + i)));
        EXPECT_EQ(read(key), pattern(100'000, static_cast<std::uint64_t>(t * 10 + i)));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(store_->list("p/")->size(), 20u);
}

TEST(ObjectIndex, CutAtEveryLengthIsRefused) {
  SeededRandom random(1);
  crypto::Secret<32> key;
  ObjectIndex index;
  index.data_id = make_uuid(random);
  index.extents.resize(3);
  const ByteVector sealed = seal_index(index, "k", key, random);
  ASSERT_TRUE(open_index(sealed, "k", key));
  EXPECT_FALSE(open_index(sealed, "l", key));
  for (std::size_t n = 0; n < sealed.size(); ++n) EXPECT_FALSE(open_index(Bytes(sealed).first(n), "k", key)) << n;
}

}  // namespace
}  // namespace upcall::objects
