// What the life cycles ask for, carried out on the service's thread.
#include <algorithm>
#include <deque>
#include <filesystem>

#include <boost/json.hpp>

#include "base/ids.hpp"
#include "io/store/outbox_repository.hpp"
#include "io/store/parameter_repository.hpp"
#include "service/recording/live_recording.hpp"
#include "wire/http.hpp"

namespace upcall::service {

namespace json = boost::json;
namespace effect = recording::effect;
using recording::Effects;
using recording::Lifecycle;
using store::RecordingState;

namespace {

std::string event_body(const store::Recording& row, const effect::WriteRow& what) {
  json::object out{{"recordingId", row.recording_id}, {"externalMeetingId", row.external_meeting_id}, {"meetingId", row.meeting_id}};
  if (!what.actor.empty()) out["by"] = what.actor;
  if (what.pause != recording::PauseChange::none && row.state == RecordingState::recording) return json::serialize(out);
  if (row.contact_id) out["contactId"] = *row.contact_id;
  if (!row.reason.empty()) out["reason"] = row.reason;
  if (row.duration_ms) out["durationMs"] = *row.duration_ms;
  if (row.size_bytes) out["sizeBytes"] = *row.size_bytes;
  if (row.state == RecordingState::stored) out["objectKey"] = row.object_key;
  return json::serialize(out);
}

std::string_view why(wire::TapStopReason reason) {
  switch (reason) {
    case wire::TapStopReason::requested: return "requested";
    case wire::TapStopReason::meeting_ended: return "the meeting ended";
    case wire::TapStopReason::spool_full: return "the disk was full";
    case wire::TapStopReason::server_shutdown: return "while no server was there";
  }
  return "";
}

template <class... F>
struct Cases : F... {
  using F::operator()...;
};

}  // namespace

recording::LifeRow life_row(const store::Recording& row) {
  return {row.state, row.reason, row.started, row.stopped, row.stored, paused_until(row), row.duration_ms, row.size_bytes};
}

recording::ComposeWhen compose_when(const store::Recording& row) {
  const std::string when = settings_in(row.data).compose;
  if (when == "after") return recording::ComposeWhen::after;
  return when == "on-demand" ? recording::ComposeWhen::on_demand : recording::ComposeWhen::live;
}

std::string with_facts(const std::string& data, const std::vector<recording::Fact>& facts) {
  if (facts.empty()) return data;
  boost::system::error_code error;
  json::value out = json::parse(data, error);
  if (error || !out.is_object()) out = json::object{};
  for (const auto& [name, value] : facts) out.as_object()[name] = value;
  return json::serialize(out);
}

std::shared_ptr<RecordingService::Live> RecordingService::find_live(const std::string& recording_id) const {
  const std::lock_guard lock(mutex_);
  const auto at = live_.find(recording_id);
  return at == live_.end() ? nullptr : at->second;
}

recording::Ticket RecordingService::ticket_for(std::function<void(effect::Answer::What)> told) {
  tickets_[next_ticket_] = std::move(told);
  return next_ticket_++;
}

void RecordingService::input(const std::shared_ptr<Live>& live, const std::function<void(Lifecycle&, const Now&, Effects&)>& what) {
  Effects effects;
  what(*live->life, clock_(), effects);
  carry_out(live, effects);
}

// For callbacks from other threads. One of an epoch that is over finds nobody.
std::function<void(std::function<void(Lifecycle&, const Now&, Effects&)>)> RecordingService::poster(const Live& live) {
  return [this, id = live.row.recording_id, epoch = live.epoch](std::function<void(Lifecycle&, const Now&, Effects&)> what) {
    post([this, id, epoch, what = std::move(what)] {
      const auto found = find_live(id);
      if (found && found->epoch == epoch) input(found, what);
    });
  };
}

void RecordingService::tick_all() {
  std::vector<std::shared_ptr<Live>> all;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [id, live] : live_) all.push_back(live);
  }
  const Instant now = clock_().mono;
  for (const auto& live : all) {
    if (live->life->deadline() <= now) input(live, [](auto& life, const Now& at, auto& out) { life.tick(at, out); });
  }
}

