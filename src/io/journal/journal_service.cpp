#include "io/journal/journal_service.hpp"

#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "io/journal/journal_entry.hpp"

namespace upcall::journal {

namespace {
// Records that would make a block too long are sealed early.
constexpr std::size_t kSealEarlyBytes = 1 << 20;
constexpr Duration kAskAnew = Duration::s(2);
}  // namespace

std::string_view to_string(JournalState state) {
  switch (state) {
    case JournalState::recording: return "recording";
    case JournalState::disk_full: return "disk_full";
    case JournalState::spool_full: return "spool_full";
    case JournalState::closed: return "closed";
  }
  return "unknown";
}

JournalService::JournalService(JournalServiceOptions options, std::function<Now()> clock)
    : options_(options), clock_(std::move(clock)) {
  sync_thread_ = std::thread([this] { run_sync(); });
  thread_ = std::thread([this] { run(); });
  ::pthread_setname_np(sync_thread_.native_handle(), "journal-sync");
  ::pthread_setname_np(thread_.native_handle(), "journal");
}

JournalService::~JournalService() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  thread_.join();
  {
    const std::lock_guard lock(sync_mutex_);
    sync_stop_ = true;
  }
  sync_wake_.notify_all();
  sync_thread_.join();
}

Result<std::shared_ptr<OpenJournal>> JournalService::open(const std::string& recording_id, Bytes key,
                                                          std::uint32_t epoch, const std::string& directory,
                                                          JournalCallbacks callbacks, JournalForgetting forgetting) {
  if (key.size() != kKeySize) return fail(ErrorCode::invalid_argument, "a recording key has 32 bytes");
  std::shared_ptr<WindowKeyFile> keys;
  std::optional<ForgottenSpan> again;
  if (forgetting.allowed) {
    std::error_code error;
    std::filesystem::create_directories(directory, error);
    auto opened = WindowKeyFile::open(directory, key);
    if (!opened) return tl::unexpected(opened.error());
    keys = std::move(*opened);
    if (forgetting.again_from_us) {
      again = ForgottenSpan{*forgetting.again_from_us, 0};
      auto marked = keys->mark(*forgetting.again_from_us, again->from_us);
      if (!marked) return tl::unexpected(marked.error());
      if (marked->first != 0) {
        if (auto done = keys->destroy(*marked); !done) return tl::unexpected(done.error());
      }
    }
  }
  auto recovered = recover_journal(directory, key);
  if (!recovered) return tl::unexpected(recovered.error());
  if (recovered->position.complete) return fail(ErrorCode::conflict, "the journal is complete");
  if (epoch <= recovered->position.epoch) {
    return fail(ErrorCode::conflict, "the journal was written by a later writer");
  }
  auto files = std::make_unique<SegmentFiles>(directory, recovered->bytes, &JournalService::after_close, this, keys);
  if (auto ready = files->prepare(); !ready) return tl::unexpected(ready.error());

  const Now now = clock_();
  auto handle = std::make_shared<OpenJournal>();
  handle->ring_ = std::make_shared<ByteRing>(options_.ring_bytes);
  handle->recording_id_ = recording_id;
  handle->directory_ = directory;
  handle->start_ = now.mono;
  handle->next_source_ = recovered->position.next_source;
  // Anything sealed before (even only quiet time) makes this a continuation.
  handle->resumed_ = recovered->position.wall_unix_ms != 0;
  if (handle->resumed_) {
    // The recording's time went on while nobody wrote; a wall clock that was set back must not make it run backwards.
    const std::int64_t by_wall_us = (now.wall.unix_ms() - recovered->position.wall_unix_ms) * 1000;
    const std::int64_t elapsed_us = std::max(by_wall_us, static_cast<std::int64_t>(recovered->position.until_us));
    handle->start_ = now.mono - Duration::us(elapsed_us);
  }
  if (again) {
    again->until_us = std::max(again->from_us, recovered->position.until_us);
    handle->forgotten_again_ = again;
  }
  JournalWriterOptions writing;
  writing.segment_us = options_.segment_us;
  if (keys) {
    writing.windows = &random_;
    writing.next_window = keys->next_window();
  }
  auto entry = std::make_unique<Entry>(handle, key, recovered->position, epoch, std::move(files), std::move(callbacks), writing);
  if (handle->resumed_) {
    ByteVector raw(64);
    Writer out(raw);
    wire::encode(wire::TapRecord(wire::TapGap{recovered->position.until_us, entry->at_us(now.mono),
                                              wire::TapGapReason::server_restart, 0}),
                 out);
    entry->writer.add(out.written());
  }
  handle->bytes_.store(entry->files->bytes());
  {
    const std::lock_guard lock(mutex_);
    incoming_.push_back(std::move(entry));
  }
  wake_.notify_all();
  return handle;
}

