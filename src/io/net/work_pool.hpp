// A fixed number of threads over one bounded queue of jobs: where HTTP handlers run, so that they may block.
//
// submit() refuses when the queue is full (the caller answers 503); submit_always() is for work whose number is bounded
// elsewhere (at most one job a connection). Both from any thread. A job must not throw.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace upcall::net {

class WorkPool {
 public:
  using Job = std::move_only_function<void()>;

  WorkPool(std::size_t threads, std::size_t queue_limit);
  ~WorkPool();
  WorkPool(const WorkPool&) = delete;
  WorkPool& operator=(const WorkPool&) = delete;

  bool submit(Job job) { return push(std::move(job), false); }
  bool submit_always(Job job) { return push(std::move(job), true); }
  // Runs what is queued, then joins. Later submissions are refused. Idempotent; not from a job.
  void stop();
  std::size_t queued() const;

 private:
  bool push(Job job, bool always);
  void work();

  const std::size_t queue_limit_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Job> jobs_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace upcall::net
