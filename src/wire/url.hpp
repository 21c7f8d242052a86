// The parts of an absolute URL that a client needs to connect (RFC 3986 §3; http, https, ws, wss only; no user part).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace upcall::wire {

struct Url {
  bool tls = false;
  std::string host;       // without brackets
  std::uint16_t port = 0; // default of the scheme filled in
  std::string target;     // path and query, at least "/"; the fragment is dropped

  // "host", "host:8080", "[::1]:8080": the Host header's value.
  std::string authority() const;
};

ParseResult<Url> parse_url(std::string_view text);

}  // namespace upcall::wire
