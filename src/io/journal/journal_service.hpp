// The journal thread of a host: takes encoded tap records of all open recordings out of their rings, seals every 250 ms,
// has everything on the disk once a second (one round for all), and never holds a media worker up. A second thread does
// the syncing, so that a slow disk delays durability, not the draining.
//
// Loss bounds: process death 0.25 s, power 1 s. A full disk leaves a marked gap and a visible state, a full spool ends
// the recording with a stop record; neither ends the process.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/result.hpp"
#include "base/spsc_ring.hpp"
#include "base/time.hpp"
#include "crypto/random.hpp"
#include "journal/format.hpp"
#include "journal/window_keys.hpp"
#include "wire/tap_record.hpp"

namespace upcall::journal {

enum class JournalState : std::uint8_t {
  recording,
  disk_full,    // writes fail; tried again with every seal; what comes meanwhile is a gap
  spool_full,   // ended by the spool's size limit with TapStop(spool_full)
  closed,       // ended as asked
};
std::string_view to_string(JournalState state);

struct JournalServiceOptions {
  std::uint32_t poll_ms = 20;          // how often rings are drained
  std::uint32_t seal_ms = 250;
  std::uint32_t sync_ms = 1000;
  std::uint64_t segment_us = 10'000'000;
  std::uint64_t spool_limit_bytes = 0; // of all open journals together, 0: none
  std::size_t ring_bytes = 2u << 20;   // about 4 s of a two-party 720p call
};

struct ClosedJournal {
  JournalState state = JournalState::closed;
  std::uint64_t until_us = 0, bytes = 0, records = 0, lost_records = 0;
  bool final = false;  // the stop record and final footer lie on the disk
};

// Callbacks run on the service's threads: short, no blocking, no call back into the service.
struct JournalCallbacks {
  std::function<void(Instant)> first_sealed;              // the first record is sealed and written
  std::function<void(JournalState)> state_changed;        // recording ⇄ disk_full, → spool_full
  std::function<void(const ClosedJournal&)> closed;       // once, after close() or spool_full and everything is synced
};

// What was forgotten, on the recording's clock: whole windows, so a second more at its beginning at most.
struct ForgottenSpan {
  std::uint64_t from_us = 0, until_us = 0;
};

// Of a journal of which something may be forgotten (version 2).
struct JournalForgetting {
  bool allowed = false;
  // Asked for before the writer died, and not known to be done: everything from here on is forgotten before it goes on,
  // also of a journal that is complete and cannot go on.
  std::optional<std::uint64_t> again_from_us;
};

// One open recording. The handle may be kept after the journal is closed.
class OpenJournal {
 public:
  // Where the media worker pushes encoded tap records (one producer). Stays valid as long as the handle.
  const std::shared_ptr<ByteRing>& ring() const { return ring_; }
  // at_us = 0 of this recording on the monotonic clock, also after a restart.
  Instant start() const { return start_; }
  // Source numbers from here on are free (a restarted server goes on counting).
  std::uint32_t next_source() const { return next_source_; }
  // True when the journal existed before: its TapStart is written, a TapGap(server_restart) was added.
  bool resumed() const { return resumed_; }
  // What was forgotten again when it was opened.
  const std::optional<ForgottenSpan>& forgotten_again() const { return forgotten_again_; }
  const std::string& recording_id() const { return recording_id_; }
  const std::string& directory() const { return directory_; }

  JournalState state() const { return state_.load(std::memory_order_relaxed); }
  std::uint64_t sealed_until_us() const { return sealed_until_us_.load(std::memory_order_relaxed); }
  std::uint64_t bytes() const { return bytes_.load(std::memory_order_relaxed); }
  std::uint64_t lost_records() const { return lost_.load(std::memory_order_relaxed); }