// In their order; what follows from a result comes after what was asked for before.
void RecordingService::carry_out(const std::shared_ptr<Live>& live, Effects& effects) {
  const std::string& id = live->row.recording_id;
  std::deque<recording::Effect> due(effects.begin(), effects.end());
  while (!due.empty()) {
    const recording::Effect next = std::move(due.front());
    due.pop_front();
    Effects more;
    std::visit(
        Cases{
            [&](const effect::WriteRow& e) {
              const auto result = write_row(*live, e);
              live->life->written(clock_(), result, more);
            },
            [&](const effect::ReadRow&) { read_row(*live, more); },
            [&](const effect::RenewLease& e) {
              // What cannot be asked is asked again; by the lease's end it counts as lost.
              auto held = store_.write([&](store::Database& db) {
                return store::recordings::renew_lease(db, id, live->life->claim(), clock_().wall + options_.lease.span);
              });
              if (held && *held) live->life->lease_held(clock_(), e.asked, more);
              if (held && !*held) live->life->lease_refused(clock_(), more);
            },
            [&](const effect::OpenJournal&) { open_journal(live, more); },
            [&](const effect::CloseJournal& e) { journals_->close(live->journal, e.reason); },
            [&](const effect::AbandonJournal&) {
              if (live->journal_generation == journals_generation_) put_journals_away();
            },
            [&](const effect::OpenTap& e) { open_tap(live, e.paused); },
            [&](const effect::CloseTap& e) { runtime_.close_tap(id, e.reason); },
            [&](const effect::PauseTap& e) { runtime_.pause_tap(id, e.paused); },
            [&](const effect::RemoveAttendee&) { remove_attendee(*live); },
            [&](const effect::Compose&) { start_composer(live); },
            [&](const effect::StopComposing&) { put_composer_away(live); },
            [&](const effect::ReleaseLocalData&) { check_film(*live, live->film); },
            [&](const effect::Answer& e) {
              if (auto told = tickets_.extract(e.ticket)) told.mapped()(e.what);
            },
            [&](const effect::Over& e) {
              if (e.lost) lost_.insert(id);
              const std::lock_guard lock(mutex_);
              if (!e.lost) ++(live->row.state == RecordingState::stored ? counters_.stored : counters_.failed);
              if (e.lost) ++counters_.leases_lost;
              if (e.lost) adopt_at_ = std::min(adopt_at_, clock_().mono + Duration::s(1));
              live_.erase(id);
            },
        },
        next);
    due.insert(due.end(), more.begin(), more.end());
  }
}

Lifecycle::Written RecordingService::write_row(Live& live, const effect::WriteRow& e) {
  const WallTime now = clock_().wall;
  store::Recording row = live.row;
  row.state = e.row.state;
  row.reason = e.row.reason;
  row.started = e.row.started;
  row.stopped = e.row.stopped;
  row.stored = e.row.stored;
  row.duration_ms = e.row.duration_ms;
  row.size_bytes = e.row.size_bytes;
  row.data = with_facts(row.data, e.facts);
  if (e.pause != recording::PauseChange::none) row.data = with_pause(row.data, e, now);
  auto written = store_.write([&](store::Database& db) -> Result<bool> {
    auto updated = store::recordings::update_owned(db, row, e.from, live.life->claim());
    if (!updated || !*updated) return updated;
    if (!e.stop_key.empty()) {
      if (auto r = store::recordings::set_stop_key(db, row.recording_id, e.stop_key); !r) return tl::unexpected(r.error());
    }
    if (!e.event.empty()) {
      store::OutboxEvent event;
      event.event_id = make_uuid(random_);
      event.meeting_id = row.external_meeting_id;
      event.type = e.event;
      event.body = event_body(row, e);
      event.at = now;
      if (auto r = store::outbox::add(db, std::move(event)); !r) return tl::unexpected(r.error());
    }
    if (!e.actor.empty()) {
      const std::string_view detail = e.row.state == recording::State::stopping ? why(e.stop_reason) : "";
      if (auto r = store::audit::add(db, {now, e.actor, std::string(e.event), row.recording_id, std::string(detail)}); !r) return tl::unexpected(r.error());
    }
    return true;
  });
  if (!written) return Lifecycle::Written::not_done;
  if (!*written) return Lifecycle::Written::refused;
  live.row = std::move(row);
  if (!e.event.empty() && options_.told_outbox) options_.told_outbox();
  return Lifecycle::Written::done;
}

