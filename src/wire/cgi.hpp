// The head of a CGI program's answer (RFC 3875 §6.3): header lines, an empty line, then the body. Pure.
#pragma once

#include <string_view>

#include "wire/http.hpp"

namespace upcall::wire {

inline constexpr std::size_t kCgiHeadMax = 16 << 10;

struct CgiHead {
  HttpResponse response;      // status and headers; lengths and the connection are the server's own business
  std::size_t body_begin = 0; // in the text that was parsed
};

// `truncated` while the empty line has not come; `too_long` when it has not within kCgiHeadMax; `malformed`.
ParseResult<CgiHead> parse_cgi_head(std::string_view text);

}  // namespace upcall::wire
