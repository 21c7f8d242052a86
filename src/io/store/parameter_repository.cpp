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

}  // namespace upcall::store
