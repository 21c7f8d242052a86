// Forgetting the last seconds of a recording (ADR 12). On the service's thread but for the waiting of callers.
//
// The row says first what is to be forgotten ("pending"), then the keys are destroyed, then the row and an event say that
// it is done. A server that comes back to a pending one destroys again.
#include <algorithm>
#include <future>

#include <boost/json.hpp>

#include "base/ids.hpp"
#include "base/wall_text.hpp"
#include "io/store/outbox_repository.hpp"
#include "io/store/parameter_repository.hpp"
#include "service/recording/live_recording.hpp"

namespace upcall::service {

namespace json = boost::json;
using store::RecordingState;

namespace {

constexpr std::chrono::seconds kPatience(8);
constexpr std::int64_t kSpansMax = 1000;

json::object facts_of(const store::Recording& row) {
  boost::system::error_code error;
  json::value facts = json::parse(row.data, error);
  return !error && facts.is_object() ? std::move(facts.get_object()) : json::object{};
}

// The last one, when it is not known to be done.
json::object* pending_in(json::object& facts) {
  json::value* all = facts.if_contains("forgotten");
  if (all == nullptr || !all->is_array() || all->get_array().empty()) return nullptr;
  json::object* last = all->get_array().back().if_object();
  return last != nullptr && last->contains("pending") ? last : nullptr;
}

std::int64_t integer(const json::object& o, std::string_view name) {
  const json::value* v = o.if_contains(name);
  return v != nullptr && v->is_int64() ? v->get_int64() : 0;
}

WallTime wall_at(const journal::OpenJournal& journal, std::uint64_t at_us, Now now) {
  return now.wall - (now.mono - (journal.start() + Duration::us(static_cast<std::int64_t>(at_us))));
}

// Takes the mark away and adds the event, in one transaction.
Result<void> write_done(store::Store& store, RandomSource& random, store::Recording& row, const recording::Claim& claim, WallTime from, WallTime until, WallTime now) {
  json::object facts = facts_of(row);
  json::object* entry = pending_in(facts);
  if (entry == nullptr) return {};
  entry->erase("pending");
  entry->erase("from_us");
  (*entry)["from_unix_ms"] = from.unix_ms();
  (*entry)["until_unix_ms"] = until.unix_ms();
  const json::value by = entry->contains("by") ? entry->at("by") : json::value("");
  store::Recording changed = row;
  changed.data = json::serialize(facts);
  auto written = store.write([&](store::Database& db) -> Result<bool> {
    auto updated = store::recordings::update_owned(db, changed, changed.state, claim);
    if (!updated || !*updated) return updated;
    store::OutboxEvent event;
    event.event_id = make_uuid(random);
    event.meeting_id = row.external_meeting_id;
    event.type = "recording.forgotten";
    event.body = json::serialize(json::object{{"recordingId", row.recording_id}, {"externalMeetingId", row.external_meeting_id}, {"meetingId", row.meeting_id},
                                              {"from", to_iso8601(from)}, {"until", to_iso8601(until)}, {"by", by}});
    event.at = now;
    if (auto added = store::outbox::add(db, std::move(event)); !added) return tl::unexpected(added.error());
    return true;
  });
  if (!written) return tl::unexpected(written.error());
  if (!*written) return fail(ErrorCode::conflict, "The recording is being stopped.");
  row.data = changed.data;
  return {};
}

}  // namespace

Result<RecordingService::Forgotten> RecordingService::forget(const std::string& external_meeting_id, std::int64_t seconds, const std::string& actor) {
  if (auto answer = forget_elsewhere(external_meeting_id, seconds, actor)) return *answer;
  const Now asked = clock_();
  auto live = recording_live(external_meeting_id);
  if (!live) return tl::unexpected(live.error());
  auto answer = std::make_shared<std::promise<Result<Forgotten>>>();
  auto future = answer->get_future();
  post([this, live = *live, seconds, asked, actor, answer] { answer->set_value(forget_now(live, seconds, asked, actor)); });
  if (future.wait_for(kPatience) != std::future_status::ready) return fail(ErrorCode::unavailable, "The recording service does not answer.");
  return future.get();
}

Result<RecordingService::Forgotten> RecordingService::forget_now(const std::shared_ptr<Live>& live, std::int64_t seconds, Now asked, const std::string& actor) {
  const std::string id = live->row.recording_id;
  const std::int64_t most = settings_in(live->row.data).forget_s;
  if (most == 0) return fail(ErrorCode::forbidden, "Nothing of this recording may be forgotten.");
  if (seconds < 1 || seconds > most) return fail(ErrorCode::invalid_argument, "seconds must be a whole number from 1 to " + std::to_string(most) + ".");
  if (live->row.state != RecordingState::recording || live->life->stop_requested() || !live->journal || live->journal_generation != journals_generation_) {
    return fail(ErrorCode::conflict, "The recording has not begun, or is being stopped.");
  }
  const std::int64_t asked_us = std::max<std::int64_t>(0, (asked.mono - live->journal->start()).us());
  const std::int64_t from_us = std::max<std::int64_t>(0, asked_us - seconds * 1'000'000);
  const WallTime from = wall_at(*live->journal, static_cast<std::uint64_t>(from_us), asked);

  const std::string before = live->row.data;
  json::object facts = facts_of(live->row);
  if (!facts["forgotten"].is_array()) facts["forgotten"] = json::array();
  json::array& spans = facts["forgotten"].get_array();
  if (pending_in(facts) != nullptr) return fail(ErrorCode::unavailable, "What was to be forgotten before is not destroyed yet.");
  if (static_cast<std::int64_t>(spans.size()) >= kSpansMax) return fail(ErrorCode::unavailable, "Too much of this recording was forgotten.");
  spans.push_back(json::object{{"from_unix_ms", from.unix_ms()}, {"until_unix_ms", asked.wall.unix_ms()}, {"by", actor}, {"pending", true}, {"from_us", from_us}});
  store::Recording row = live->row;
  row.data = json::serialize(facts);
  const std::string span_text = to_iso8601(from) + " to " + to_iso8601(asked.wall);
  auto written = store_.write([&](store::Database& db) -> Result<bool> {
    auto updated = store::recordings::update_owned(db, row, row.state, live->life->claim());
    if (!updated || !*updated) return updated;
    if (auto noted = store::audit::add(db, {asked.wall, actor, "recording.forgotten", id, span_text}); !noted) return tl::unexpected(noted.error());
    return true;
  });
  if (!written) return tl::unexpected(written.error());
  if (!*written) return fail(ErrorCode::conflict, "The recording is being stopped.");
  live->row.data = row.data;

  auto destroyed = std::make_shared<std::promise<Result<journal::ForgottenSpan>>>();
  auto future = destroyed->get_future();
  journals_->forget(live->journal, {static_cast<std::uint64_t>(from_us), static_cast<std::uint64_t>(asked_us), [this, id] { runtime_.refresh_tap(id); },
                                    [destroyed](Result<journal::ForgottenSpan> span) { destroyed->set_value(std::move(span)); }});
  // It comes: what is in doubt is how long the disk takes. Until then nothing else may happen to this recording.
  const auto span = future.get();
  if (!span) {
    if (span.error().code == ErrorCode::internal) return tl::unexpected(span.error());   // pending stays: the next server does it again
    live->row.data = before;
    (void)store_.write([&](store::Database& db) -> Result<bool> {
      if (auto noted = store::audit::add(db, {clock_().wall, actor, "recording.forgetting_failed", id, span_text}); !noted) return tl::unexpected(noted.error());
      return store::recordings::update_owned(db, live->row, live->row.state, live->life->claim());
    });
    return tl::unexpected(span.error());
  }
  const Now now = clock_();
  Forgotten out{id, wall_at(*live->journal, span->from_us, now), wall_at(*live->journal, span->until_us, now)};
  if (auto done = write_done(store_, random_, live->row, live->life->claim(), out.from, out.until, now.wall); !done) return tl::unexpected(done.error());
  if (options_.told_outbox) options_.told_outbox();
  return out;
}

journal::JournalForgetting RecordingService::forgetting_of(const Live& live) {
  journal::JournalForgetting out;
  out.allowed = settings_in(live.row.data).forget_s > 0;
  json::object facts = facts_of(live.row);
  if (const json::object* pending = pending_in(facts)) out.again_from_us = static_cast<std::uint64_t>(std::max<std::int64_t>(0, integer(*pending, "from_us")));
  return out;
}

void RecordingService::end_forgetting(const std::shared_ptr<Live>& live) {
  json::object facts = facts_of(live->row);
  const json::object* pending = pending_in(facts);
  if (pending == nullptr) return;
  WallTime from = WallTime::from_unix_ms(integer(*pending, "from_unix_ms")), until = WallTime::from_unix_ms(integer(*pending, "until_unix_ms"));
  const Now now = clock_();
  if (live->journal && live->journal->forgotten_again()) {
    from = wall_at(*live->journal, live->journal->forgotten_again()->from_us, now);
    until = std::max(from, std::min(until, wall_at(*live->journal, live->journal->forgotten_again()->until_us, now)));
  }
  // What cannot be written now is written after the next start.
  if (write_done(store_, random_, live->row, live->life->claim(), from, until, now.wall) && options_.told_outbox) options_.told_outbox();
}

}  // namespace upcall::service
