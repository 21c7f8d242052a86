// Keeps the index of finished contacts: takes up what the store's triggers have put down, in the order in which it is found.
// What waits is in the store, so a killed server goes on where it was, and a contact that has changed is indexed again.
//
// Threads: one of its own, that looks four times a second and writes through the store; counters() from any.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>

#include "io/store/store.hpp"

namespace upcall::service {

class ContactIndexer {
 public:
  // The store must outlive it.
  explicit ContactIndexer(store::Store& store) : store_(store) {}
  ~ContactIndexer();
  ContactIndexer(const ContactIndexer&) = delete;
  ContactIndexer& operator=(const ContactIndexer&) = delete;
  void start();

  // Everything that waits now, on the calling thread; how many were taken up. The store's error: the rest waits.
  Result<int> run_once();

  struct Counters {
    std::uint64_t indexed = 0, given_up = 0;
  };
  Counters counters() const;

 private:
  void loop();
  Result<void> index_alone(const std::string& contact_id);

  store::Store& store_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool stop_ = false;
  Counters counters_;
  std::thread thread_;
};

}  // namespace upcall::service
