#include "io/store/adhoc_repository.hpp"

namespace upcall::store {

Result<void> adhoc_routes::insert(Database& db, const AdHocRoute& r) {
  return db
      .run("insert into adhoc_routes(route_id, agent_id, email, created_ms, expires_ms) values(?1, ?2, ?3, ?4, ?5)", r.route_id,
           r.agent_id, r.email, r.created, r.expires)
      .map([](std::int64_t) {});
}

Result<std::optional<AdHocRoute>> adhoc_routes::use(Database& db, std::string_view route_id, std::string_view email, WallTime now) {
  auto used = db.run(
      "update adhoc_routes set used_ms=?3 where route_id=?1 and email=?2 and used_ms is null and expires_ms>?3 and failures<?4",
      route_id, email, now, kFailuresMax);
  if (!used) return tl::unexpected(used.error());
  if (*used == 0) {
    auto counted = db.run("update adhoc_routes set failures=failures+1 where route_id=?1", route_id);
    if (!counted) return tl::unexpected(counted.error());
    return std::nullopt;
  }
  return db.one("select route_id, agent_id, email, created_ms, expires_ms from adhoc_routes where route_id=?1",
                [](Row& r) { return AdHocRoute{r.text(0), r.text(1), r.text(2), r.wall(3), r.wall(4)}; }, route_id);
}

Result<void> adhoc_routes::release(Database& db, std::string_view route_id) {
  return db.run("update adhoc_routes set used_ms=null where route_id=?1", route_id).map([](std::int64_t) {});
}

Result<void> adhoc_routes::prune(Database& db, WallTime expired_before) {
  return db.run("delete from adhoc_routes where expires_ms<?1", expired_before).map([](std::int64_t) {});
}

}  // namespace upcall::store
