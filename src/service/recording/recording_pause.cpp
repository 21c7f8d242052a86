// Pausing a recording. All on the service's thread but the waiting of callers.
#include <algorithm>
#include <future>

#include <boost/json.hpp>

#include "base/ids.hpp"
#include "io/store/outbox_repository.hpp"
#include "io/store/parameter_repository.hpp"
#include "service/recording/live_recording.hpp"

namespace upcall::service {

namespace json = boost::json;
using store::RecordingState;

namespace {

constexpr std::chrono::seconds kPatience(5);

json::object facts_of(const store::Recording& row) {
  boost::system::error_code error;
  json::value facts = json::parse(row.data, error);
  return !error && facts.is_object() ? std::move(facts.get_object()) : json::object{};
}

}  // namespace

std::optional<WallTime> paused_until(const store::Recording& row) {
  const json::object facts = facts_of(row);
  const json::value* at = facts.if_contains("paused_until_ms");
  return at != nullptr && at->is_int64() ? std::optional(WallTime::from_unix_ms(at->get_int64())) : std::nullopt;
}

Result<std::shared_ptr<RecordingService::Live>> RecordingService::recording_live(const std::string& external_meeting_id) {
  auto current = store_.read([&](store::Database& db) { return store::recordings::in_progress(db, external_meeting_id); });
  if (!current) return tl::unexpected(current.error());
  auto live = *current ? find_live((*current)->recording_id) : nullptr;
  if (!live) return fail(ErrorCode::conflict, "No recording of this meeting is in progress.");
  return live;
}

Result<void> RecordingService::set_paused(const std::shared_ptr<Live>& live, std::optional<Duration> longest, const std::string& actor) {
  const std::string id = live->row.recording_id;
  // The tap first: what is said from now on is not to be kept, whatever the disk does.
  if (longest) runtime_.pause_tap(id, true);
  const Now now = clock_();
  store::Recording row = live->row;
  json::object facts = facts_of(row);
  if (!facts["pauses"].is_array()) facts["pauses"] = json::array();
  json::array& pauses = facts["pauses"].get_array();
  if (longest) {
    facts["paused_until_ms"] = (now.wall + *longest).unix_ms();
    pauses.push_back(json::object{{"from_unix_ms", now.wall.unix_ms()}, {"by", actor}});
  } else {
    facts.erase("paused_until_ms");
    if (!pauses.empty() && pauses.back().is_object()) {
      pauses.back().get_object()["until_unix_ms"] = now.wall.unix_ms();
      pauses.back().get_object()["ended_by"] = actor;
    }
  }
  row.data = json::serialize(facts);
  auto written = store_.write([&](store::Database& db) -> Result<bool> {
    auto updated = store::recordings::update(db, row, row.state);
    if (!updated || !*updated) return updated;
    store::OutboxEvent event;
    event.event_id = make_uuid(random_);
    event.meeting_id = row.external_meeting_id;
    event.type = longest ? "recording.paused" : "recording.resumed";
    event.body = json::serialize(json::object{{"recordingId", id}, {"externalMeetingId", row.external_meeting_id}, {"meetingId", row.meeting_id}, {"by", actor}});
    event.at = now.wall;
    if (auto added = store::outbox::add(db, std::move(event)); !added) return tl::unexpected(added.error());
    if (auto noted = store::audit::add(db, {now.wall, actor, longest ? "recording.paused" : "recording.resumed", id, ""}); !noted) return tl::unexpected(noted.error());
    return true;
  });
  if (!written || !*written) {
    if (longest) runtime_.pause_tap(id, false);
    if (!written) return tl::unexpected(written.error());
    return fail(ErrorCode::conflict, "The recording is being stopped.");
  }
  live->row.data = row.data;
  live->resume_at = longest ? std::optional(now.mono + *longest) : std::nullopt;
  if (!longest) runtime_.pause_tap(id, false);
  if (options_.told_outbox) options_.told_outbox();
  return {};
}

Result<RecordingService::Paused> RecordingService::pause(const std::string& external_meeting_id, Duration longest, const std::string& actor) {
  auto live = recording_live(external_meeting_id);
  if (!live) return tl::unexpected(live.error());
  auto answer = std::make_shared<std::promise<Result<Paused>>>();
  auto future = answer->get_future();
  post([this, live = *live, longest, actor, answer] {
    const auto run = [&]() -> Result<Paused> {
      if (live->row.state != RecordingState::recording || live->stop_requested) return fail(ErrorCode::conflict, "The recording has not begun, or is being stopped.");
      if (live->resume_at) return fail(ErrorCode::conflict, "The recording is paused already.");
      if (auto done = set_paused(live, longest, actor); !done) return tl::unexpected(done.error());
      return Paused{live->row.recording_id, *paused_until(live->row)};
    };
    answer->set_value(run());
  });
  if (future.wait_for(kPatience) != std::future_status::ready) return fail(ErrorCode::unavailable, "The recording service does not answer.");
  return future.get();
}

Result<void> RecordingService::go_on(const std::string& external_meeting_id, const std::string& actor) {
  auto live = recording_live(external_meeting_id);
  if (!live) return tl::unexpected(live.error());
  auto answer = std::make_shared<std::promise<Result<void>>>();
  auto future = answer->get_future();
  post([this, live = *live, actor, answer] {
    answer->set_value(live->resume_at ? set_paused(live, std::nullopt, actor) : Result<void>(fail(ErrorCode::conflict, "The recording is not paused.")));
  });
  if (future.wait_for(kPatience) != std::future_status::ready) return fail(ErrorCode::unavailable, "The recording service does not answer.");
  return future.get();
}

void RecordingService::close_pause(Live& live) {
  if (!live.resume_at) return;
  live.resume_at.reset();
  json::object facts = facts_of(live.row);
  facts.erase("paused_until_ms");
  if (json::value* pauses = facts.if_contains("pauses"); pauses != nullptr && pauses->is_array() && !pauses->get_array().empty() && pauses->get_array().back().is_object()) {
    pauses->get_array().back().get_object()["until_unix_ms"] = clock_().wall.unix_ms();
  }
  live.row.data = json::serialize(facts);
}

void RecordingService::end_pauses() {
  std::vector<std::shared_ptr<Live>> due;
  {
    const std::lock_guard lock(mutex_);
    const Instant now = clock_().mono;
    for (auto& [id, live] : live_) {
      if (live->resume_at && *live->resume_at <= now) due.push_back(live);
    }
  }
  for (const auto& live : due) {
    // What cannot be written now is tried again in a second.
    if (!live->stop_requested) (void)set_paused(live, std::nullopt, "system");
    else close_pause(*live);
  }
}

}  // namespace upcall::service