void JournalService::close(const std::shared_ptr<OpenJournal>& journal, wire::TapStopReason reason) {
  {
    const std::lock_guard lock(mutex_);
    closing_.emplace_back(journal, reason);
  }
  wake_.notify_all();
}

void JournalService::set_state(Entry& entry, JournalState state) {
  if (entry.handle->state() == state) return;
  entry.handle->state_.store(state, std::memory_order_relaxed);
  if (state != JournalState::closed && entry.callbacks.state_changed) entry.callbacks.state_changed(state);
}

void JournalService::seal(Entry& e, Instant now) {
  const bool had_records = e.writer.pending_records() > 0;
  const bool ok = e.writer.seal(e.at_us(now), *e.files);
  set_state(e, ok ? JournalState::recording : JournalState::disk_full);
  if (ok && had_records && !e.first_sealed) {
    e.first_sealed = true;
    if (e.callbacks.first_sealed) e.callbacks.first_sealed(now);
  }
  e.handle->sealed_until_us_.store(e.writer.sealed_until_us(), std::memory_order_relaxed);
  e.handle->lost_.store(e.writer.lost_records(), std::memory_order_relaxed);
  e.handle->bytes_.store(e.files->bytes(), std::memory_order_relaxed);
  spool_bytes_.fetch_add(e.files->bytes() - e.counted_bytes, std::memory_order_relaxed);
  e.counted_bytes = e.files->bytes();
}

void JournalService::end(Entry& e, Instant now, wire::TapStopReason reason, JournalState state) {
  e.files->spend_reserve();
  if (e.dropping) stop_dropping(e, e.at_us(now));
  if (!e.stop_seen) {
    std::array<std::uint8_t, 32> raw;
    Writer out(raw);
    wire::encode(wire::TapRecord(wire::TapStop{e.at_us(now), reason}), out);
    e.writer.add(out.written());
  }
  // A disk that is full to the last byte drops the pending records with the first attempt; the second writes gap and
  // stop alone.
  bool final = e.writer.close(e.at_us(now), true, *e.files);
  if (!final) {
    std::array<std::uint8_t, 32> raw;
    Writer out(raw);
    wire::encode(wire::TapRecord(wire::TapStop{e.at_us(now), reason}), out);
    e.writer.add(out.written());
    final = e.writer.close(e.at_us(now), true, *e.files);
  }
  e.files->close_segment();
  e.ended = true;
  set_state(e, state);
  e.handle->bytes_.store(e.files->bytes());
  e.handle->sealed_until_us_.store(e.writer.sealed_until_us());
  spool_bytes_.fetch_sub(e.counted_bytes, std::memory_order_relaxed);
  e.counted_bytes = 0;
  if (e.callbacks.closed) {
    // After the sync of the last segment, which is queued before.
    const ClosedJournal result{state, e.writer.sealed_until_us(), e.files->bytes(), e.writer.sealed_records(),
                               e.writer.lost_records(), final};
    queue_done([callback = std::move(e.callbacks.closed), result] { callback(result); });
  }
}

