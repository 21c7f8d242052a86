#include "service/recording/recording_service.hpp"

#include <algorithm>
#include <filesystem>
#include <future>

#include <boost/json.hpp>

#include "base/ids.hpp"
#include "base/wall_text.hpp"
#include "crypto/secret.hpp"
#include "io/store/meeting_repository.hpp"
#include "io/store/outbox_repository.hpp"
#include "service/recording/live_recording.hpp"

namespace upcall::service {

namespace json = boost::json;
using store::RecordingState;

namespace {

std::string safe(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool ok = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    out.push_back(ok ? c : '_');
  }
  return out.substr(0, 100);
}

// RECORDINGS/YYYY/MM/DD/HH/{externalMeetingId}-{recordingId}-{YYYYMMDD}T{HHMMSS}Z.mp4
std::string object_key(std::string_view external_meeting_id, std::string_view recording_id, WallTime at) {
  const CivilTime t = to_civil_utc(at);
  char folder[48], stamp[48];
  std::snprintf(folder, sizeof folder, "RECORDINGS/%04d/%02d/%02d/%02d/", t.year, t.month, t.day, t.hour);
  std::snprintf(stamp, sizeof stamp, "-%04d%02d%02dT%02d%02d%02dZ.mp4", t.year, t.month, t.day, t.hour, t.minute, t.second);
  return std::string(folder) + safe(external_meeting_id) + "-" + std::string(recording_id) + stamp;
}

std::string key_purpose(const std::string& recording_id) { return "recording_keys/" + recording_id; }

Result<store::Recording> same_start(const RecordingStart& request, const store::Recording& earlier) {
  if (earlier.external_meeting_id == request.external_meeting_id) return earlier;
  return fail(ErrorCode::invalid_argument, "This idempotency key was used for another meeting.");
}

}  // namespace

RecordingService::RecordingService(RecordingServiceOptions options, store::Store& store, store::Sealer& sealer,
                                   RandomSource& random, std::function<Now()> clock, MeetingDirectory& directory,
                                   MeetingRuntime& runtime, objects::ObjectStore& objects)
    : options_(std::move(options)),
      store_(store),
      sealer_(sealer),
      random_(random),
      clock_(std::move(clock)),
      directory_(directory),
      runtime_(runtime),
      objects_(objects),
      disk_(options_.disk) {
  std::error_code ignored;
  std::filesystem::create_directories(options_.spool_directory, ignored);
  std::filesystem::permissions(options_.spool_directory, std::filesystem::perms::owner_all, ignored);
  journals_ = std::make_unique<journal::JournalService>(options_.journal, clock_);
  pool_ = std::make_unique<ComposerPool>(ComposerPoolOptions{options_.recorder_program, options_.capacity, options_.admission, options_.measure_host}, children_, clock_,
                                         [this] { post([this] { begin_waiting(); }); });
  checks_ = std::make_unique<FilmChecks>(children_, options_.recorder_program, [this](const FilmCheckOrder& order, Result<FilmHealth> health) {
    if (health) put_check_into_manifest(order.recording_id, *health);
    post([this, id = order.recording_id, health = std::move(health)] { on_checked(id, health); });
  });
  thread_ = std::thread([this] { loop(); });
}

RecordingService::~RecordingService() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
  checks_.reset();
  // Composers end with the server; their journals stay, the next start composes them.
  std::map<std::string, std::shared_ptr<Live>> live;
  {
    const std::lock_guard lock(mutex_);
    live.swap(live_);
  }
  for (auto& [id, entry] : live) entry->composer.reset();
  for (auto& [id, entry] : live) {
    if (entry->place) pool_->give_back(*entry->place);
  }
  pool_.reset();
  journals_.reset();
}

void RecordingService::post(std::function<void()> task) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
    tasks_.push_back(std::move(task));
  }
  wake_.notify_all();
}

void RecordingService::loop() {
  for (;;) {
    std::function<void()> task;
    {
      std::unique_lock lock(mutex_);
      const bool paused = std::any_of(live_.begin(), live_.end(), [](const auto& entry) { return entry.second->resume_at.has_value(); });
      wake_.wait_for(lock, std::chrono::seconds(paused ? 1 : 5), [&] { return stopping_ || !tasks_.empty(); });
      if (stopping_) return;
      if (!tasks_.empty()) {
        task = std::move(tasks_.front());
        tasks_.pop_front();
      }
    }
    if (task) task();
    retry_composers();
    end_pauses();
    look_at_disk();
  }
}

