#include "io/store/store.hpp"

#include <gtest/gtest.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <latch>
#include <thread>

#include "io/store/audit_repository.hpp"
#include "io/store/migrations.hpp"
#include "io/store/parameter_repository.hpp"
#include "io/store/sealer.hpp"
#include "temp_dir.hpp"

namespace upcall::store {
namespace {

using test::TempDir;

std::unique_ptr<Store> open_store(const TempDir& dir) {
  auto store = Store::open({dir.path(), 2, 4096});
  EXPECT_TRUE(store) << (store ? "" : store.error().message);
  return store ? std::move(*store) : nullptr;
}

TEST(Store, WritesAreReadBackAfterReopening) {
  TempDir dir;
  {
    auto store = open_store(dir);
    ASSERT_TRUE(store->write([](Database& db) { return parameters::set(db, "a", "1"); }));
    ASSERT_TRUE(store->write([](Database& db) { return parameters::set(db, "a", "2"); }));
  }
  auto store = open_store(dir);
  auto value = store->read([](Database& db) { return parameters::get(db, "a"); });
  ASSERT_TRUE(value);
  EXPECT_EQ(*value, "2");
}

TEST(Store, AFailingWriteIsRolledBackAloneInsideItsGroup) {
  TempDir dir;
  auto store = open_store(dir);
  std::latch started(1), gate(1);
  // Holds the writer so that the three below share one group.
  auto blocker = store->write_async([&](Database&) -> Result<void> {
    started.count_down();
    gate.wait();
    return {};
  });
  started.wait();
  auto good = store->write_async([](Database& db) { return parameters::set(db, "good", "1"); });
  auto bad = store->write_async([](Database& db) -> Result<void> {
    if (auto done = parameters::set(db, "bad", "1"); !done) return done;
    return fail(ErrorCode::forbidden, "no");
  });
  auto late = store->write_async([](Database& db) { return parameters::set(db, "late", "1"); });
  gate.count_down();
  EXPECT_TRUE(blocker.get());
  EXPECT_TRUE(good.get());
  EXPECT_EQ(bad.get().error().code, ErrorCode::forbidden);
  EXPECT_TRUE(late.get());
  EXPECT_EQ(store->counters().commits, 2u) << "three waiting writes must share one commit";
  EXPECT_EQ(store->counters().writes, 4u);
  auto all = store->read([](Database& db) { return parameters::all(db); });
  ASSERT_TRUE(all);
  ASSERT_EQ(all->size(), 2u);
  EXPECT_EQ((*all)[0].first, "good");
  EXPECT_EQ((*all)[1].first, "late");
}

TEST(Store, AReaderSeesOneSnapshotWhileAWriteLands) {
  TempDir dir;
  auto store = open_store(dir);
  auto seen = store->read([&](Database& db) -> Result<std::pair<bool, bool>> {
    auto before = parameters::get(db, "k");
    EXPECT_TRUE(store->write([](Database& w) { return parameters::set(w, "k", "v"); }));
    auto after = parameters::get(db, "k");
    return std::pair(before->has_value(), after->has_value());
  });
  ASSERT_TRUE(seen);
  EXPECT_FALSE(seen->first);
  EXPECT_FALSE(seen->second);
  EXPECT_EQ(store->read([](Database& db) { return parameters::get(db, "k"); })->value_or(""), "v");
}

TEST(Store, AReaderCannotWrite) {
  TempDir dir;
  auto store = open_store(dir);
  auto done = store->read([](Database& db) { return parameters::set(db, "k", "v"); });
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::unavailable);
}

TEST(Store, ASecondProcessIsRefused) {
  TempDir dir;
  auto store = open_store(dir);
  const pid_t child = ::fork();
  if (child == 0) {
    auto second = DataDirLock::take(dir.path());
    ::_exit(!second && second.error().code == ErrorCode::conflict ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  store.reset();
  EXPECT_TRUE(DataDirLock::take(dir.path()));
}

TEST(Store, ANewerSchemaIsRefusedAndLeftAlone) {
  TempDir dir;
  open_store(dir).reset();
  {
    auto db = Database::open(dir.path() + "/upcall.db", Database::Mode::read_write);
    ASSERT_TRUE(db);
    ASSERT_TRUE((*db)->script("update schema_version set version=9999; update schema_programs set oldest=9998"));
  }
  auto refused = Store::open({dir.path(), 1, 16});
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("newer version"), std::string::npos) << refused.error().message;
  auto db = Database::open(dir.path() + "/upcall.db", Database::Mode::read_only);
  EXPECT_EQ((*db)->one("select version from schema_version", [](Row& r) { return r.i64(0); })->value_or(0), 9999);
}

TEST(Store, AMigrationThatFailsChangesNothingAndSaysSo) {
  TempDir dir;
  open_store(dir).reset();
  const int before = migrations().back().version - 1;
  {
    auto db = Database::open(dir.path() + "/upcall.db", Database::Mode::read_write);
    // Its tables are there already: making them again cannot work.
    ASSERT_TRUE((*db)->script("update schema_version set version=" + std::to_string(before)));
  }
  const auto refused = Store::open({dir.path(), 1, 16});
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("it is as it was"), std::string::npos) << refused.error().message;
  auto db = Database::open(dir.path() + "/upcall.db", Database::Mode::read_only);
  EXPECT_EQ((*db)->one("select version from schema_version", [](Row& r) { return r.i64(0); })->value_or(0), before);
}

// What only adds is no obstacle for the release before: it may have to come back.
TEST(Store, ANewerSchemaThatOlderProgramsCanUseIsUsed) {
  TempDir dir;
  open_store(dir).reset();
  {
    auto db = Database::open(dir.path() + "/upcall.db", Database::Mode::read_write);
    ASSERT_TRUE((*db)->script("update schema_version set version=9999; alter table parameters add column later text"));
  }
  {
    auto store = open_store(dir);
    EXPECT_TRUE(store->write([](Database& db) { return parameters::set(db, "recordingAttendeeName", "BOT"); }));
  }
  auto db = Database::open(dir.path() + "/upcall.db", Database::Mode::read_only);
  EXPECT_EQ((*db)->one("select version from schema_version", [](Row& r) { return r.i64(0); })->value_or(0), 9999);
}

// A handover: the next process has the lock and the database before the one before it is done.
TEST(Store, TwoProcessesWriteWhileOneHandsOver) {
  TempDir dir;
  auto old = open_store(dir);
  StoreOptions given{dir.path(), 1, 64};
  given.lock = ::fcntl(old->lock_fd(), F_DUPFD_CLOEXEC, 0);
  auto opened = Store::open(given);
  ASSERT_TRUE(opened) << opened.error().message;
  old->let_go_of_lock();
  EXPECT_FALSE(DataDirLock::take(dir.path())) << "it is the next one's";
  constexpr int kWrites = 200;
  const auto write = [](Store& store, const std::string& name) {
    for (int i = 0; i < kWrites; ++i) {
      EXPECT_TRUE(store.write([&](Database& db) { return audit::add(db, {WallTime::from_unix_ms(i), name, "test.write", name, ""}); }));
    }
  };
  std::thread other([&] { write(*old, "old"); });
  write(**opened, "next");
  other.join();
  old.reset();
  const auto rows = (*opened)->read([](Database& db) { return db.one("select count(*), count(distinct id) from audit_chain", [](Row& r) { return std::pair(r.i64(0), r.i64(1)); }); });
  ASSERT_TRUE(rows && *rows);
  EXPECT_EQ((*rows)->first, 2 * kWrites);
  EXPECT_EQ((*rows)->second, 2 * kWrites);
}

TEST(Store, MigrationsAreNumberedWithoutGap) {
  int expected = 1;
  for (const Migration& m : migrations()) EXPECT_EQ(m.version, expected++);
}

TEST(Store, WhatSurvivesAKilledProcessIsWhatWasAnswered) {
  TempDir dir;
  int pipe_ends[2];
  ASSERT_EQ(::pipe(pipe_ends), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    auto store = Store::open({dir.path(), 1, 4096});
    if (!store) ::_exit(1);
    for (std::uint32_t i = 0;; ++i) {
      if (!(*store)->write([i](Database& db) { return parameters::set(db, "n" + std::to_string(i), "x"); })) ::_exit(2);
      if (::write(pipe_ends[1], &i, sizeof i) != sizeof i) ::_exit(3);
    }
  }
  std::uint32_t answered = 0;
  for (int i = 0; i < 20; ++i) ASSERT_EQ(::read(pipe_ends[0], &answered, sizeof answered), static_cast<ssize_t>(sizeof answered));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  ::close(pipe_ends[1]);
  while (::read(pipe_ends[0], &answered, sizeof answered) == sizeof answered) {}
  ::close(pipe_ends[0]);
  auto store = open_store(dir);
  for (std::uint32_t i = 0; i <= answered; ++i) {
    EXPECT_TRUE(store->read([&](Database& db) { return parameters::get(db, "n" + std::to_string(i)); })->has_value()) << i;
  }
}

TEST(Store, AFullQueueRefuses) {
  TempDir dir;
  auto opened = Store::open({dir.path(), 1, 2});
  ASSERT_TRUE(opened);
  auto& store = **opened;
  std::latch started(1), gate(1);
  auto blocker = store.write_async([&](Database&) -> Result<void> {
    started.count_down();
    gate.wait();
    return {};
  });
  started.wait();
  auto one = store.write_async([](Database& db) { return parameters::set(db, "1", ""); });
  auto two = store.write_async([](Database& db) { return parameters::set(db, "2", ""); });
  auto three = store.write_async([](Database& db) { return parameters::set(db, "3", ""); });
  EXPECT_EQ(three.get().error().code, ErrorCode::exhausted);
  gate.count_down();
  EXPECT_TRUE(blocker.get());
  EXPECT_TRUE(one.get());
  EXPECT_TRUE(two.get());
}

TEST(Sealer, OpensOnlyForItsPurposeAndKey) {
  TempDir dir, other;
  SeededRandom random(1);
  auto sealer = Sealer::open(dir.path(), random);
  ASSERT_TRUE(sealer);
  const ByteVector secret{1, 2, 3, 4, 5};
  ByteVector sealed = (*sealer)->seal("access_keys/1", secret, random);
  EXPECT_EQ(*(*sealer)->unseal("access_keys/1", sealed), secret);
  EXPECT_FALSE((*sealer)->unseal("access_keys/2", sealed));
  for (std::size_t n = 0; n < sealed.size(); ++n) EXPECT_FALSE((*sealer)->unseal("access_keys/1", Bytes(sealed).first(n)));
  // The same directory gives the same key, another one does not.
  auto again = Sealer::open(dir.path(), random);
  EXPECT_TRUE((*again)->unseal("access_keys/1", sealed));
  auto stranger = Sealer::open(other.path(), random);
  EXPECT_FALSE((*stranger)->unseal("access_keys/1", sealed));
  sealed[14] ^= 1;
  EXPECT_EQ((*sealer)->unseal("access_keys/1", sealed).error().code, ErrorCode::corrupt);
}

TEST(Sealer, RefusesAKeyFileThatOthersMayRead) {
  TempDir dir;
  SeededRandom random(2);
  ASSERT_TRUE(Sealer::open(dir.path(), random));
  std::filesystem::permissions(dir.path() + "/master.key", std::filesystem::perms::group_read, std::filesystem::perm_options::add);
  EXPECT_FALSE(Sealer::open(dir.path(), random));
}

}  // namespace
}  // namespace upcall::store
