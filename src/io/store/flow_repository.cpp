#include "io/store/flow_repository.hpp"

#include "contact/flow_import.hpp"

namespace upcall::store {
namespace {

void ignore(std::int64_t) {}
bool any(std::int64_t changed) { return changed > 0; }

FlowFunction read_function(Row& r) { return {r.text(0), r.text(1), r.text(2), r.blob(3), r.wall(4)}; }
HoursRow read_hours(Row& r) { return {r.text(0), r.text(1), r.text(2), r.wall(3), r.wall(4)}; }

// "arn:aws:lambda:eu-central-1:1:function:lookup:live" -> "lookup"
std::string_view short_name(std::string_view function) {
  constexpr std::string_view kMark = ":function:";
  const std::size_t at = function.find(kMark);
  if (at == std::string_view::npos) return function;
  const std::string_view rest = function.substr(at + kMark.size());
  return rest.substr(0, rest.find(':'));
}

}  // namespace

Result<void> flow_functions::insert(Database& db, const FlowFunction& f) {
  return db.run("insert into flow_functions(id, name, url, secret_sealed, created_ms) values(?1, ?2, ?3, ?4, ?5)", f.id, f.name, f.url, f.secret_sealed, f.created).map(ignore);
}

Result<std::vector<FlowFunction>> flow_functions::all(Database& db) {
  return db.all("select id, name, url, secret_sealed, created_ms from flow_functions order by name", read_function);
}

Result<std::optional<FlowFunction>> flow_functions::find(Database& db, std::string_view function) {
  // The whole text first: two accounts may have functions of one name.
  return db.one("select id, name, url, secret_sealed, created_ms from flow_functions where name=?1 or id=?1 or name=?2 order by name=?1 desc limit 1",
                read_function, function, short_name(function));
}

Result<bool> flow_functions::remove(Database& db, std::string_view name) {
  return db.run("delete from flow_functions where name=?1 or id=?1", name).map(any);
}

Result<std::string> hours::put(Database& db, const HoursRow& h) {
  return db
      .one("insert into hours_of_operation(id, name, content, created_ms, updated_ms) values(?1, ?2, ?3, ?4, ?5) "
           "on conflict(name) do update set content=excluded.content, updated_ms=excluded.updated_ms returning id",
           [](Row& r) { return r.text(0); }, h.id, h.name, h.content, h.created, h.updated)
      .map([](std::optional<std::string> id) { return id.value_or(""); });
}

Result<std::vector<HoursRow>> hours::all(Database& db) {
  return db.all("select id, name, content, created_ms, updated_ms from hours_of_operation order by name", read_hours);
}

Result<bool> hours::update(Database& db, const HoursRow& h) {
  return db.run("update hours_of_operation set name=?2, content=?3, updated_ms=?4 where id=?1", h.id, h.name, h.content, h.updated).map(any);
}

Result<bool> hours::remove(Database& db, std::string_view name) {
  auto freed = db.run("update queues set hours_id='' where hours_id in (select id from hours_of_operation where name=?1 or id=?1)", name);
  if (!freed) return tl::unexpected(freed.error());
  return db.run("delete from hours_of_operation where name=?1 or id=?1", name).map(any);
}

Result<bool> hours::assign(Database& db, std::string_view queue, std::string_view hours_id) {
  return db.run("update queues set hours_id=?2 where name=?1 or id=?1", queue, hours_id).map(any);
}

Result<void> flow_steps::add(Database& db, const contact::FlowStepRecord& s, WallTime at) {
  auto done = db.run("insert or replace into contact_flow_steps(contact_id, number, at_ms, flow, block, type, result, note) values(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                     s.contact_id, s.number, at, s.step.flow, s.step.block, contact::action_name(s.step.type), s.step.result, s.step.note);
  if (!done) return tl::unexpected(done.error());
  if (s.number <= contact::kFlowStepsKept) return {};
  return db.run("delete from contact_flow_steps where contact_id=?1 and number<=?2", s.contact_id, s.number - contact::kFlowStepsKept).map(ignore);
}

Result<void> flow_steps::prune(Database& db, WallTime from, WallTime until) {
  return db.run("delete from contact_flow_steps where contact_id in (select id from contacts where ended_ms>=?1 and ended_ms<?2)", from, until).map(ignore);
}

Result<std::vector<FlowStepRow>> flow_steps::of_contact(Database& db, std::string_view contact_id) {
  return db.all("select number, at_ms, flow, block, type, result, note from contact_flow_steps where contact_id=?1 order by number",
                [](Row& r) {
                  return FlowStepRow{static_cast<std::uint64_t>(r.i64(0)), r.wall(1), r.text(2), r.text(3), r.text(4), r.text(5), r.text(6)};
                },
                contact_id);
}

}  // namespace upcall::store