Result<store::Recording> RecordingService::start(const RecordingStart& request) {
  const Now now = clock_();
  auto meeting = directory_.find(request.external_meeting_id);
  if (!meeting) return tl::unexpected(meeting.error());
  if (!*meeting) return fail(ErrorCode::not_found, "There is no such meeting.");
  if (!request.idempotency_key.empty()) {
    auto earlier = store_.read([&](store::Database& db) { return store::recordings::by_start_key(db, request.owner.id, request.idempotency_key); });
    if (!earlier) return tl::unexpected(earlier.error());
    if (*earlier) return same_start(request, **earlier);
  }
  if ((*meeting)->ended) return fail(ErrorCode::conflict, "The meeting has ended.");

  look_at_disk(true);
  if (counters().disk >= recording::DiskVerdict::refuse) {
    return fail(ErrorCode::exhausted, "The disk for recordings is nearly full: nothing more is recorded until there is room.");
  }
  auto settings = store_.read(film_settings);
  if (!settings) return tl::unexpected(settings.error());

  auto live = std::make_shared<Live>();
  store::Recording& row = live->row;
  row.recording_id = make_uuid(random_);
  row.data = with_settings(row.data, *settings);
  row.external_meeting_id = request.external_meeting_id;
  row.meeting_id = (*meeting)->meeting_id;
  row.owner_principal = request.owner.id;
  if (!request.owner.hierarchy_group_id.empty()) {
    row.hierarchy_group_id = request.owner.hierarchy_group_id;
    row.hierarchy_path = request.owner.hierarchy_path;
  }
  row.contact_id = request.contact_id;
  row.state = RecordingState::requested;
  row.object_key = object_key(request.external_meeting_id, row.recording_id, now.wall);
  row.requested = now.wall;
  if (!request.idempotency_key.empty()) row.start_key = request.idempotency_key;
  live->requested_at = now.mono;
  live->key.resize(32);
  random_.fill(live->key);
  const ByteVector wrapped = sealer_.seal(key_purpose(row.recording_id), live->key, random_);
  store::Recording answer = row;  // a stop may write `row` from here on
  {
    // Known before it is in the store: a stop that finds the row finds this too.
    const std::lock_guard lock(mutex_);
    live_[row.recording_id] = live;
  }
  // The state first: a crash from here on is found by resume().
  std::optional<store::Recording> earlier;
  auto written = store_.write([&](store::Database& db) -> Result<std::uint64_t> {
    if (row.start_key) {
      auto found = store::recordings::by_start_key(db, row.owner_principal, *row.start_key);
      if (!found) return tl::unexpected(found.error());
      if ((earlier = std::move(*found))) return fail(ErrorCode::conflict, "started already");
    }
    // In the same transaction: an end that came since must not leave a recording that nobody stops.
    auto current = store::meetings::find(db, row.meeting_id);
    if (!current) return tl::unexpected(current.error());
    if (!*current || (*current)->ended) return fail(ErrorCode::gone, "The meeting has ended.");
    if (auto r = store::recordings::insert(db, row); !r) return tl::unexpected(r.error());
    if (auto r = store::recordings::insert_key(db, row.recording_id, wrapped); !r) return tl::unexpected(r.error());
    return store::recordings::next_writer_epoch(db, row.recording_id);
  });
  if (!written) {
    {
      const std::lock_guard lock(mutex_);
      live_.erase(row.recording_id);
    }
    if (earlier) return same_start(request, *earlier);
    if (written.error().code == ErrorCode::gone) return fail(ErrorCode::conflict, written.error().message);
    if (written.error().code == ErrorCode::conflict) {
      return fail(ErrorCode::conflict, "A recording of this meeting is in progress already.");
    }
    return tl::unexpected(written.error());
  }
  live->epoch = static_cast<std::uint32_t>(*written);
  // RECORDING as an attendee: known by its role, shown by its name. Its external user id is the recording's.
  auto attendee = directory_.add_attendee(**meeting, {options_.attendee_name, "", row.recording_id}, store::AttendeeRole::recording);
  if (!attendee) {
    const std::lock_guard lock(mutex_);
    post_failure(live, attendee.error().message);
    return tl::unexpected(attendee.error());
  }
  live->attendee_id = attendee->attendee.attendee_id;
  {
    const std::lock_guard lock(mutex_);
    ++counters_.started;
  }
  auto in_roster = runtime_.add_silent_attendee(row.meeting_id, {live->attendee_id, row.recording_id, options_.attendee_name, false});
  // The tap does not wait for the roster, nor the roster for the tap.
  post([this, live] { begin_capture(live); });
  in_roster.wait_for(std::chrono::seconds(2));
  return answer;
}

