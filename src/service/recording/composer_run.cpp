#include "service/recording/composer_run.hpp"

#include <algorithm>
#include <chrono>

#include <boost/json.hpp>

#include "crypto/secret.hpp"
#include "json/json.hpp"
#include "recording/object_names.hpp"

namespace upcall::service {

namespace {

namespace bj = boost::json;

constexpr std::size_t kFactsMax = 8u << 20;   // of long meetings with many people

std::int64_t integer(const bj::object& o, std::string_view name) {
  const auto* v = o.if_contains(name);
  if (v == nullptr) return 0;
  if (v->is_int64()) return v->get_int64();
  return v->is_uint64() ? static_cast<std::int64_t>(v->get_uint64()) : 0;
}

double real(const bj::object& o, std::string_view name) {
  const auto* v = o.if_contains(name);
  return v != nullptr && v->is_double() ? v->get_double() : static_cast<double>(integer(o, name));
}

}  // namespace

ComposerRun::ComposerRun(ComposerOptions options, objects::ObjectStore& store,
                         std::function<Now()> clock, RandomSource& random, Callbacks callbacks)
    : options_(std::move(options)),
      store_(store),
      clock_(std::move(clock)),
      random_(random),
      callbacks_(std::move(callbacks)),
      film_(options_.film) {
  thread_ = std::thread([this] { run(); });
}

ComposerRun::~ComposerRun() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
    if (uploader_) uploader_->stop();
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
  crypto::wipe(options_.order.key);
}

bool ComposerRun::pause(Duration span) {
  std::unique_lock lock(mutex_);
  if (span > Duration()) wake_.wait_for(lock, std::chrono::milliseconds(span.ms()), [this] { return stop_; });
  return !stop_;
}

std::shared_ptr<film_spool::FilmSpool> ComposerRun::film() const {
  const std::lock_guard lock(mutex_);
  return film_;
}

std::string ComposerRun::upload_trouble() const {
  const std::lock_guard lock(mutex_);
  if (!manifest_trouble_.empty()) return manifest_trouble_;
  return uploader_ ? uploader_->trouble() : std::string();
}

std::int64_t ComposerRun::composed_ms() const {
  const auto film = this->film();
  // A child that goes on with a film runs through what is there first, and tells of that too.
  return std::max(composed_ms_.load(std::memory_order_relaxed), film ? film->progress().duration_ms : 0);
}

void ComposerRun::run() {
  auto outcome = whole_way();
  std::unique_ptr<FilmUploader> uploader;
  {
    const std::lock_guard lock(mutex_);
    uploader = std::move(uploader_);
    if (stop_ && !outcome) outcome = fail(ErrorCode::unavailable, "the server is stopping");
  }
  uploader.reset();
  callbacks_.done(std::move(outcome));
}

Result<ComposerOutcome> ComposerRun::whole_way() {
  ComposerOutcome out;
  auto film = this->film();
  Result<void> composed;
  if (!film) {
    auto opened = film_spool::FilmSpool::open({options_.order.journal_directory + "/" + film_spool::kFileName,
                                               options_.order.key, options_.recording_id},
                                              random_);
    if (opened) {
      film = std::move(*opened);
    } else {
      composed = tl::unexpected(opened.error());
    }
  }
  if (film) {
    {
      const std::lock_guard lock(mutex_);
      film_ = film;
      if (!stop_) uploader_ = std::make_unique<FilmUploader>(options_.upload, film, store_, clock_);
    }
    composed = compose(*film, out);
  }
  callbacks_.composed();
  if (!composed) return tl::unexpected(composed.error());
  // Only this thread puts the uploader away.
  FilmUploader* uploader = nullptr;
  {
    const std::lock_guard lock(mutex_);
    uploader = uploader_.get();
  }
  if (uploader == nullptr) return fail(ErrorCode::unavailable, "the server is stopping");
  auto stored = uploader->wait();
  out.uploads = uploader->uploads();
  if (!stored) {
    // What the disk has kept is not what was written: it has to be composed again.
    if (stored.error().code == ErrorCode::corrupt) (void)film->discard();
    return tl::unexpected(stored.error());
  }
  out.object = std::move(*stored);
  if (options_.sign) {
    if (auto written = store_manifest(*film, out); !written) {
      if (written.error().code == ErrorCode::corrupt) (void)film->discard();
      return tl::unexpected(written.error());
    }
  }
  const auto facts = json::parse_object(film->view().facts, kFactsMax);
  if (!facts) return fail(ErrorCode::internal, "the composer's last word cannot be read");
  out.duration_ms = integer(*facts, "duration_ms");
  out.video_frames = static_cast<std::uint64_t>(integer(*facts, "video_frames"));
  out.width = static_cast<int>(integer(*facts, "width"));
  out.height = static_cast<int>(integer(*facts, "height"));
  out.replay_ms = std::max<std::int64_t>(0, integer(*facts, "replay_ms"));
  out.warning = json::text_or(*facts, "warning");
  if (out.attempts == 0) {
    out.cpu_core_seconds = real(*facts, "cpu_core_seconds");
    out.peak_rss_mib = real(*facts, "peak_rss_mib");
  }
  return out;
}

// A store that does not take it is asked again for as long as it takes, as with the film.
Result<void> ComposerRun::store_manifest(const film_spool::FilmSpool& film, const ComposerOutcome& outcome) {
  const auto text = film_manifest({options_.recording_id, options_.external_meeting_id, options_.started, options_.order.settings,
                                   outcome.object, outcome.attempts, outcome.restarts},
                                  film, options_.sign);
  if (!text) return tl::unexpected(text.error());
  const std::string key = recording::manifest_key(options_.upload.object_key);
  Backoff backoff(options_.upload.first_pause, options_.upload.longest_pause);
  for (;;) {
    if (!pause(Duration())) return fail(ErrorCode::unavailable, "the server is stopping");
    const auto put = put_manifest(store_, key, *text, clock_().wall, false);
    {
      const std::lock_guard lock(mutex_);
      manifest_trouble_ = put ? "" : put.error().message;
    }
    if (put) return {};
    pause(backoff.next());
  }
}

Result<void> ComposerRun::compose(film_spool::FilmSpool& film, ComposerOutcome& out) {
  const ComposerHooks hooks{[this](Duration span) { return pause(span); },
                            [this](int pid) {
                              pid_.store(pid, std::memory_order_relaxed);
                              if (options_.pid) options_.pid(pid);
                            },
                            [this](std::int64_t ms) { composed_ms_.store(ms, std::memory_order_relaxed); },
                            options_.pace};
  Backoff backoff(Duration::ms(200), Duration::s(60));
  for (int useless = 0; !film.progress().complete;) {
    if (!pause(Duration())) return fail(ErrorCode::unavailable, "the server is stopping");
    const auto before = film.progress();
    auto child = options_.child();
    ComposerExit exit;
    if (child) exit = run_composer_child(options_.order, film, std::move(*child), hooks);
    else exit.composed = tl::unexpected(child.error());
    ++out.attempts;
    out.cpu_core_seconds += exit.cpu_core_seconds;
    out.peak_rss_mib = std::max(out.peak_rss_mib, exit.peak_rss_mib);
    if (exit.resumed_from_ms >= 0) {
      ++out.restarts;
      out.resumed_from_ms = exit.resumed_from_ms;
    }
    if (exit.composed) break;
    const auto after = film.progress();
    if (after.generation == before.generation && after.fragments > before.fragments) {
      useless = 0;
      backoff.reset();
    }
    if (++useless >= options_.attempts) return exit.composed;
    pause(backoff.next());
  }
  return {};
}

}  // namespace upcall::service
