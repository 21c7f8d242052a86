#include "service/retention/retention_service.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <set>

#include "base/ids.hpp"
#include "base/wall_text.hpp"
#include "contact/snapshot.hpp"
#include "io/log/log.hpp"
#include "io/store/centre_repository.hpp"
#include "io/store/contact_search_repository.hpp"
#include "io/store/outbox_repository.hpp"
#include "io/store/parameter_repository.hpp"
#include "json/json.hpp"
#include "recording/object_names.hpp"
#include "recording/retention.hpp"

namespace upcall::service {

namespace bj = boost::json;

namespace {

constexpr int kPage = 200;
constexpr std::int64_t kMeetingKeepDays = 45;   // parameter meetingKeepDays
constexpr std::string_view kFolder = "RECORDINGS/";
constexpr Duration kMissingWindow = Duration::s(3 * 24 * 3600);
// A file is put there before its row says so, and parts of it before that.
constexpr Duration kFileAlone = Duration::s(24 * 3600);

// Queue and outcome of a contact, as far as the store knows them.
struct ContactEnd {
  std::string queue, outcome;
};

Result<ContactEnd> contact_end(store::Database& db, const std::string& contact_id, const std::map<std::string, std::string>& queue_names, Now now) {
  ContactEnd out;
  auto row = store::centre::find_contact(db, contact_id);
  if (!row) return tl::unexpected(row.error());
  if (!*row) return out;
  const auto contact = contact::from_snapshot((*row)->snapshot, now, [](std::string_view) { return nullptr; });
  if (contact) {
    const std::string& id = contact->queue.queue_id.empty() ? contact->target.queue_id : contact->queue.queue_id;
    if (const auto name = queue_names.find(id); name != queue_names.end()) out.queue = name->second;
  }
  auto attributes = store::centre::attributes(db, contact_id);
  if (!attributes) return tl::unexpected(attributes.error());
  if (const auto at = attributes->find("outcome"); at != attributes->end()) out.outcome = at->second;
  return out;
}

bj::object summary(const store::KeptRecording& r) {
  return {{"recordingId", r.recording_id}, {"objectKey", r.object_key}, {"sizeBytes", r.size_bytes}, {"recordedAt", to_iso8601(r.requested)}};
}

}  // namespace

RetentionService::RetentionService(RetentionOptions options, store::Store& store, objects::ObjectStore& objects, const RecordSigner& signer,
                                   RandomSource& random, std::function<Now()> clock)
    : options_(std::move(options)), store_(store), objects_(objects), signer_(signer), random_(random), clock_(std::move(clock)) {}

RetentionService::~RetentionService() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void RetentionService::start() {
  thread_ = std::thread([this] { run(); });
}

void RetentionService::run() {
  Instant reconcile_at = clock_().mono;
  for (;;) {
    if (auto swept = sweep(); !swept) log::warn("retention.sweep_failed", {{"why", swept.error().message}});
    if (clock_().mono >= reconcile_at) {
      if (auto compared = reconcile(); !compared) log::warn("retention.reconcile_failed", {{"why", compared.error().message}});
      reconcile_at = clock_().mono + options_.reconcile_every;
    }
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, std::chrono::nanoseconds(options_.every.ns()), [&] { return stop_; });
    if (stop_) return;
  }
}

Result<void> RetentionService::remove(const std::string& recording_id, const std::string& actor, const std::string& why) {
  auto begun = store_.write([&](store::Database& db) { return store::retention::begin_delete(db, recording_id, why, clock_().wall); });
  if (!begun) return tl::unexpected(begun.error());
  return carry_out(*begun, actor);
}

