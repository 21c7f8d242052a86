// service::JournalCopies over a real spool and a real directory of objects that can be made unreachable.
#include "service/journal_copies/journal_copies.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "crypto/random.hpp"
#include "io/journal/journal_files.hpp"
#include "io/objects/directory_object_store.hpp"
#include "io/store/meeting_repository.hpp"
#include "io/store/recording_repository.hpp"
#include "io/store/sealer.hpp"
#include "journal/format.hpp"
#include "journal/window_keys.hpp"

#include "../store/temp_dir.hpp"

namespace upcall::service {
namespace {

namespace fs = std::filesystem;

class Flaky final : public objects::ObjectStore {
 public:
  explicit Flaky(objects::ObjectStore& under) : under_(under) {}
  Result<std::unique_ptr<objects::Upload>> begin_upload(std::string_view key, std::string_view type) override {
    if (down) return fail(ErrorCode::unavailable, "down");
    ++uploads;
    return under_.begin_upload(key, type);
  }
  Result<objects::ObjectInfo> stat(std::string_view key) override { return under_.stat(key); }
  Result<std::shared_ptr<wire::BodySource>> open(std::string_view key) override {
    if (down || opens_left == 0) return fail(ErrorCode::unavailable, "down");
    --opens_left;
    return under_.open(key);
  }
  Result<void> remove(std::string_view key) override {
    if (down) return fail(ErrorCode::unavailable, "down");
    return under_.remove(key);
  }
  Result<std::vector<objects::ObjectInfo>> list(std::string_view prefix) override {
    if (down) return fail(ErrorCode::unavailable, "down");
    return under_.list(prefix);
  }
  bool down = false;
  int uploads = 0, opens_left = 1000;

