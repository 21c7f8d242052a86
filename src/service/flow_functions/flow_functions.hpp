// Calls the functions that contact flows invoke: a POST of the vendor's event to the address that is registered under the
// function's name, signed as webhooks are (service/hooks/hook_message.hpp), with the same rule for private addresses. One
// that hangs has two of the threads at most and delays no other.
//
// Threads: members from any thread; answers come on threads of its own.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "contact/commands.hpp"
#include "io/store/sealer.hpp"
#include "io/store/store.hpp"

namespace upcall::net {
class HttpClient;
}

namespace upcall::service {

struct FlowFunctionsOptions {
  std::size_t threads = 8;
  std::size_t of_one_function = 2;  // threads
  std::size_t waiting = 256;        // calls; beyond: refused
  std::string ca_pem;               // trusted instead of the system's authorities when not empty
};

class FlowFunctions {
 public:
  using Answer = std::function<void(contact::FlowAnswer)>;
  // References must outlive it. `answer` gets one for each call, also when it could not be made.
  FlowFunctions(FlowFunctionsOptions options, store::Store& store, store::Sealer& sealer, std::function<Now()> clock, Answer answer);
  ~FlowFunctions();  // calls under way are cut
  FlowFunctions(const FlowFunctions&) = delete;
  FlowFunctions& operator=(const FlowFunctions&) = delete;

  void call(contact::FlowCallRequest request);

  struct Counters {
    std::uint64_t answered = 0, failed = 0, refused = 0;
  };
  Counters counters() const;

 private:
  struct Job {
    contact::FlowCallRequest request;
    Instant deadline;
  };
  void run();
  std::optional<Job> take();  // under the lock
  Result<std::string> post(const Job& job);

  const FlowFunctionsOptions options_;
  store::Store& store_;
  store::Sealer& sealer_;
  const std::function<Now()> clock_;
  const Answer answer_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Job> jobs_;
  std::map<std::string, std::size_t> busy_;   // by function
  std::set<net::HttpClient*> clients_;        // under way
  bool stop_ = false;
  Counters counters_;
  std::vector<std::thread> threads_;
};

}  // namespace upcall::service
