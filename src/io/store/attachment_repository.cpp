#include "io/store/attachment_repository.hpp"

namespace upcall::store {
namespace {

void ignore(std::int64_t) {}

constexpr const char* kSelect = "select id, contact_id, participant_id, name, content_type, size_bytes, state, object_key, client_token, created_ms from chat_attachments ";

AttachmentRow read(Row& r) {
  return {r.text(0), r.text(1), r.text(2), r.text(3), r.text(4), r.i64(5), r.text(6), r.text(7), r.text(8), r.wall(9)};
}

std::string query(std::string_view where) { return kSelect + std::string(where); }

}  // namespace

Result<void> attachments::insert(Database& db, const AttachmentRow& a) {
  return db
      .run("insert into chat_attachments(id, contact_id, participant_id, name, content_type, size_bytes, state, object_key, client_token, created_ms) "
           "values(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
           a.id, a.contact_id, a.participant_id, a.name, a.content_type, a.size_bytes, a.state, a.object_key,
           a.client_token.empty() ? std::nullopt : std::optional(a.client_token), a.created)
      .map(ignore);
}

Result<std::optional<AttachmentRow>> attachments::find(Database& db, std::string_view id) { return db.one(query("where id=?1"), read, id); }

Result<std::optional<AttachmentRow>> attachments::find_token(Database& db, std::string_view participant, std::string_view token) {
  return db.one(query("where participant_id=?1 and client_token=?2 order by created_ms desc"), read, participant, token);
}

Result<std::vector<AttachmentRow>> attachments::of_contact(Database& db, std::string_view contact) {
  return db.all(query("where contact_id=?1 order by created_ms, id"), read, contact);
}

Result<std::vector<AttachmentRow>> attachments::in_state(Database& db, std::string_view state, WallTime before) {
  return db.all(query("where state=?1 and created_ms<?2 order by created_ms limit 1000"), read, state, before);
}

Result<bool> attachments::move(Database& db, std::string_view id, std::string_view from, std::string_view to) {
  return db.run("update chat_attachments set state=?3 where id=?1 and state=?2", id, from, to).map([](std::int64_t n) { return n > 0; });
}

Result<std::optional<std::string>> attachments::set_object(Database& db, std::string_view id, std::string_view key) {
  auto before = db.one("select object_key from chat_attachments where id=?1 and state in ('started','uploaded')", [](Row& r) { return r.text(0); }, id);
  if (!before || !*before) return before;
  auto done = db.run("update chat_attachments set object_key=?2, state='uploaded' where id=?1", id, key);
  if (!done) return tl::unexpected(done.error());
  return before;
}

Result<void> attachments::remove(Database& db, std::string_view id) { return db.run("delete from chat_attachments where id=?1", id).map(ignore); }

}  // namespace upcall::store