 private:
  objects::ObjectStore& under_;
};

class Copying : public testing::Test {
 protected:
  void SetUp() override {
    store_ = store::Store::open({dir_.path()}).value();
    sealer_ = store::Sealer::open(dir_.path(), random_).value();
    directory_ = objects::DirectoryObjectStore::open_root(dir_.path() + "/objects", sealer_->derive("objects"), random_).value();
    objects_ = std::make_unique<Flaky>(*directory_);
    store::Meeting meeting;
    meeting.meeting_id = "meeting";
    meeting.external_meeting_id = "m";
    meeting.owner_principal = "agent";
    ASSERT_TRUE(store_->write([&](store::Database& db) { return store::meetings::insert(db, meeting); }).has_value());
    row_.recording_id = "r-1";
    row_.external_meeting_id = "m";
    row_.meeting_id = "meeting";
    row_.owner_principal = "agent";
    row_.object_key = "RECORDINGS/x.mp4";
    row_.state = store::RecordingState::recording;
    ASSERT_TRUE(store_->write([&](store::Database& db) { return store::recordings::insert(db, row_); }).has_value());
    copies_ = make();
  }
  std::unique_ptr<JournalCopies> make() {
    JournalCopyOptions options;
    options.spool_directory = spool_;
    options.every = [] { return Duration(); };
    return std::make_unique<JournalCopies>(std::move(options), *store_, *objects_, [] { return Now{Instant::from_ms(1), WallTime::from_unix_ms(1)}; });
  }
  std::string path(std::uint32_t segment) const { return spool_ + "/r-1/" + journal::segment_file_name(segment); }
  void append(std::uint32_t segment, const std::string& bytes) {
    fs::create_directories(spool_ + "/r-1");
    std::ofstream(path(segment), std::ios::binary | std::ios::app) << bytes;
  }
  static std::string content(const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  std::size_t copies_there() { return directory_->list("JOURNALS/").value().size(); }
  void become(store::RecordingState state) {
    const auto before = row_.state;
    row_.state = state;
    ASSERT_TRUE(store_->write([&](store::Database& db) { return store::recordings::update(db, row_, before); }).value_or(false));
  }

  test::TempDir dir_;
  crypto::SystemRandom random_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<store::Sealer> sealer_;
  std::unique_ptr<objects::ObjectStore> directory_;
  std::unique_ptr<Flaky> objects_;
  std::string spool_ = dir_.path() + "/spool";
  store::Recording row_;
  std::unique_ptr<JournalCopies> copies_;
};

TEST_F(Copying, OfARecordingThatFailedTheyStayUntilItsRowGoes) {
  append(0, "first");
  ASSERT_TRUE(copies_->copy().has_value());
  ASSERT_EQ(copies_there(), 1u);
  // A key that could not be unwrapped, a journal that could not be read: somebody may still save it by hand.
  become(store::RecordingState::failed);
  ASSERT_TRUE(copies_->copy().has_value());
  EXPECT_EQ(copies_there(), 1u);
  ASSERT_TRUE(make()->copy().has_value()) << "another process";
  EXPECT_EQ(copies_there(), 1u);
  ASSERT_TRUE(store_->write([&](store::Database& db) { return db.run("delete from recordings where recording_id = 'r-1'"); }).has_value());
  ASSERT_TRUE(copies_->copy().has_value());
  EXPECT_EQ(copies_there(), 0u);
}

TEST_F(Copying, WhatHasGrownIsCopiedAndNothingElse) {
  append(0, "first");
  ASSERT_TRUE(copies_->copy().has_value());
  ASSERT_TRUE(copies_->copy().has_value());
  EXPECT_EQ(objects_->uploads, 1);
  append(0, " and more");
  append(1, "second");
  ASSERT_TRUE(copies_->copy().has_value());
  EXPECT_EQ(objects_->uploads, 3);
  EXPECT_EQ(copies_->counters().segments, 3u);
  EXPECT_EQ(directory_->stat("JOURNALS/r-1/" + journal::segment_file_name(0)).value().size, std::string("first and more").size());
}

TEST_F(Copying, ALostSpoolComesBack) {
  append(0, "first");
  append(1, "second");
  ASSERT_TRUE(copies_->copy().has_value());
  fs::remove_all(spool_);
  copies_ = make();
  EXPECT_EQ(copies_->restore().value(), 1);
  EXPECT_EQ(content(path(0)), "first");
  EXPECT_EQ(content(path(1)), "second");
  EXPECT_EQ(fs::status(spool_ + "/r-1").permissions(), fs::perms::owner_all);
  EXPECT_EQ(fs::status(path(0)).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  // What is there is not touched.
  append(1, " longer");
  EXPECT_EQ(make()->restore().value(), 0);
  EXPECT_EQ(content(path(1)), "second longer");
}

TEST_F(Copying, AFilmThatWasBegunStaysBesideWhatComesBack) {
  append(0, "first");
  ASSERT_TRUE(copies_->copy().has_value());
  fs::remove(path(0));
  std::ofstream(spool_ + "/r-1/film") << "composed";
  EXPECT_EQ(make()->restore().value(), 1);
  EXPECT_EQ(content(path(0)), "first");
  EXPECT_EQ(content(spool_ + "/r-1/film"), "composed");
}

TEST_F(Copying, CopiesThatCannotBeReadNowAreNotWrittenOver) {
  append(0, "all that was said");
  append(1, "and this");
  ASSERT_TRUE(copies_->copy().has_value());
  fs::remove_all(spool_);
  copies_ = make();
  objects_->opens_left = 1;   // the second segment cannot be had
  EXPECT_EQ(copies_->restore().value(), 0);
  EXPECT_TRUE(journal::list_segments(spool_ + "/r-1").empty()) << "half a journal is none";
  // The recording went on with an empty journal; its first segment has the number of the copy's.
  append(0, "new");
  ASSERT_TRUE(copies_->copy().has_value());
  EXPECT_EQ(directory_->stat("JOURNALS/r-1/" + journal::segment_file_name(0)).value().size, std::string("all that was said").size());
  // The film that is stored has only the new part: the rest is in the copies alone.
  become(store::RecordingState::stored);
  ASSERT_TRUE(copies_->copy().has_value());
  EXPECT_EQ(copies_there(), 2u);
}

TEST_F(Copying, ARestoreThatWasCutOffGoesOn) {
  // As a process left it that died while it moved the second of two segments in.
  append(0, "first");
  fs::create_directories(spool_ + "/r-1.restored");
  std::ofstream(spool_ + "/r-1.restored/" + journal::segment_file_name(1)) << "second";
  EXPECT_EQ(copies_->restore().value(), 1);
  EXPECT_EQ(content(path(0)), "first");
  EXPECT_EQ(content(path(1)), "second");
  EXPECT_FALSE(fs::exists(spool_ + "/r-1.restored"));
}

TEST_F(Copying, CopiesGoWithTheRecordingAlsoThoseOfAnEarlierProcess) {
  append(0, "first");
  ASSERT_TRUE(copies_->copy().has_value());
  become(store::RecordingState::composing);
  ASSERT_TRUE(copies_->copy().has_value());
  EXPECT_EQ(copies_there(), 1u) << "not stored yet";
  become(store::RecordingState::stored);
  objects_->down = true;
  EXPECT_FALSE(copies_->copy().has_value());
  EXPECT_EQ(copies_there(), 1u);
  objects_->down = false;
  copies_ = make();
  ASSERT_TRUE(copies_->copy().has_value());
  EXPECT_EQ(copies_there(), 0u);
}

TEST_F(Copying, AStoreThatIsDownIsTriedAgain) {
  append(0, "first");
  objects_->down = true;
  EXPECT_FALSE(copies_->copy().has_value());
  objects_->down = false;
  ASSERT_TRUE(copies_->copy().has_value());
  EXPECT_EQ(copies_there(), 1u);
}

TEST_F(Copying, WhatMayStillBeForgottenIsNotCopied) {
  append(0, "first");
  std::ofstream(spool_ + "/r-1/" + journal::kWindowFileName) << "keys";
  ASSERT_TRUE(copies_->copy().has_value());
  EXPECT_EQ(copies_there(), 0u);
}

}  // namespace
}  // namespace upcall::service
