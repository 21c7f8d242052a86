// service::kept_journals: which files stay, and which go when. Real files in a spool.
#include "service/recording/kept_journals.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "../store/temp_dir.hpp"

namespace upcall::service {
namespace {

namespace fs = std::filesystem;

class KeptJournals : public testing::Test {
 protected:
  std::string folder(const std::string& id) { return dir_.path() + "/" + id; }
  void journal(const std::string& id) {
    fs::create_directories(folder(id));
    for (const char* name : {"segment-000000.upj", "segment-000001.upj", "windows.upk", "film.upf"}) std::ofstream(folder(id) + "/" + name) << name;
  }
  static WallTime at(std::int64_t ms) { return WallTime::from_unix_ms(ms); }
  test::TempDir dir_;
};

TEST_F(KeptJournals, OnlyTheJournalIsKept) {
  journal("a");
  EXPECT_FALSE(kept_journals::kept_until(folder("a")));
  ASSERT_TRUE(kept_journals::keep(folder("a"), at(5000)).has_value());
  EXPECT_EQ(kept_journals::kept_until(folder("a")), at(5000));
  EXPECT_TRUE(fs::exists(folder("a") + "/segment-000001.upj"));
  EXPECT_TRUE(fs::exists(folder("a") + "/windows.upk"));
  EXPECT_FALSE(fs::exists(folder("a") + "/film.upf"));
  EXPECT_FALSE(kept_journals::keep(folder("nowhere"), at(5000)).has_value());
}

TEST_F(KeptJournals, ADamagedMarkKeepsNothing) {
  journal("a");
  std::ofstream(folder("a") + "/kept") << "soon\n";
  EXPECT_FALSE(kept_journals::kept_until(folder("a")));
}

TEST_F(KeptJournals, WhatIsOverOrHasNoRecordingGoes) {
  for (const char* id : {"a", "b", "c", "live"}) journal(id);
  ASSERT_TRUE(kept_journals::keep(folder("a"), at(1000)).has_value());
  ASSERT_TRUE(kept_journals::keep(folder("b"), at(9000)).has_value());
  ASSERT_TRUE(kept_journals::keep(folder("c"), at(9000)).has_value());
  EXPECT_EQ(kept_journals::drop_over(dir_.path(), at(1000), [](const std::string& id) { return id != "c"; }), 2);
  EXPECT_FALSE(fs::exists(folder("a")));
  EXPECT_TRUE(fs::exists(folder("b")));
  EXPECT_FALSE(fs::exists(folder("c")));
  EXPECT_TRUE(fs::exists(folder("live"))) << "not a kept one";
}

TEST_F(KeptJournals, TheFirstToGoIsDroppedWhereRoomIsShort) {
  for (const char* id : {"a", "b", "live"}) journal(id);
  ASSERT_TRUE(kept_journals::keep(folder("a"), at(9000)).has_value());
  ASSERT_TRUE(kept_journals::keep(folder("b"), at(2000)).has_value());
  EXPECT_TRUE(kept_journals::drop_first(dir_.path()));
  EXPECT_FALSE(fs::exists(folder("b")));
  EXPECT_TRUE(kept_journals::drop_first(dir_.path()));
  EXPECT_FALSE(kept_journals::drop_first(dir_.path()));
  EXPECT_TRUE(fs::exists(folder("live")));
}

TEST_F(KeptJournals, AnotherFilmsFolderIsTheSameFiles) {
  journal("a");
  EXPECT_EQ(kept_journals::link(folder("a"), folder("b")).error().code, ErrorCode::not_found);
  ASSERT_TRUE(kept_journals::keep(folder("a"), at(9000)).has_value());
  ASSERT_TRUE(kept_journals::link(folder("a"), folder("b")).has_value());
  EXPECT_TRUE(fs::equivalent(folder("a") + "/windows.upk", folder("b") + "/windows.upk"));
  EXPECT_FALSE(kept_journals::kept_until(folder("b"))) << "it is not kept in two places";
  EXPECT_FALSE(kept_journals::link(folder("a"), folder("b")).has_value()) << "somebody is there";
  fs::remove_all(folder("b"));
  EXPECT_TRUE(fs::exists(folder("a") + "/segment-000000.upj"));
}

}  // namespace
}  // namespace upcall::service
