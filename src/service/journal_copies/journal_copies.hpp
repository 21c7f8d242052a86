// Copies of the journals of recordings that are not stored yet, in the object store: JOURNALS/{recordingId}/{segment file}.
// So a host that loses its spool loses no more of a recording than one round. The bytes are those of the spool, sealed under
// the recording's key, which never leaves the database.
//
// A round puts what has grown since the last one; the segment that is being written is put as far as it is, and again when
// it has grown. Copies go when their recording is stored or its row is gone; of one that failed they stay. Journals of
// which something may still be forgotten are not copied: a copy would keep what was to be destroyed (ADR 12).
//
// Threads: members from any thread, they block on disk and store. Rounds run on a thread of their own.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>

#include "base/result.hpp"
#include "base/time.hpp"
#include "io/objects/object_store.hpp"
#include "io/store/store.hpp"

namespace upcall::service {

struct JournalCopyOptions {
  std::string spool_directory;
  // Asked before each round: the time between two; zero: no copies are made now.
  std::function<Duration()> every;
};

class JournalCopies {
 public:
  // References must outlive it.
  JournalCopies(JournalCopyOptions options, store::Store& store, objects::ObjectStore& objects, std::function<Now()> clock);
  ~JournalCopies();
  JournalCopies(const JournalCopies&) = delete;
  JournalCopies& operator=(const JournalCopies&) = delete;

  // Before recordings are taken up after a restart: a journal that is gone from the spool comes back from its copies. How
  // many did. One whose copies cannot be read now keeps them: nothing is written over them, nor removed,
  // while this process lives.
  Result<int> restore();
  void start();
  // One round, as the thread does it. The first failure; the rest of the round is done all the same.
  Result<void> copy();

  struct Counters {
    std::uint64_t segments = 0, bytes = 0;   // put; a segment that grew counts each time
    std::uint64_t failed = 0, restored = 0;
  };
  Counters counters() const;

 private:
  struct Copied {
    std::map<std::uint32_t, std::uint64_t> sizes;   // by segment
  };
  void run();
  std::string folder_of(const std::string& recording_id) const { return options_.spool_directory + "/" + recording_id; }
  Result<void> copy_journal(const std::string& recording_id, Copied& copied);
  Result<void> restore_journal(const std::string& recording_id);
  Result<void> move_in(const std::string& recording_id);
  Result<void> remove_copies(const std::string& recording_id);
  Result<std::set<std::string>> unfinished() const;

  const JournalCopyOptions options_;
  store::Store& store_;
  objects::ObjectStore& objects_;
  const std::function<Now()> clock_;
  std::mutex round_;                          // one round at a time; guards what follows
  std::map<std::string, Copied> copied_;      // by recording id
  std::set<std::string> unreadable_;          // their copies are left as they are
  bool looked_ = false;                       // for copies that an earlier process left
  mutable std::mutex mutex_;                  // guards what follows
  std::condition_variable wake_;
  bool stop_ = false;
  Counters counters_;
  std::thread thread_;
};

}  // namespace upcall::service