void RecordingService::post_failure(const std::shared_ptr<Live>& live, std::string reason) {
  tasks_.push_back([this, live, reason = std::move(reason)] { fail_recording(live, reason); });
  wake_.notify_all();
}

Result<RecordingService::Stopped> RecordingService::stop(const std::string& external_meeting_id, wire::TapStopReason reason,
                                                         const std::string& idempotency_key) {
  if (!idempotency_key.empty()) {
    auto earlier = store_.read([&](store::Database& db) { return store::recordings::by_stop_key(db, external_meeting_id, idempotency_key); });
    if (!earlier) return tl::unexpected(earlier.error());
    if (*earlier) return Stopped{1, 0};
  }
  auto current = store_.read([&](store::Database& db) { return store::recordings::in_progress(db, external_meeting_id); });
  if (!current) return tl::unexpected(current.error());
  if (!*current) return fail(ErrorCode::conflict, "No recording of this meeting is in progress.");
  std::shared_ptr<Live> live;
  {
    const std::lock_guard lock(mutex_);
    if (const auto at = live_.find((*current)->recording_id); at != live_.end()) live = at->second;
    if (live && live->stop_taken) {
      if (!idempotency_key.empty() && live->stop_key == idempotency_key) return Stopped{1, 0};
      return fail(ErrorCode::conflict, "The recording is being stopped already.");
    }
    if (live) live->stop_taken = true;
    if (live) live->stop_key = idempotency_key;
  }
  if (!live) return Stopped{0, 1};
  if (!idempotency_key.empty()) {
    (void)store_.write([&](store::Database& db) { return store::recordings::set_stop_key(db, live->row.recording_id, idempotency_key); });
  }
  auto done = std::make_shared<std::promise<void>>();
  auto written = done->get_future();
  post([this, live, reason, done] {
    const std::shared_ptr<void> told(nullptr, [&done](void*) { done->set_value(); });
    if (live->stop_requested) return;
    live->stop_requested = true;
    live->stop_requested_at = clock_().mono;
    live->stop_reason = reason;
    close_pause(*live);
    if (live->row.state == RecordingState::requested || live->row.state == RecordingState::starting ||
        live->row.state == RecordingState::recording) {
      live->row.stopped = clock_().wall;
      advance(*live, RecordingState::stopping, "recording.stopped");
    }
    // Before begin_capture there is no tap yet: that opens and closes it at once.
    if (live->tap_asked) runtime_.close_tap(live->row.recording_id, reason);
  });
  // A promise dropped by a stopping server is ready too: resume() finds the recording and the ended meeting.
  if (written.wait_for(std::chrono::seconds(5)) != std::future_status::ready) return Stopped{0, 1};
  return Stopped{1, 0};
}

Result<void> RecordingService::on_meeting_ended(const std::string& external_meeting_id, const std::string& meeting_id) {
  auto current = store_.read([&](store::Database& db) { return store::recordings::in_progress(db, external_meeting_id); });
  if (!current) return tl::unexpected(current.error());
  if (!*current || (*current)->meeting_id != meeting_id) return {};
  auto stopped = stop(external_meeting_id, wire::TapStopReason::meeting_ended);
  if (!stopped) return stopped.error().code == ErrorCode::conflict ? Result<void>{} : tl::unexpected(stopped.error());
  if (stopped->not_stopped > 0) return fail(ErrorCode::unavailable, "the recording could not be stopped");
  return {};
}

Result<std::vector<store::Recording>> RecordingService::of_meeting(const std::string& external_meeting_id) {
  return store_.read([&](store::Database& db) { return store::recordings::of_meeting(db, external_meeting_id); });
}

Result<std::optional<store::Recording>> RecordingService::find(const std::string& recording_id) {
  return store_.read([&](store::Database& db) { return store::recordings::find(db, recording_id); });
}

RecordingService::Counters RecordingService::counters() const {
  const std::lock_guard lock(mutex_);
  Counters out = counters_;
  out.waiting_for_composer = waiting_.size();
  out.disk = disk_.verdict();
  out.disk_left = disk_.left();
  out.spool_bytes = journals_->spool_bytes();
  for (const auto& [id, live] : live_) {
    if (live->journal && !live->journal_closed) ++out.recording;
    if (live->place) ++out.composing;
    if (live->journal && live->journal->state() == journal::JournalState::disk_full) out.disk_full = true;
    if (live->composer && !live->composer->upload_trouble().empty()) ++out.uploads_in_trouble;
    if (const auto film = live->composer ? live->composer->film() : live->film) out.spool_bytes += film->bytes_on_disk();
  }
  return out;
}

