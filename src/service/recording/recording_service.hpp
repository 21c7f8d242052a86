// The shell of recordings: carries out what recording/lifecycle.hpp decides, on store, journals, taps and composers. The
// tap and the journal run whatever the composers do. After a restart every unfinished recording goes on where it was; one
// whose lease this server has lost (it stood still, or the store was away for longer) is taken up anew, with a gap.
//
// Threads: public members from any thread, they may block on the store. Life cycles run on the service's own thread.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "identity/principal.hpp"
#include "io/journal/journal_service.hpp"
#include "io/objects/object_store.hpp"
#include "io/process/child_process.hpp"
#include "io/store/recording_repository.hpp"
#include "io/store/sealer.hpp"
#include "io/store/store.hpp"
#include "service/meetings/meeting_directory.hpp"
#include "service/meetings/meeting_runtime.hpp"
#include "recording/disk_watch.hpp"
#include "recording/lifecycle.hpp"
#include "service/recording/composer_pool.hpp"
#include "service/recording/composer_run.hpp"
#include "service/recording/film_check.hpp"

namespace upcall::service {

struct RecordingServiceOptions {
  std::string recorder_program;             // upcall-recorder
  std::string spool_directory;              // journals
  journal::JournalServiceOptions journal;
  // Of composers; more compositions wait, capturing never does.
  recording::CapacityOptions capacity;
  recording::AdmissionOptions admission;
  recording::DiskRules disk;                // of the spool
  bool measure_host = true;                 // false: places alone decide
  SignRecord sign;                          // of manifests; none: films have none
  std::function<void()> told_outbox;        // something was put into the outbox; any thread
  // A command about a meeting that another process of this installation still has, as JSON (recording_elsewhere.cpp; that
  // process answers with answer_elsewhere()). Nothing: the meeting is not elsewhere. Any thread, may block.
  std::function<std::optional<Result<std::string>>(const std::string& meeting_id, std::string_view command, const std::string& arguments)> elsewhere;
  std::string instance;                     // owner of leases; empty: the spool directory's own (instance_id.hpp)
  recording::LeaseRules lease;
};

struct RecordingStart {
  std::string external_meeting_id;
  identity::Principal owner;
  std::optional<std::string> contact_id;
  // Not empty: a start that was sent before with this key by the same owner answers with the recording of then.
  std::string idempotency_key;
};

// Of a recording that is paused: when it goes on by itself.
std::optional<WallTime> paused_until(const store::Recording& recording);

class RecordingService {
 public:
  // References must outlive the service.
  RecordingService(RecordingServiceOptions options, store::Store& store, store::Sealer& sealer, RandomSource& random,
                   std::function<Now()> clock, MeetingDirectory& directory, MeetingRuntime& runtime,
                   objects::ObjectStore& objects);
  ~RecordingService();

  // After a restart: takes up every unfinished recording. Call once, after the rooms of live meetings are open.
  Result<void> resume();

  // The caller has checked that the owner may. conflict: one is in progress (the database's rule), or the meeting has
  // ended; exhausted: the disk is nearly full; invalid_argument: the idempotency key was another meeting's. Returns when the state is written and RECORDING is in every roster; the tap opens at the same moment.
  Result<store::Recording> start(const RecordingStart& request);
  struct Stopped {
    int stopped = 0, not_stopped = 0;
  };
  // conflict: nothing is in progress, or it is being stopped already (not by the same key: that is answered again).
  // Returns when the stop is written to the store. `actor`: for the audit; empty: nobody in person.
  Result<Stopped> stop(const std::string& external_meeting_id, wire::TapStopReason reason, const std::string& actor, const std::string& idempotency_key = {});
  // Nothing of the meeting reaches the recording from here on, at most for `longest`: then it goes on by itself. The
  // state survives a restart. conflict: nothing is being recorded, or it is paused (going on) already.
  struct Paused {
    std::string recording_id;
    WallTime resumes_at;
  };
  Result<Paused> pause(const std::string& external_meeting_id, Duration longest, const std::string& actor);
  Result<void> go_on(const std::string& external_meeting_id, const std::string& actor);
  // Destroys the last `seconds` of what is being recorded, and what comes until the tap has begun anew; up to a second more
  // at its beginning. Also while it pauses. forbidden: nothing of this recording may be forgotten (recordingForgetSeconds
  // when it started); invalid_argument: not so much; conflict: nothing is being recorded, or it is being stopped;
  // unavailable: not now; internal: it is gone for readers, but the disk has not confirmed it yet.
  struct Forgotten {
    std::string recording_id;
    WallTime from, until;
  };
  Result<Forgotten> forget(const std::string& external_meeting_id, std::int64_t seconds, const std::string& actor);
  Result<std::vector<store::Recording>> of_meeting(const std::string& external_meeting_id);
  Result<std::optional<store::Recording>> find(const std::string& recording_id);