// Drains and seals one journal. True: it is over and may be forgotten.
bool JournalService::turn(Entry& e, Instant now, bool seal_due) {
  while (e.handle->ring_->pop(e.record)) {
    if (e.ended) continue;  // the producer has not heard of the end yet
    const auto peek = wire::peek_tap_record(e.record);
    if (peek && peek->stop) e.stop_seen = true;
    if (peek && peek->paused) e.paused = *peek->paused;
    if (e.dropping && !keeps(e, peek)) continue;
    if (!e.writer.add(e.record) || e.writer.pending_bytes() > kSealEarlyBytes) seal(e, now);
  }
  if (e.dropping && now - e.asked_anew >= kAskAnew) ask_anew(e, now);
  if (e.ended) return e.closing.has_value();
  if (e.closing) {
    end(e, now, *e.closing, JournalState::closed);
    return true;
  }
  // The first records are sealed at once: they are what "recording has started" means.
  if (seal_due || (!e.first_sealed && e.writer.pending_records() > 0)) seal(e, now);
  if (options_.spool_limit_bytes > 0 && spool_bytes_.load(std::memory_order_relaxed) > options_.spool_limit_bytes) {
    end(e, now, wire::TapStopReason::spool_full, JournalState::spool_full);
  }
  return false;
}

void JournalService::run() {
  Instant next_seal = clock_().mono, next_sync = next_seal;
  std::vector<std::pair<std::shared_ptr<OpenJournal>, wire::TapStopReason>> closing;
  std::vector<std::pair<std::shared_ptr<OpenJournal>, Forget>> forgets;
  while (true) {
    bool stop = false;
    {
      std::unique_lock lock(mutex_);
      wake_.wait_for(lock, std::chrono::milliseconds(options_.poll_ms),
                     [&] { return stop_ || !incoming_.empty() || !closing_.empty() || !forgets_.empty(); });
      for (auto& entry : incoming_) entries_.push_back(std::move(entry));
      incoming_.clear();
      closing.swap(closing_);
      forgets.swap(forgets_);
      stop = stop_;
    }
    // Before the ends: what was asked for first is done first.
    for (auto& [handle, forget] : forgets) begin_forgetting(handle, clock_().mono, std::move(forget));
    forgets.clear();
    for (const auto& [handle, reason] : closing) {
      for (auto& entry : entries_) {
        if (entry->handle == handle) entry->closing = reason;
      }
    }
    closing.clear();
    const Instant now = clock_().mono;
    const bool seal_due = stop || now >= next_seal;
    std::erase_if(entries_, [&](const std::unique_ptr<Entry>& e) { return turn(*e, now, seal_due); });
    if (seal_due) next_seal = now + Duration::ms(options_.seal_ms);
    if (stop || now >= next_sync) {
      for (auto& entry : entries_) {
        if (*entry->destroying == Entry::Destroying::failed) destroy_marked(*entry, entry->marked, {}, {});
        if (const int fd = entry->files->take_key_sync_descriptor(); fd >= 0) queue_sync(fd);
        if (const int fd = entry->files->take_sync_descriptor(); fd >= 0) queue_sync(fd);
      }
      next_sync = now + Duration::ms(options_.sync_ms);
    }
    if (stop) {
      entries_.clear();  // closes the segments through the sync thread
      return;
    }
  }
}

void JournalService::after_close(void* self, int fd) { static_cast<JournalService*>(self)->queue_sync(fd); }

void JournalService::queue_sync(int fd) {
  {
    const std::lock_guard lock(sync_mutex_);
    sync_fds_.push_back(fd);
  }
  sync_wake_.notify_all();
}

void JournalService::queue_done(std::function<void()> tell) {
  {
    const std::lock_guard lock(sync_mutex_);
    sync_done_.push_back(std::move(tell));
  }
  sync_wake_.notify_all();
}

void JournalService::run_sync() {
  std::vector<int> fds;
  std::vector<std::function<void()>> done;
  while (true) {
    {
      std::unique_lock lock(sync_mutex_);
      sync_wake_.wait(lock, [&] { return sync_stop_ || !sync_fds_.empty() || !sync_done_.empty(); });
      fds.swap(sync_fds_);
      done.swap(sync_done_);
      if (fds.empty() && done.empty()) return;  // only when stopping
    }
    for (const int fd : fds) {
      ::fdatasync(fd);
      ::close(fd);
    }
    for (auto& tell : done) tell();
    fds.clear();
    done.clear();
  }
}

}  // namespace upcall::journal
