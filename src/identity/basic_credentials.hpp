// "Authorization: Basic …" (RFC 7617): what git sends. Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace upcall::identity {

inline constexpr std::size_t kBasicMax = 1024;  // of the header's value

struct BasicCredentials {
  std::string user, password;
};
// `unsupported`: another scheme; `too_long`; `malformed`: no base64, no colon, or bytes below 0x20.
ParseResult<BasicCredentials> parse_basic(std::string_view header);

}  // namespace upcall::identity
