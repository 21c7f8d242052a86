#include "io/film/film_job.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "io/journal/journal_files.hpp"

namespace upcall::film {

namespace {
// Read and composed in one step: about a second of a two-party call.
constexpr std::size_t kPieceBytes = 256 << 10;
}  // namespace

class FilmJob::Tap final : public FilmSink {
 public:
  Tap(FilmJob& job, FilmSink& sink) : job_(job), sink_(sink) {}
  Result<void> header(const wire::FilmHeader& header) override { return sink_.header(header); }
  Result<void> fragment(const wire::FilmFragment& fragment) override {
    wire::FilmFragment told = fragment;
    if (auto damage = job_.studio_->take_damage()) {
      told.damage = std::move(*damage);
    } else {
      told.damage_unknown = true;
    }
    job_.summary_.fragments = told.number + 1;
    return sink_.fragment(told);
  }

 private:
  FilmJob& job_;
  FilmSink& sink_;
};

FilmJob::FilmJob(FilmJobOptions options, FilmSink& sink)
    : options_(std::move(options)), tap_(std::make_unique<Tap>(*this, sink)), places_(options_.journal_directory),
      horizon_(options_.journal_directory), reader_(options_.key, false, &places_), piece_(kPieceBytes) {}

FilmJob::~FilmJob() {
  if (fd_ >= 0) ::close(fd_);
}

Result<std::unique_ptr<FilmJob>> FilmJob::open(FilmJobOptions options, FilmSink& sink) {
  if (options.key.size() != journal::kKeySize) return fail(ErrorCode::invalid_argument, "a recording key has 32 bytes");
  if (!options.live && journal::list_segments(options.journal_directory).empty()) {
    return fail(ErrorCode::not_found, "no journal segments in this directory");
  }
  options.film.video.width = options.composer.width;
  options.film.video.height = options.composer.height;
  options.film.video.fps = options.composer.fps;
  std::unique_ptr<FilmJob> job(new FilmJob(std::move(options), sink));
  FilmJob& j = *job;
  auto studio = FilmStudio::open(j.options_.film, *j.tap_, j.options_.resume ? &*j.options_.resume : nullptr);
  if (!studio) return tl::unexpected(studio.error());
  if (j.options_.resume) j.summary_.fragments = j.options_.resume->fragment;
  j.studio_ = std::make_unique<ResumingStudio>(std::move(*studio), j.options_.resume);
  j.composer_ = std::make_unique<compose::Composer>(j.options_.composer, *j.studio_);
  return job;
}

bool FilmJob::open_next_segment() {
  const auto segments = journal::list_segments(options_.journal_directory);
  const auto next = std::find_if(segments.begin(), segments.end(),
                                 [&](std::uint32_t n) { return static_cast<std::int64_t>(n) > segment_; });
  if (next == segments.end()) return false;
  const int fd = ::open((options_.journal_directory + "/" + journal::segment_file_name(*next)).c_str(),
                        O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  if (fd_ >= 0) ::close(fd_);
  fd_ = fd;
  segment_ = *next;
  segment_ended_ = false;
  reader_.begin_segment();
  return true;
}

// Appends the next piece to the reader; false: there is none now.
Result<bool> FilmJob::read_more() {
  for (int attempt = 0; attempt < 2; ++attempt) {
    if (segment_ended_ && !open_next_segment()) return false;
    // When the next segment exists, the present one will not grow any more: looked at between two readings of its end.
    for (bool looked = false;; looked = true) {
      ssize_t n;
      do {
        n = ::read(fd_, piece_.data(), piece_.size());
      } while (n < 0 && errno == EINTR);
      if (n < 0) return fail(ErrorCode::unavailable, "a segment of the journal cannot be read");
      if (n > 0) {
        reader_.append(Bytes(piece_).first(static_cast<std::size_t>(n)));
        return true;
      }
      if (looked) break;
      const auto segments = journal::list_segments(options_.journal_directory);
      if (segments.empty() || static_cast<std::int64_t>(segments.back()) <= segment_) return false;
    }
    segment_ended_ = true;  // torn; the next header vouches for it or not
  }
  return false;
}

Result<FilmJob::Step> FilmJob::finish() {
  if (auto done = composer_->finish(); !done) return tl::unexpected(done.error());
  summary_.facts = composer_->facts();
  summary_.complete = composer_->stopped();
  done_ = true;
  return Step::done;
}

// Of a journal that has ended nothing is forgotten any more.
void FilmJob::let_through() {
  if (options_.forget_s == 0) return;
  horizon_.look();
  // One more: a window that ends where forgetting begins goes too.
  const std::uint64_t behind = static_cast<std::uint64_t>(options_.forget_s) * 1'000'000 + journal::kWindowUs + journal::kForgetWithinUs + 1;
  if (horizon_.complete() || !options_.live) {
    reader_.hold_after(UINT64_MAX);
  } else {
    reader_.hold_after(horizon_.until_us() > behind ? horizon_.until_us() - behind : 0);
  }
}

Result<FilmJob::Step> FilmJob::step() {
  if (done_) return Step::done;
  let_through();
  // What is held was read from the file before.
  if (!held_) {
    auto more = read_more();
    if (!more) return tl::unexpected(more.error());
    if (!*more) {
      if (options_.live) return Step::waiting;
      if (segment_ < 0) return fail(ErrorCode::not_found, "the journal is empty");
      return finish();
    }
  }
  held_ = false;
  while (true) {
    const journal::ReadStatus status = reader_.next();
    if (status == journal::ReadStatus::record) {
      if (auto done = composer_->feed(reader_.record()); !done) return tl::unexpected(done.error());
      continue;
    }
    if (status == journal::ReadStatus::forgotten) {
      const auto& span = reader_.forgotten();
      composer_->forgotten(static_cast<std::int64_t>(span.from_us), static_cast<std::int64_t>(span.until_us));
    }
    if (auto done = composer_->advance(static_cast<std::int64_t>(reader_.until_us())); !done) {
      return tl::unexpected(done.error());
    }
    if (status == journal::ReadStatus::forgotten) continue;
    if (status == journal::ReadStatus::held) {
      held_ = true;
      return Step::waiting;
    }
    if (status == journal::ReadStatus::more_needed) return Step::worked;
    if (status == journal::ReadStatus::segment_end) {
      segment_ended_ = true;
      return Step::worked;
    }
    if (status == journal::ReadStatus::corrupt) {
      const auto& c = *reader_.corruption();
      // Nothing authentic at all: a wrong key more often than an attack.
      if (reader_.position().epoch == 0) {
        return fail(ErrorCode::corrupt, std::string("the journal cannot be opened (wrong key?): ") + c.what);
      }
      summary_.warning = "the journal is damaged in segment " + std::to_string(c.segment) + " at byte " +
                         std::to_string(c.offset) + ": " + c.what;
    }
    return finish();  // journal_end, or as far as it is authentic
  }
}

}  // namespace upcall::film
