// The unix-domain socket through which the command line administers a running server: one JSON text a line each way.
//
// The socket file has mode 0600, and the peer's user must be the server's own or root (SO_PEERCRED). Requests are served
// one after the other on the server's own thread; the handler may block.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/time.hpp"

namespace upcall::net {

inline constexpr std::size_t kAdminLineMax = 1 << 20;

class AdminSocketServer {
 public:
  // Gets one line without its end, gives one line. A '\n' inside the answer would break the framing and is replaced.
  using Handler = std::function<std::string(std::string_view request)>;

  // Replaces a stale socket file. Errors: conflict when another server answers there, invalid_argument when the path
  // is too long for a socket address (107 bytes), unavailable for what the system refuses.
  static Result<std::unique_ptr<AdminSocketServer>> start(std::string path, Handler handler);
  ~AdminSocketServer();  // ends the thread, removes the file
  // The file goes now and is another server's from here on; whoever is connected is served to the end. Also from the handler.
  void leave_path();
  AdminSocketServer(const AdminSocketServer&) = delete;
  AdminSocketServer& operator=(const AdminSocketServer&) = delete;

 private:
  struct Impl;
  explicit AdminSocketServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// One request over a connection of its own. Errors: not_found when no server listens there, unavailable (lost,
// timeout), too_large.
Result<std::string> admin_call(const std::string& path, std::string_view request, Duration timeout);

}  // namespace upcall::net