std::vector<std::pair<std::string, int>> RecordingService::composer_pids() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::pair<std::string, int>> out;
  for (const auto& [id, live] : live_) {
    if (live->composer && live->composer->pid() > 0) out.emplace_back(id, live->composer->pid());
  }
  return out;
}

std::int64_t RecordingService::composed_ms(const std::string& recording_id) const {
  const std::lock_guard lock(mutex_);
  const auto found = live_.find(recording_id);
  return found != live_.end() && found->second->composer ? found->second->composer->composed_ms() : 0;
}

std::shared_ptr<const film_spool::FilmSpool> RecordingService::film(const std::string& recording_id) const {
  const std::lock_guard lock(mutex_);
  const auto found = live_.find(recording_id);
  if (found == live_.end()) return nullptr;
  auto film = found->second->composer ? found->second->composer->film() : found->second->film;
  return film && film->progress().fragments > 0 ? film : nullptr;
}

Result<ByteVector> RecordingService::unsealed_key(const std::string& recording_id, Bytes wrapped) const {
  return sealer_.unseal(key_purpose(recording_id), wrapped);
}

Result<void> RecordingService::resume() {
  // First of all on its thread, so that nothing becomes stored meanwhile.
  post([this] { check_left_behind(); });
  auto unfinished = store_.read([](store::Database& db) { return store::recordings::unfinished(db); });
  if (!unfinished) return tl::unexpected(unfinished.error());
  for (store::Recording& row : *unfinished) {
    auto live = std::make_shared<Live>();
    live->row = std::move(row);
    live->resumed = true;
    if (live->row.reason == kSpoolWasFull) live->capture_reason = live->row.reason;
    live->requested_at = clock_().mono;
    if (const auto until = paused_until(live->row)) live->resume_at = live->requested_at + std::max(Duration(), *until - clock_().wall);
    auto wrapped = store_.write([&](store::Database& db) -> Result<std::optional<ByteVector>> {
      auto epoch = store::recordings::next_writer_epoch(db, live->row.recording_id);
      if (!epoch) return tl::unexpected(epoch.error());
      live->epoch = static_cast<std::uint32_t>(*epoch);
      return store::recordings::wrapped_key(db, live->row.recording_id);
    });
    {
      const std::lock_guard lock(mutex_);
      live_[live->row.recording_id] = live;
    }
    if (!wrapped || !*wrapped) {
      post([this, live] { fail_recording(live, "the recording's key is missing"); });
      continue;
    }
    auto key = unsealed_key(live->row.recording_id, **wrapped);
    if (!key) {
      post([this, live] { fail_recording(live, "the recording's key cannot be opened"); });
      continue;
    }
    live->key = std::move(*key);
    auto meeting = store_.read([&](store::Database& db) { return store::meetings::find(db, live->row.meeting_id); });
    const bool meeting_live = meeting && *meeting && !(*meeting)->ended;
    auto attendees = store_.read([&](store::Database& db) { return store::meetings::attendees(db, live->row.meeting_id); });
    if (attendees) {
      for (const store::Attendee& a : *attendees) {
        if (a.external_user_id == live->row.recording_id && !a.removed) live->attendee_id = a.attendee_id;
      }
    }
    const bool goes_on = meeting_live && (live->row.state == RecordingState::requested || live->row.state == RecordingState::starting ||
                                          live->row.state == RecordingState::recording);
    if (goes_on && live->attendee_id.empty()) {
      // The server died between the row and its attendee.
      if (auto meeting_row = *meeting) {
        auto added = directory_.add_attendee(*meeting_row, {options_.attendee_name, "", live->row.recording_id}, store::AttendeeRole::recording);
        if (added) live->attendee_id = added->attendee.attendee_id;
      }
    }
    if (goes_on) {
      runtime_.add_silent_attendee(live->row.meeting_id, {live->attendee_id, live->row.recording_id, options_.attendee_name, false});
    } else {
      live->stop_requested = true;
      live->stop_requested_at = clock_().mono;
    }
    post([this, live] { begin_capture(live); });
  }
  return {};
}

}  // namespace upcall::service
