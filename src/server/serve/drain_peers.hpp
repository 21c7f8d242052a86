// The servers before this one that still have calls (drain_host.hpp), as this one sees them: which meetings are theirs, where
// their signalling sockets are to be carried, and what is asked of them.
//
// Threads: all members from any; it has one of its own that looks at them.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"

namespace upcall::server {

// Of the sockets of those that drain, one a process, named by its instance.
std::string drain_directory(const std::string& data_dir);

class DrainPeers {
 public:
  // Knows who is there when it returns; sockets of the dead are removed.
  explicit DrainPeers(std::string data_dir);
  ~DrainPeers();

  // `freed`: meetings have left a peer, or a peer is gone. On its own thread. Call once, after the construction.
  void watch(std::function<void()> freed);

  bool has(const std::string& meeting_id) const;
  // Of the peer that has it.
  std::optional<std::uint16_t> control_port(const std::string& meeting_id) const;
  // Nothing: no peer has the meeting. Errors are the peer's own, or unavailable.
  std::optional<Result<std::string>> recording(const std::string& meeting_id, std::string_view what, const std::string& arguments) const;
  std::vector<std::string> instances() const;
  // They end; whoever is in a call there reconnects.
  void stop_all();

  struct Counters {
    std::size_t peers = 0, meetings = 0;
  };
  Counters counters() const;

 private:
  struct Peer {
    std::string path, instance;
    std::uint16_t port = 0;
    std::set<std::string> meetings;
  };
  static Result<Peer> ask(const std::string& path);
  bool look();            // true: something was freed

  const std::string directory_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool stop_ = false;
  std::vector<Peer> peers_;
  std::function<void()> freed_;
  std::thread thread_;
};

}  // namespace upcall::server
