#include "io/store/webhook_repository.hpp"

#include <algorithm>

namespace upcall::store {

namespace {

Webhook read_webhook(Row& r) { return {r.text(0), r.text(1), r.blob(2), r.text(3), r.wall(4), r.i64(5) != 0}; }
#define UPCALL_WEBHOOK_COLUMNS "select id, url, secret_sealed, events, created_ms, disabled from webhooks "

void ignore(std::int64_t) {}
bool any(std::int64_t changed) { return changed > 0; }

}  // namespace

bool event_matches(std::string_view patterns, std::string_view type) {
  while (!patterns.empty()) {
    const std::size_t end = std::min(patterns.find(' '), patterns.size());
    const std::string_view pattern = patterns.substr(0, end);
    patterns.remove_prefix(std::min(end + 1, patterns.size()));
    if (pattern == type || pattern == "*") return true;
    if (pattern.ends_with(".*") && type.starts_with(pattern.substr(0, pattern.size() - 1))) return true;
  }
  return false;
}

Result<void> webhooks::insert(Database& db, const Webhook& w) {
  return db
      .run("insert into webhooks(id, url, secret_sealed, events, created_ms, disabled, position) "
           "values(?1, ?2, ?3, ?4, ?5, ?6, coalesce((select max(position) from outbox), 0))",
           w.id, w.url, w.secret_sealed, w.events, w.created, w.disabled ? 1 : 0)
      .map(ignore);
}

Result<std::vector<Webhook>> webhooks::all(Database& db) { return db.all(UPCALL_WEBHOOK_COLUMNS "order by created_ms, id", read_webhook); }

Result<bool> webhooks::remove(Database& db, std::string_view id) { return db.run("delete from webhooks where id=?1", id).map(any); }

Result<bool> webhooks::set_disabled(Database& db, std::string_view id, bool disabled) {
  return db.run("update webhooks set disabled=?2 where id=?1", id, disabled ? 1 : 0).map(any);
}

Result<int> webhooks::take_up(Database& db, const Webhook& webhook, int limit, WallTime now) {
  auto events = db.all(
      "select position, event_id, meeting_id, seq, type, body, at_ms from outbox "
      "where position > (select position from webhooks where id=?1) order by position limit ?2",
      [](Row& r) {
        return OutboxEvent{r.i64(0), r.text(1), r.text(2), static_cast<std::uint64_t>(r.i64(3)), r.text(4), r.text(5), r.wall(6)};
      },
      webhook.id, limit);
  if (!events) return tl::unexpected(events.error());
  if (events->empty()) return 0;
  for (const OutboxEvent& e : *events) {
    if (!event_matches(webhook.events, e.type)) continue;
    auto done = db.run(
        "insert into webhook_deliveries(webhook_id, position, event_id, meeting_id, seq, type, body, at_ms, next_ms) "
        "values(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        webhook.id, e.position, e.event_id, e.meeting_id, e.seq, e.type, e.body, e.at, now);
    if (!done) return tl::unexpected(done.error());
  }
  auto moved = db.run("update webhooks set position=?2 where id=?1", webhook.id, events->back().position);
  if (!moved) return tl::unexpected(moved.error());
  return static_cast<int>(events->size());
}

Result<std::vector<WebhookDelivery>> webhooks::due(Database& db, std::string_view webhook_id, WallTime now, int limit) {
  return db.all(
      "select position, event_id, meeting_id, seq, type, body, at_ms, attempts, first_ms from webhook_deliveries d "
      "where webhook_id=?1 and state='pending' and next_ms<=?2 and position=(select min(position) from webhook_deliveries e "
      "where e.webhook_id=d.webhook_id and e.meeting_id=d.meeting_id and e.state='pending') order by position limit ?3",
      [](Row& r) {
        OutboxEvent event{r.i64(0), r.text(1), r.text(2), static_cast<std::uint64_t>(r.i64(3)), r.text(4), r.text(5), r.wall(6)};
        return WebhookDelivery{std::move(event), static_cast<int>(r.i64(7)), r.optional_wall(8)};
      },
      webhook_id, now, limit);
}

Result<std::optional<WallTime>> webhooks::next_due(Database& db, std::string_view webhook_id) {
  auto row = db.one(
      "select min(next_ms) from webhook_deliveries d where webhook_id=?1 and state='pending' and "
      "position=(select min(position) from webhook_deliveries e where e.webhook_id=d.webhook_id and e.meeting_id=d.meeting_id and "
      "e.state='pending')",
      [](Row& r) { return r.optional_wall(0); }, webhook_id);
  if (!row) return tl::unexpected(row.error());
  return row->value_or(std::nullopt);
}

Result<void> webhooks::delivered(Database& db, std::string_view id, std::int64_t position, WallTime now) {
  return db
      .run("update webhook_deliveries set state='delivered', attempts=attempts+1, first_ms=coalesce(first_ms, ?3), done_ms=?3, answer='' "
           "where webhook_id=?1 and position=?2",
           id, position, now)
      .map(ignore);
}

Result<void> webhooks::failed(Database& db, std::string_view id, std::int64_t position, std::string_view answer, WallTime now, WallTime next) {
  return db
      .run("update webhook_deliveries set attempts=attempts+1, first_ms=coalesce(first_ms, ?4), answer=?3, next_ms=?5 "
           "where webhook_id=?1 and position=?2 and state='pending'",
           id, position, answer, now, next)
      .map(ignore);
}

Result<void> webhooks::given_up(Database& db, std::string_view id, std::int64_t position, std::string_view answer, WallTime now) {
  return db
      .run("update webhook_deliveries set state='given_up', attempts=attempts+1, first_ms=coalesce(first_ms, ?4), answer=?3, done_ms=?4 "
           "where webhook_id=?1 and position=?2",
           id, position, answer, now)
      .map(ignore);
}

Result<webhooks::Backlog> webhooks::backlog(Database& db, std::string_view id) {
  auto row = db.one(
      "select count(*) filter (where state='pending'), count(*) filter (where state='given_up') from webhook_deliveries where webhook_id=?1",
      [](Row& r) { return Backlog{r.i64(0), r.i64(1)}; }, id);
  if (!row) return tl::unexpected(row.error());
  return row->value_or(Backlog{});
}

Result<void> webhooks::prune(Database& db, WallTime before) {
  return db.run("delete from webhook_deliveries where done_ms is not null and done_ms<?1", before).map(ignore);
}

}  // namespace upcall::store
