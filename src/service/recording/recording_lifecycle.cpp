// Transitions of a recording, all on the service's thread.
#include <algorithm>
#include <filesystem>

#include <boost/json.hpp>

#include "base/ids.hpp"
#include "io/store/outbox_repository.hpp"
#include "service/recording/live_recording.hpp"
#include "wire/http.hpp"

namespace upcall::service {

namespace json = boost::json;
using store::RecordingState;

namespace {
constexpr Duration kComposeRetry = Duration::s(60);

std::string event_body(const store::Recording& row) {
  json::object out{{"recordingId", row.recording_id}, {"externalMeetingId", row.external_meeting_id}, {"meetingId", row.meeting_id}};
  if (row.contact_id) out["contactId"] = *row.contact_id;
  if (!row.reason.empty()) out["reason"] = row.reason;
  if (row.duration_ms) out["durationMs"] = *row.duration_ms;
  if (row.size_bytes) out["sizeBytes"] = *row.size_bytes;
  if (row.state == RecordingState::stored) out["objectKey"] = row.object_key;
  return json::serialize(out);
}

}  // namespace

std::shared_ptr<RecordingService::Live> RecordingService::find_live(const std::string& recording_id) const {
  const std::lock_guard lock(mutex_);
  const auto at = live_.find(recording_id);
  return at == live_.end() ? nullptr : at->second;
}

void RecordingService::retry_composers() {
  std::vector<std::shared_ptr<Live>> due;
  {
    const std::lock_guard lock(mutex_);
    const Instant now = clock_().mono;
    for (auto& [id, live] : live_) {
      if (live->retry_at.is_never() || live->retry_at > now) continue;
      live->retry_at = Instant::never();
      due.push_back(live);
    }
  }
  for (const auto& live : due) start_composer(live);
}

bool RecordingService::advance(Live& live, RecordingState to, const char* event) {
  const RecordingState from = live.row.state;
  live.row.state = to;
  const WallTime now = clock_().wall;
  auto written = store_.write([&](store::Database& db) -> Result<bool> {
    auto updated = store::recordings::update(db, live.row, from);
    if (!updated || !*updated || event == nullptr) return updated;
    store::OutboxEvent outbox;
    outbox.event_id = make_uuid(random_);
    outbox.meeting_id = live.row.external_meeting_id;
    outbox.type = event;
    outbox.body = event_body(live.row);
    outbox.at = now;
    auto added = store::outbox::add(db, std::move(outbox));
    if (!added) return tl::unexpected(added.error());
    return true;
  });
  if (written && *written) {
    if (event != nullptr && options_.told_outbox) options_.told_outbox();
    return true;
  }
  // What is in the store counts: the next change of state starts from there, not from a state that was never written.
  live.row.state = from;
  return false;
}

void RecordingService::note_fact(Live& live, const char* name, double value) {
  boost::system::error_code error;
  json::value facts = json::parse(live.row.data, error);
  if (error || !facts.is_object()) facts = json::object{};
  facts.as_object()[name] = value;
  live.row.data = json::serialize(facts);
}

void RecordingService::begin_capture(const std::shared_ptr<Live>& live) {
  const std::string id = live->row.recording_id;
  if (live->row.state == RecordingState::requested) advance(*live, RecordingState::starting, nullptr);
  journal::JournalCallbacks callbacks;
  callbacks.first_sealed = [this, id](Instant at) { post([this, id, at] { on_first_sealed(id, at); }); };
  callbacks.state_changed = [this, id](journal::JournalState state) {
    if (state == journal::JournalState::spool_full) {
      post([this, id] { runtime_.close_tap(id, wire::TapStopReason::spool_full); });
    } else if (state == journal::JournalState::recording) {
      // The disk was full and is not any more: key frames and announcements went with the rest.
      post([this, id] { runtime_.refresh_tap(id); });
    }
  };
  callbacks.closed = [this, id](const journal::ClosedJournal& closed) {
    post([this, id, closed] { on_journal_closed(id, closed); });
  };
  auto opened = journals_->open(id, live->key, live->epoch, directory_of(id), std::move(callbacks), forgetting_of(*live));
  if (!opened) {
    if (live->resumed && opened.error().code == ErrorCode::conflict) {
      // Complete already: only the composing is left.
      end_forgetting(live);
      live->journal_closed = true;
      if (live->row.state != RecordingState::composing) {
        if (!live->row.stopped) live->row.stopped = clock_().wall;
        if (live->row.state != RecordingState::stopping) advance(*live, RecordingState::stopping, "recording.stopped");
        advance(*live, RecordingState::composing, nullptr);
      }
      start_composer(live);
      return;
    }
    if (live->resumed && opened.error().code == ErrorCode::corrupt) {
      // What is there can still be composed up to the damage.
      live->journal_closed = true;
      start_composer(live);
      return;
    }
    fail_recording(live, opened.error().message);
    return;
  }
  {
    const std::lock_guard lock(mutex_);
    live->journal = *opened;
  }
  end_forgetting(live);
  if (live->stop_requested && live->resumed) {
    // The server died between stop and the end of the journal, or the meeting is over: close it as it stands.
    journals_->close(live->journal, wire::TapStopReason::server_shutdown);
    return;
  }
  TapRequest request;
  request.recording_id = id;
  request.title = live->row.external_meeting_id;
  request.ring = live->journal->ring();
  request.started = live->journal->start();
  request.resumed = live->journal->resumed();
  request.first_source = live->journal->next_source();
  request.paused = live->resume_at.has_value();
  live->tap_asked = true;
  runtime_.open_tap(
      live->row.meeting_id, std::move(request), [this, id] { post([this, id] { on_tap_opened(id); }); },
      [this, id](const TapResult& result) { post([this, id, result] { on_tap_closed(id, result); }); });
  if (live->stop_requested) runtime_.close_tap(id, live->stop_reason);
}

void RecordingService::on_tap_opened(const std::string& recording_id) {
  const std::shared_ptr<Live> live = find_live(recording_id);
  if (!live) return;
  live->tap_open = true;
  if (live->stop_requested) {
    live->row.stopped = clock_().wall;
    if (live->row.state == RecordingState::starting) advance(*live, RecordingState::stopping, "recording.stopped");
    return;
  }
  if (!live->row.started) live->row.started = clock_().wall;
  if (live->row.state == RecordingState::starting) advance(*live, RecordingState::recording, "recording.started");
  start_composer(live);
}

void RecordingService::on_first_sealed(const std::string& recording_id, Instant when) {
  const std::shared_ptr<Live> live = find_live(recording_id);
  if (!live || live->resumed) return;
  // Becomes durable with the next change of state; here for the summary of a running recording.
  note_fact(*live, "start_ms", (when - live->requested_at).seconds() * 1000.0);
  (void)store_.write([&](store::Database& db) { return store::recordings::update(db, live->row, live->row.state); });
}

void RecordingService::on_tap_closed(const std::string& recording_id, TapResult result) {
  const std::shared_ptr<Live> live = find_live(recording_id);
  if (!live) return;
  if (!live->stop_requested) {
    // The meeting ended under us (or was not there): the same as a stop.
    live->stop_requested = true;
    live->stop_requested_at = clock_().mono;
    live->stop_reason = wire::TapStopReason::meeting_ended;
    close_pause(*live);
  }
  if (!live->row.stopped) live->row.stopped = clock_().wall;
  if (result.dropped > 0) note_fact(*live, "dropped_records", static_cast<double>(result.dropped));
  if (live->row.state == RecordingState::starting || live->row.state == RecordingState::recording) {
    advance(*live, RecordingState::stopping, "recording.stopped");
  }
  if (live->journal) journals_->close(live->journal, live->stop_reason);
}

void RecordingService::on_journal_closed(const std::string& recording_id, journal::ClosedJournal closed) {
  const std::shared_ptr<Live> live = find_live(recording_id);
  if (!live) return;
  live->journal_closed = true;
  note_fact(*live, "journal_bytes", static_cast<double>(closed.bytes));
  if (closed.state == journal::JournalState::spool_full) live->row.reason = live->capture_reason = kSpoolWasFull;
  runtime_.remove_silent_attendee(live->row.meeting_id, live->attendee_id);
  (void)store_.write([&](store::Database& db) { return store::meetings::remove_attendee(db, live->attendee_id, clock_().wall); });
  if (!live->row.stopped) live->row.stopped = clock_().wall;
  if (live->row.state != RecordingState::stopping && live->row.state != RecordingState::composing) {
    advance(*live, RecordingState::stopping, "recording.stopped");
  }
  if (live->row.state != RecordingState::composing) advance(*live, RecordingState::composing, nullptr);
  start_composer(live);
}

// By the recording's policy. A film that was begun goes on whatever it says.
bool RecordingService::is_time_to_compose(const Live& live) const {
  const std::string when = settings_in(live.row.data).compose;
  if (when == "live" || live.film_wanted) return true;
  std::error_code error;
  if (std::filesystem::exists(directory_of(live.row.recording_id) + "/" + film_spool::kFileName, error)) return true;
  return when == "after" && live.journal_closed;
}

void RecordingService::want_film(const std::string& recording_id) {
  {
    const std::lock_guard lock(mutex_);
    const auto at = live_.find(recording_id);
    if (at == live_.end() || at->second->composer || at->second->composer_queued) return;
  }
  post([this, recording_id] {
    const std::shared_ptr<Live> live = find_live(recording_id);
    if (!live || live->film_wanted || settings_in(live->row.data).compose != "on-demand") return;
    live->film_wanted = true;
    // Before the tap is open there is nothing to compose: that begins it.
    if (live->tap_open || live->journal_closed) start_composer(live);
  });
}

void RecordingService::start_composer(const std::shared_ptr<Live>& live) {
  if (!is_time_to_compose(*live)) return;
  const std::string id = live->row.recording_id;
  ComposerOptions options;
  {
    const std::lock_guard lock(mutex_);
    options.film = live->film;
  }
  // A film that only has to be uploaded waits for nobody's place. (One that only looks complete is composed without.)
  const bool complete = options.film ? options.film->progress().complete
                                     : film_spool::FilmSpool::looks_complete(directory_of(id) + "/" + film_spool::kFileName);
  {
    const std::lock_guard lock(mutex_);
    if (live->composer || live->composer_queued) return;
    if (!complete) {
      // Whoever waits already is before it.
      if (waiting_.empty()) live->place = pool_->take();
      if (!live->place) {
        live->composer_queued = true;
        waiting_.push_back(id);
        pool_->set_waiting(static_cast<int>(waiting_.size()));
        return;
      }
    }
    begin_composer(live);
  }
}

// With mutex_ held, and a place unless the film is complete.
void RecordingService::begin_composer(const std::shared_ptr<Live>& live) {
  const std::string id = live->row.recording_id;
  ComposerOptions options;
  options.film = live->film;
  const std::optional<ComposerPool::Place> place = live->place;
  options.child = [this, place] { return place ? pool_->child(*place) : spawn_composer(children_, options_.recorder_program); };
  if (place) options.pid = [this, place](int pid) { pool_->running_as(*place, pid); };
  options.order.journal_directory = directory_of(id);
  options.order.key = live->key;
  options.order.title = live->row.external_meeting_id;
  options.order.settings = settings_in(live->row.data);
  options.order.live = true;
  // Of a journal that has ended nothing is forgotten: also of one that has no proper end to be known by.
  if (live->journal_closed) options.order.settings.forget_s = 0;
  options.recording_id = id;
  options.upload.object_key = live->row.object_key;
  options.sign = options_.sign;
  options.external_meeting_id = live->row.external_meeting_id;
  options.started = live->row.started.value_or(live->row.requested);
  ComposerRun::Callbacks callbacks;
  callbacks.composed = [this, id] { post([this, id] { free_place(id); }); };
  callbacks.done = [this, id](Result<ComposerOutcome> outcome) {
    auto shared = std::make_shared<Result<ComposerOutcome>>(std::move(outcome));
    post([this, id, shared] { on_composed(id, std::move(*shared)); });
  };
  live->composer = std::make_unique<ComposerRun>(std::move(options), objects_, clock_, random_, std::move(callbacks));
}

// Its film is composed, or cannot be: the next may. The upload goes on without a place.
void RecordingService::free_place(const std::string& recording_id) {
  std::optional<ComposerPool::Place> place;
  {
    const std::lock_guard lock(mutex_);
    const auto at = live_.find(recording_id);
    if (at == live_.end()) return;
    place = std::exchange(at->second->place, std::nullopt);
  }
  if (place) pool_->give_back(*place);
  begin_waiting();
}

// Who waits longest is first.
void RecordingService::begin_waiting() {
  const std::lock_guard lock(mutex_);
  while (!waiting_.empty()) {
    const auto at = live_.find(waiting_.front());
    if (at == live_.end() || !at->second->composer_queued || at->second->composer) {
      waiting_.pop_front();
      continue;
    }
    at->second->place = pool_->take();
    if (!at->second->place) break;
    at->second->composer_queued = false;
    waiting_.pop_front();
    begin_composer(at->second);
  }
  pool_->set_waiting(static_cast<int>(waiting_.size()));
}

void RecordingService::on_composed(const std::string& recording_id, Result<ComposerOutcome> outcome) {
  const std::shared_ptr<Live> live = find_live(recording_id);
  if (!live) return;
  {
    std::unique_ptr<ComposerRun> done;
    const std::lock_guard lock(mutex_);
    done = std::move(live->composer);
    if (done) live->film = done->film();
    // The run's thread has called us last of all: joining it takes no time.
  }
  if (!outcome) {
    // Nothing is lost: journal and film spool stay, and it is tried again, also after a restart.
    live->row.reason = outcome.error().message;
    (void)store_.write([&](store::Database& db) { return store::recordings::update(db, live->row, live->row.state); });
    const std::lock_guard lock(mutex_);
    ++counters_.failed;
    live->retry_at = clock_().mono + kComposeRetry;
    return;
  }
  pool_->learn(outcome->cpu_core_seconds, static_cast<double>(outcome->duration_ms) / 1000, outcome->peak_rss_mib);
  live->row.reason = live->capture_reason;
  live->row.stored = clock_().wall;
  live->row.duration_ms = outcome->duration_ms;
  live->row.size_bytes = static_cast<std::int64_t>(outcome->object.size);
  note_fact(*live, "cpu_core_seconds", outcome->cpu_core_seconds);
  note_fact(*live, "peak_rss_mib", outcome->peak_rss_mib);
  note_fact(*live, "video_frames", static_cast<double>(outcome->video_frames));
  note_fact(*live, "composer_attempts", outcome->attempts);
  note_fact(*live, "composer_restarts", outcome->restarts);
  if (outcome->restarts > 0) {
    note_fact(*live, "resumed_from_ms", static_cast<double>(outcome->resumed_from_ms));
    note_fact(*live, "replay_ms", static_cast<double>(outcome->replay_ms));
  }
  if (live->stop_requested_at != Instant()) note_fact(*live, "finalize_ms", (clock_().mono - live->stop_requested_at).seconds() * 1000.0);
  if (!advance(*live, RecordingState::stored, "recording.stored")) {
    // The file is safe; the row is not. Uploading once more, now or after a restart, overwrites the same object.
    live->row.stored.reset();
    live->retry_at = clock_().mono + kComposeRetry;
    return;
  }
  check_film(*live, live->film);
  const std::lock_guard lock(mutex_);
  ++counters_.stored;
  live_.erase(recording_id);
}

void RecordingService::fail_recording(const std::shared_ptr<Live>& live, std::string reason) {
  live->row.reason = std::move(reason);
  if (!live->row.stopped) live->row.stopped = clock_().wall;
  if (!live->attendee_id.empty()) {
    runtime_.remove_silent_attendee(live->row.meeting_id, live->attendee_id);
    (void)store_.write([&](store::Database& db) { return store::meetings::remove_attendee(db, live->attendee_id, clock_().wall); });
  }
  if (live->journal && !live->journal_closed) {
    runtime_.close_tap(live->row.recording_id, wire::TapStopReason::server_shutdown);
  }
  advance(*live, RecordingState::failed, "recording.failed");
  const std::lock_guard lock(mutex_);
  ++counters_.failed;
  live_.erase(live->row.recording_id);
}

void RecordingService::clean_up(const std::string& recording_id) {
  std::error_code ignored;
  std::filesystem::remove_all(directory_of(recording_id), ignored);
}

}  // namespace upcall::service
