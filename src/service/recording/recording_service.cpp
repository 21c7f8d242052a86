#include "service/recording/recording_service.hpp"

#include <algorithm>
#include <filesystem>
#include <future>

#include <boost/json.hpp>

#include "base/ids.hpp"
#include "base/invariant.hpp"
#include "base/wall_text.hpp"
#include "crypto/secret.hpp"
#include "io/store/audit_repository.hpp"
#include "io/store/meeting_repository.hpp"
#include "io/store/outbox_repository.hpp"
#include "io/store/parameter_repository.hpp"
#include "recording/object_names.hpp"
#include "recording/requests.hpp"
#include "service/recording/instance_id.hpp"
#include "service/recording/live_recording.hpp"

namespace upcall::service {

namespace json = boost::json;
using store::RecordingState;

namespace {

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
  if (options_.instance.empty()) {
    // Without a disk for it the name holds for this life: the next one waits for the leases of this one.
    options_.instance = instance_id(options_.spool_directory, random_).value_or(make_uuid(random_));
  }
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
  tasks_.clear();
  tickets_.clear();
  checks_.reset();
  putting_away_.clear();
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
  // Nothing writes any more: whoever comes next need not wait.
  (void)store_.write([&](store::Database& db) { return store::recordings::release_leases(db, options_.instance); });
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
    bool adopts = false;
    {
      std::unique_lock lock(mutex_);
      const Instant now = clock_().mono;
      Duration wait = Duration::s(1);
      for (const auto& [id, live] : live_) {
        if (const Instant at = live->life->deadline(); !at.is_never()) wait = std::min(wait, std::max(Duration(), at - now));
      }
      wake_.wait_for(lock, std::chrono::nanoseconds(wait.ns()), [&] { return stopping_ || !tasks_.empty(); });
      if (stopping_) return;
      if (!tasks_.empty()) {
        task = std::move(tasks_.front());
        tasks_.pop_front();
      }
      adopts = adopts_ && adopt_at_ <= clock_().mono;
    }
    // Before anything else: a lease that ran out meanwhile.
    tick_all();
    if (task) task();
    if (adopts) (void)adopt();
    look_at_disk();
    drop_kept_journals();
  }
}

std::string RecordingService::attendee_name() {
  const auto name = store_.read([](store::Database& db) { return store::parameters::get_or(db, "recordingAttendeeName", ""); });
  return name && !name->empty() ? *name : "RECORDING";
}

