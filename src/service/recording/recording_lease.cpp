// Which recordings are this server's: taken up after a start, after a lease was lost, and from a server that is gone.
#include <algorithm>
#include <filesystem>

#include "io/log/log.hpp"
#include "io/store/meeting_repository.hpp"
#include "service/recording/live_recording.hpp"

namespace upcall::service {

using store::RecordingState;

Result<void> RecordingService::resume() {
  // First of all on its thread, so that nothing becomes stored meanwhile.
  post([this] { check_left_behind(); });
  return adopt();
}

void RecordingService::adopt_nothing_more() {
  const std::lock_guard lock(mutex_);
  adopts_ = false;
}

// Every unfinished recording that is free, expired or was this server's. What cannot be read now is met again at the next look.
Result<void> RecordingService::adopt() {
  {
    const std::lock_guard lock(mutex_);
    adopt_at_ = Instant::never();
  }
  Duration next = options_.lease.renew;
  auto unfinished = store_.read([](store::Database& db) { return store::recordings::unfinished(db); });
  if (unfinished) {
    for (const store::Recording& row : *unfinished) {
      if (!find_live(row.recording_id) && !adopt_one(row.recording_id)) next = options_.lease.retry;
    }
  }
  // Of what was given up, what is stored by now, by whomever: nobody else here looks at its local data.
  if (unfinished) {
    std::set<std::string> open;
    for (const store::Recording& row : *unfinished) open.insert(row.recording_id);
    for (const std::string& id : std::exchange(lost_, {})) {
      if (open.contains(id)) {
        if (!find_live(id)) lost_.insert(id);
      } else {
        check_left_behind(id);
      }
    }
  }
  const std::lock_guard lock(mutex_);
  adopt_at_ = std::min(adopt_at_, clock_().mono + next);
  return unfinished.map([](const auto&) {});
}

// False: it is another server's, or not to be taken up now.
Result<bool> RecordingService::adopt_one(const std::string& recording_id) {
  if (const auto old = putting_away_.find(recording_id); old != putting_away_.end()) {
    if (old->second.wait_for(std::chrono::seconds(0)) != std::future_status::ready) return false;
    putting_away_.erase(old);
  }
  auto live = std::make_shared<Live>();
  const Now now = clock_();
  bool meeting_live = false;
  std::string problem;
  std::optional<ByteVector> wrapped;
  // As it is now, in the transaction that makes it ours: nobody else changes it from here on.
  auto ours = store_.write([&](store::Database& db) -> Result<bool> {
    auto row = store::recordings::find(db, recording_id);
    if (!row) return tl::unexpected(row.error());
    if (!*row || recording::is_final((*row)->state)) return false;
    auto taken = store::recordings::take_lease(db, recording_id, options_.instance, now.wall, now.wall + options_.lease.span);
    if (!taken || !*taken) return taken;
    live->row = std::move(**row);
    auto epoch = store::recordings::next_writer_epoch(db, recording_id);
    if (!epoch && epoch.error().code != ErrorCode::not_found) return tl::unexpected(epoch.error());
    if (epoch) live->epoch = static_cast<std::uint32_t>(*epoch);
    auto key = store::recordings::wrapped_key(db, recording_id);
    if (!key) return tl::unexpected(key.error());
    wrapped = std::move(*key);
    auto meeting = store::meetings::find(db, live->row.meeting_id);
    if (!meeting) return tl::unexpected(meeting.error());
    meeting_live = *meeting && !(*meeting)->ended;
    return true;
  });
  if (!ours || !*ours) return ours;
  if (!wrapped) {
    problem = "the recording's key is missing";
  } else if (auto key = unsealed_key(recording_id, *wrapped)) {
    live->key = std::move(*key);
  } else {
    problem = "the recording's key cannot be opened";
  }
  live->resumed = true;
  recording::Owned owned;
  owned.row = life_row(live->row);
  owned.claim = {options_.instance, live->epoch};
  owned.lease_asked = owned.requested = now.mono;
  owned.compose = compose_when(live->row);
  owned.resumed = true;
  owned.meeting_live = meeting_live;
  std::error_code ignored;
  owned.film_begun = std::filesystem::exists(directory_of(recording_id) + "/" + film_spool::kFileName, ignored);
  live->life.emplace(owned, now, options_.lease);

  auto attendees = store_.read([&](store::Database& db) { return store::meetings::attendees(db, live->row.meeting_id); });
  if (attendees) {
    for (const store::Attendee& a : *attendees) {
      if (a.external_user_id == recording_id && !a.removed) live->attendee_id = a.attendee_id;
    }
  }
  if (problem.empty() && !live->life->stop_requested()) {
    if (live->attendee_id.empty()) {
      // The server died between the row and its attendee.
      auto meeting = store_.read([&](store::Database& db) { return store::meetings::find(db, live->row.meeting_id); });
      if (meeting && *meeting) {
        auto added = directory_.add_attendee(**meeting, {attendee_name(), "", recording_id}, store::AttendeeRole::recording);
        if (added) live->attendee_id = added->attendee.attendee_id;
      }
    }
    runtime_.add_silent_attendee(live->row.meeting_id, {live->attendee_id, recording_id, attendee_name(), false});
  }
  {
    const std::lock_guard lock(mutex_);
    live_[recording_id] = live;
  }
  post([this, live, problem] {
    input(live, [&](auto& life, const Now& at, auto& out) {
      if (problem.empty()) life.begin(at, out);
      else life.fail(at, problem, out);
    });
  });
  return true;
}

// A journal that may not be written any more: the writer ends where it stands. It has no way to leave a single one, so
// the others of this server are taken up anew too; a lease is lost by all at once or not at all.
void RecordingService::put_journals_away() {
  log::warn("recording.lease_lost", {});
  ++journals_generation_;
  std::unique_ptr<journal::JournalService> old;
  std::vector<std::shared_ptr<Live>> others;
  {
    const std::lock_guard lock(mutex_);
    old = std::exchange(journals_, std::make_unique<journal::JournalService>(options_.journal, clock_));
    for (const auto& [id, live] : live_) {
      if (live->journal && !live->journal_closed) others.push_back(live);
    }
  }
  old.reset();
  for (const auto& live : others) {
    input(live, [](auto& life, const Now&, auto& out) { life.give_up(out); });
  }
}

// Ending a child or an upload may take a while: not on the thread that keeps the other leases.
void RecordingService::put_composer_away(const std::shared_ptr<Live>& live) {
  std::unique_ptr<ComposerRun> run;
  std::optional<ComposerPool::Place> place;
  {
    const std::lock_guard lock(mutex_);
    run = std::move(live->composer);
    place = std::exchange(live->place, std::nullopt);
    live->composer_queued = false;
  }
  if (!run && !place) return;
  auto shared = std::make_shared<std::unique_ptr<ComposerRun>>(std::move(run));
  putting_away_[live->row.recording_id] = std::async(std::launch::async, [this, shared, place] {
    shared->reset();
    if (place) pool_->give_back(*place);
    post([this] {
      begin_waiting();
      const std::lock_guard lock(mutex_);
      adopt_at_ = std::min(adopt_at_, clock_().mono + Duration::ms(100));   // after this thread's end
    });
  });
}

}  // namespace upcall::service
