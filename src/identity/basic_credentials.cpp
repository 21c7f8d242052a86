#include "identity/basic_credentials.hpp"

#include <algorithm>

#include "base/bytes.hpp"

namespace upcall::identity {

ParseResult<BasicCredentials> parse_basic(std::string_view header) {
  constexpr std::string_view kScheme = "basic ";
  if (header.size() > kBasicMax) return fail(ParseError::too_long);
  const bool basic = header.size() >= kScheme.size() && std::equal(kScheme.begin(), kScheme.end(), header.begin(), [](char a, char b) { return a == (b >= 'A' && b <= 'Z' ? static_cast<char>(b + 32) : b); });
  if (!basic) return fail(ParseError::unsupported);
  std::string text(header.substr(kScheme.size()));
  while (text.starts_with(' ')) text.erase(0, 1);
  while (text.ends_with('=')) text.pop_back();
  for (char& c : text) {
    if (c == '-' || c == '_') return fail(ParseError::malformed);  // the other alphabet
    c = c == '+' ? '-' : c == '/' ? '_' : c;
  }
  const auto bytes = from_base64url(text);
  if (!bytes) return fail(ParseError::malformed);
  const std::string decoded(bytes->begin(), bytes->end());
  if (std::any_of(decoded.begin(), decoded.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; })) return fail(ParseError::malformed);
  const std::size_t colon = decoded.find(':');
  if (colon == std::string::npos) return fail(ParseError::malformed);
  return BasicCredentials{decoded.substr(0, colon), decoded.substr(colon + 1)};
}

}  // namespace upcall::identity
