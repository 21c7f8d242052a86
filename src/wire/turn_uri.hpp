// Addresses of TURN servers as browsers take them (RFC 7065 §3.1). Pure.
#pragma once

#include <string_view>

namespace upcall::wire {

// turn:HOST[:PORT][?transport=udp|tcp] or turns:…; a host is a name, an IPv4 address, or an IPv6 one in brackets.
bool is_turn_uri(std::string_view uri);

}  // namespace upcall::wire
