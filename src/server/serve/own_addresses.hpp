// Under which addresses clients reach this server: for URLs that we hand out, for certificates and for page policies.
// Never from a Host header.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace upcall::server {

// "0.0.0.0" and "::": every address of the host is meant.
bool is_wildcard(const std::string& listen_address);
// "[::1]" for an IPv6 address, others as they are.
std::string host_text(const std::string& address);
// Names and addresses for clients, the best first: for a wildcard the host's global addresses and loopback, otherwise
// the address itself; "localhost" where loopback is among them.
std::vector<std::string> reachable_names(const std::string& listen_address);
// "https://192.0.2.7:8443" for each of reachable_names; the first one is the default public URL.
std::vector<std::string> own_origins(bool tls, const std::string& listen_address, std::uint16_t port);

}  // namespace upcall::server
