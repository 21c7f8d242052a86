// A Janus process of its own with a video room for each call, for a measurement beside ours: its configuration in a
// temporary directory, ICE-lite, no logs. Janus passes over loopback: it needs another address, which tools/load_test.sh
// gives it in a network namespace of its own. Ends with the object. One thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "crypto/random.hpp"
#include "io/process/child_process.hpp"

namespace upcall::bench {

class JanusServer {
 public:
  ~JanusServer();
  // `program`: as /usr/bin/janus; rooms are numbered from 1. Ready when it answers on its WebSocket port.
  Result<void> start(const std::string& program, std::size_t rooms, const std::vector<int>& processors);
  std::string url() const { return "ws://127.0.0.1:" + std::to_string(port_) + "/"; }
  pid_t pid() const { return child_->pid(); }

 private:
  Result<void> write_configuration(std::size_t rooms);
  crypto::SystemRandom random_;
  process::ChildHost host_;
  std::unique_ptr<process::ChildProcess> child_;
  std::string directory_;
  std::uint16_t port_ = 0;
};

}  // namespace upcall::bench
