// The life of recordings: requested → starting → recording → stopping → composing → stored | failed. The state is
// written before each effect; the tap and the journal run whatever the composers do; local data goes only after the
// store confirmed the file. After a restart every unfinished recording goes on where it was.
//
// Threads: public members from any thread, they may block on the store. Transitions run on the service's own thread.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
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
#include "service/recording/composer_pool.hpp"
#include "service/recording/composer_run.hpp"
#include "service/recording/film_check.hpp"

namespace upcall::service {

struct RecordingServiceOptions {
  std::string recorder_program;             // upcall-recorder
  std::string spool_directory;              // journals
  std::string attendee_name = "RECORDING";  // parameter recordingAttendeeName
  journal::JournalServiceOptions journal;
  // Of composers; more compositions wait, capturing never does.
  recording::CapacityOptions capacity;
  recording::AdmissionOptions admission;
  recording::DiskRules disk;                // of the spool
  bool measure_host = true;                 // false: places alone decide
  SignRecord sign;                          // of manifests; none: films have none
  std::function<void()> told_outbox;        // something was put into the outbox; any thread
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
  // Returns when the stop is written to the store.
  Result<Stopped> stop(const std::string& external_meeting_id, wire::TapStopReason reason, const std::string& idempotency_key = {});
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

  // Somebody who may wants to watch it: a film that is made on demand is begun. Any other call does nothing.
  void want_film(const std::string& recording_id);
  // How much of the film is composed; 0 when no composer of it runs.
  std::int64_t composed_ms(const std::string& recording_id) const;
  // The film of a recording that is not stored yet, as far as it is composed; nothing when there is none.
  std::shared_ptr<const film_spool::FilmSpool> film(const std::string& recording_id) const;

  // Consumer of the outbox: meeting.ended stops what still records. An error: try again.
  // `meeting_id`: of the media meeting. One that lives under the same external id by now is left alone.
  Result<void> on_meeting_ended(const std::string& external_meeting_id, const std::string& meeting_id);

  struct Counters {
    std::uint64_t started = 0, stored = 0, failed = 0, composing = 0, recording = 0, waiting_for_composer = 0;
    std::uint64_t uploads_in_trouble = 0;     // films that the object store does not take at the moment
    std::uint64_t spool_bytes = 0;            // journals and films
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
  void post(std::function<void()> task);
  void loop();
  std::string directory_of(const std::string& recording_id) const { return options_.spool_directory + "/" + recording_id; }
  // Service thread.
  void begin_capture(const std::shared_ptr<Live>& live);
  void on_tap_opened(const std::string& recording_id);
  void on_first_sealed(const std::string& recording_id, Instant at);
  void on_tap_closed(const std::string& recording_id, TapResult result);
  void on_journal_closed(const std::string& recording_id, journal::ClosedJournal closed);
  void on_composed(const std::string& recording_id, Result<ComposerOutcome> outcome);
  void start_composer(const std::shared_ptr<Live>& live);
  bool is_time_to_compose(const Live& live) const;
  void begin_composer(const std::shared_ptr<Live>& live);   // with mutex_ held
  void free_place(const std::string& recording_id);
  void begin_waiting();
  void fail_recording(const std::shared_ptr<Live>& live, std::string reason);
  void post_failure(const std::shared_ptr<Live>& live, std::string reason);  // with mutex_ held
  Result<std::shared_ptr<Live>> recording_live(const std::string& external_meeting_id);
  Result<void> set_paused(const std::shared_ptr<Live>& live, std::optional<Duration> longest, const std::string& actor);
  void end_pauses();
  Result<Forgotten> forget_now(const std::shared_ptr<Live>& live, std::int64_t seconds, Now asked, const std::string& actor);
  static journal::JournalForgetting forgetting_of(const Live& live);
  void end_forgetting(const std::shared_ptr<Live>& live);   // what a server before this one was asked for is done
  void look_at_disk(bool now = false);
  void close_pause(Live& live);   // with the recording; the next change of state writes it
  bool advance(Live& live, store::RecordingState to, const char* event);
  void note_fact(Live& live, const char* name, double value);
  void clean_up(const std::string& recording_id);
  void check_film(const Live& live, std::shared_ptr<const film_spool::FilmSpool> film);
  void on_checked(const std::string& recording_id, const Result<FilmHealth>& health);
  void put_check_into_manifest(const std::string& recording_id, const FilmHealth& health);
  void check_left_behind();
  Result<ByteVector> unsealed_key(const std::string& recording_id, Bytes wrapped) const;
  void retry_composers();
  std::shared_ptr<Live> find_live(const std::string& recording_id) const;

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
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace upcall::service
