#include "io/store/parameter_repository.hpp"

namespace upcall::store {

Result<std::optional<std::string>> parameters::get(Database& db, std::string_view name) {
  return db.one("select value from parameters where name=?1", [](Row& r) { return r.text(0); }, name);
}

Result<std::string> parameters::get_or(Database& db, std::string_view name, std::string_view fallback) {
  return get(db, name).map([&](std::optional<std::string> v) { return v ? std::move(*v) : std::string(fallback); });
}

Result<void> parameters::set(Database& db, std::string_view name, std::string_view value) {
  return db
      .run("insert into parameters(name, value) values(?1, ?2) on conflict(name) do update set value=excluded.value", name,
           value)
      .map([](std::int64_t) {});
}

Result<std::vector<std::pair<std::string, std::string>>> parameters::all(Database& db) {
  return db.all("select name, value from parameters order by name",
                [](Row& r) { return std::pair(r.text(0), r.text(1)); });
}

Result<void> parameters::remove(Database& db, std::string_view name) {
  return db.run("delete from parameters where name=?1", name).map([](std::int64_t) {});
}

Result<void> parameters::add_history(Database& db, std::vector<HistoryRow> rows) {
  auto last = db.one("select coalesce(max(id), 0) from parameter_changes", [](Row& r) { return r.i64(0); });
  if (!last) return tl::unexpected(last.error());
  const std::int64_t first = last->value_or(0) + 1;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const HistoryRow& h = rows[i];
    auto done = db.run(
        "insert into parameter_changes(id, batch, at_ms, actor, name, before_text, after_text, secret, how) values(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        first + static_cast<std::int64_t>(i), first, h.at, h.actor, h.name, h.secret ? "" : h.before, h.secret ? "" : h.after, h.secret,
        h.deleted ? "deleted" : "set");
    if (!done) return tl::unexpected(done.error());
  }
  return {};
}

Result<std::vector<parameters::HistoryRow>> parameters::history(Database& db, std::string_view name, int limit) {
  return db.all(
      "select id, batch, at_ms, actor, name, before_text, after_text, secret, how from parameter_changes where ?1='' or name=?1 order by id desc limit ?2",
      [](Row& r) {
        HistoryRow h;
        h.id = r.i64(0);
        h.batch = r.i64(1);
        h.at = r.wall(2);
        h.actor = r.text(3);
        h.name = r.text(4);
        h.before = r.text(5);
        h.after = r.text(6);
        h.secret = r.boolean(7);
        h.deleted = r.text(8) == "deleted";
        return h;
      },
      name, limit);
}

}  // namespace upcall::store
