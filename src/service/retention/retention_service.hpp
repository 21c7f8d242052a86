// The end of recordings: by rule, by hand, by erasure of a contact; and whether rows and files still belong together.
//
// Meetings and their attendees go meetingKeepDays after the end, unless there is a recording; references and the user cache
// when they are over.
//
// A recording's row lives exactly as long as its file. Deleting writes the intention, removes the file, then row and key; a crash in
// between is taken up by the next sweep. A legal hold stops every one of these ways in the transaction that begins it.
//
// Threads: members from any thread, they block on store and objects. Sweeps run on the service's own thread, hourly.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/rng.hpp"
#include "io/objects/object_store.hpp"
#include "io/store/retention_repository.hpp"
#include "io/store/store.hpp"
#include "service/retention/record_signer.hpp"

namespace upcall::service {

struct RetentionOptions {
  Duration every = Duration::s(3600);
  Duration reconcile_every = Duration::s(24 * 3600);
  Duration missing_after = Duration::s(3600);     // a recording that was asked for must be there by then
  std::function<void()> told_outbox;
  std::function<void(const std::string& recording_id)> deleted;   // a recording is gone: nothing of it may stay elsewhere
};

struct Reconciliation {
  std::vector<std::string> rows_without_file;     // recording ids
  std::vector<std::string> files_without_row;     // object keys
};

class RetentionService {
 public:
  // References must outlive the service. start() begins the sweeps.
  RetentionService(RetentionOptions options, store::Store& store, objects::ObjectStore& objects, const RecordSigner& signer,
                   RandomSource& random, std::function<Now()> clock);
  ~RetentionService();
  RetentionService(const RetentionService&) = delete;
  RetentionService& operator=(const RetentionService&) = delete;
  void start();

  // Errors: not_found, conflict (held, not finished), the object store's (the next sweep goes on).
  Result<void> remove(const std::string& recording_id, const std::string& actor, const std::string& why);

  // Recordings, transcript, attributes and names of a finished contact; answers the signed certificate, which is kept.
  // Asked again it answers the same. conflict: the contact is live, a recording of it is held or not finished (then
  // nothing is erased).
  Result<std::string> erase(const std::string& contact_id, const std::string& actor);

  // What has expired, what was begun, what is missing. Gives how many recordings went.
  Result<int> sweep();
  Result<Reconciliation> reconcile();

  struct Counters {
    std::uint64_t deleted = 0;
    std::int64_t held = 0, missing = 0, rows_without_file = 0, files_without_row = 0;   // as last seen
  };
  Counters counters() const;

 private:
  void run();
  Result<void> carry_out(const store::KeptRecording& recording, const std::string& actor);
  Result<std::string> finish_erasure(const store::Erasure& erasure);
  Result<int> delete_expired();
  Result<void> remove_expired_rows();
  Result<void> look_for_missing();

  RetentionOptions options_;
  store::Store& store_;
  objects::ObjectStore& objects_;
  const RecordSigner& signer_;
  RandomSource& random_;
  std::function<Now()> clock_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool stop_ = false;
  Counters counters_;
  std::thread thread_;
};

}  // namespace upcall::service
