#include "service/recording/film_uploader.hpp"

#include <chrono>

namespace upcall::service {

namespace {
constexpr std::chrono::milliseconds kLook{500};

// The store does not know the upload any more, or will never make an object of it: only a new one helps.
bool upload_is_lost(ErrorCode code) {
  return code == ErrorCode::not_found || code == ErrorCode::gone || code == ErrorCode::conflict ||
         code == ErrorCode::invalid_argument || code == ErrorCode::corrupt;
}
}  // namespace

FilmUploader::FilmUploader(FilmUploaderOptions options, std::shared_ptr<film_spool::FilmSpool> film,
                           objects::ObjectStore& store, std::function<Now()> clock)
    : options_(std::move(options)),
      film_(std::move(film)),
      store_(store),
      clock_(std::move(clock)),
      planner_(options_.part_bytes) {
  std::promise<Result<objects::ObjectInfo>> promise;
  result_ = promise.get_future();
  thread_ = std::thread([this, told = std::move(promise)]() mutable { told.set_value(run()); });
}

FilmUploader::~FilmUploader() {
  stop();
  if (thread_.joinable()) thread_.join();
}

void FilmUploader::stop() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  film_->wake();
}

std::string FilmUploader::trouble() const {
  const std::lock_guard lock(mutex_);
  return trouble_;
}

void FilmUploader::pause(Duration span) {
  std::unique_lock lock(mutex_);
  wake_.wait_for(lock, std::chrono::milliseconds(span.ms()), [this] { return stop_; });
}

void FilmUploader::begin_anew() {
  if (upload_) upload_->abort();
  upload_.reset();
  completed_.reset();
  planner_ = compose::PartPlanner(options_.part_bytes);
}

Result<objects::ObjectInfo> FilmUploader::run() {
  Backoff backoff(options_.first_pause, options_.longest_pause);
  for (;;) {
    {
      const std::lock_guard lock(mutex_);
      if (stop_) break;
    }
    auto done = step();
    if (done) {
      if (*done == Step::waiting) continue;
      backoff.reset();
      {
        const std::lock_guard lock(mutex_);
        trouble_.clear();
      }
      if (*done == Step::done) return *completed_;
      continue;
    }
    if (spool_failed_) return tl::unexpected(done.error());
    failures_.fetch_add(1, std::memory_order_relaxed);
    {
      const std::lock_guard lock(mutex_);
      trouble_ = done.error().message;
    }
    if (upload_is_lost(done.error().code)) begin_anew();
    pause(backoff.next());
  }
  begin_anew();
  return fail(ErrorCode::unavailable, "the server is stopping");
}

Result<FilmUploader::Step> FilmUploader::step() {
  if (completed_) return confirm();
  const auto now = film_->progress();
  if (now.generation != generation_) {
    begin_anew();
    generation_ = now.generation;
  }
  if (const auto part = planner_.next(now.bytes, now.complete)) return put(*part, now.generation);
  if (!planner_.finished()) {
    film_->wait(planner_.wanted(), generation_, kLook);
    return Step::waiting;
  }
  auto completed = upload_->complete(clock_().wall);
  if (!completed) return tl::unexpected(completed.error());
  completed_ = std::move(*completed);
  return Step::progress;
}

Result<FilmUploader::Step> FilmUploader::put(const compose::FilmPart& part, std::uint64_t generation) {
  const auto source = film_->source();
  ByteVector bytes(part.size);
  const auto got = source->read(part.offset, bytes);
  if (film_->progress().generation != generation) return Step::waiting;
  if (!got || *got != part.size) {
    spool_failed_ = true;
    return got ? fail(ErrorCode::corrupt, "the film spool ends early") : tl::unexpected(got.error());
  }
  if (!upload_) {
    auto upload = store_.begin_upload(options_.object_key, "video/mp4");
    if (!upload) return tl::unexpected(upload.error());
    upload_ = std::move(*upload);
    uploads_.fetch_add(1, std::memory_order_relaxed);
  }
  if (auto done = upload_->put_part(part.number, bytes); !done) return tl::unexpected(done.error());
  planner_.put(part);
  return Step::progress;
}

// Local data may only go when the store really has the whole film.
Result<FilmUploader::Step> FilmUploader::confirm() {
  auto seen = store_.stat(options_.object_key);
  if (!seen) {
    // `corrupt` and `not_found` speak of the object here: it has to be put again.
    return tl::unexpected(seen.error());
  }
  if (seen->size != film_->progress().bytes || seen->etag != completed_->etag) {
    return fail(ErrorCode::corrupt, "the stored file is not what was composed");
  }
  completed_ = std::move(*seen);
  return Step::done;
}

}  // namespace upcall::service