  // Another film of one that is stored, where its journal is kept: a recording of its own. `change` as the caller wants it.
  // not_found, conflict (not stored, or no journal), invalid_argument (what makes no film).
  Result<store::Recording> recompose(const std::string& recording_id, const FilmChange& change, const std::string& actor);
  // Of a recording that was deleted: its kept journal goes.
  void drop_local_data(const std::string& recording_id);

  // Somebody who may wants to watch it: a film that is made on demand is begun. Any other call does nothing.
  void want_film(const std::string& recording_id);
  // How much of the film is composed; 0 when no composer of it runs.
  std::int64_t composed_ms(const std::string& recording_id) const;
  // The film of a recording that is not stored yet, as far as it is composed; nothing when there is none.
  std::shared_ptr<const film_spool::FilmSpool> film(const std::string& recording_id) const;

  // What another process of this installation asks of a meeting that is here: the JSON of its answer.
  Result<std::string> answer_elsewhere(std::string_view command, const std::string& arguments);

  // Consumer of the outbox: meeting.ended stops what still records. An error: try again.
  // `meeting_id`: of the media meeting. One that lives under the same external id by now is left alone.
  Result<void> on_meeting_ended(const std::string& external_meeting_id, const std::string& meeting_id);

  // What becomes free from now on is for another process; what is this one's stays.
  void adopt_nothing_more();

  struct Counters {
    std::uint64_t started = 0, stored = 0, failed = 0, composing = 0, recording = 0, waiting_for_composer = 0;
    std::uint64_t uploads_in_trouble = 0;     // films that the object store does not take at the moment
    std::uint64_t spool_bytes = 0;            // journals and films
    std::uint64_t leases_lost = 0;            // recordings that were given up and taken up anew, here or elsewhere
    bool disk_full = false;
    recording::DiskVerdict disk = recording::DiskVerdict::fine;
    std::optional<Duration> disk_left;      // until new recordings are refused
    double disk_free_share = 1;
  };
  Counters counters() const;
  ComposerPool::Counters pool() const { return pool_->counters(); }
  FilmChecks::Counters health() const { return checks_->counters(); }
  // The limits of composing, from now on.
  void set_disk_rules(const recording::DiskRules& rules);
  void set_capacity(const recording::CapacityOptions& capacity) { pool_->set_capacity(capacity); }
  // Of the running composers, for tests that kill them and for diagnosis.
  std::vector<std::pair<std::string, int>> composer_pids() const;

