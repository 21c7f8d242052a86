#include "io/objects/routing_object_store.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>

#include "crypto/random.hpp"
#include "io/objects/directory_object_store.hpp"

namespace upcall::objects {
namespace {

namespace fs = std::filesystem;

// An external store that can be switched off: a directory behind it.
class Far final : public ObjectStore {
 public:
  explicit Far(std::unique_ptr<ObjectStore> real) : real_(std::move(real)) {}
  bool down = false;
  int asked = 0;

  Result<std::unique_ptr<Upload>> begin_upload(std::string_view key, std::string_view type) override {
    if (down) return away();
    return real_->begin_upload(key, type);
  }
  Result<ObjectInfo> stat(std::string_view key) override {
    ++asked;
    if (down) return away();
    return real_->stat(key);
  }
  Result<std::shared_ptr<wire::BodySource>> open(std::string_view key) override {
    ++asked;
    if (down) return away();
    return real_->open(key);
  }
  Result<void> remove(std::string_view key) override {
    if (down) return away();
    return real_->remove(key);
  }
  Result<std::vector<ObjectInfo>> list(std::string_view prefix) override {
    if (down) return away();
    return real_->list(prefix);
  }
  Result<std::string> presign(std::string_view key, Duration) override { return "far/" + std::string(key); }

 private:
  static tl::unexpected<Error> away() { return fail(ErrorCode::unavailable, "away"); }
  std::unique_ptr<ObjectStore> real_;
};

class Routing : public ::testing::Test {
 protected:
  Routing() {
    std::string form = (fs::temp_directory_path() / "routing-XXXXXX").string();
    root_ = ::mkdtemp(form.data());
    store_ = std::make_unique<RoutingObjectStore>(directory("near"));
    far_ = std::make_shared<Far>(directory("far"));
  }
  ~Routing() override { fs::remove_all(root_); }
  std::unique_ptr<ObjectStore> directory(const std::string& name) {
    return std::move(*DirectoryObjectStore::open_root(root_ + "/" + name, crypto::Secret<32>{}, random_));
  }
  void put(const std::string& key, std::string_view text) {
    auto upload = store_->begin_upload(key, "text/plain");
    ASSERT_TRUE(upload);
    ASSERT_TRUE((*upload)->put_part(1, as_bytes(text)));
    ASSERT_TRUE((*upload)->complete({}));
  }
  std::string get(const std::string& key) {
    auto source = store_->open(key);
    if (!source) return std::string(to_string(source.error().code));
    std::string out(static_cast<std::size_t>((*source)->size()), ' ');
    EXPECT_EQ((*source)->read(0, {reinterpret_cast<std::uint8_t*>(out.data()), out.size()}), out.size());
    return out;
  }

  std::string root_;
  crypto::SystemRandom random_;
  std::unique_ptr<RoutingObjectStore> store_;
  std::shared_ptr<Far> far_;
};

TEST_F(Routing, WhatWasRecordedBeforeTheChangeStaysReadable) {
  put("old", "near");
  store_->set_external(far_, true);
  put("new", "far");
  EXPECT_EQ(get("old"), "near");
  EXPECT_EQ(get("new"), "far");
  EXPECT_TRUE(far_->stat("new"));
  EXPECT_EQ(far_->stat("old").error().code, ErrorCode::not_found);
  // And back again: the bucket is still there to be read.
  store_->set_external(far_, false);
  put("third", "near again");
  EXPECT_EQ(far_->stat("third").error().code, ErrorCode::not_found);
  EXPECT_EQ(get("new"), "far");
  EXPECT_EQ(get("third"), "near again");
  const auto list = store_->list("");
  ASSERT_TRUE(list);
  std::vector<std::string> keys;
  for (const auto& info : *list) keys.push_back(info.key);
  EXPECT_EQ(keys, (std::vector<std::string>{"new", "old", "third"}));
  // Without it there is only what lies here.
  store_->set_external(nullptr, true);
  EXPECT_EQ(get("new"), "not_found");
  put("fourth", "x");
  EXPECT_EQ(get("fourth"), "x");
}

TEST_F(Routing, AnOutageHidesOnlyWhatLiesThere) {
  put("old", "near");
  store_->set_external(far_, true);
  put("new", "far");
  far_->down = true;
  const int before = far_->asked;
  EXPECT_EQ(get("old"), "near");
  EXPECT_EQ(far_->asked, before) << "what lies here needs nobody";
  EXPECT_EQ(get("new"), "unavailable");
  EXPECT_EQ(store_->stat("nowhere").error().code, ErrorCode::unavailable) << "not_found would be a lie";
  EXPECT_EQ(store_->list("").error().code, ErrorCode::unavailable);
  EXPECT_EQ(store_->begin_upload("k", "x").error().code, ErrorCode::unavailable) << "it must not land where nobody looks for it";
}

TEST_F(Routing, AnObjectThatIsComposedAgainIsNotHiddenByTheOldOne) {
  put("film", "first");
  store_->set_external(far_, true);
  put("film", "second");
  EXPECT_EQ(get("film"), "second");
  EXPECT_EQ(store_->list("")->size(), 1u);
  EXPECT_EQ(*store_->presign("film", Duration::s(1)), "far/film");
}

TEST_F(Routing, RemoveTakesItFromBoth) {
  put("a", "near");
  store_->set_external(far_, true);
  put("b", "far");
  EXPECT_TRUE(store_->remove("a"));
  EXPECT_TRUE(store_->remove("b"));
  EXPECT_EQ(store_->remove("a").error().code, ErrorCode::not_found);
  EXPECT_EQ(get("a"), "not_found");
  EXPECT_EQ(get("b"), "not_found");
  far_->down = true;
  EXPECT_EQ(store_->remove("b").error().code, ErrorCode::unavailable);
}

TEST_F(Routing, AnUploadKeepsTheStoreItBeganWith) {
  store_->set_external(far_, true);
  std::weak_ptr<Far> watched = far_;
  auto upload = store_->begin_upload("a", "x");
  ASSERT_TRUE(upload);
  ASSERT_TRUE((*upload)->put_part(1, as_bytes("film")));
  far_.reset();
  store_->set_external(nullptr, false);
  EXPECT_FALSE(watched.expired());
  EXPECT_TRUE((*upload)->complete({}));
  upload->reset();
  EXPECT_TRUE(watched.expired());
}

TEST_F(Routing, AReplacementGoesWhereTheObjectIs) {
  const auto replace = [&](const std::string& key, std::string_view text) {
    auto upload = store_->begin_replacement(key, "text/plain");
    if (!upload) return upload.error().code;
    EXPECT_TRUE((*upload)->put_part(1, as_bytes(text)));
    EXPECT_TRUE((*upload)->complete({}));
    return ErrorCode::internal;
  };
  put("here", "old");
  store_->set_external(far_, true);
  put("there", "old");
  EXPECT_EQ(replace("here", "newer"), ErrorCode::internal);
  EXPECT_EQ(far_->stat("here").error().code, ErrorCode::not_found);
  EXPECT_EQ(store_->stat("here")->size, 5u);
  store_->set_external(far_, false);
  EXPECT_EQ(replace("there", "newer"), ErrorCode::internal);
  EXPECT_EQ(far_->stat("there")->size, 5u);
  EXPECT_EQ(store_->embedded().stat("there").error().code, ErrorCode::not_found);
  EXPECT_EQ(replace("nowhere", "x"), ErrorCode::not_found);
  far_->down = true;
  EXPECT_EQ(replace("there", "x"), ErrorCode::unavailable);
}

}  // namespace
}  // namespace upcall::objects
