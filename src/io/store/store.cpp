#include "io/store/store.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

#include "io/store/migrations.hpp"

namespace upcall::store {
namespace {

// More in one transaction only lengthens the wait of the first; measured gain ends well below this.
constexpr std::size_t kGroupMax = 256;

}  // namespace

Result<std::unique_ptr<Store>> Store::open(const StoreOptions& options) {
  auto lock = options.lock >= 0 ? Result<DataDirLock>(DataDirLock::given(options.lock)) : DataDirLock::take(options.data_dir);
  if (!lock) return tl::unexpected(lock.error());
  if (std::error_code ignored; std::filesystem::exists(options.data_dir + "/" + kRestoringName, ignored)) {
    return fail(ErrorCode::unavailable, "a restore into this data directory was not finished: run upcall restore again");
  }
  std::unique_ptr<Store> store(new Store(options.data_dir, std::move(*lock)));
  store->max_queue_ = options.max_queue;
  const std::string path = options.data_dir + "/upcall.db";
  auto writer = Database::open(path, Database::Mode::read_write);
  if (!writer) return tl::unexpected(writer.error());
  store->writer_ = std::move(*writer);
  ::chmod(path.c_str(), 0600);
  if (auto migrated = migrate(*store->writer_); !migrated) return tl::unexpected(migrated.error());
  for (std::size_t i = 0; i < std::max<std::size_t>(1, options.readers); ++i) {
    auto reader = Database::open(path, Database::Mode::read_only);
    if (!reader) return tl::unexpected(reader.error());
    store->readers_.push_back(std::move(*reader));
  }
  store->thread_ = std::thread([s = store.get()] { s->writer_loop(); });
  return store;
}

Store::~Store() {
  {
    std::lock_guard guard(mutex_);
    stopping_ = true;
  }
  wake_writer_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void Store::submit(Work work, Done done) {
  const char* refused = nullptr;
  {
    std::lock_guard guard(mutex_);
    if (stopping_) {
      refused = "the store is closing";
    } else if (queue_.size() >= max_queue_) {
      refused = "too many writes are waiting";
    } else {
      queue_.push_back({std::move(work), std::move(done)});
      wake_writer_.notify_one();
      return;
    }
  }
  done(fail(ErrorCode::exhausted, refused));
}

Store::Counters Store::counters() const {
  std::lock_guard guard(mutex_);
  Counters out = counters_;
  out.reads = reads_.load(std::memory_order_relaxed);
  return out;
}

void Store::writer_loop() {
  for (;;) {
    std::deque<Job> group;
    {
      std::unique_lock lock(mutex_);
      wake_writer_.wait(lock, [&] { return stopping_ || !queue_.empty() || (scrub_ && !scrub_tried_); });
      if (queue_.empty() && (!scrub_ || scrub_tried_)) return;
      while (!queue_.empty() && group.size() < kGroupMax) {
        group.push_back(std::move(queue_.front()));
        queue_.pop_front();
      }
    }
    if (!group.empty()) commit_group(group);
    bool owed = false;
    {
      std::lock_guard guard(mutex_);
      owed = std::exchange(scrub_, false);
      scrub_tried_ = true;
    }
    if (!owed) continue;
    // Answers (busy, pages, done): busy when a reader still needs the old pages.
    const auto busy = writer_->one("pragma wal_checkpoint(truncate)", [](Row& row) { return row.i64(0) != 0; });
    if (busy && *busy && !**busy) continue;
    std::lock_guard guard(mutex_);
    scrub_ = true;
  }
}

void Store::scrub() {
  std::lock_guard guard(mutex_);
  scrub_ = true;
  scrub_tried_ = false;
  wake_writer_.notify_one();
}

bool Store::scrubbed() const {
  std::lock_guard guard(mutex_);
  return !scrub_;
}

void Store::commit_group(std::deque<Job>& group) {
  std::vector<Result<void>> answers;
  answers.reserve(group.size());
  Result<void> whole{};
  if (auto began = writer_->run("begin immediate"); !began) whole = tl::unexpected(began.error());
  for (Job& job : group) {
    if (!whole) break;
    if (auto saved = writer_->run("savepoint job"); !saved) {
      whole = tl::unexpected(saved.error());
      break;
    }
    Result<void> done = job.work(*writer_);
    if (!done) (void)writer_->run("rollback to job");
    answers.push_back(std::move(done));
    // A full disk or an I/O error may have rolled the whole transaction back; then the release fails and so do all.
    if (auto released = writer_->run("release job"); !released) whole = tl::unexpected(released.error());
  }
  if (whole) {
    if (auto committed = writer_->run("commit"); !committed) whole = tl::unexpected(committed.error());
  }
  if (!whole) (void)writer_->run("rollback");
  {
    std::lock_guard guard(mutex_);
    ++counters_.commits;
    counters_.writes += group.size();
  }
  for (std::size_t i = 0; i < group.size(); ++i) {
    if (group[i].done) group[i].done(!whole ? whole : answers[i]);
  }
}

Store::Reader::Reader(Store& store) : store_(store) {
  std::unique_lock lock(store_.readers_mutex_);
  store_.reader_free_.wait(lock, [&] { return !store_.readers_.empty(); });
  db_ = std::move(store_.readers_.back());
  store_.readers_.pop_back();
}

Store::Reader::~Reader() {
  {
    std::lock_guard guard(store_.readers_mutex_);
    store_.readers_.push_back(std::move(db_));
  }
  store_.reader_free_.notify_one();
}

}  // namespace upcall::store