Result<store::Recording> RecordingService::start(const RecordingStart& request) {
  if (auto answer = start_elsewhere(request)) return *answer;
  const Now now = clock_();
  auto meeting = directory_.find(request.external_meeting_id);
  if (!meeting) return tl::unexpected(meeting.error());
  if (!*meeting) return fail(ErrorCode::not_found, "There is no such meeting.");
  if (!request.idempotency_key.empty()) {
    auto earlier = store_.read([&](store::Database& db) { return store::recordings::by_start_key(db, request.owner.id, request.idempotency_key); });
    if (!earlier) return tl::unexpected(earlier.error());
    // Also when the disk is full, or the meeting has ended since.
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
  row.object_key = recording::object_key(request.external_meeting_id, row.recording_id, now.wall);
  row.requested = now.wall;
  if (!request.idempotency_key.empty()) row.start_key = request.idempotency_key;
  live->epoch = 1;
  live->key.resize(32);
  random_.fill(live->key);
  recording::Owned owned;
  owned.row = life_row(row);
  owned.claim = {options_.instance, live->epoch};
  owned.requested = now.mono;
  owned.lease_asked = clock_().mono;
  owned.compose = compose_when(row);
  live->life.emplace(owned, now, options_.lease);
  const ByteVector wrapped = sealer_.seal(key_purpose(row.recording_id), live->key, random_);
  const store::Recording answer = row;  // `row` is the service thread's from here on
  {
    // Known before it is in the store: a stop that finds the row finds this too.
    const std::lock_guard lock(mutex_);
    live_[answer.recording_id] = live;
  }
  // The state first: a crash from here on is found by resume().
  std::optional<store::Recording> earlier;
  auto decision = recording::StartDecision::begin;
  auto written = store_.write([&](store::Database& db) -> Result<void> {
    recording::StartFacts facts;
    facts.external_meeting_id = answer.external_meeting_id;
    if (answer.start_key) {
      auto found = store::recordings::by_start_key(db, answer.owner_principal, *answer.start_key);
      if (!found) return tl::unexpected(found.error());
      if ((earlier = std::move(*found))) facts.earlier_meeting = earlier->external_meeting_id;
    }
    // In the same transaction: an end that came since must not leave a recording that nobody stops.
    auto current = store::meetings::find(db, answer.meeting_id);
    if (!current) return tl::unexpected(current.error());
    facts.meeting_live = *current && !(*current)->ended;
    auto other = store::recordings::in_progress(db, answer.external_meeting_id);
    if (!other) return tl::unexpected(other.error());
    facts.in_progress = other->has_value();
    decision = recording::decide_start(facts);
    if (decision != recording::StartDecision::begin) return fail(ErrorCode::conflict, "not begun");
    if (auto r = store::recordings::insert(db, answer); !r) return tl::unexpected(r.error());
    if (auto r = store::recordings::insert_key(db, answer.recording_id, wrapped); !r) return tl::unexpected(r.error());
    auto epoch = store::recordings::next_writer_epoch(db, answer.recording_id);
    if (!epoch) return tl::unexpected(epoch.error());
    UPCALL_INVARIANT(*epoch == live->epoch, "a new recording has its first writer");
    const WallTime at = clock_().wall;
    auto taken = store::recordings::take_lease(db, answer.recording_id, options_.instance, at, at + options_.lease.span);
    if (!taken) return tl::unexpected(taken.error());
    return store::audit::add(db, {at, answer.owner_principal, "recording.started", answer.recording_id, answer.external_meeting_id});
  });
  if (!written) {
    {
      const std::lock_guard lock(mutex_);
      live_.erase(answer.recording_id);
    }
    switch (decision) {
      case recording::StartDecision::begin: return tl::unexpected(written.error());
      case recording::StartDecision::again:
      case recording::StartDecision::other_meeting: return same_start(request, *earlier);
      case recording::StartDecision::meeting_ended: return fail(ErrorCode::conflict, "The meeting has ended.");
      case recording::StartDecision::in_progress: break;
    }
    return fail(ErrorCode::conflict, "A recording of this meeting is in progress already.");
  }
  // RECORDING as an attendee: known by its role, shown by its name. Its external user id is the recording's.
  const std::string shown = attendee_name();
  auto attendee = directory_.add_attendee(**meeting, {shown, "", answer.recording_id}, store::AttendeeRole::recording);
  if (!attendee) {
    post([this, live, why = attendee.error().message] { input(live, [&](auto& life, const Now& at, auto& out) { life.fail(at, why, out); }); });
    return tl::unexpected(attendee.error());
  }
  live->attendee_id = attendee->attendee.attendee_id;
  {
    const std::lock_guard lock(mutex_);
    ++counters_.started;
  }
  auto in_roster = runtime_.add_silent_attendee(answer.meeting_id, {live->attendee_id, answer.recording_id, shown, false});
  // The tap does not wait for the roster, nor the roster for the tap.
  post([this, live] { input(live, [](auto& life, const Now& at, auto& out) { life.begin(at, out); }); });
  in_roster.wait_for(std::chrono::seconds(2));
  return answer;
}

Result<RecordingService::Stopped> RecordingService::stop(const std::string& external_meeting_id, wire::TapStopReason reason, const std::string& actor,
                                                         const std::string& idempotency_key) {
  if (auto answer = stop_elsewhere(external_meeting_id, reason, actor, idempotency_key)) return *answer;
  recording::StopFacts facts;
  auto current = store_.read([&](store::Database& db) -> Result<std::optional<store::Recording>> {
    if (!idempotency_key.empty()) {
      auto earlier = store::recordings::by_stop_key(db, external_meeting_id, idempotency_key);
      if (!earlier) return earlier;
      facts.stopped_with_key = earlier->has_value();
    }
    return store::recordings::in_progress(db, external_meeting_id);
  });
  if (!current) return tl::unexpected(current.error());
  facts.in_progress = current->has_value();
  const std::shared_ptr<Live> live = *current ? find_live((*current)->recording_id) : nullptr;
  facts.here = live != nullptr;
  switch (recording::decide_stop(facts)) {
    case recording::StopDecision::again: return Stopped{1, 0};
    case recording::StopDecision::nothing: return fail(ErrorCode::conflict, "No recording of this meeting is in progress.");
    case recording::StopDecision::elsewhere: return Stopped{0, 1};
    case recording::StopDecision::ask: break;
  }
  auto reply = std::make_shared<Reply>();
  auto told = reply->future();
  post([this, live, reason, actor, idempotency_key, reply] {
    const recording::Ticket ticket = ticket_for([reply](Reply::What what) { reply->tell(what); });
    input(live, [&](auto& life, const Now& now, auto& out) { life.stop(now, reason, actor, idempotency_key, ticket, out); });
  });
  reply.reset();
  // What is not written yet is not stopped; it will be, and the caller may ask again.
  if (told.wait_for(std::chrono::seconds(5)) != std::future_status::ready) return Stopped{0, 1};
  switch (told.get()) {
    case Reply::What::done: return Stopped{1, 0};
    case Reply::What::stopping: return fail(ErrorCode::conflict, "The recording is being stopped already.");
    case Reply::What::unavailable: return Stopped{0, 1};
    default: return fail(ErrorCode::conflict, "No recording of this meeting is in progress.");
  }
}

Result<void> RecordingService::on_meeting_ended(const std::string& external_meeting_id, const std::string& meeting_id) {
  auto current = store_.read([&](store::Database& db) { return store::recordings::in_progress(db, external_meeting_id); });
  if (!current) return tl::unexpected(current.error());
  if (!*current || (*current)->meeting_id != meeting_id) return {};
  auto stopped = stop(external_meeting_id, wire::TapStopReason::meeting_ended, "");
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

}  // namespace upcall::service
