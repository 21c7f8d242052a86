// The audit log: read, exported, verified.
#include <algorithm>

#include "base/wall_text.hpp"
#include "io/store/audit_repository.hpp"
#include "json/json.hpp"
#include "server/admin/admin_parts.hpp"
#include "service/identity/audit_heads.hpp"

namespace upcall::admin {

namespace bj = boost::json;

namespace {

constexpr std::int64_t kListMax = 10'000;
constexpr std::int64_t kExportMax = 50'000;

Result<std::optional<WallTime>> time_at(const Arguments& arguments, std::string_view name) {
  const auto text = json::text_at(arguments, name);
  if (!text) return std::optional<WallTime>();
  const auto at = parse_iso8601(*text);
  if (!at) return fail(ErrorCode::invalid_argument, std::string(name) + " must be a time as 2026-11-30T08:00:00Z");
  return std::optional(*at);
}

Result<store::audit::Filter> filter_from(const Arguments& arguments, std::int64_t usual, std::int64_t most) {
  if (auto fine = only(arguments, {"actor", "action", "target", "since", "until", "before", "limit"}); !fine) return tl::unexpected(fine.error());
  store::audit::Filter filter;
  filter.actor = json::text_or(arguments, "actor");
  filter.action = json::text_or(arguments, "action");
  filter.target = json::text_or(arguments, "target");
  auto since = time_at(arguments, "since"), until = time_at(arguments, "until");
  if (!since) return tl::unexpected(since.error());
  if (!until) return tl::unexpected(until.error());
  filter.since = *since;
  filter.until = *until;
  if (arguments.contains("before")) {
    filter.before_id = json::integer_at(arguments, "before").value_or(0);
    if (filter.before_id < 1) return fail(ErrorCode::invalid_argument, "before must be an entry's id");
  }
  filter.limit = static_cast<int>(std::clamp<std::int64_t>(json::integer_at(arguments, "limit").value_or(usual), 1, most));
  return filter;
}

bj::object row_json(const identity::AuditRow& r) {
  return {{"id", r.id}, {"at", to_iso8601(r.at)}, {"actor", r.actor}, {"action", r.action}, {"target", r.target}, {"detail", r.detail}};
}

}  // namespace

Answer audit_list(Context& context, const Arguments& arguments) {
  auto filter = filter_from(arguments, 100, kListMax);
  if (!filter) return tl::unexpected(filter.error());
  return context.store.read([&](store::Database& db) -> Answer {
    auto rows = store::audit::list(db, *filter);
    if (!rows) return tl::unexpected(rows.error());
    bj::array list;
    for (const identity::AuditRow& r : *rows) list.push_back(row_json(r));
    return bj::object{{"entries", std::move(list)}};
  });
}

// One JSON object a line, the oldest first, each with its hash in the chain: what was taken out can be compared with the log
// later. That it was taken out is in the log, too.
Answer audit_export(Context& context, const Arguments& arguments) {
  auto filter = filter_from(arguments, kExportMax, kExportMax);
  if (!filter) return tl::unexpected(filter.error());
  return context.store.write([&](store::Database& db) -> Answer {
    auto rows = store::audit::list(db, *filter);
    if (!rows) return tl::unexpected(rows.error());
    std::reverse(rows->begin(), rows->end());
    std::string content;
    for (const identity::AuditRow& r : *rows) {
      auto hash = store::audit::hash_of(db, r.id);
      if (!hash) return tl::unexpected(hash.error());
      bj::object line = row_json(r);
      line["hash"] = *hash;
      content += bj::serialize(line) + "\n";
    }
    if (auto noted = note(db, context, "audit.exported", "", std::to_string(rows->size()) + " entries"); !noted) return tl::unexpected(noted.error());
    bj::object out{{"entries", rows->size()}};
    // There may be older ones: `before` goes on.
    if (static_cast<int>(rows->size()) == filter->limit) out["before"] = rows->front().id;
    out["content"] = std::move(content);
    return out;
  });
}

// A running server signs heads itself; without one, what there is now is signed after it was found right.
Answer audit_verify(Context& context, const Arguments& arguments) {
  if (auto fine = only(arguments, {"head"}); !fine) return tl::unexpected(fine.error());
  auto signer = service::RecordSigner::open(context.store, context.sealer, context.random);
  if (!signer) return tl::unexpected(signer.error());
  auto report = service::verify_audit(context.store, **signer, json::text_or(arguments, "head"));
  if (!report) return tl::unexpected(report.error());
  if (report->fault) {
    return fail(ErrorCode::corrupt, "the audit was changed: row " + std::to_string(report->fault->id) + ": " + report->fault->what);
  }
  if (auto signed_now = service::sign_audit_head(context.store, **signer, context.now); !signed_now) return tl::unexpected(signed_now.error());
  bj::object out{{"ok", true}, {"rows", report->rows}, {"signedHeads", report->heads}, {"head", std::to_string(report->last_id) + ":" + report->last_hash}};
  if (report->after_id > 0) {
    out["from"] = bj::object{{"id", report->after_id + 1}, {"prunedRows", report->pruned_rows}, {"prunedAt", to_iso8601(report->pruned_at)}};
  }
  return out;
}

}  // namespace upcall::admin