 private:
  friend class JournalService;
  std::shared_ptr<ByteRing> ring_;
  Instant start_;
  std::uint32_t next_source_ = 1;
  bool resumed_ = false;
  std::optional<ForgottenSpan> forgotten_again_;
  std::string recording_id_, directory_;
  std::atomic<JournalState> state_{JournalState::recording};
  std::atomic<std::uint64_t> sealed_until_us_{0}, bytes_{0}, lost_{0};
};

class JournalService {
 public:
  explicit JournalService(JournalServiceOptions options, std::function<Now()> clock);
  // Seals and syncs what is there; journals that were not closed can be resumed.
  ~JournalService();
  JournalService(const JournalService&) = delete;
  JournalService& operator=(const JournalService&) = delete;

  // Opens or resumes the journal in `directory`. `epoch` must be higher than every epoch given for this recording
  // before (the caller keeps it in the database and raises it first). Reads the last segment: call it from a thread that
  // may block, any thread. exhausted: no room; corrupt: what is there cannot be continued; conflict: it is complete.
  Result<std::shared_ptr<OpenJournal>> open(const std::string& recording_id, Bytes key, std::uint32_t epoch,
                                            const std::string& directory, JournalCallbacks callbacks,
                                            JournalForgetting forgetting = {});
  struct Forget {
    std::uint64_t from_us = 0;      // everything from here on
    std::uint64_t asked_us = 0;     // at this moment; later than kForgetWithinUs behind it the answer is `unavailable`
    // On the journal thread: what was recorded so far is dropped, and so is what comes until a TapRefresh: have one sent. Called again after
    // each two seconds without one.
    std::function<void()> dropped;
    // Once, from one of the service's threads: the keys are overwritten and synced. conflict: the journal is closed, or
    // nothing of it may be forgotten; unavailable: not now. After either nothing is forgotten. internal: it is, for
    // readers, but the disk does not take it; it is tried again with each sync, and when the journal is opened next.
    std::function<void(Result<ForgottenSpan>)> done;
  };
  void forget(const std::shared_ptr<OpenJournal>& journal, Forget forget);
  // The producer has pushed (and published) its last record. Drains the ring, adds TapStop with this reason unless the
  // producer wrote one, ends the journal; `closed` follows.
  void close(const std::shared_ptr<OpenJournal>& journal, wire::TapStopReason reason);
  // Bytes of all open journals.
  std::uint64_t spool_bytes() const { return spool_bytes_.load(std::memory_order_relaxed); }

 private:
  struct Entry;
  void run();
  void run_sync();
  bool turn(Entry& entry, Instant now, bool seal_due);
  void seal(Entry& entry, Instant now);
  void end(Entry& entry, Instant now, wire::TapStopReason reason, JournalState state);
  void set_state(Entry& entry, JournalState state);
  void begin_forgetting(const std::shared_ptr<OpenJournal>& journal, Instant now, Forget forget);
  void destroy_marked(Entry& entry, const WindowRange& marked, ForgottenSpan span, std::function<void(Result<ForgottenSpan>)> done);
  static bool keeps(Entry& entry, const std::optional<wire::TapPeek>& record);
  static void ask_anew(Entry& entry, Instant now);
  static void stop_dropping(Entry& entry, std::uint64_t until_us);
  void queue_sync(int fd);
  void queue_done(std::function<void()> tell);
  static void after_close(void* self, int fd);

  JournalServiceOptions options_;
  std::function<Now()> clock_;
  crypto::SystemRandom random_;            // of keys of windows
  std::atomic<std::uint64_t> spool_bytes_{0};

  std::mutex mutex_;                       // guards incoming_, closing_, forgets_, stop_
  std::condition_variable wake_;
  std::vector<std::unique_ptr<Entry>> incoming_;
  std::vector<std::pair<std::shared_ptr<OpenJournal>, wire::TapStopReason>> closing_;
  std::vector<std::pair<std::shared_ptr<OpenJournal>, Forget>> forgets_;
  bool stop_ = false;
  std::vector<std::unique_ptr<Entry>> entries_;  // journal thread only

  std::mutex sync_mutex_;                  // guards the following
  std::condition_variable sync_wake_;
  std::vector<int> sync_fds_;
  std::vector<std::function<void()>> sync_done_;
  bool sync_stop_ = false;

  std::thread sync_thread_, thread_;
};

}  // namespace upcall::journal
