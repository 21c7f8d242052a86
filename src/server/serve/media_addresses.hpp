// Which addresses media is received on, from the command line's words.
#pragma once

#include <string>
#include <vector>

#include "io/udp/media_thread.hpp"

namespace upcall::server {

// "auto": every global address of this host, then loopback (browsers ignore loopback unless told otherwise).
// "ADVERTISED" or "ADVERTISED=BIND": for a host behind a 1:1 NAT.
Result<std::vector<udp::MediaAddress>> media_addresses(const std::vector<std::string>& words, std::uint16_t port);

}  // namespace upcall::server
