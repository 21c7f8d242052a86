// What is left of a server whose successor has taken over: its calls. Signalling sockets that are open stay here, whoever has to
// reconnect comes through the successor (HttpServerOptions::relay), and what the successor's people and flows do to these
// meetings is seen in the store that both have: a meeting that ended there ends here. It is over when no meeting and no
// capture is left; a recording whose capture has ended is finished by the successor.
//
// Threads: start and the destructor on one; it has its own.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>

#include "base/rng.hpp"
#include "io/net/admin_socket.hpp"
#include "io/net/http_server.hpp"
#include "io/store/store.hpp"
#include "service/meetings/meeting_runtime.hpp"
#include "service/recording/recording_service.hpp"
#include "wire/http.hpp"

namespace upcall::server {

struct DrainHostOptions {
  std::string data_dir;
  std::string instance;                    // owner of this process's leases
  Duration longest = Duration::s(12 * 3600);  // then what is left has to reconnect
  Duration look = Duration::ms(250);
  Duration empty = Duration::s(10);        // a meeting that nobody is in for so long, and that is not recorded, is given away
  std::function<bool()> busy;              // something else is still under way here
  std::function<void()> over;              // once, on its own thread
};

class DrainHost {
 public:
  // References must outlive it.
  static Result<std::unique_ptr<DrainHost>> start(DrainHostOptions options, store::Store& store, service::MeetingRuntime& runtime,
                                                  service::RecordingService& recordings, RandomSource& random);
  ~DrainHost();

 private:
  DrainHost(DrainHostOptions options, store::Store& store, service::MeetingRuntime& runtime, service::RecordingService& recordings);
  std::string answer(std::string_view line);
  void run();
  void look_at(const std::string& meeting_id);
  std::set<std::string> hosted() const;

  struct Hosted {
    std::string external_id;
    std::set<std::string> removed;         // attendees whose removal the room knows of
    std::optional<Instant> empty_since;
  };

  const DrainHostOptions options_;
  store::Store& store_;
  service::MeetingRuntime& runtime_;
  service::RecordingService& recordings_;
  wire::Router router_;
  std::unique_ptr<net::HttpServer> control_;     // of relayed signalling sockets, on loopback
  std::unique_ptr<net::AdminSocketServer> socket_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool stop_ = false;
  bool told_over_ = false;
  bool told_to_stop_ = false;                    // whatever calls are left
  std::map<std::string, Hosted> meetings_;       // by meeting id
  Instant begun_;
  std::thread thread_;
};

}  // namespace upcall::server
