#include "io/store/migrations.hpp"

#include <algorithm>

namespace upcall::store {

extern const std::string_view kMigration0001;
extern const std::string_view kMigration0002;
extern const std::string_view kMigration0003;
extern const std::string_view kMigration0004;
extern const std::string_view kMigration0005;
extern const std::string_view kMigration0006;
extern const std::string_view kMigration0007;
extern const std::string_view kMigration0008;
extern const std::string_view kMigration0009;
extern const std::string_view kMigration0010;
extern const std::string_view kMigration0011;
extern const std::string_view kMigration0012;
extern const std::string_view kMigration0013;
extern const std::string_view kMigration0014;

std::span<const Migration> migrations() {
  static const Migration list[] = {{1, kMigration0001}, {2, kMigration0002}, {3, kMigration0003}, {4, kMigration0004}, {5, kMigration0005},
                                   {6, kMigration0006}, {7, kMigration0007}, {8, kMigration0008}, {9, kMigration0009}, {10, kMigration0010},
                                   {11, kMigration0011}, {12, kMigration0012}, {13, kMigration0013}, {14, kMigration0014}};
  return list;
}

namespace {

Result<void> migrate_locked(Database& db) {
  auto present = db.one("select version from schema_version", [](Row& row) { return row.i64(0); });
  if (!present) return tl::unexpected(present.error());
  const std::int64_t version = present->value_or(0);
  const std::int64_t newest = migrations().back().version;
  auto oldest = db.one("select oldest from schema_programs", [](Row& row) { return row.i64(0); });
  if (!oldest) return tl::unexpected(oldest.error());
  if (!*oldest) {
    // Programs that do not know this table refuse whatever is newer than they are.
    if (auto first = db.run("insert into schema_programs(oldest) values(?1)", std::max(version, newest)); !first) return tl::unexpected(first.error());
  }
  if (version > newest && oldest->value_or(version) <= newest) return {};
  if (version > newest) {
    return fail(ErrorCode::unavailable, "the data directory was written by a newer version (schema " +
                                            std::to_string(version) + ", this program knows " + std::to_string(newest) +
                                            "): use that version, or restore a backup");
  }
  for (const Migration& migration : migrations()) {
    if (migration.version <= version) continue;
    if (auto done = db.script(migration.sql); !done) {
      return fail(done.error().code, "the database cannot be brought to schema " + std::to_string(migration.version) + " (" + done.error().message +
                                         "); it is as it was. Go on with the release of before, and report this");
    }
    if (migration.breaks_older) {
      if (auto done = db.run("update schema_programs set oldest=max(oldest, ?1)", migration.version); !done) return tl::unexpected(done.error());
    }
    if (auto done = db.run("delete from schema_version"); !done) return tl::unexpected(done.error());
    if (auto done = db.run("insert into schema_version(version) values(?1)", migration.version); !done) {
      return tl::unexpected(done.error());
    }
  }
  return {};
}

}  // namespace

Result<void> migrate(Database& db) {
  if (auto began = db.script("begin exclusive; create table if not exists schema_version(version bigint not null);"
                             " create table if not exists schema_programs(oldest bigint not null);"); !began) {
    return began;
  }
  auto done = migrate_locked(db);
  auto ended = db.script(done ? "commit" : "rollback");
  return done ? ended : done;
}

}  // namespace upcall::store
