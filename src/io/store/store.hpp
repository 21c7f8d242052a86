// The server's state on disk: one writer thread that commits in groups, readers beside it.
//
// Writes: closures run on the writer thread, each inside a savepoint of the group's transaction; the answer comes after
// the group's commit reached the disk (synchronous=FULL), so an answered write survives power loss. A closure that
// fails is rolled back alone. Readers see the last commit (WAL) and never wait for the writer.
// Threads: every member from any thread. Do not call write() and wait for it from inside a write closure.
// Lifetime: the data directory is locked while a Store lives; the destructor finishes what was queued.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

#include "io/store/data_dir_lock.hpp"
#include "io/store/database.hpp"

namespace upcall::store {

// A folder of the data directory that is there while a backup is put back: nothing may open the directory then.
inline constexpr const char* kRestoringName = ".restoring";

struct StoreOptions {
  std::string data_dir;       // made with mode 0700 when absent
  std::size_t readers = 4;    // read connections; more callers wait for a free one
  std::size_t max_queue = 4096;  // writes waiting; more are refused with `exhausted`
  int lock = -1;              // the directory's lock, given by the process that had it; -1: it is taken
};

class Store {
 public:
  // Refused with `conflict` when another process has the directory, with `unavailable` and a text that says what to do
  // when the schema is newer than this program.
  static Result<std::unique_ptr<Store>> open(const StoreOptions& options);
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  // `work`: Result<T>(Database&). The future is ready after the commit.
  template <class F, class R = std::invoke_result_t<F&, Database&>>
  std::future<R> write_async(F work) {
    auto promise = std::make_shared<std::promise<R>>();
    auto answer = std::make_shared<std::optional<R>>();
    std::future<R> future = promise->get_future();
    submit(
        [work = std::move(work), answer](Database& db) mutable -> Result<void> {
          answer->emplace(work(db));
          if (!**answer) return tl::unexpected((*answer)->error());
          return {};
        },
        [promise, answer](const Result<void>& committed) {
          if (!committed) {
            promise->set_value(R(tl::unexpected(committed.error())));
          } else {
            promise->set_value(std::move(**answer));
          }
        });
    return future;
  }
  template <class F>
  auto write(F work) {
    return write_async(std::move(work)).get();
  }

  // Without a future: `done` runs on the writer thread after the commit (or with the error) and must be short.
  using Work = std::function<Result<void>(Database&)>;
  using Done = std::function<void(const Result<void>&)>;
  void submit(Work work, Done done);

  // `work`: Result<T>(Database&), on the calling thread with a read connection: one consistent snapshot.
  template <class F>
  auto read(F work) -> std::invoke_result_t<F&, Database&> {
    reads_.fetch_add(1, std::memory_order_relaxed);
    Reader reader(*this);
    if (auto began = reader.db().run("begin"); !began) return tl::unexpected(began.error());
    auto answer = work(reader.db());
    (void)reader.db().run("rollback");
    return answer;
  }

  // What was deleted or replaced by writes of before is in no file of the database any more, the WAL's old pages included:
  // soon, on the writer's thread; again with the next write when a reader stands in the way.
  void scrub();
  // True when no scrub is owed.
  bool scrubbed() const;

  const std::string& data_dir() const { return data_dir_; }
  // For the process that takes over: it opens the same database beside this one, both write, and SQLite keeps them apart.
  int lock_fd() const { return lock_.fd(); }
  void let_go_of_lock() { lock_.let_go(); }
  // Commits done and writes in them, and reads: for metrics, the group-commit test, and tests of how much work an answer was.
  struct Counters {
    std::uint64_t commits = 0;
    std::uint64_t writes = 0;
    std::uint64_t reads = 0;
  };
  Counters counters() const;

 private:
  struct Job {
    Work work;
    Done done;
  };
  class Reader {
   public:
    explicit Reader(Store& store);
    ~Reader();
    Database& db() { return *db_; }

   private:
    Store& store_;
    std::unique_ptr<Database> db_;
  };

  Store(std::string data_dir, DataDirLock lock) : data_dir_(std::move(data_dir)), lock_(std::move(lock)) {}
  void writer_loop();
  void commit_group(std::deque<Job>& group);

  std::string data_dir_;
  DataDirLock lock_;
  std::size_t max_queue_ = 0;
  std::unique_ptr<Database> writer_;
  mutable std::mutex mutex_;
  std::condition_variable wake_writer_;
  std::deque<Job> queue_;
  bool stopping_ = false;
  bool scrub_ = false;         // owed
  bool scrub_tried_ = false;   // since it was asked for, or since the last write
  Counters counters_;
  std::atomic<std::uint64_t> reads_{0};
  std::mutex readers_mutex_;
  std::condition_variable reader_free_;
  std::vector<std::unique_ptr<Database>> readers_;
  std::thread thread_;
};

}  // namespace upcall::store
