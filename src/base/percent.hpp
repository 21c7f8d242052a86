// Percent-encoding (RFC 3986 §2.1).
#pragma once

#include <string>
#include <string_view>

namespace upcall {

// Everything but letters, digits, "-", ".", "_", "~" and the characters of `kept` as %XX, upper case.
std::string percent_encode(std::string_view text, std::string_view kept = {});

}  // namespace upcall
