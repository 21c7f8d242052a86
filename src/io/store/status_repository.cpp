#include "io/store/status_repository.hpp"

namespace upcall::store {

Result<void> agent_statuses::insert(Database& db, const AgentStatusRow& r, WallTime now) {
  return db
      .run("insert into agent_statuses(id, name, routable, created_ms, description, display_order, enabled) values(?1, ?2, ?3, ?4, ?5, ?6, ?7)", r.status.id,
           r.status.name, r.status.routable, now, r.description, r.display_order, r.enabled)
      .map([](std::int64_t) {});
}

Result<std::vector<AgentStatusRow>> agent_statuses::all(Database& db) {
  return db.all("select id, name, routable, description, display_order, enabled from agent_statuses order by display_order is null, display_order, name", [](Row& r) {
    return AgentStatusRow{{r.text(0), r.text(1), r.boolean(2)}, r.text(3), r.optional_i64(4), r.boolean(5)};
  });
}

Result<bool> agent_statuses::update(Database& db, const AgentStatusRow& r) {
  return db
      .run("update agent_statuses set name=?2, routable=?3, description=?4, display_order=?5, enabled=?6 where id=?1", r.status.id, r.status.name, r.status.routable,
           r.description, r.display_order, r.enabled)
      .map([](std::int64_t changed) { return changed > 0; });
}

}  // namespace upcall::store
