#include "server/backup/manifest.hpp"

#include <gtest/gtest.h>

namespace upcall::backup {
namespace {

TEST(BackupManifest, NamesPlacesInsideADataDirectoryOnly) {
  for (const char* path : {"upcall.db", "master.key", "spool/3f/00000001.upj", "objects/index/RECORDINGS/2026/01/a-b.mp4~object", "tls/self-signed.key"}) {
    EXPECT_TRUE(is_backup_path(path)) << path;
  }
  for (const char* path : {"", "/upcall.db", "upcall.db/x", "upcall.db-wal", "admin.sock", "lock", "../upcall.db", "spool", "spool/", "spool//a", "spool/../upcall.db", "spool/a/..", "spool/.a/b",
                           "objects/a\nb", "objects/a\\b", "objectsx/a", "etc/passwd"}) {
    EXPECT_FALSE(is_backup_path(path)) << path;
  }
  EXPECT_FALSE(is_backup_path("spool/" + std::string(2000, 'a')));
}

Manifest sample() { return {"0.1.0", "2026-01-31T02:00:00.000Z", 11, "0123456789abcdef", "", true, false, {{"upcall.db", 4096, std::string(64, 'a')}, {"spool/x/1", 0, std::string(64, '0')}}}; }

TEST(BackupManifest, IsReadAsItWasWritten) {
  const auto read = parse_manifest(manifest_text(sample()));
  ASSERT_TRUE(read);
  EXPECT_EQ(manifest_text(*read), manifest_text(sample()));
  EXPECT_EQ(read->bytes(), 4096u);
}

TEST(BackupManifest, RefusesWhatIsNotOne) {
  const auto with = [](auto change) {
    Manifest m = sample();
    change(m);
    return parse_manifest(manifest_text(m)).has_value();
  };
  EXPECT_TRUE(with([](Manifest&) {}));
  EXPECT_FALSE(with([](Manifest& m) { m.files[0].path = "spool/y/1"; })) << "no database";
  EXPECT_FALSE(with([](Manifest& m) { m.files[1].path = "upcall.db"; })) << "twice";
  EXPECT_FALSE(with([](Manifest& m) { m.files[1].path = "../x"; }));
  EXPECT_FALSE(with([](Manifest& m) { m.files[1].sha256 = "zz"; }));
  EXPECT_FALSE(with([](Manifest& m) { m.schema = 0; }));
  const std::string text = manifest_text(sample());
  for (std::size_t n = 0; n < text.size(); ++n) EXPECT_FALSE(parse_manifest(std::string_view(text).substr(0, n))) << n;
}

}  // namespace
}  // namespace upcall::backup
