// Internal to io/net: a client's connection to an origin, plain or TLS.
#pragma once

#include <memory>
#include <string>

#include "base/result.hpp"
#include "io/net/transport_internal.hpp"
#include "wire/url.hpp"

namespace upcall::net {

struct ClientTrust {
  std::string ca_pem;
  bool insecure = false;
};

// A context that verifies chain and name (unless insecure).
Result<std::shared_ptr<asio::ssl::context>> make_client_tls(const ClientTrust& trust);

struct ConnectRules {
  bool verify = true;        // the certificate's name
  bool public_only = false;  // see HttpClientOptions
};

// Resolves, connects, and shakes hands when the URL asks for TLS. `tls` may be null for a plain URL and must outlive
// the transport. The name is resolved on the calling thread. `why`, when given, gets the system's or TLS' error.
asio::awaitable<Result<std::shared_ptr<Transport>>> connect_to(asio::any_io_executor executor, wire::Url url,
                                                               asio::ssl::context* tls, ConnectRules rules,
                                                               Duration timeout, error_code* why = nullptr);

}  // namespace upcall::net