 private:
  struct Live;
  class Reply;
  void post(std::function<void()> task);
  void loop();
  std::string attendee_name();   // parameter recordingAttendeeName, as it is now
  std::string directory_of(const std::string& recording_id) const { return options_.spool_directory + "/" + recording_id; }
  // Service thread. An input of the life cycle with this epoch, and what follows from it.
  void input(const std::shared_ptr<Live>& live, const std::function<void(recording::Lifecycle&, const Now&, recording::Effects&)>& what);
  void carry_out(const std::shared_ptr<Live>& live, recording::Effects& effects);
  void tick_all();
  std::function<void(std::function<void(recording::Lifecycle&, const Now&, recording::Effects&)>)> poster(const Live& live);
  recording::Ticket ticket_for(std::function<void(recording::effect::Answer::What)> told);
  recording::Lifecycle::Written write_row(Live& live, const recording::effect::WriteRow& effect);
  void read_row(Live& live, recording::Effects& more);
  void open_journal(const std::shared_ptr<Live>& live, recording::Effects& more);
  void open_tap(const std::shared_ptr<Live>& live, bool paused);
  void remove_attendee(const Live& live);
  void start_composer(const std::shared_ptr<Live>& live);
  void begin_composer(const std::shared_ptr<Live>& live);   // with mutex_ held
  void free_place(const std::string& recording_id, std::uint32_t epoch);
  void begin_waiting();
  void on_composed(const std::string& recording_id, std::uint32_t epoch, Result<ComposerOutcome> outcome);
  Result<std::shared_ptr<Live>> recording_live(const std::string& external_meeting_id);
  // recording_elsewhere.cpp. Nothing: the meeting is here.
  std::optional<Result<std::string>> ask_elsewhere(const std::string& external_meeting_id, std::string_view command, const std::string& arguments);
  std::optional<Result<store::Recording>> start_elsewhere(const RecordingStart& request);
  std::optional<Result<Stopped>> stop_elsewhere(const std::string& external_meeting_id, wire::TapStopReason reason, const std::string& actor, const std::string& key);
  std::optional<Result<Paused>> pause_elsewhere(const std::string& external_meeting_id, Duration longest, const std::string& actor);
  std::optional<Result<void>> go_on_elsewhere(const std::string& external_meeting_id, const std::string& actor);
  std::optional<Result<Forgotten>> forget_elsewhere(const std::string& external_meeting_id, std::int64_t seconds, const std::string& actor);
  Result<Forgotten> forget_now(const std::shared_ptr<Live>& live, std::int64_t seconds, Now asked, const std::string& actor);
  static journal::JournalForgetting forgetting_of(const Live& live);
  void end_forgetting(const std::shared_ptr<Live>& live);   // what a server before this one was asked for is done
  void look_at_disk(bool now = false);
  void clean_up(const std::string& recording_id);   // what the spool has of a stored one; its journal may be kept
  void drop_kept_journals();
  void check_film(const Live& live, std::shared_ptr<const film_spool::FilmSpool> film);
  void on_checked(const std::string& recording_id, const Result<FilmHealth>& health);
  void put_check_into_manifest(const std::string& recording_id, const FilmHealth& health);
  void check_left_behind();
  void check_left_behind(const std::string& recording_id);
  Result<ByteVector> unsealed_key(const std::string& recording_id, Bytes wrapped) const;
  std::shared_ptr<Live> find_live(const std::string& recording_id) const;
  // Ownership (recording_lease.cpp).
  Result<void> adopt();
  Result<bool> adopt_one(const std::string& recording_id);
  void put_journals_away();
  void put_composer_away(const std::shared_ptr<Live>& live);

  RecordingServiceOptions options_;
  store::Store& store_;
  store::Sealer& sealer_;
  RandomSource& random_;
  std::function<Now()> clock_;
  MeetingDirectory& directory_;
  MeetingRuntime& runtime_;
  objects::ObjectStore& objects_;
  process::ChildHost children_;
  std::unique_ptr<ComposerPool> pool_;
  std::unique_ptr<FilmChecks> checks_;
  std::unique_ptr<journal::JournalService> journals_;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> tasks_;
  std::map<std::string, std::shared_ptr<Live>> live_;  // by recording id
  std::deque<std::string> waiting_;                    // for a free composer
  Counters counters_;
  recording::DiskWatch disk_;
  Instant disk_at_;
  Instant kept_at_, kept_short_at_;                                    // service thread: the next look at kept journals
  bool stopping_ = false;
  // The service's thread only.
  std::map<recording::Ticket, std::function<void(recording::effect::Answer::What)>> tickets_;
  recording::Ticket next_ticket_ = 1;
  std::uint64_t journals_generation_ = 1;
  std::map<std::string, std::future<void>> putting_away_;  // composers of what was lost, by recording id
  std::set<std::string> lost_;                         // given up here; what becomes of them is looked at
  Instant adopt_at_ = Instant::never();                // under mutex_
  bool adopts_ = true;
  std::thread thread_;
};

}  // namespace upcall::service
