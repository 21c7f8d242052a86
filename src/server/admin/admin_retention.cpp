// Recordings as an administrator sees them: lists, legal holds, retention rules. What removes files needs the running
// server (server/serve/retention_commands.cpp).
#include "base/ids.hpp"
#include "base/wall_text.hpp"
#include "io/store/retention_repository.hpp"
#include "json/json.hpp"
#include "recording/retention.hpp"
#include "server/admin/admin_parts.hpp"

namespace upcall::admin {

namespace bj = boost::json;

namespace {
constexpr int kListMax = 1000;
}

Answer recording_list(Context& context, const Arguments& arguments) {
  if (auto fine = only(arguments, {"meeting", "contact", "held"}); !fine) return tl::unexpected(fine.error());
  const std::string meeting = json::text_or(arguments, "meeting"), contact = json::text_or(arguments, "contact");
  const bool held = json::boolean_at(arguments, "held").value_or(false);
  return context.store.read([&](store::Database& db) -> Answer {
    auto rows = store::retention::list(db, {meeting, contact, held}, kListMax);
    if (!rows) return tl::unexpected(rows.error());
    bj::array list;
    for (const store::KeptRecording& r : *rows) {
      bj::object o{{"recordingId", r.recording_id}, {"externalMeetingId", r.external_meeting_id}, {"status", r.state}, {"createdAt", to_iso8601(r.requested)},
                   {"objectKey", r.object_key}, {"sizeBytes", r.size_bytes}};
      if (r.contact_id) o["contactId"] = *r.contact_id;
      if (r.hold_reason) o["held"] = *r.hold_reason;
      if (r.deleting) o["deleting"] = r.deleting_why;
      list.push_back(std::move(o));
    }
    return bj::object{{"recordings", std::move(list)}};
  });
}

Answer recording_hold(Context& context, const Arguments& arguments) {
  if (auto fine = only(arguments, {"recording", "reason"}); !fine) return tl::unexpected(fine.error());
  auto id = needed_name(arguments, "recording");
  if (!id) return tl::unexpected(id.error());
  auto reason = needed_name(arguments, "reason");
  if (!reason) return tl::unexpected(reason.error());
  return context.store.write([&](store::Database& db) -> Answer {
    auto held = store::retention::hold(db, *id, *reason, "administrator", context.now);
    if (!held) return tl::unexpected(held.error());
    if (!*held) return fail(ErrorCode::not_found, "there is no such recording");
    if (auto done = note(db, context, "recording.held", *id, *reason); !done) return tl::unexpected(done.error());
    return bj::object{{"recordingId", *id}, {"held", *reason}};
  });
}

Answer recording_release(Context& context, const Arguments& arguments) {
  if (auto fine = only(arguments, {"recording"}); !fine) return tl::unexpected(fine.error());
  auto id = needed_name(arguments, "recording");
  if (!id) return tl::unexpected(id.error());
  return context.store.write([&](store::Database& db) -> Answer {
    auto released = store::retention::release(db, *id);
    if (!released) return tl::unexpected(released.error());
    if (!*released) return fail(ErrorCode::not_found, "there is no such recording that is held");
    if (auto done = note(db, context, "recording.released", *id); !done) return tl::unexpected(done.error());
    return bj::object{{"recordingId", *id}};
  });
}

Answer retention_add(Context& context, const Arguments& arguments) {
  if (auto fine = only(arguments, {"prefix", "queue", "outcome", "days"}); !fine) return tl::unexpected(fine.error());
  const auto days = json::integer_at(arguments, "days");
  if (!days) return fail(ErrorCode::invalid_argument, "days must be given: how long after its end a recording is kept");
  recording::RetentionRule rule{make_uuid(context.random), json::text_or(arguments, "prefix"), json::text_or(arguments, "queue"), json::text_or(arguments, "outcome"),
                                static_cast<int>(std::min<std::int64_t>(*days, 1 << 20))};
  if (auto fine = recording::checked(rule); !fine) return tl::unexpected(fine.error());
  auto added = context.store.write([&](store::Database& db) -> Answer {
    if (auto done = store::retention::insert_rule(db, {rule.id, rule.prefix, rule.queue, rule.outcome, rule.days, context.now}); !done) return tl::unexpected(done.error());
    if (auto done = note(db, context, "retention.rule_added", rule.id, std::to_string(rule.days) + " days"); !done) return tl::unexpected(done.error());
    return bj::object{{"ruleId", rule.id}, {"prefix", rule.prefix}, {"queue", rule.queue}, {"outcome", rule.outcome}, {"days", rule.days}};
  });
  if (!added && added.error().code == ErrorCode::conflict) return fail(ErrorCode::conflict, "there is a rule with these conditions; remove it first");
  return added;
}

Answer retention_list(Context& context, const Arguments& arguments) {
  if (auto fine = only(arguments, {}); !fine) return tl::unexpected(fine.error());
  return context.store.read([&](store::Database& db) -> Answer {
    auto rules = store::retention::rules(db);
    if (!rules) return tl::unexpected(rules.error());
    bj::array list;
    for (const store::RetentionRuleRow& r : *rules) list.push_back(bj::object{{"ruleId", r.id}, {"prefix", r.prefix}, {"queue", r.queue}, {"outcome", r.outcome}, {"days", r.days}});
    return bj::object{{"rules", std::move(list)}};
  });
}

Answer retention_remove(Context& context, const Arguments& arguments) {
  if (auto fine = only(arguments, {"rule"}); !fine) return tl::unexpected(fine.error());
  auto id = needed_name(arguments, "rule");
  if (!id) return tl::unexpected(id.error());
  return context.store.write([&](store::Database& db) -> Answer {
    auto removed = store::retention::remove_rule(db, *id);
    if (!removed) return tl::unexpected(removed.error());
    if (!*removed) return fail(ErrorCode::not_found, "there is no such rule");
    if (auto done = note(db, context, "retention.rule_removed", *id); !done) return tl::unexpected(done.error());
    return bj::object{{"ruleId", *id}};
  });
}

Answer contact_certificate(Context& context, const Arguments& arguments) {
  if (auto fine = only(arguments, {"contact"}); !fine) return tl::unexpected(fine.error());
  auto id = needed_name(arguments, "contact");
  if (!id) return tl::unexpected(id.error());
  return context.store.read([&](store::Database& db) -> Answer {
    auto erasure = store::retention::erasure(db, *id);
    if (!erasure) return tl::unexpected(erasure.error());
    if (!*erasure) return fail(ErrorCode::not_found, "this contact was not erased");
    if (!(*erasure)->done) return fail(ErrorCode::unavailable, "the erasure is not finished: the object store did not answer yet");
    return bj::object{{"contactId", *id}, {"erasedAt", to_iso8601(*(*erasure)->done)}, {"certificate", (*erasure)->certificate}};
  });
}

}  // namespace upcall::admin
