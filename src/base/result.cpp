#include "base/result.hpp"

namespace upcall {

std::string_view to_string(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid_argument: return "invalid_argument";
    case ErrorCode::unauthenticated: return "unauthenticated";
    case ErrorCode::forbidden: return "forbidden";
    case ErrorCode::not_found: return "not_found";
    case ErrorCode::conflict: return "conflict";
    case ErrorCode::gone: return "gone";
    case ErrorCode::too_large: return "too_large";
    case ErrorCode::exhausted: return "exhausted";
    case ErrorCode::unavailable: return "unavailable";
    case ErrorCode::corrupt: return "corrupt";
    case ErrorCode::internal: return "internal";
  }
  return "internal";
}

ErrorCode error_code_from(std::string_view text) {
  for (int i = 0; i <= static_cast<int>(ErrorCode::internal); ++i) {
    if (to_string(static_cast<ErrorCode>(i)) == text) return static_cast<ErrorCode>(i);
  }
  return ErrorCode::internal;
}

std::string_view to_string(ParseError error) {
  switch (error) {
    case ParseError::truncated: return "truncated";
    case ParseError::malformed: return "malformed";
    case ParseError::unsupported: return "unsupported";
    case ParseError::too_long: return "too_long";
    case ParseError::bad_integrity: return "bad_integrity";
  }
  return "malformed";
}

}  // namespace upcall