void RecordingService::read_row(Live& live, Effects& more) {
  recording::Claim claim;
  auto row = store_.read([&](store::Database& db) -> Result<std::optional<store::Recording>> {
    auto found = store::recordings::find(db, live.row.recording_id);
    if (!found || !*found) return found;
    auto is = store::recordings::claim_of(db, live.row.recording_id);
    if (!is) return tl::unexpected(is.error());
    claim = std::move(*is);
    return found;
  });
  if (!row) return live.life->row_unreadable(clock_(), more);
  if (*row) live.row = **row;
  live.life->row_read(clock_(), *row ? std::optional(life_row(**row)) : std::nullopt, claim, more);
}

void RecordingService::open_journal(const std::shared_ptr<Live>& live, Effects& more) {
  const std::string id = live->row.recording_id;
  const auto tell = poster(*live);
  journal::JournalCallbacks callbacks;
  callbacks.first_sealed = [tell](Instant at) { tell([at](auto& life, const Now& now, auto& out) { life.first_sealed(now, at, out); }); };
  callbacks.state_changed = [this, id, tell](journal::JournalState state) {
    if (state == journal::JournalState::spool_full) {
      tell([](auto& life, const Now& now, auto& out) { life.no_room(now, out); });
    } else if (state == journal::JournalState::recording) {
      // The disk was full and is not any more: key frames and announcements went with the rest.
      post([this, id] { runtime_.refresh_tap(id); });
    }
  };
  callbacks.closed = [this, id, tell](const journal::ClosedJournal& closed) {
    tell([this, id, closed](auto& life, const Now& now, auto& out) {
      if (const auto it = find_live(id)) {
        const std::lock_guard lock(mutex_);
        it->journal_closed = true;
      }
      life.journal_closed(now, closed.final, closed.state == journal::JournalState::spool_full, static_cast<double>(closed.bytes), out);
    });
  };
  auto opened = journals_->open(id, live->key, live->epoch, directory_of(id), std::move(callbacks), forgetting_of(*live));
  if (opened) {
    {
      const std::lock_guard lock(mutex_);
      live->journal = *opened;
      live->journal_generation = journals_generation_;
    }
    end_forgetting(live);
    return live->life->journal_opened(clock_(), more);
  }
  using Refusal = Lifecycle::Refusal;
  const ErrorCode code = opened.error().code;
  const Refusal refusal = code == ErrorCode::conflict ? Refusal::complete : code == ErrorCode::corrupt ? Refusal::corrupt : Refusal::other;
  if (refusal == Refusal::complete) end_forgetting(live);
  live->life->journal_refused(clock_(), refusal, opened.error().message, more);
}

void RecordingService::open_tap(const std::shared_ptr<Live>& live, bool paused) {
  const auto tell = poster(*live);
  TapRequest request;
  request.recording_id = live->row.recording_id;
  request.title = live->row.external_meeting_id;
  request.ring = live->journal->ring();
  request.started = live->journal->start();
  request.resumed = live->journal->resumed();
  request.first_source = live->journal->next_source();
  request.paused = paused;
  runtime_.open_tap(
      live->row.meeting_id, std::move(request), [tell] { tell([](auto& life, const Now& now, auto& out) { life.tap_opened(now, out); }); },
      [tell](const TapResult& result) {
        tell([dropped = result.dropped](auto& life, const Now& now, auto& out) { life.tap_closed(now, dropped, out); });
      });
}

