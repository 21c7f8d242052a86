// Statuses that agents choose, besides those that are always there.
#include <algorithm>

#include "base/ids.hpp"
#include "io/store/centre_repository.hpp"
#include "io/store/status_repository.hpp"
#include "json/json.hpp"
#include "server/admin/admin_parts.hpp"

namespace upcall::admin {

namespace bj = boost::json;

namespace {

constexpr std::size_t kStatusesMax = 50;
constexpr std::size_t kDescriptionMax = 250;
constexpr std::int64_t kOrderMax = 50;

// What is given of description, display-order (0: none) and enabled goes into `row`.
Result<void> take_details(const Arguments& arguments, store::AgentStatusRow& row) {
  if (const auto description = json::text_at(arguments, "description")) {
    if (description->size() > kDescriptionMax || !json::is_clean_text(*description)) return fail(ErrorCode::invalid_argument, "description must be a text of at most 250 bytes");
    row.description = *description;
  }
  if (arguments.contains("display-order")) {
    const std::int64_t order = json::integer_at(arguments, "display-order").value_or(-1);
    if (order < 0 || order > kOrderMax) return fail(ErrorCode::invalid_argument, "display-order is 1 to 50, or 0 for none");
    row.display_order = order == 0 ? std::nullopt : std::optional(order);
  }
  row.enabled = json::boolean_at(arguments, "enabled").value_or(row.enabled);
  return {};
}

// An agent chooses by name too: it must not mean two things.
Result<void> free_name(const std::string& name) {
  if (contact::agent_status(name)) return fail(ErrorCode::invalid_argument, "this status is always there");
  return {};
}

bj::object status_json(const store::AgentStatusRow& r) {
  bj::object out{{"statusId", r.status.id}, {"name", r.status.name}, {"routable", r.status.routable}, {"description", r.description}, {"enabled", r.enabled}};
  if (r.display_order) out["displayOrder"] = *r.display_order;
  return out;
}

Answer taken(Answer answer) {
  if (!answer && answer.error().code == ErrorCode::conflict) return fail(ErrorCode::conflict, "a status of this name is there already");
  return answer;
}

}  // namespace

Answer agent_status_add(Context& context, const Arguments& arguments) {
  if (auto fine = only(arguments, {"name", "routable", "description", "display-order", "enabled"}); !fine) return tl::unexpected(fine.error());
  auto name = needed_name(arguments, "name");
  if (!name) return tl::unexpected(name.error());
  if (auto free = free_name(*name); !free) return tl::unexpected(free.error());
  store::AgentStatusRow row{{make_uuid(context.random), *name, json::boolean_at(arguments, "routable").value_or(false)}, {}, {}, true};
  if (auto fine = take_details(arguments, row); !fine) return tl::unexpected(fine.error());
  return taken(context.store.write([&](store::Database& db) -> Answer {
    auto all = store::agent_statuses::all(db);
    if (!all) return tl::unexpected(all.error());
    if (all->size() >= kStatusesMax) return fail(ErrorCode::exhausted, "there are 50 statuses already; remove one first");
    if (auto done = store::agent_statuses::insert(db, row, context.now); !done) return tl::unexpected(done.error());
    if (auto done = note(db, context, "agent_status.added", row.status.id); !done) return tl::unexpected(done.error());
    return status_json(row);
  }));
}

// By its id or name; what is not given stays.
Answer agent_status_set(Context& context, const Arguments& arguments) {
  if (auto fine = only(arguments, {"status", "name", "description", "display-order", "enabled"}); !fine) return tl::unexpected(fine.error());
  auto which = needed_name(arguments, "status");
  if (!which) return tl::unexpected(which.error());
  std::optional<std::string> name;
  if (arguments.contains("name")) {
    auto given = needed_name(arguments, "name");
    if (!given) return tl::unexpected(given.error());
    if (auto free = free_name(*given); !free) return tl::unexpected(free.error());
    name = std::move(*given);
  }
  return taken(context.store.write([&](store::Database& db) -> Answer {
    auto all = store::agent_statuses::all(db);
    if (!all) return tl::unexpected(all.error());
    const auto row = std::find_if(all->begin(), all->end(), [&](const store::AgentStatusRow& r) { return r.status.id == *which || r.status.name == *which; });
    if (row == all->end()) return fail(ErrorCode::not_found, "there is no such status");
    if (name) row->status.name = *name;
    if (auto fine = take_details(arguments, *row); !fine) return tl::unexpected(fine.error());
    auto done = store::agent_statuses::update(db, *row);
    if (!done) return tl::unexpected(done.error());
    if (auto noted = note(db, context, "agent_status.changed", row->status.id); !noted) return tl::unexpected(noted.error());
    return status_json(*row);
  }));
}

Answer agent_status_list(Context& context, const Arguments& arguments) {
  if (auto fine = only(arguments, {}); !fine) return tl::unexpected(fine.error());
  return context.store.read([&](store::Database& db) -> Answer {
    auto all = store::agent_statuses::all(db);
    if (!all) return tl::unexpected(all.error());
    bj::array list;
    for (const store::AgentStatusRow& r : *all) list.push_back(status_json(r));
    return bj::object{{"statuses", std::move(list)}};
  });
}

// Agents who have it are offline from then on.
Answer agent_status_remove(Context& context, const Arguments& arguments) {
  if (auto fine = only(arguments, {"name"}); !fine) return tl::unexpected(fine.error());
  auto name = needed_name(arguments, "name");
  if (!name) return tl::unexpected(name.error());
  return context.store.write([&](store::Database& db) -> Answer {
    auto removed = store::routing::remove_status(db, *name);
    if (!removed) return tl::unexpected(removed.error());
    if (!*removed) return fail(ErrorCode::not_found, "there is no status of this name");
    if (auto done = note(db, context, "agent_status.removed", *name); !done) return tl::unexpected(done.error());
    return bj::object{{"removed", true}};
  });
}

}  // namespace upcall::admin