Result<void> RetentionService::carry_out(const store::KeptRecording& recording, const std::string& actor) {
  for (const std::string& key : {recording.object_key, recording::manifest_key(recording.object_key)}) {
    auto removed = objects_.remove(key);
    if (!removed && removed.error().code != ErrorCode::not_found) return removed;
  }
  auto done = store_.write([&](store::Database& db) -> Result<void> {
    const WallTime now = clock_().wall;
    if (auto r = store::retention::finish_delete(db, recording.recording_id); !r) return r;
    if (auto r = store::audit::add(db, {now, actor, "recording.deleted", recording.recording_id, recording.deleting_why + "; " + recording.object_key}); !r) return r;
    store::OutboxEvent event;
    event.event_id = make_uuid(random_);
    event.meeting_id = recording.external_meeting_id;
    event.type = "recording.deleted";
    event.body = bj::serialize(bj::object{{"recordingId", recording.recording_id}, {"externalMeetingId", recording.external_meeting_id}, {"reason", recording.deleting_why}});
    event.at = now;
    auto added = store::outbox::add(db, std::move(event));
    if (!added) return tl::unexpected(added.error());
    return {};
  });
  if (!done) return done;
  store_.scrub();  // the key's row is gone from the table; now from the WAL's old pages
  {
    const std::lock_guard lock(mutex_);
    ++counters_.deleted;
  }
  if (options_.deleted) options_.deleted(recording.recording_id);
  if (options_.told_outbox) options_.told_outbox();
  return {};
}

Result<std::string> RetentionService::erase(const std::string& contact_id, const std::string& actor) {
  auto begun = store_.write([&](store::Database& db) -> Result<store::Erasure> {
    auto earlier = store::retention::erasure(db, contact_id);
    if (!earlier) return tl::unexpected(earlier.error());
    if (*earlier) return std::move(**earlier);
    auto contact = store::centre::find_contact(db, contact_id);
    if (!contact) return tl::unexpected(contact.error());
    if (!*contact) return fail(ErrorCode::not_found, "There is no such contact.");
    if ((*contact)->state != "ended") return fail(ErrorCode::conflict, "The contact has not ended.");
    auto live = db.one("select 1 from meetings where contact_id=?1 and ended_ms is null", [](store::Row&) { return true; }, contact_id);
    if (!live) return tl::unexpected(live.error());
    if (*live) return fail(ErrorCode::conflict, "A meeting of the contact has not ended.");
    auto recordings = store::retention::of_contact(db, contact_id);
    if (!recordings) return tl::unexpected(recordings.error());
    bj::array list;
    for (const store::KeptRecording& r : *recordings) {
      // All of them in one transaction: one that may not go keeps the others.
      auto deleting = store::retention::begin_delete(db, r.recording_id, "erasure of the contact", clock_().wall);
      if (!deleting) return tl::unexpected(deleting.error());
      list.push_back(summary(r));
    }
    store::Erasure erasure{contact_id, clock_().wall, actor, bj::serialize(list), std::nullopt, ""};
    if (auto r = store::retention::begin_erasure(db, erasure); !r) return tl::unexpected(r.error());
    return erasure;
  });
  if (!begun) return tl::unexpected(begun.error());
  return begun->done ? Result<std::string>(begun->certificate) : finish_erasure(*begun);
}

Result<std::string> RetentionService::finish_erasure(const store::Erasure& erasure) {
  auto recordings = store_.read([&](store::Database& db) { return store::retention::of_contact(db, erasure.contact_id); });
  if (!recordings) return tl::unexpected(recordings.error());
  for (const store::KeptRecording& r : *recordings) {
    if (!r.deleting) continue;
    if (auto gone = carry_out(r, erasure.actor); !gone) return tl::unexpected(gone.error());
  }
  // Files of the chat before their rows: what cannot be removed now is known at the next try.
  auto files = objects_.list("attachments/" + erasure.contact_id + "/");
  if (!files) return tl::unexpected(files.error());
  for (const objects::ObjectInfo& file : *files) {
    if (auto gone = objects_.remove(file.key); !gone && gone.error().code != ErrorCode::not_found) return tl::unexpected(gone.error());
  }
  // The words of the chat: out of the search's index, then out of its files, a piece at a time so that others can write.
  auto out = store_.write([&](store::Database& db) { return store::contact_search::remove(db, erasure.contact_id); });
  if (!out) return tl::unexpected(out.error());
  for (bool first = true, rewritten = false; !rewritten; first = false) {
    auto step = store_.write([&](store::Database& db) { return store::contact_search::forget_removed(db, first); });
    if (!step) return tl::unexpected(step.error());
    rewritten = *step;
  }
  auto certified = store_.write([&](store::Database& db) -> Result<std::string> {
    auto rows = store::retention::erase_contact_rows(db, erasure.contact_id);
    if (!rows) return tl::unexpected(rows.error());
    const WallTime now = clock_().wall;
    const std::string certificate = signer_.sign(bj::serialize(bj::object{
        {"type", "upcall.erasure"}, {"contactId", erasure.contact_id}, {"requestedAt", to_iso8601(erasure.requested)}, {"erasedAt", to_iso8601(now)},
        {"by", erasure.actor}, {"recordings", json::parse(erasure.recordings).value_or(bj::array{})}, {"chatItems", rows->chat_items}, {"attributes", rows->attributes},
        {"participants", rows->participants}, {"attendees", rows->attendees}, {"attachments", rows->attachments}}));
    if (auto r = store::retention::finish_erasure(db, erasure.contact_id, now, certificate); !r) return tl::unexpected(r.error());
    if (auto r = store::audit::add(db, {now, erasure.actor, "contact.erased", erasure.contact_id, ""}); !r) return tl::unexpected(r.error());
    return certificate;
  });
  store_.scrub();  // what was erased is in the WAL's old pages until then
  return certified;
}

