// Brings a film from its spool into the object store while it is still being composed. A store that is down costs time
// and nothing else: the same part is tried again, 0.5 s later, 1 s, … 60 s, for as long as it takes; an upload that the
// store has lost begins anew from the spool. A thread of its own.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "base/result.hpp"
#include "base/time.hpp"
#include "compose/part_planner.hpp"
#include "io/film_spool/film_spool.hpp"
#include "io/objects/object_store.hpp"
#include "service/recording/backoff.hpp"

namespace upcall::service {

struct FilmUploaderOptions {
  std::string object_key;
  Duration first_pause = Duration::ms(500), longest_pause = Duration::s(60);
  std::uint64_t part_bytes = compose::kPartBytes;
};

class FilmUploader {
 public:
  // References must outlive the uploader.
  FilmUploader(FilmUploaderOptions options, std::shared_ptr<film_spool::FilmSpool> film, objects::ObjectStore& store,
               std::function<Now()> clock);
  // Stops; an upload that is not complete is aborted.
  ~FilmUploader();
  FilmUploader(const FilmUploader&) = delete;
  FilmUploader& operator=(const FilmUploader&) = delete;

  // Waits until the store has confirmed the whole film (size and ETag). Errors: corrupt (the spool cannot be read),
  // unavailable (stopped). Once.
  Result<objects::ObjectInfo> wait() { return result_.get(); }
  // Any thread; wait() returns soon.
  void stop();
  // Why it is not going on at the moment; empty: it is.
  std::string trouble() const;
  // How often an upload was begun, and attempts that failed.
  int uploads() const { return uploads_.load(std::memory_order_relaxed); }
  int failures() const { return failures_.load(std::memory_order_relaxed); }

 private:
  enum class Step : std::uint8_t { progress, waiting, done };
  Result<objects::ObjectInfo> run();
  Result<Step> step();
  Result<Step> put(const compose::FilmPart& part, std::uint64_t generation);
  Result<Step> confirm();
  void begin_anew();
  void pause(Duration span);

  FilmUploaderOptions options_;
  std::shared_ptr<film_spool::FilmSpool> film_;
  objects::ObjectStore& store_;
  std::function<Now()> clock_;
  compose::PartPlanner planner_;
  std::uint64_t generation_ = 0;
  std::unique_ptr<objects::Upload> upload_;
  std::optional<objects::ObjectInfo> completed_;   // by the store's word; not yet looked at
  bool spool_failed_ = false;

  std::atomic<int> uploads_{0}, failures_{0};
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool stop_ = false;                              // under mutex_
  std::string trouble_;                            // under mutex_
  std::future<Result<objects::ObjectInfo>> result_;
  std::thread thread_;
};

}  // namespace upcall::service
