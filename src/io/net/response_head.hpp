// The head of an HTTP/1.1 response as text (RFC 9112 §4). Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.hpp"
#include "wire/http.hpp"

namespace upcall::net {

std::string_view reason_phrase(int status);

// Status line, the response's headers, and those that belong to the connection: date, content-length, connection,
// x-request-id. Headers of the response that could split it (bytes below 0x20, no token as name) and those that the
// connection owns are left out. `body_length`: what GET would send, or nothing for a body in chunks; no length is written for
// 1xx, 204 and 304.
std::string response_head(const wire::HttpResponse& response, std::optional<std::uint64_t> body_length, bool keep_alive,
                          std::string_view request_id, WallTime now);

}  // namespace upcall::net
