// Errors as values. Cores never throw: bytes from outside give ParseResult (cheap, no allocation), everything else
// gives Result with a text that a person can act on.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <tl/expected.hpp>

namespace upcall {

// What kind of failure; adapters map it to an HTTP status, an exit code or a retry rule.
enum class ErrorCode : std::uint8_t {
  invalid_argument,   // the caller sent something wrong (400)
  unauthenticated,    // no or wrong credential (401)
  forbidden,          // known, but not allowed (403)
  not_found,          // (404)
  conflict,           // against the present state or a uniqueness rule (409)
  gone,               // existed, has ended (410)
  too_large,          // over a size limit (413)
  exhausted,          // a queue, pool, disk or rate limit is full (429/503)
  unavailable,        // the environment failed; trying again may help (503)
  corrupt,            // stored bytes are not what was written
  internal,           // our fault (500)
};

std::string_view to_string(ErrorCode code);
// The other way; what is no name of one: internal.
ErrorCode error_code_from(std::string_view text);

struct Error {
  ErrorCode code = ErrorCode::internal;
  std::string message;  // one sentence for a person; never a secret or an address
};

template <class T, class E = Error>
using Result = tl::expected<T, E>;

// Why bytes from outside were refused. Small on purpose: it is counted, not printed.
enum class ParseError : std::uint8_t { truncated, malformed, unsupported, too_long, bad_integrity };

std::string_view to_string(ParseError error);

template <class T>
using ParseResult = tl::expected<T, ParseError>;

inline tl::unexpected<Error> fail(ErrorCode code, std::string message) {
  return tl::unexpected<Error>(Error{code, std::move(message)});
}

inline tl::unexpected<ParseError> fail(ParseError error) { return tl::unexpected<ParseError>(error); }

}  // namespace upcall