Result<int> RetentionService::sweep() {
  auto begun = store_.read([](store::Database& db) { return store::retention::deleting(db); });
  if (!begun) return tl::unexpected(begun.error());
  int gone = 0;
  for (const store::KeptRecording& r : *begun) {
    // A store that does not answer is asked again by the next sweep; others may go meanwhile.
    if (carry_out(r, "system")) ++gone;
  }
  auto open = store_.read([](store::Database& db) { return store::retention::open_erasures(db); });
  if (!open) return tl::unexpected(open.error());
  for (const store::Erasure& erasure : *open) {
    if (auto done = finish_erasure(erasure); !done) log::warn("retention.erasure_waits", {{"why", done.error().message}});
  }
  auto expired = delete_expired();
  if (!expired) return expired;
  if (auto removed = remove_expired_rows(); !removed) return tl::unexpected(removed.error());
  if (auto looked = look_for_missing(); !looked) return tl::unexpected(looked.error());
  auto held = store_.read([](store::Database& db) { return store::retention::held_count(db); });
  if (!held) return tl::unexpected(held.error());
  const std::lock_guard lock(mutex_);
  counters_.held = *held;
  return gone + *expired;
}

Result<int> RetentionService::delete_expired() {
  std::vector<recording::RetentionRule> rules;
  std::map<std::string, std::string> queues;
  auto read = store_.read([&](store::Database& db) -> Result<void> {
    auto rows = store::retention::rules(db);
    if (!rows) return tl::unexpected(rows.error());
    for (store::RetentionRuleRow& r : *rows) rules.push_back({r.id, r.prefix, r.queue, r.outcome, r.days});
    auto names = store::routing::queues(db);
    if (!names) return tl::unexpected(names.error());
    for (const contact::Queue& q : *names) queues[q.id] = q.name;
    return {};
  });
  if (!read) return tl::unexpected(read.error());
  if (rules.empty()) return 0;
  int gone = 0;
  std::string after;
  for (;;) {
    auto page = store_.read([&](store::Database& db) { return store::retention::candidates(db, after, kPage); });
    if (!page) return tl::unexpected(page.error());
    for (const store::KeptRecording& r : *page) {
      after = r.recording_id;
      const Now now = clock_();
      recording::RetentionSubject subject{r.object_key, "", "", r.stopped.value_or(r.requested)};
      if (r.contact_id) {
        auto end = store_.read([&](store::Database& db) { return contact_end(db, *r.contact_id, queues, now); });
        if (!end) return tl::unexpected(end.error());
        subject.queue = end->queue;
        subject.outcome = end->outcome;
      }
      const recording::RetentionRule* rule = recording::rule_for(rules, subject);
      if (!recording::expired(rules, subject, now.wall)) continue;
      // A hold that came since, or a store that is down: the next sweep looks again.
      if (remove(r.recording_id, "system", "retention of " + std::to_string(rule->days) + " days")) ++gone;
    }
    if (static_cast<int>(page->size()) < kPage) return gone;
  }
}

