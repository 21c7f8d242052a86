// Parameters: what is given is set, all or nothing, and what is not given keeps its value; every change is in the history
// and in the audit.
#include <algorithm>

#include "base/wall_text.hpp"
#include "io/store/centre_repository.hpp"
#include "io/store/identity_repository.hpp"
#include "io/store/parameter_repository.hpp"
#include "json/json.hpp"
#include "server/admin/admin_parts.hpp"
#include "server/admin/mail_parameters.hpp"
#include "server/admin/stored_parameters.hpp"

namespace upcall::admin {

namespace bj = boost::json;

namespace {

// These two have a value as long as there is one to have: the first start looks at them.
constexpr std::string_view kFlow = "connectDefaultContactFlowId";
constexpr std::string_view kPlayback = "recordingPlaybackSecurityProfileId";

Result<parameters::Values> texts_of(const Arguments& arguments) {
  parameters::Values out;
  for (const auto& [key, value] : arguments) {
    if (parameters::find(key) == nullptr) return fail(ErrorCode::invalid_argument, parameters::unknown_parameter(key));
    if (!value.is_string()) return fail(ErrorCode::invalid_argument, std::string(key) + " must be given as text");
    out[std::string(key)] = std::string_view(value.get_string());
  }
  return out;
}

// What is named must be there.
Result<void> look_up(store::Database& db, const parameters::Plan& plan) {
  const auto wrong = [](std::string_view name, const std::string& what) { return fail(ErrorCode::invalid_argument, std::string(name) + ": " + what); };
  for (const auto& [name, value] : plan.write) {
    if (value.empty()) continue;
    if (name == kFlow) {
      auto flow = store::flows::find(db, value);
      if (!flow) return tl::unexpected(flow.error());
      if (!*flow || (*flow)->id != value || (*flow)->type != "contactFlow") return wrong(name, "there is no contact flow with this id; upcall flow list shows those that there are.");
    }
    if (name == kPlayback || name == "federationSecurityProfile") {
      auto profiles = store::security_profiles::all(db);
      if (!profiles) return tl::unexpected(profiles.error());
      const bool by_id = name == kPlayback;
      const bool there = std::any_of(profiles->begin(), profiles->end(), [&](const store::SecurityProfile& p) { return (by_id ? p.id : p.name) == value; });
      if (!there) return wrong(name, std::string("there is no security profile with this ") + (by_id ? "id" : "name") + "; upcall security-profile list shows those that there are.");
    }
  }
  return {};
}

struct Weighed {
  parameters::Values own, instance;
  parameters::Plan plan;
};

Result<Weighed> weigh(store::Database& db, Context& context, const parameters::Values& given) {
  Weighed out;
  auto own = own_parameters(db, context.sealer);
  if (!own) return tl::unexpected(own.error());
  auto instance = instance_parameters(db, context.public_url);
  if (!instance) return tl::unexpected(instance.error());
  out.own = std::move(*own);
  out.instance = std::move(*instance);
  auto plan = parameters::plan(out.own, given, out.instance);
  if (!plan) return tl::unexpected(plan.error());
  out.plan = std::move(*plan);
  if (auto there = look_up(db, out.plan); !there) return tl::unexpected(there.error());
  return out;
}

Result<void> write_one(store::Database& db, Context& context, const Weighed& w, const std::string& name, std::string value) {
  const auto at = w.own.find(name);
  if (value == (at == w.own.end() ? std::string_view() : std::string_view(at->second))) return {};
  if (value.empty() && (name == kFlow || name == kPlayback)) {
    const auto known = w.instance.find(name);
    if (known == w.instance.end()) return {};
    value = known->second;
  }
  if (value.empty()) return store::parameters::remove(db, name);
  if (parameters::find(name)->secret) value = to_hex(context.sealer.seal(secret_purpose(name), as_bytes(value), context.random));
  return store::parameters::set(db, name, value);
}

Result<void> remember(store::Database& db, const Context& context, const std::vector<parameters::Change>& changes, bool deleted) {
  std::vector<store::parameters::HistoryRow> rows;
  for (const parameters::Change& c : changes) {
    store::parameters::HistoryRow h;
    h.at = context.now;
    h.actor = context.actor;
    h.name = c.row->name;
    h.before = c.from;
    h.after = c.to;
    h.secret = c.row->secret;
    h.deleted = deleted;
    rows.push_back(std::move(h));
    if (deleted) continue;
    if (auto done = note(db, context, "parameter.changed", c.row->name, c.row->secret ? "" : c.to); !done) return done;
  }
  return store::parameters::add_history(db, std::move(rows));
}

bj::object shown_all(const parameters::Values& in_force) {
  bj::object all;
  for (const parameters::ParameterRow& row : parameters::rows()) all[row.name] = parameters::shown(row, in_force.at(std::string(row.name)));
  return all;
}

bj::object answer_of(const parameters::Plan& plan) {
  bj::object all = shown_all(plan.after);
  bj::array changes, notes;
  for (const parameters::Change& c : plan.changes) {
    bj::object change{{"name", c.row->name}};
    change["from"] = parameters::shown(*c.row, c.from);
    change["to"] = c.row->secret && !c.to.empty() && !c.from.empty() ? "(changed)" : parameters::shown(*c.row, c.to);
    changes.push_back(std::move(change));
  }
  for (const std::string& text : plan.notes) notes.emplace_back(text);
  return {{"parameters", std::move(all)}, {"changes", std::move(changes)}, {"notes", std::move(notes)}};
}

}  // namespace

Answer configure(Context& context, const Arguments& arguments) {
  auto given = texts_of(arguments);
  if (!given) return tl::unexpected(given.error());
  return context.store.write([&](store::Database& db) -> Answer {
    auto w = weigh(db, context, *given);
    if (!w) return tl::unexpected(w.error());
    for (const auto& [name, value] : w->plan.write) {
      if (auto done = write_one(db, context, *w, name, value); !done) return tl::unexpected(done.error());
    }
    if (auto done = remember(db, context, w->plan.changes, false); !done) return tl::unexpected(done.error());
    return answer_of(w->plan);
  });
}

Answer configure_plan(Context& context, const Arguments& arguments) {
  auto given = texts_of(arguments);
  if (!given) return tl::unexpected(given.error());
  return context.store.read([&](store::Database& db) -> Answer {
    auto w = weigh(db, context, *given);
    if (!w) return tl::unexpected(w.error());
    bj::object out = answer_of(w->plan);
    out["defaults"] = shown_all(parameters::in_force({}, w->instance));
    return out;
  });
}

Answer configure_delete(Context& context, const Arguments& arguments) {
  if (auto fine = only(arguments, {}); !fine) return tl::unexpected(fine.error());
  auto answer = context.store.write([&](store::Database& db) -> Answer {
    auto own = own_parameters(db, context.sealer);
    if (!own) return tl::unexpected(own.error());
    parameters::Values blank;
    for (const auto& [name, value] : *own) blank[name] = "";
    // These cannot be blank where the instance knows nothing better.
    auto instance = instance_parameters(db, context.public_url);
    if (!instance) return tl::unexpected(instance.error());
    for (const std::string_view name : {kFlow, kPlayback}) {
      if (!instance->contains(name)) blank.erase(std::string(name));
    }
    auto w = weigh(db, context, blank);
    if (!w) return tl::unexpected(w.error());
    for (const auto& [name, value] : w->plan.write) {
      if (auto done = write_one(db, context, *w, name, value); !done) return tl::unexpected(done.error());
    }
    if (auto done = remember(db, context, w->plan.changes, true); !done) return tl::unexpected(done.error());
    if (auto done = note(db, context, "parameters.deleted", "all", std::to_string(w->plan.changes.size()) + " changed"); !done) return tl::unexpected(done.error());
    return answer_of(w->plan);
  });
  if (answer) context.store.scrub();  // sealed or not: what was a secret is in no page of the file any more
  return answer;
}

Answer configure_history(Context& context, const Arguments& arguments) {
  if (auto fine = only(arguments, {"name", "limit"}); !fine) return tl::unexpected(fine.error());
  std::string name = json::text_or(arguments, "name");
  if (!name.empty()) {
    const parameters::ParameterRow* row = parameters::find_any(name);
    if (row == nullptr) return fail(ErrorCode::invalid_argument, parameters::unknown_parameter(name));
    name = row->name;
  }
  const std::int64_t limit = json::integer_at(arguments, "limit").value_or(200);
  if (limit < 1 || limit > 10'000) return fail(ErrorCode::invalid_argument, "limit must be from 1 to 10000");
  return context.store.read([&](store::Database& db) -> Answer {
    auto rows = store::parameters::history(db, name, static_cast<int>(limit));
    if (!rows) return tl::unexpected(rows.error());
    bj::array list;
    for (const auto& h : *rows) {
      bj::object one{{"at", to_iso8601(h.at)}, {"by", h.actor}, {"name", h.name}, {"change", h.batch}};
      if (h.secret) {
        one["secret"] = true;
      } else {
        one["from"] = h.before;
        one["to"] = h.after;
      }
      if (h.deleted) one["deleted"] = true;
      list.push_back(std::move(one));
    }
    return bj::object{{"history", std::move(list)}};
  });
}

// What the original's deployment left under its hierarchy, as far as it means something here; and what ours leaves.
Answer configure_outputs(Context& context, const Arguments& arguments) {
  if (auto fine = only(arguments, {}); !fine) return tl::unexpected(fine.error());
  return context.store.read([&](store::Database& db) -> Answer {
    auto all = store::parameters::all(db);
    if (!all) return tl::unexpected(all.error());
    bj::object out;
    const std::string prefix = std::string(parameters::kHierarchy) + std::string(kOutputPrefix);
    auto url = context.public_url.empty() ? store::parameters::get_or(db, kPublicUrl, "") : Result<std::string>(context.public_url);
    if (!url) return tl::unexpected(url.error());
    if (!url->empty()) out[prefix + "webAppURL"] = *url;
    for (const auto& [name, value] : *all) {
      if (name.starts_with(kOutputPrefix)) out[std::string(parameters::kHierarchy) + name] = value;
    }
    return bj::object{{"outputs", std::move(out)}};
  });
}

}  // namespace upcall::admin
