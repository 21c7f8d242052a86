#include "wire/url.hpp"

#include <charconv>

namespace upcall::wire {

std::string Url::authority() const {
  std::string out = host.find(':') != std::string::npos ? "[" + host + "]" : host;
  if (port != (tls ? 443 : 80)) out += ":" + std::to_string(port);
  return out;
}

ParseResult<Url> parse_url(std::string_view text) {
  if (text.size() > 8192) return fail(ParseError::too_long);
  for (const char c : text) {
    // A control character or a space in a request line would be request splitting.
    if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7f) return fail(ParseError::malformed);
  }
  const std::size_t mark = text.find("://");
  if (mark == std::string_view::npos) return fail(ParseError::malformed);
  const std::string_view scheme = text.substr(0, mark);
  Url url;
  if (scheme == "https" || scheme == "wss") {
    url.tls = true;
  } else if (scheme != "http" && scheme != "ws") {
    return fail(ParseError::unsupported);
  }
  text.remove_prefix(mark + 3);
  const std::size_t end = std::min(text.find_first_of("/?#"), text.size());
  std::string_view authority = text.substr(0, end);
  std::string_view rest = text.substr(end);
  rest = rest.substr(0, rest.find('#'));
  url.target = rest.empty() || rest[0] != '/' ? "/" + std::string(rest) : std::string(rest);
  if (authority.find('@') != std::string_view::npos) return fail(ParseError::unsupported);

  std::string_view port;
  if (!authority.empty() && authority.front() == '[') {
    const std::size_t close = authority.find(']');
    if (close == std::string_view::npos) return fail(ParseError::malformed);
    url.host = std::string(authority.substr(1, close - 1));
    port = authority.substr(close + 1);
    if (!port.empty() && port[0] != ':') return fail(ParseError::malformed);
  } else {
    const std::size_t colon = std::min(authority.find(':'), authority.size());
    url.host = std::string(authority.substr(0, colon));
    port = authority.substr(colon);
  }
  if (url.host.empty()) return fail(ParseError::malformed);
  if (port.empty() || port == ":") {
    url.port = url.tls ? 443 : 80;
    return url;
  }
  port.remove_prefix(1);
  const auto [last, error] = std::from_chars(port.data(), port.data() + port.size(), url.port);
  if (error != std::errc{} || last != port.data() + port.size() || url.port == 0) return fail(ParseError::malformed);
  return url;
}

}  // namespace upcall::wire