Result<void> RetentionService::remove_expired_rows() {
  const WallTime now = clock_().wall;
  store::retention::ExpiredRows all;
  for (bool more = true; more;) {
    // A page a transaction: others write in between.
    auto gone = store_.write([&](store::Database& db) -> Result<store::retention::ExpiredRows> {
      auto text = store::parameters::get_or(db, "meetingKeepDays", "");
      if (!text) return tl::unexpected(text.error());
      std::int64_t days = kMeetingKeepDays;
      std::from_chars(text->data(), text->data() + text->size(), days);
      const std::optional<WallTime> before = days > 0 ? std::optional(now - Duration::s(days * 86'400)) : std::nullopt;
      return store::retention::remove_expired(db, now, before, kPage);
    });
    if (!gone) return tl::unexpected(gone.error());
    all.meetings += gone->meetings;
    all.attendees += gone->attendees;
    all.references += gone->references;
    all.cached_users += gone->cached_users;
    more = gone->meetings == kPage;
  }
  if (all.meetings + all.references + all.cached_users == 0) return {};
  store_.scrub();  // names and addresses are in the WAL's old pages until then
  log::info("retention.expired", {{"meetings", all.meetings}, {"attendees", all.attendees}, {"references", all.references}, {"cachedUsers", all.cached_users}});
  return {};
}

Result<void> RetentionService::look_for_missing() {
  const WallTime now = clock_().wall;
  auto missing = store_.read([&](store::Database& db) { return store::retention::missing(db, now - kMissingWindow, now - options_.missing_after); });
  if (!missing) return tl::unexpected(missing.error());
  bool told = false;
  for (const store::retention::MissingRecording& m : *missing) {
    // Once a meeting: the event's id says of which.
    auto added = store_.write([&](store::Database& db) -> Result<bool> {
      store::OutboxEvent event;
      event.event_id = "missing-" + m.meeting_id;
      auto known = db.one("select 1 from outbox where event_id=?1", [](store::Row&) { return true; }, event.event_id);
      if (!known) return tl::unexpected(known.error());
      if (*known) return false;
      event.meeting_id = m.external_meeting_id;
      event.type = "recording.missing";
      event.body = bj::serialize(bj::object{{"externalMeetingId", m.external_meeting_id}, {"meetingId", m.meeting_id}, {"contactId", m.contact_id}, {"endedAt", to_iso8601(m.ended)}});
      event.at = now;
      auto done = store::outbox::add(db, std::move(event));
      if (!done) return tl::unexpected(done.error());
      return true;
    });
    if (!added) return tl::unexpected(added.error());
    if (*added) log::error("recording.missing", {{"meeting", m.external_meeting_id}, {"contactId", m.contact_id}});
    told = told || *added;
  }
  {
    const std::lock_guard lock(mutex_);
    counters_.missing = static_cast<std::int64_t>(missing->size());
  }
  if (told && options_.told_outbox) options_.told_outbox();
  return {};
}

Result<Reconciliation> RetentionService::reconcile() {
  // Files first: one that is stored meanwhile has a file without being asked for, not a row without file.
  auto files = objects_.list(kFolder);
  if (!files) return tl::unexpected(files.error());
  std::map<std::string, WallTime> there;
  for (const objects::ObjectInfo& file : *files) there[file.key] = file.stored_at;
  const std::map<std::string, WallTime> all = there;
  Reconciliation out;
  std::string after;
  for (;;) {
    auto page = store_.read([&](store::Database& db) { return store::retention::stored(db, after, kPage); });
    if (!page) return tl::unexpected(page.error());
    for (const store::KeptRecording& r : *page) {
      after = r.recording_id;
      if (!all.contains(r.object_key)) {
        const auto seen = objects_.stat(r.object_key);
        if (!seen && seen.error().code == ErrorCode::not_found) out.rows_without_file.push_back(r.recording_id);
      }
      there.erase(r.object_key);
      there.erase(recording::manifest_key(r.object_key));
    }
    if (static_cast<int>(page->size()) < kPage) break;
  }
  for (const auto& [key, stored_at] : there) {
    if (clock_().wall - stored_at >= kFileAlone) out.files_without_row.push_back(key);
  }
  if (!out.rows_without_file.empty() || !out.files_without_row.empty()) {
    log::error("retention.reconciliation", {{"rowsWithoutFile", out.rows_without_file.size()}, {"filesWithoutRow", out.files_without_row.size()}});
  }
  const std::lock_guard lock(mutex_);
  counters_.rows_without_file = static_cast<std::int64_t>(out.rows_without_file.size());
  counters_.files_without_row = static_cast<std::int64_t>(out.files_without_row.size());
  return out;
}

RetentionService::Counters RetentionService::counters() const {
  const std::lock_guard lock(mutex_);
  return counters_;
}

}  // namespace upcall::service
