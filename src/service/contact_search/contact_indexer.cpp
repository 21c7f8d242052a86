#include "service/contact_search/contact_indexer.hpp"

#include <chrono>

#include "io/log/log.hpp"
#include "io/store/contact_search_repository.hpp"

namespace upcall::service {
namespace {

constexpr int kBatch = 32;  // of one write: what comes meanwhile from chats waits a few milliseconds at most
constexpr auto kEvery = std::chrono::milliseconds(250);

bool passes(ErrorCode code) { return code == ErrorCode::unavailable || code == ErrorCode::exhausted; }

}  // namespace

ContactIndexer::~ContactIndexer() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void ContactIndexer::start() {
  thread_ = std::thread([this] { loop(); });
}

void ContactIndexer::loop() {
  for (;;) {
    const auto done = run_once();
    if (!done) log::warn("contact_search.waits", {{"why", done.error().message}});
    std::unique_lock lock(mutex_);
    if (wake_.wait_for(lock, kEvery, [&] { return stop_; })) return;
  }
}

Result<int> ContactIndexer::run_once() {
  int taken = 0;
  for (;;) {
    {
      const std::lock_guard lock(mutex_);
      if (stop_) return taken;
    }
    auto ids = store_.read([](store::Database& db) { return store::contact_search::pending(db, kBatch); });
    if (!ids) return tl::unexpected(ids.error());
    if (ids->empty()) return taken;
    auto done = store_.write([&](store::Database& db) -> Result<void> {
      for (const std::string& id : *ids) {
        if (auto indexed = store::contact_search::index(db, id); !indexed) return indexed;
      }
      return {};
    });
    if (done) {
      const std::lock_guard lock(mutex_);
      counters_.indexed += ids->size();
    } else if (passes(done.error().code)) {
      return tl::unexpected(done.error());
    } else {
      // One of them cannot be indexed: the others must not wait for it.
      for (const std::string& id : *ids) {
        if (auto alone = index_alone(id); !alone) return tl::unexpected(alone.error());
      }
    }
    taken += static_cast<int>(ids->size());
  }
}

Result<void> ContactIndexer::index_alone(const std::string& id) {
  auto done = store_.write([&](store::Database& db) { return store::contact_search::index(db, id); });
  if (!done && passes(done.error().code)) return done;
  if (!done) {
    log::error("contact_search.given_up", {{"contactId", id}, {"why", done.error().message}});
    if (auto gone = store_.write([&](store::Database& db) { return store::contact_search::give_up(db, id); }); !gone) return gone;
  }
  const std::lock_guard lock(mutex_);
  ++(done ? counters_.indexed : counters_.given_up);
  return {};
}

ContactIndexer::Counters ContactIndexer::counters() const {
  const std::lock_guard lock(mutex_);
  return counters_;
}

}  // namespace upcall::service
