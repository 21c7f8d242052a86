// The whole of `upcall serve`: opens the data directory, takes up what an earlier life left, serves until told to stop.
//
// Threads: start and the destructor on one thread; drain() from any.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"

namespace upcall::server {

class Takeover;

struct ServerOptions {
  std::string data_dir;
  std::string master_key_command;            // a program that prints the master key; empty: as before, at first a file
  std::string listen = "127.0.0.1:8080";     // ADDR:PORT; port 0: any free one
  std::string public_url;                    // empty: whichever address a client has reached
  std::vector<std::string> media_addresses;  // "auto" or ADVERTISED[=BIND]; empty: auto
  std::uint16_t media_port = 40000;          // 0: any free one
  std::vector<std::string> turn_uris;        // instead of the parameter turnServers; with
  std::string turn_secret_file;              // a file that holds the secret shared with them
  std::string tls_cert, tls_key;             // files; or
  bool tls_self_signed = false;
  bool demo_routing = false;
  std::string web_directory;                 // empty: beside this program (build/web, or share/upcall/web)
  std::string recorder_program;              // empty: upcall-recorder beside this program
  std::string events_if;                     // a path: while it exists at the start, the end of a meeting stops its recording; empty: always
  std::string log_level = "info";
  std::string log_file;                      // empty: standard error
  std::uint64_t spool_limit_mib = 0;         // of all journals together; 0: the disk's own limit
  // Of one address; 0: no limit. Unset: the HTTP server's own limit, and none for loopback.
  std::optional<std::size_t> connections_per_peer;
  // What requests take for now, so that tests see tokens expire; empty: the system's clock. Timers and media run on
  // the system's clock whatever stands here. Called from several threads.
  std::function<Now()> clock;
  // Handing over to another release (handover.hpp). `program` and `arguments`: what this process was started with.
  std::string program;
  std::vector<std::string> arguments;
  std::shared_ptr<Takeover> takeover;        // this process was started by one that hands over; null: it was not
  Duration drain_longest = Duration::s(12 * 3600);   // of calls that are left behind; then they reconnect
  // This process is done: its calls have ended after a handover (true), or nobody could take over and nothing serves (false).
  std::function<void(bool well)> over;
};

class Server {
 public:
  static Result<std::unique_ptr<Server>> start(const ServerOptions& options);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // "http://127.0.0.1:8080": where it listens.
  const std::string& url() const;
  // Takes up a new certificate and opens the log file anew, where there are such. Open connections go on. Any thread.
  void reload();
  // Tells clients to reconnect, lets requests end; recordings in progress are taken up by the next start.
  void drain(Duration deadline);
  // True: another process serves, only calls are left here.
  bool handed_over() const;

 private:
  struct Parts;
  explicit Server(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace upcall::server
