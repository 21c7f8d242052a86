// Tells webhooks and command hooks of the outbox's events: signed, in order a meeting, retried for 24 hours, with stable
// ids. Each hook has a thread of its own, so one that hangs delays nobody.
//
// A command hook ("command:/path/program") is run for each event: the message on its standard input, and for a stored
// recording an address in data.recordingURL from which this one film can be read for an hour. Exit status 0 is success.
//
// Threads: members from any thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "base/rng.hpp"
#include "io/process/child_process.hpp"
#include "io/store/sealer.hpp"
#include "io/store/store.hpp"
#include "io/store/webhook_repository.hpp"
#include "service/hooks/hook_message.hpp"

namespace upcall::service {

struct HookServiceOptions {
  std::string public_url;                        // of this server, for data.playbackURL
  // An address for a command hook to read a stored film from.
  std::function<std::string(const std::string& recording_id)> film_address;
  Duration timeout = Duration::s(10);            // of each piece of an HTTP exchange
  Duration command_timeout = Duration::s(600);
};

class HookService {
 public:
  // References must outlive the service. reload() starts it.
  HookService(HookServiceOptions options, store::Store& store, store::Sealer& sealer, RandomSource& random, std::function<Now()> clock);
  ~HookService();
  HookService(const HookService&) = delete;
  HookService& operator=(const HookService&) = delete;

  // Takes up what was added, removed, switched on or off. Errors: the store's.
  Result<void> reload();
  // Something was put into the outbox.
  void notify();

  struct Counters {
    std::uint64_t delivered = 0, failed = 0, given_up = 0;
  };
  Counters counters() const;

 private:
  class Hook;
  friend class Hook;
  HookServiceOptions options_;
  store::Store& store_;
  store::Sealer& sealer_;
  RandomSource& random_;
  std::function<Now()> clock_;
  process::ChildHost children_;
  mutable std::mutex mutex_;
  Counters counters_;
  std::map<std::string, std::unique_ptr<Hook>> hooks_;
};

}  // namespace upcall::service
