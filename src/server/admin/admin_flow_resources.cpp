// What contact flows use: functions behind web addresses, and hours of operation.
#include "base/ids.hpp"
#include "base/wall_text.hpp"
#include "contact/hours.hpp"
#include "io/store/flow_repository.hpp"
#include "io/store/parameter_repository.hpp"
#include "io/time_zones/time_zones.hpp"
#include "json/json.hpp"
#include "server/admin/admin_parts.hpp"
#include "service/hooks/hook_message.hpp"

namespace upcall::admin {

namespace bj = boost::json;

namespace {
constexpr std::size_t kFunctionsMax = 100;
constexpr std::size_t kHoursMax = 100;
}  // namespace

Answer flow_function_add(Context& context, const Arguments& arguments) {
  if (auto fine = only(arguments, {"name", "url"}); !fine) return tl::unexpected(fine.error());
  auto name = needed_name(arguments, "name");
  if (!name) return tl::unexpected(name.error());
  store::FlowFunction function{make_uuid(context.random), *name, json::text_or(arguments, "url"), {}, context.now};
  ByteVector secret(32);
  context.random.fill(secret);
  function.secret_sealed = context.sealer.seal("flow_functions/" + function.id, secret, context.random);
  auto stored = context.store.write([&](store::Database& db) -> Answer {
    auto present = store::flow_functions::all(db);
    if (!present) return tl::unexpected(present.error());
    if (present->size() >= kFunctionsMax) return fail(ErrorCode::exhausted, "there are 100 functions already; remove one first");
    auto allowed = store::parameters::get_or(db, "webhookAllowPrivate", "false");
    if (!allowed) return tl::unexpected(allowed.error());
    if (auto fine = service::check_hook_url(function.url, *allowed == "true"); !fine) return tl::unexpected(fine.error());
    if (auto done = store::flow_functions::insert(db, function); !done) return tl::unexpected(done.error());
    if (auto done = note(db, context, "flow_function.added", function.id); !done) return tl::unexpected(done.error());
    return bj::object{{"flowFunctionId", function.id}, {"name", function.name}, {"secret", service::secret_text(secret)}};
  });
  if (!stored && stored.error().code == ErrorCode::conflict) return fail(ErrorCode::conflict, "a function of this name is there already");
  return stored;
}

Answer flow_function_list(Context& context, const Arguments& arguments) {
  if (auto fine = only(arguments, {}); !fine) return tl::unexpected(fine.error());
  return context.store.read([&](store::Database& db) -> Answer {
    auto all = store::flow_functions::all(db);
    if (!all) return tl::unexpected(all.error());
    bj::array list;
    for (const store::FlowFunction& f : *all) list.push_back(bj::object{{"flowFunctionId", f.id}, {"name", f.name}, {"url", f.url}, {"createdAt", to_iso8601(f.created)}});
    return bj::object{{"flowFunctions", std::move(list)}};
  });
}

Answer flow_function_remove(Context& context, const Arguments& arguments) {
  if (auto fine = only(arguments, {"name"}); !fine) return tl::unexpected(fine.error());
  auto name = needed_name(arguments, "name");
  if (!name) return tl::unexpected(name.error());
  return context.store.write([&](store::Database& db) -> Answer {
    auto removed = store::flow_functions::remove(db, *name);
    if (!removed) return tl::unexpected(removed.error());
    if (!*removed) return fail(ErrorCode::not_found, "there is no such function");
    if (auto done = note(db, context, "flow_function.removed", *name); !done) return tl::unexpected(done.error());
    return bj::object{{"name", *name}};
  });
}

// Hours of the same name get the new content and keep their id.
Answer hours_import(Context& context, const Arguments& arguments) {
  if (auto fine = only(arguments, {"name", "content"}); !fine) return tl::unexpected(fine.error());
  auto name = needed_name(arguments, "name");
  if (!name) return tl::unexpected(name.error());
  const std::string content = json::text_or(arguments, "content");
  auto parsed = contact::parse_hours(content);
  if (!parsed) return tl::unexpected(parsed.error());
  if (!time_zones::is_zone(parsed->time_zone)) return fail(ErrorCode::invalid_argument, "there is no time zone \"" + parsed->time_zone + "\"");
  return context.store.write([&](store::Database& db) -> Answer {
    auto present = store::hours::all(db);
    if (!present) return tl::unexpected(present.error());
    if (present->size() >= kHoursMax) return fail(ErrorCode::exhausted, "there are 100 hours of operation already; remove some first");
    auto id = store::hours::put(db, {make_uuid(context.random), *name, content, context.now, context.now});
    if (!id) return tl::unexpected(id.error());
    if (auto done = note(db, context, "hours.imported", *id); !done) return tl::unexpected(done.error());
    return bj::object{{"hoursOfOperationId", *id}, {"name", *name}, {"timeZone", parsed->time_zone}, {"periods", parsed->periods.size()}, {"overrides", parsed->overrides.size()}};
  });
}

// Another name, another content, or both.
Answer hours_set(Context& context, const Arguments& arguments) {
  if (auto fine = only(arguments, {"id", "name", "content"}); !fine) return tl::unexpected(fine.error());
  auto id = needed_name(arguments, "id");
  if (!id) return tl::unexpected(id.error());
  auto name = needed_name(arguments, "name");
  if (!name) return tl::unexpected(name.error());
  const std::string content = json::text_or(arguments, "content");
  auto parsed = contact::parse_hours(content);
  if (!parsed) return tl::unexpected(parsed.error());
  if (!time_zones::is_zone(parsed->time_zone)) return fail(ErrorCode::invalid_argument, "there is no time zone \"" + parsed->time_zone + "\"");
  auto stored = context.store.write([&](store::Database& db) -> Answer {
    auto changed = store::hours::update(db, {*id, *name, content, context.now, context.now});
    if (!changed) return tl::unexpected(changed.error());
    if (!*changed) return fail(ErrorCode::not_found, "there are no such hours of operation");
    if (auto done = note(db, context, "hours.changed", *id); !done) return tl::unexpected(done.error());
    return bj::object{{"hoursOfOperationId", *id}, {"name", *name}};
  });
  if (!stored && stored.error().code == ErrorCode::conflict) return fail(ErrorCode::conflict, "hours of operation of this name are there already");
  return stored;
}

Answer hours_list(Context& context, const Arguments& arguments) {
  if (auto fine = only(arguments, {}); !fine) return tl::unexpected(fine.error());
  const auto zones = time_zones::system_zones();
  return context.store.read([&](store::Database& db) -> Answer {
    auto all = store::hours::all(db);
    if (!all) return tl::unexpected(all.error());
    bj::array list;
    for (const store::HoursRow& h : *all) {
      bj::object o{{"hoursOfOperationId", h.id}, {"name", h.name}, {"updatedAt", to_iso8601(h.updated)}};
      if (auto parsed = contact::parse_hours(h.content)) {
        o["timeZone"] = parsed->time_zone;
        if (const auto local = zones->local(parsed->time_zone, context.now)) o["open"] = contact::is_open(*parsed, *local);
      }
      list.push_back(std::move(o));
    }
    return bj::object{{"hoursOfOperation", std::move(list)}};
  });
}

Answer hours_remove(Context& context, const Arguments& arguments) {
  if (auto fine = only(arguments, {"name"}); !fine) return tl::unexpected(fine.error());
  auto name = needed_name(arguments, "name");
  if (!name) return tl::unexpected(name.error());
  return context.store.write([&](store::Database& db) -> Answer {
    auto removed = store::hours::remove(db, *name);
    if (!removed) return tl::unexpected(removed.error());
    if (!*removed) return fail(ErrorCode::not_found, "there are no such hours of operation");
    if (auto done = note(db, context, "hours.removed", *name); !done) return tl::unexpected(done.error());
    return bj::object{{"name", *name}};
  });
}

// Without hours: the queue is always open.
Answer hours_assign(Context& context, const Arguments& arguments) {
  if (auto fine = only(arguments, {"queue", "hours"}); !fine) return tl::unexpected(fine.error());
  auto queue = needed_name(arguments, "queue");
  if (!queue) return tl::unexpected(queue.error());
  const std::string name = json::text_or(arguments, "hours");
  return context.store.write([&](store::Database& db) -> Answer {
    auto all = store::hours::all(db);
    if (!all) return tl::unexpected(all.error());
    std::string id;
    for (const store::HoursRow& h : *all) {
      if (h.name == name || h.id == name) id = h.id;
    }
    if (!name.empty() && id.empty()) return fail(ErrorCode::not_found, "there are no such hours of operation");
    auto assigned = store::hours::assign(db, *queue, id);
    if (!assigned) return tl::unexpected(assigned.error());
    if (!*assigned) return fail(ErrorCode::not_found, "there is no such queue");
    if (auto done = note(db, context, "hours.assigned", *queue, id); !done) return tl::unexpected(done.error());
    return bj::object{{"queue", *queue}, {"hours", name}};
  });
}

}  // namespace upcall::admin
