#include "io/store/audit_repository.hpp"

namespace upcall::store {
namespace {

identity::AuditRow read_row(Row& r) { return {r.i64(0), r.wall(1), r.text(2), r.text(3), r.text(4), r.text(5)}; }
audit::Head read_head(Row& r) { return {r.i64(0), r.text(1), r.wall(2), r.text(3)}; }

// Normally one row; after an upgrade all that was written before there was a chain.
Result<void> chain(Database& db) {
  auto end = audit::newest(db);
  if (!end) return tl::unexpected(end.error());
  auto rows = db.all("select id, at_ms, actor, action, target, detail from audit where id>?1 order by id", read_row, end->id);
  if (!rows) return tl::unexpected(rows.error());
  std::string hash = end->id == 0 ? std::string(identity::kAuditStart) : end->hash;
  for (const identity::AuditRow& row : *rows) {
    hash = identity::audit_hash(hash, row);
    if (auto done = db.run("insert into audit_chain(id, hash) values(?1, ?2)", row.id, hash); !done) return tl::unexpected(done.error());
  }
  return {};
}

}  // namespace

Result<void> audit::add(Database& db, const Entry& e) {
  auto done = db.run("insert into audit(at_ms, actor, action, target, detail) values(?1, ?2, ?3, ?4, ?5)", e.at, e.actor, e.action, e.target, e.detail);
  if (!done) return tl::unexpected(done.error());
  return chain(db);
}

Result<std::vector<audit::Entry>> audit::of_target(Database& db, std::string_view target) {
  return db.all("select at_ms, actor, action, target, detail from audit where target=?1 order by id",
                [](Row& r) { return Entry{r.wall(0), r.text(1), r.text(2), r.text(3), r.text(4)}; }, target);
}

Result<std::vector<identity::AuditRow>> audit::list(Database& db, const Filter& f) {
  const bool beginning = f.action.ends_with('.');
  return db.all(
      "select id, at_ms, actor, action, target, detail from audit where id<?1 and (?2='' or actor=?2) and (?3='' or target=?3) and "
      "(?4='' or (?5=0 and action=?4) or (?5=1 and substr(action, 1, length(?4))=?4)) and at_ms>=?6 and at_ms<?7 order by id desc limit ?8",
      read_row, f.before_id, f.actor, f.target, f.action, beginning, f.since ? f.since->unix_ms() : INT64_MIN, f.until ? f.until->unix_ms() : INT64_MAX, f.limit);
}

Result<std::string> audit::hash_of(Database& db, std::int64_t id) {
  return db.one("select hash from audit_chain where id=?1", [](Row& r) { return r.text(0); }, id).map([](auto found) { return found.value_or(""); });
}

Result<std::vector<audit::Checkpoint>> audit::checkpoints(Database& db) {
  return db.all("select through_id, hash, at_ms, rows, signature from audit_checkpoints order by through_id",
                [](Row& r) { return Checkpoint{r.i64(0), r.text(1), r.wall(2), r.i64(3), r.text(4)}; });
}

Result<audit::Head> audit::last_before(Database& db, WallTime cutoff) {
  return db.one("select id, hash from audit_chain where id<coalesce((select min(id) from audit where at_ms>=?1), 9223372036854775807) order by id desc limit 1",
                [](Row& r) { return Head{r.i64(0), r.text(1), {}, {}}; }, cutoff)
      .map([](auto found) { return found.value_or(Head{}); });
}

Result<std::int64_t> audit::prune(Database& db, const Checkpoint& c) {
  auto done = db.run("insert into audit_checkpoints(through_id, hash, at_ms, rows, signature) values(?1, ?2, ?3, ?4, ?5)", c.through_id, c.hash, c.at, c.rows, c.signature);
  if (!done) return done;
  for (const char* table : {"delete from audit_heads where id<=?1", "delete from audit_chain where id<=?1"}) {
    if (done = db.run(table, c.through_id); !done) return done;
  }
  return db.run("delete from audit where id<=?1", c.through_id);
}

Result<audit::Head> audit::newest(Database& db) {
  return db.one("select id, hash from audit_chain order by id desc limit 1", [](Row& r) { return Head{r.i64(0), r.text(1), {}, {}}; }).map([](auto found) {
    return found.value_or(Head{});
  });
}

Result<std::optional<audit::Head>> audit::newest_signed(Database& db) {
  return db.one("select id, hash, at_ms, signature from audit_heads order by id desc limit 1", read_head);
}

Result<void> audit::add_head(Database& db, const Head& h) {
  return db.run("insert into audit_heads(id, hash, at_ms, signature) values(?1, ?2, ?3, ?4)", h.id, h.hash, h.at, h.signature).map([](std::int64_t) {});
}

Result<std::vector<audit::Head>> audit::heads(Database& db) {
  return db.all("select id, hash, at_ms, signature from audit_heads order by id", read_head);
}

Result<void> audit::each(Database& db, const std::function<void(std::int64_t, const identity::AuditRow*, const std::optional<std::string>&)>& visit) {
  constexpr std::int64_t kPage = 2000;
  std::int64_t after = 0;
  while (true) {
    auto rows = db.all(
        "select i.id, a.at_ms, a.actor, a.action, a.target, a.detail, a.id, c.hash from "
        "(select id from audit where id>?1 union select id from audit_chain where id>?1 order by 1 limit ?2) i "
        "left join audit a on a.id=i.id left join audit_chain c on c.id=i.id order by i.id",
        [](Row& r) { return std::tuple(read_row(r), r.is_null(6), r.optional_text(7)); }, after, kPage);
    if (!rows) return tl::unexpected(rows.error());
    for (const auto& [row, gone, hash] : *rows) {
      visit(row.id, gone ? nullptr : &row, hash);
      after = row.id;
    }
    if (static_cast<std::int64_t>(rows->size()) < kPage) return {};
  }
}

}  // namespace upcall::store
