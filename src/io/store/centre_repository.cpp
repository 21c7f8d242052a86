#include "io/store/centre_repository.hpp"

#include <algorithm>

#include "contact/contact.hpp"
#include "io/store/meeting_repository.hpp"
#include "json/json.hpp"

namespace upcall::store {
namespace {

void ignore(std::int64_t) {}

FlowRow read_flow(Row& r) { return {r.text(0), r.text(1), r.text(2), r.text(3), r.wall(4), r.wall(5)}; }

ContactRow read_contact(Row& r) { return {r.text(0), r.text(1), r.wall(2), r.optional_wall(3), r.text(4), r.text(5)}; }

ParticipantRow read_participant(Row& r) { return {r.text(0), r.text(1), contact::role_from(r.text(2)), r.text(3), r.text(4)}; }

std::optional<std::string> attachments_text(const std::vector<contact::Attachment>& list) {
  if (list.empty()) return std::nullopt;
  boost::json::array out;
  for (const contact::Attachment& a : list) {
    out.push_back(boost::json::object{{"id", a.id}, {"name", a.name}, {"type", a.content_type}, {"status", contact::to_string(a.status)}, {"bytes", a.size_bytes}});
  }
  return boost::json::serialize(out);
}

std::vector<contact::Attachment> attachments_from(std::string_view text) {
  std::vector<contact::Attachment> out;
  const auto parsed = json::parse(text);
  if (!parsed || !parsed->is_array()) return out;
  for (const boost::json::value& value : parsed->get_array()) {
    const boost::json::object* o = value.if_object();
    if (o == nullptr) continue;
    const std::string status = json::text_or(*o, "status");
    out.push_back({json::text_or(*o, "id"), json::text_or(*o, "name"), json::text_or(*o, "type"),
                   status == "APPROVED"   ? contact::AttachmentStatus::approved
                   : status == "REJECTED" ? contact::AttachmentStatus::rejected
                                          : contact::AttachmentStatus::in_progress,
                   json::integer_at(*o, "bytes").value_or(0)});
  }
  return out;
}

contact::ChatItem read_item(Row& r) {
  contact::ChatItem item;
  item.contact_id = r.text(0);
  item.seq = static_cast<std::uint64_t>(r.i64(1));
  item.id = r.text(2);
  item.at = r.wall(3);
  item.type = contact::item_type_from(r.text(4));
  item.content_type = r.text(5);
  item.content = r.optional_text(6);
  item.participant_id = r.text(7);
  item.role = contact::role_from(r.text(8));
  item.display_name = r.text(9);
  if (!r.is_null(10)) item.attachments = attachments_from(r.text(10));
  return item;
}

// The columns that read_item() reads.
constexpr std::string_view kItemColumns = "contact_id, seq, id, at_ms, type, content_type, content, participant_id, role, display_name, attachments";

}  // namespace

Result<void> routing::insert_queue(Database& db, const contact::Queue& q, WallTime now) {
  return db.run("insert into queues(id, name, capacity, created_ms) values(?1, ?2, ?3, ?4)", q.id, q.name, q.capacity, now).map(ignore);
}

Result<std::vector<contact::Queue>> routing::queues(Database& db) {
  return db.all("select id, name, hours_id, capacity from queues order by name",
                [](Row& r) { return contact::Queue{r.text(0), r.text(1), r.text(2), static_cast<std::size_t>(r.i64(3))}; });
}

Result<void> routing::insert_profile(Database& db, const contact::RoutingProfile& p, WallTime now) {
  auto done = db.run("insert into routing_profiles(id, name, chat_slots, after_contact_seconds, created_ms) values(?1, ?2, ?3, ?4, ?5)", p.id,
                     p.name, p.chat_slots, p.after_contact_limit.ms() / 1'000, now);
  if (!done) return tl::unexpected(done.error());
  for (const auto& [queue, priority, delay] : p.queues) {
    done = db.run("insert into routing_profile_queues(profile_id, queue_id, priority, delay_seconds) values(?1, ?2, ?3, ?4)", p.id, queue,
                  priority, delay.ms() / 1'000);
    if (!done) return tl::unexpected(done.error());
  }
  return {};
}

Result<void> routing::put_served(Database& db, std::string_view profile_id, const contact::ServedQueue& queue) {
  return db
      .run("insert into routing_profile_queues(profile_id, queue_id, priority, delay_seconds) values(?1, ?2, ?3, ?4) "
           "on conflict(profile_id, queue_id) do update set priority=excluded.priority, delay_seconds=excluded.delay_seconds",
           profile_id, queue.queue_id, queue.priority, queue.delay.ms() / 1'000)
      .map(ignore);
}

Result<std::vector<contact::RoutingProfile>> routing::profiles(Database& db) {
  auto list = db.all("select id, name, chat_slots, after_contact_seconds from routing_profiles order by name", [](Row& r) {
    return contact::RoutingProfile{r.text(0), r.text(1), static_cast<int>(r.i64(2)), {}, Duration::s(r.i64(3))};
  });
  if (!list) return list;
  for (contact::RoutingProfile& p : *list) {
    auto queues = db.all("select queue_id, priority, delay_seconds from routing_profile_queues where profile_id=?1 order by priority, queue_id",
                         [](Row& r) { return contact::ServedQueue{r.text(0), static_cast<int>(r.i64(1)), Duration::s(r.i64(2))}; }, p.id);
    if (!queues) return tl::unexpected(queues.error());
    p.queues = std::move(*queues);
  }
  return list;
}

Result<std::vector<contact::CustomStatus>> routing::statuses(Database& db) {
  return db.all("select id, name, routable from agent_statuses where enabled=1 order by display_order is null, display_order, name",
                [](Row& r) { return contact::CustomStatus{r.text(0), r.text(1), r.boolean(2)}; });
}

Result<bool> routing::remove_status(Database& db, std::string_view id) {
  return db.run("delete from agent_statuses where id=?1 or name=?1", id).map([](std::int64_t n) { return n > 0; });
}

Result<std::string> flows::put(Database& db, const FlowRow& f) {
  return db
      .one("insert into contact_flows(id, name, type, content, created_ms, updated_ms) values(?1, ?2, ?3, ?4, ?5, ?6) "
           "on conflict(name) do update set type=excluded.type, content=excluded.content, updated_ms=excluded.updated_ms returning id",
           [](Row& r) { return r.text(0); }, f.id, f.name, f.type, f.content, f.created, f.updated)
      .map([](std::optional<std::string> id) { return id.value_or(""); });
}

Result<std::optional<FlowRow>> flows::find(Database& db, std::string_view id) {
  return db.one("select id, name, type, content, created_ms, updated_ms from contact_flows where id=?1 or name=?1", read_flow, id);
}

Result<std::vector<FlowRow>> flows::all(Database& db) {
  return db.all("select id, name, type, content, created_ms, updated_ms from contact_flows order by name", read_flow);
}

Result<void> flows::rename(Database& db, std::string_view id, std::string_view name, std::string_view content, WallTime at) {
  return db.run("update contact_flows set name=?2, content=?3, updated_ms=?4 where id=?1", id, name, content, at).map(ignore);
}

Result<void> centre::put_contact(Database& db, const ContactRow& c, const contact::Attributes& attributes) {
  auto done = db.run(
      "insert into contacts(id, state, started_ms, ended_ms, agent_id, snapshot) values(?1, ?2, ?3, ?4, ?5, ?6) on conflict(id) do update "
      "set state=excluded.state, ended_ms=excluded.ended_ms, agent_id=coalesce(excluded.agent_id, contacts.agent_id), snapshot=excluded.snapshot",
      c.id, c.state, c.started, c.ended, c.agent_id.empty() ? std::optional<std::string>() : c.agent_id, c.snapshot);
  if (!done) return tl::unexpected(done.error());
  for (const auto& [name, value] : attributes) {
    if (auto set = set_attribute(db, c.id, name, value); !set) return set;
  }
  return {};
}

Result<std::vector<ContactRow>> centre::live_contacts(Database& db) {
  return db.all("select id, state, started_ms, ended_ms, agent_id, snapshot from contacts where state<>'ended' order by started_ms", read_contact);
}

Result<std::optional<ContactRow>> centre::find_contact(Database& db, std::string_view id) {
  return db.one("select id, state, started_ms, ended_ms, agent_id, snapshot from contacts where id=?1", read_contact, id);
}

Result<void> centre::close_unreadable(Database& db, std::string_view id, WallTime at) {
  return db.run("update contacts set state='ended', ended_ms=?2 where id=?1", id, at).map(ignore);
}

Result<contact::Attributes> centre::attributes(Database& db, std::string_view contact_id) {
  auto list = db.all("select name, value from contact_attributes where contact_id=?1", [](Row& r) { return std::pair(r.text(0), r.text(1)); }, contact_id);
  if (!list) return tl::unexpected(list.error());
  return contact::Attributes(list->begin(), list->end());
}

Result<void> centre::set_attribute(Database& db, std::string_view contact_id, std::string_view name, std::string_view value) {
  return db
      .run("insert into contact_attributes(contact_id, name, value) values(?1, ?2, ?3) on conflict(contact_id, name) do update set "
           "value=excluded.value where value<>excluded.value",
           contact_id, name, value)
      .map(ignore);
}

Result<void> centre::insert_participant(Database& db, std::string_view contact_id, const contact::Participant& p, std::string_view token) {
  return db
      .run("insert into participants(id, contact_id, role, display_name, user_id, token_hash) values(?1, ?2, ?3, ?4, ?5, ?6)", p.id,
           contact_id, contact::to_string(p.role), p.display_name, p.user_id, token_hash(token))
      .map(ignore);
}

Result<std::optional<std::string>> centre::renew_customer_token(Database& db, std::string_view contact_id, std::string_view token) {
  return db.one("update participants set token_hash=?2 where contact_id=?1 and role=?3 returning id", [](Row& r) { return r.text(0); }, contact_id, token_hash(token),
                contact::to_string(contact::Role::customer));
}

Result<std::optional<ParticipantRow>> centre::participant_by_token(Database& db, std::string_view token) {
  return db.one("select id, contact_id, role, display_name, user_id from participants where token_hash=?1", read_participant, token_hash(token));
}

Result<void> centre::add_connection(Database& db, std::string_view token, std::string_view participant, WallTime expires, WallTime now) {
  if (auto done = db.run("delete from participant_connections where expires_ms<=?1", now); !done) return tl::unexpected(done.error());
  return db
      .run("insert into participant_connections(token_hash, participant_id, expires_ms) values(?1, ?2, ?3)", token_hash(token), participant, expires)
      .map(ignore);
}

Result<std::optional<ParticipantRow>> centre::participant_by_connection(Database& db, std::string_view token, WallTime now) {
  return db.one(
      "select p.id, p.contact_id, p.role, p.display_name, p.user_id from participant_connections c join participants p on "
      "p.id=c.participant_id where c.token_hash=?1 and c.expires_ms>?2",
      read_participant, token_hash(token), now);
}

Result<void> centre::insert_item(Database& db, const contact::ChatItem& i) {
  return db
      .run("insert into chat_items(contact_id, seq, id, at_ms, type, content_type, content, participant_id, role, display_name, client_token, attachments) "
           "values(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
           i.contact_id, i.seq, i.id, i.at, contact::to_string(i.type), i.content_type, i.content, i.participant_id,
           contact::to_string(i.role), i.display_name, i.client_token.empty() ? std::nullopt : std::optional(i.client_token), attachments_text(i.attachments))
      .map(ignore);
}

Result<std::vector<contact::ChatItem>> centre::items_with_token(Database& db, std::string_view contact_id, int limit) {
  static const std::string sql = "select " + std::string(kItemColumns) +
                                 ", client_token from chat_items where contact_id=?1 and client_token is not null order by seq desc limit ?2";
  auto list = db.all(sql,
                     [](Row& r) {
                       auto item = read_item(r);
                       item.client_token = r.text(11);
                       return item;
                     },
                     contact_id, limit);
  if (list) std::reverse(list->begin(), list->end());
  return list;
}

Result<std::optional<contact::ChatItem>> centre::find_item(Database& db, std::string_view contact_id, std::string_view item_id) {
  static const std::string sql = "select " + std::string(kItemColumns) + " from chat_items where contact_id=?1 and id=?2";
  return db.one(sql, read_item, contact_id, item_id);
}

Result<std::optional<std::uint64_t>> centre::item_seq(Database& db, std::string_view contact_id, std::string_view item_id) {
  return db.one("select seq from chat_items where contact_id=?1 and id=?2", [](Row& r) { return static_cast<std::uint64_t>(r.i64(0)); },
                contact_id, item_id);
}

Result<std::vector<contact::ChatItem>> centre::items(Database& db, std::string_view contact_id, std::uint64_t after, std::uint64_t before,
                                                     int limit, bool backward) {
  static const std::string down = "select " + std::string(kItemColumns) + " from chat_items where contact_id=?1 and seq>?2 and seq<?3 order by seq desc limit ?4";
  static const std::string up = "select " + std::string(kItemColumns) + " from chat_items where contact_id=?1 and seq>?2 and seq<?3 order by seq limit ?4";
  return db.all(backward ? down : up, read_item, contact_id, after, before, limit);
}

Result<std::optional<std::uint64_t>> centre::item_seq_at(Database& db, std::string_view contact_id, WallTime at, bool forward) {
  return db.one(forward ? "select seq from chat_items where contact_id=?1 and at_ms>=?2 order by seq limit 1"
                        : "select seq from chat_items where contact_id=?1 and at_ms<=?2 order by seq desc limit 1",
                [](Row& r) { return static_cast<std::uint64_t>(r.i64(0)); }, contact_id, at);
}

Result<std::optional<std::uint64_t>> centre::item_seq_recent(Database& db, std::string_view contact_id, std::int64_t n) {
  return db.one("select min(seq) from (select seq from chat_items where contact_id=?1 order by seq desc limit ?2) having min(seq) is not null",
                [](Row& r) { return static_cast<std::uint64_t>(r.i64(0)); }, contact_id, n);
}

Result<void> centre::put_receipt(Database& db, const contact::ChatItem& receipt) {
  // Read is got too, and an earlier moment stays.
  return db
      .run("insert into chat_receipts(contact_id, message_id, participant_id, delivered_ms, read_ms) "
           "select ?1, ?2, ?3, ?4, ?5 from chat_items where id=?2 and contact_id=?1 "
           "on conflict(contact_id, message_id, participant_id) do update set delivered_ms=coalesce(chat_receipts.delivered_ms, "
           "excluded.delivered_ms), read_ms=coalesce(chat_receipts.read_ms, excluded.read_ms)",
           receipt.contact_id, receipt.id, receipt.receipt_of, receipt.receipt_read ? std::nullopt : std::optional(receipt.at),
           receipt.receipt_read ? std::optional(receipt.at) : std::nullopt)
      .map(ignore);
}

Result<void> centre::add_receipts(Database& db, std::string_view contact_id, std::vector<contact::ChatItem>& items) {
  for (contact::ChatItem& item : items) {
    if (item.type != contact::ItemType::message) continue;
    auto receipts = db.all("select participant_id, delivered_ms, read_ms from chat_receipts where contact_id=?1 and message_id=?2 order by participant_id",
                           [](Row& r) { return contact::Receipt{r.text(0), r.optional_wall(1), r.optional_wall(2)}; }, contact_id, item.id);
    if (!receipts) return tl::unexpected(receipts.error());
    item.receipts = std::move(*receipts);
  }
  return {};
}

Result<void> centre::set_item_attachments(Database& db, const contact::ChatItem& item) {
  return db.run("update chat_items set attachments=?3 where contact_id=?1 and id=?2", item.contact_id, item.id, attachments_text(item.attachments)).map(ignore);
}

Result<void> centre::put_segments(Database& db, std::string_view contact_id, const std::vector<contact::Segment>& segments) {
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const contact::Segment& s = segments[i];
    auto done = db.run(
        "insert into contact_segments(contact_id, number, queue_id, queue_agent_id, agent_id, enqueued_ms, connected_ms, ended_ms, end_reason) "
        "values(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) on conflict(contact_id, number) do update set queue_id=excluded.queue_id, "
        "queue_agent_id=excluded.queue_agent_id, agent_id=excluded.agent_id, enqueued_ms=excluded.enqueued_ms, "
        "connected_ms=excluded.connected_ms, ended_ms=excluded.ended_ms, end_reason=excluded.end_reason",
        contact_id, i + 1, s.queue.queue_id, s.queue.agent_id, s.agent_id, s.enqueued, s.connected, s.ended, s.end_reason);
    if (!done) return tl::unexpected(done.error());
  }
  return {};
}

Result<void> centre::set_agent_state(Database& db, const contact::AgentStateChange& state, WallTime since) {
  return db
      .run("insert into agent_states(user_id, status, next_status, since_ms) values(?1, ?2, ?3, ?4) on conflict(user_id) do update set "
           "status=excluded.status, next_status=excluded.next_status, since_ms=excluded.since_ms",
           state.agent_id, state.status, state.next_status, since)
      .map(ignore);
}

Result<std::vector<contact::AgentStateChange>> centre::agent_states(Database& db) {
  return db.all("select user_id, status, next_status from agent_states",
                [](Row& r) { return contact::AgentStateChange{r.text(0), r.text(1), r.text(2)}; });
}

Result<std::vector<contact::AgentInfo>> centre::agents(Database& db) {
  return db.all(
      "select distinct u.id, u.username, u.name, u.routing_profile_id from users u join user_security_profiles s on s.user_id=u.id join "
      "security_profile_permissions p on p.profile_id=s.profile_id where p.permission='contact.handle' and u.disabled=0 order by u.username",
      [](Row& r) { return contact::AgentInfo{r.text(0), r.text(1), r.text(2), r.text(3)}; });
}

}  // namespace upcall::store
