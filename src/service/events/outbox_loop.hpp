// Hands the outbox's events to consumers inside this process: what must happen after "meeting ended". Each consumer has
// a cursor of its own: one that fails is asked again later, with the same event, and delays nobody else.
//
// Threads: consumers run on the loop's own thread, one after the other, and may block for a moment. Members from any.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/time.hpp"
#include "io/store/outbox_repository.hpp"
#include "io/store/store.hpp"

namespace upcall::service {

struct OutboxConsumer {
  std::string name;
  // An error: the event comes again. At least once, in the order of commit; what was done already must do no harm.
  std::function<Result<void>(const store::OutboxEvent&)> take;
};

class OutboxLoop {
 public:
  // `store` must outlive the loop, and what the consumers refer to as well.
  OutboxLoop(store::Store& store, std::function<Now()> clock, std::vector<OutboxConsumer> consumers);
  ~OutboxLoop();
  OutboxLoop(const OutboxLoop&) = delete;
  OutboxLoop& operator=(const OutboxLoop&) = delete;

  // Something was put into the outbox. Without it the loop looks once a second.
  void notify();

 private:
  struct State {
    OutboxConsumer consumer;
    Instant retry_at;
    Duration pause;
  };
  void run();
  // True when there may be more.
  bool turn(State& state);
  void prune();

  store::Store& store_;
  std::function<Now()> clock_;
  std::vector<State> states_;
  Instant prune_at_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stop_ = false, woken_ = false;
  std::thread thread_;
};

}  // namespace upcall::service
