#include "service/events/outbox_loop.hpp"

#include <algorithm>

#include "io/log/log.hpp"
#include "io/store/webhook_repository.hpp"

namespace upcall::service {

namespace {
constexpr int kBatch = 100;
constexpr Duration kFirstPause = Duration::ms(500), kLongestPause = Duration::s(60);
constexpr Duration kPruneEvery = Duration::s(3600), kKept = Duration::s(7 * 24 * 3600);
}  // namespace

OutboxLoop::OutboxLoop(store::Store& store, std::function<Now()> clock, std::vector<OutboxConsumer> consumers)
    : store_(store), clock_(std::move(clock)) {
  for (OutboxConsumer& consumer : consumers) states_.push_back({std::move(consumer), clock_().mono, kFirstPause});
  prune_at_ = clock_().mono;
  thread_ = std::thread([this] { run(); });
}

OutboxLoop::~OutboxLoop() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void OutboxLoop::notify() {
  {
    const std::lock_guard lock(mutex_);
    woken_ = true;
  }
  wake_.notify_all();
}

void OutboxLoop::run() {
  for (;;) {
    bool more = false;
    for (State& state : states_) more = turn(state) || more;
    prune();
    std::unique_lock lock(mutex_);
    if (!stop_ && !more) wake_.wait_for(lock, std::chrono::seconds(1), [&] { return stop_ || woken_; });
    woken_ = false;
    if (stop_) return;
  }
}

bool OutboxLoop::turn(State& state) {
  if (clock_().mono < state.retry_at) return false;
  auto events = store_.read([&](store::Database& db) { return store::outbox::pending(db, state.consumer.name, kBatch); });
  if (!events || events->empty()) return false;
  std::int64_t passed = -1;
  bool failed = false;
  for (const store::OutboxEvent& event : *events) {
    if (auto taken = state.consumer.take(event); !taken) {
      log::warn("outbox.consumer_failed", {{"consumer", state.consumer.name}, {"type", event.type}, {"why", taken.error().message}});
      state.retry_at = clock_().mono + state.pause;
      state.pause = std::min(state.pause * 2, kLongestPause);
      failed = true;
      break;
    }
    passed = event.position;
  }
  if (passed >= 0) {
    (void)store_.write([&](store::Database& db) { return store::outbox::advance(db, state.consumer.name, passed); });
  }
  if (!failed) state.pause = kFirstPause;
  return !failed && static_cast<int>(events->size()) == kBatch;
}

void OutboxLoop::prune() {
  const Now now = clock_();
  if (now.mono < prune_at_) return;
  prune_at_ = now.mono + kPruneEvery;
  std::vector<std::string> names;
  for (const State& state : states_) names.push_back(state.consumer.name);
  (void)store_.write([&](store::Database& db) -> Result<void> {
    // A webhook that is switched off for longer loses what is older, and says so in its backlog by its position.
    if (auto pruned = store::outbox::prune(db, names, now.wall - kKept); !pruned) return tl::unexpected(pruned.error());
    return store::webhooks::prune(db, now.wall - kKept);
  });
}

}  // namespace upcall::service
