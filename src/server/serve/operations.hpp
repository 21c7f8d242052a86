// What an operator does to a running server that is no administration of the contact centre: certificate, log file, and
// what a doctor asks about how it was started. Include it in .cpp files only (Boost.JSON).
//
// Threads: all members from any, after construction.
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "io/metrics/metrics.hpp"
#include "io/net/http_server.hpp"
#include "io/udp/media_thread.hpp"
#include "server/serve/server.hpp"
#include "server/serve/tls_reload.hpp"

namespace upcall::server {

struct OperationFacts {
  std::string listen_address;
  std::uint16_t listen_port = 0;
  std::string url;                          // as it is handed out
  std::vector<udp::MediaAddress> media;
  std::string recorder_program, web_directory;
};

class Operations {
 public:
  // `registry` must outlive it.
  Operations(const ServerOptions& options, OperationFacts facts, metrics::Registry& registry);

  // The certificate to begin with; nothing without TLS. Errors: a sentence that says what to do.
  Result<std::optional<net::TlsIdentity>> first_identity();
  // From now on a new certificate is shown by `http`, until stop().
  void start(net::HttpServer& http);
  void stop();

  // SIGHUP: log file and certificate. What is refused is logged, and told by problems().
  void reload();
  std::vector<std::string> problems() const;
  //   tls.reload → {"fingerprint", "expires", "names", "changed"} | log.reopen → {} | serve.options
  // Nothing for any other command.
  std::optional<Result<boost::json::value>> command(std::string_view command);

 private:
  boost::json::value options_json() const;
  const ServerOptions options_;
  const OperationFacts facts_;
  std::unique_ptr<TlsReload> tls_;
};

}  // namespace upcall::server