void RecordingService::remove_attendee(const Live& live) {
  if (live.attendee_id.empty()) return;
  runtime_.remove_silent_attendee(live.row.meeting_id, live.attendee_id);
  (void)store_.write([&](store::Database& db) { return store::meetings::remove_attendee(db, live.attendee_id, clock_().wall); });
}

void RecordingService::want_film(const std::string& recording_id) {
  {
    const std::lock_guard lock(mutex_);
    const auto at = live_.find(recording_id);
    if (at == live_.end() || at->second->composer || at->second->composer_queued) return;
  }
  post([this, recording_id] {
    if (const auto live = find_live(recording_id)) input(live, [](auto& life, const Now& now, auto& out) { life.want_film(now, out); });
  });
}

void RecordingService::start_composer(const std::shared_ptr<Live>& live) {
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
  // A host that composes for the first time learns from the films at work, not only from the first that is finished.
  options.pace = [this](double cpu_seconds, double film_seconds) { pool_->learn(cpu_seconds, film_seconds, 0); };
  if (place) options.pid = [this, place](int pid) { pool_->running_as(*place, pid); };
  options.order.journal_directory = directory_of(id);
  options.order.key = live->key;
  options.order.title = live->row.external_meeting_id;
  options.order.settings = settings_in(live->row.data);
  options.order.live = true;
  options.recording_id = id;
  options.upload.object_key = live->row.object_key;
  options.sign = options_.sign;
  options.external_meeting_id = live->row.external_meeting_id;
  options.started = live->row.started.value_or(live->row.requested);
  ComposerRun::Callbacks callbacks;
  const std::uint32_t epoch = live->epoch;
  callbacks.composed = [this, id, epoch] { post([this, id, epoch] { free_place(id, epoch); }); };
  callbacks.done = [this, id, epoch](Result<ComposerOutcome> outcome) {
    auto shared = std::make_shared<Result<ComposerOutcome>>(std::move(outcome));
    post([this, id, epoch, shared] { on_composed(id, epoch, std::move(*shared)); });
  };
  live->composer = std::make_unique<ComposerRun>(std::move(options), objects_, clock_, random_, std::move(callbacks));
}

// Its film is composed, or cannot be: the next may. The upload goes on without a place.
void RecordingService::free_place(const std::string& recording_id, std::uint32_t epoch) {
  std::optional<ComposerPool::Place> place;
  {
    const std::lock_guard lock(mutex_);
    const auto at = live_.find(recording_id);
    if (at == live_.end() || at->second->epoch != epoch) return;
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

void RecordingService::on_composed(const std::string& recording_id, std::uint32_t epoch, Result<ComposerOutcome> outcome) {
  const std::shared_ptr<Live> live = find_live(recording_id);
  if (!live || live->epoch != epoch) return;
  {
    std::unique_ptr<ComposerRun> done;
    const std::lock_guard lock(mutex_);
    done = std::move(live->composer);
    if (done) live->film = done->film();
    // The run's thread has called us last of all: joining it takes no time.
  }
  if (!outcome) {
    input(live, [&](auto& life, const Now& now, auto& out) { life.film_failed(now, outcome.error().message, out); });
    const std::lock_guard lock(mutex_);
    ++counters_.failed;
    return;
  }
  pool_->learn(0, 0, outcome->peak_rss_mib);
  recording::StoredFilm film{outcome->duration_ms, static_cast<std::int64_t>(outcome->object.size), {}};
  film.facts = {{"cpu_core_seconds", outcome->cpu_core_seconds},
                {"peak_rss_mib", outcome->peak_rss_mib},
                {"video_frames", static_cast<double>(outcome->video_frames)},
                {"composer_attempts", outcome->attempts},
                {"composer_restarts", outcome->restarts}};
  if (outcome->restarts > 0) {
    film.facts.emplace_back("resumed_from_ms", static_cast<double>(outcome->resumed_from_ms));
    film.facts.emplace_back("replay_ms", static_cast<double>(outcome->replay_ms));
  }
  input(live, [&](auto& life, const Now& now, auto& out) { life.film_stored(now, film, out); });
}

}  // namespace upcall::service
