// upcall backup and upcall restore at the command line: what is refused, what a kill leaves, what a file is worth.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/stat.h>

#include <csignal>
#include <filesystem>

#include "crypto/random.hpp"
#include "installation.hpp"
#include "server/backup/backup.hpp"
#include "server/backup/staging.hpp"

namespace upcall::operations {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

namespace fs = std::filesystem;

class Backup : public ::testing::Test {
 protected:
  void SetUp() override {
    it_.start({"--log-file", it_.dir() + "/server.log"});
    it_.log_in_new("ann@example.com", "Agent");
  }
  std::string file() const { return it_.dir() + "/one.backup"; }
  Ran create(std::vector<std::string> more = {}) {
    std::vector<std::string> arguments{"backup", "create", "--data-dir", it_.data_dir(), "--out", file()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return it_.upcall(std::move(arguments));
  }
  Ran restore(const std::string& to, std::vector<std::string> more = {}) {
    std::vector<std::string> arguments{"restore", "--from", file(), "--data-dir", to};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return it_.upcall(std::move(arguments));
  }
  // Files of an object store, so that a backup takes a while.
  void fill(std::size_t files, std::size_t bytes) {
    crypto::SystemRandom random;
    ByteVector noise(bytes);
    random.fill(noise);
    for (std::size_t i = 0; i < files; ++i) write_text(it_.data_dir() + "/objects/data/noise" + std::to_string(i), std::string(as_text(noise)));
  }
  bool staged() const {
    std::size_t out = 0;
    for (const auto& entry : fs::directory_iterator(it_.data_dir())) out += entry.path().filename().string().starts_with(".backup-");
    return out > 0;
  }
  Installation it_;
};

TEST_F(Backup, AFileThatCanBeChecked) {
  const Ran made = create({"--json"});
  ASSERT_EQ(made.exit, 0) << made.text();
  EXPECT_EQ(json::text_or(made.json(), "file"), file());
  struct stat at{};
  ASSERT_EQ(::stat(file().c_str(), &at), 0);
  EXPECT_EQ(at.st_mode & 0777, 0600u);
  EXPECT_FALSE(staged());
  const Ran checked = it_.upcall({"backup", "verify", file()});
  EXPECT_EQ(checked.exit, 0);
  EXPECT_THAT(checked.out, StartsWith("whole: "));
  // Without the key the words say so, and it is not in there.
  const auto manifest = backup::verify(file());
  ASSERT_TRUE(manifest);
  for (const auto& f : manifest->files) EXPECT_NE(f.path, "master.key");
  const Ran again = create();
  EXPECT_EQ(again.exit, 1);
  EXPECT_THAT(again.err, HasSubstr("is there already"));
  const Ran named = it_.upcall({"backup", "create", "--data-dir", it_.data_dir(), "--out", it_.dir()});
  EXPECT_EQ(named.exit, 0) << named.text();
  EXPECT_THAT(named.out, HasSubstr("That key is not in it: keep the file " + it_.data_dir() + "/master.key"));
}

TEST_F(Backup, PutBackWithItsKeysItIsTheServer) {
  ASSERT_EQ(create({"--with-keys", "--with-recordings"}).exit, 0);
  const std::string to = it_.dir() + "/restored";
  const Ran back = restore(to);
  ASSERT_EQ(back.exit, 0) << back.text();
  EXPECT_FALSE(fs::exists(to + "/.restoring"));
  EXPECT_EQ(read_text(to + "/master.key"), read_text(it_.data_dir() + "/master.key"));
  const Ran users = it_.upcall({"user", "list", "--data-dir", to, "--json"});
  EXPECT_THAT(users.out, HasSubstr("ann@example.com"));
  EXPECT_EQ(it_.upcall({"audit", "verify", "--data-dir", to}).exit, 0);
}

TEST_F(Backup, WithoutItsKeyTheDirectoryOpensWhenTheKeyComes) {
  ASSERT_EQ(create().exit, 0);
  const std::string to = it_.dir() + "/restored", stranger = it_.dir() + "/stranger.key";
  write_text(stranger, std::string(32, 'k'));
  fs::permissions(stranger, fs::perms::owner_read);
  const Ran refused = restore(to, {"--master-key", stranger});
  EXPECT_EQ(refused.exit, 1);
  EXPECT_THAT(refused.err, HasSubstr("is not this backup's"));
  EXPECT_FALSE(fs::exists(to)) << "nothing is left";
  const Ran back = restore(to);
  ASSERT_EQ(back.exit, 0) << back.text();
  EXPECT_THAT(back.out, HasSubstr("Now put the master key"));
  EXPECT_NE(it_.upcall({"user", "list", "--data-dir", to}).exit, 0) << "no new key is made for sealed data";
  fs::copy_file(it_.data_dir() + "/master.key", to + "/master.key");
  EXPECT_THAT(it_.upcall({"user", "list", "--data-dir", to}).out, HasSubstr("ann@example.com"));
}

TEST_F(Backup, ADirectoryInUseOrNotEmptyIsLeftAlone) {
  ASSERT_EQ(create().exit, 0);
  const Ran in_use = restore(it_.data_dir());
  EXPECT_EQ(in_use.exit, 1);
  EXPECT_THAT(in_use.err, HasSubstr("is not empty"));
  EXPECT_EQ(it_.send("GET", "/readyz").status, 200);
  const std::string other = it_.dir() + "/other";
  fs::create_directory(other);
  write_text(other + "/letter", "mine");
  EXPECT_EQ(restore(other).exit, 1);
  EXPECT_EQ(read_text(other + "/letter"), "mine");
}

TEST_F(Backup, WhatIsCutOffOrAlteredIsNotPutBack) {
  ASSERT_EQ(create().exit, 0);
  const std::string whole = read_text(file());
  const std::string to = it_.dir() + "/restored";
  std::vector<std::string> bad{"", "not a backup", whole.substr(0, whole.size() / 2), whole.substr(0, whole.size() - 1)};
  for (const std::size_t at : {whole.size() / 3, whole.size() / 2, whole.size() - 40}) {
    bad.push_back(whole);
    bad.back()[at] = static_cast<char>(bad.back()[at] ^ 0x10);
  }
  for (const std::string& text : bad) {
    write_text(file(), text);
    const Ran checked = it_.upcall({"backup", "verify", file()});
    EXPECT_EQ(checked.exit, 1) << text.size();
    EXPECT_THAT(checked.err, HasSubstr("cannot be used")) << text.size();
    EXPECT_EQ(restore(to).exit, 1);
    EXPECT_FALSE(fs::exists(to));
  }
  fs::remove(file());
  EXPECT_THAT(it_.upcall({"backup", "verify", file()}).err, HasSubstr("there is no file"));
}

TEST_F(Backup, TooLittleDiskIsSaidBeforeAnythingIsWritten) {
  fill(1, 3 << 20);
  backup::BackupOptions options{it_.data_dir(), file(), true, false, WallTime::from_unix_ms(1'800'000'000'000), [&](const std::string& directory) -> Result<std::uint64_t> {
                                  return directory == it_.dir() ? 2 << 20 : std::uint64_t{1} << 40;
                                }};
  const auto refused = backup::create(options);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::exhausted);
  EXPECT_THAT(refused.error().message, HasSubstr("and 2 MiB are free: make room"));
  EXPECT_FALSE(fs::exists(file()) || fs::exists(file() + ".partial") || staged());
  options.space = backup::free_bytes;
  ASSERT_TRUE(backup::create(options));
  const std::string to = it_.dir() + "/restored";
  const auto no_room = backup::restore({file(), to, "", [](const std::string&) -> Result<std::uint64_t> { return 1 << 20; }});
  ASSERT_FALSE(no_room);
  EXPECT_THAT(no_room.error().message, HasSubstr("make room"));
  EXPECT_FALSE(fs::exists(to));
}

TEST_F(Backup, AKillInTheMiddleLeavesNoFileThatIsTakenForWhole) {
  fill(24, 4 << 20);
  for (int round = 0; round < 3; ++round) {
    process::ChildOptions options;
    options.program = Installation::bin("upcall");
    options.arguments = {"backup", "create", "--data-dir", it_.data_dir(), "--out", file(), "--with-recordings"};
    auto child = it_.host().spawn(std::move(options));
    ASSERT_TRUE(child);
    const std::string partial = file() + ".partial";
    std::error_code ignored;
    const std::uintmax_t enough = static_cast<std::uintmax_t>(round) * (20 << 20) + 1;
    it_.until("the backup to be half way", kSoon, [&] {
      std::error_code error;
      const auto size = fs::file_size(partial, error);
      return !error && size >= enough;
    });
    (*child)->signal(SIGKILL);
    const auto exit = (*child)->wait(kSoon);
    ASSERT_TRUE(exit && exit->signaled) << "it was to be killed on its way";
    EXPECT_FALSE(fs::exists(file()));
    EXPECT_FALSE(backup::verify(partial));
    EXPECT_TRUE(staged());
  }
  // The server's next life, or the next backup, lets go of what was linked.
  EXPECT_EQ(it_.stop(), 0);
  it_.start({"--log-file", it_.dir() + "/server.log"});
  EXPECT_FALSE(staged());
  EXPECT_EQ(create({"--with-recordings"}).exit, 0);
  EXPECT_FALSE(fs::exists(file() + ".partial"));
  EXPECT_TRUE(backup::verify(file()));
}

TEST_F(Backup, AKilledRestoreIsBegunAnewAndNoServerOpensItMeanwhile) {
  fill(24, 4 << 20);
  ASSERT_EQ(create({"--with-recordings", "--with-keys"}).exit, 0);
  const std::string to = it_.dir() + "/restored";
  process::ChildOptions options;
  options.program = Installation::bin("upcall");
  options.arguments = {"restore", "--from", file(), "--data-dir", to};
  auto child = it_.host().spawn(std::move(options));
  ASSERT_TRUE(child);
  it_.until("the restore to be half way", kSoon, [&] { return fs::exists(to + "/.restoring/objects/data"); });
  (*child)->signal(SIGKILL);
  const auto exit = (*child)->wait(kSoon);
  ASSERT_TRUE(exit && exit->signaled) << "it was to be killed on its way";
  const Ran opened = it_.upcall({"user", "list", "--data-dir", to});
  EXPECT_EQ(opened.exit, 1);
  EXPECT_THAT(opened.err, HasSubstr("a restore into this data directory was not finished"));
  const Ran back = restore(to);
  ASSERT_EQ(back.exit, 0) << back.text();
  EXPECT_EQ(it_.upcall({"user", "list", "--data-dir", to}).exit, 0);
}

}  // namespace
}  // namespace upcall::operations
