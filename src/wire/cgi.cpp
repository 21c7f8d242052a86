#include "wire/cgi.hpp"

#include <algorithm>

namespace upcall::wire {

namespace {

bool is_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-'; });
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return out;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// "404 Not Found"
bool take_status(std::string_view value, int& status) {
  if (value.size() < 3 || (value.size() > 3 && value[3] != ' ')) return false;
  int out = 0;
  for (const char c : value.substr(0, 3)) {
    if (c < '0' || c > '9') return false;
    out = out * 10 + (c - '0');
  }
  if (out < 200 || out > 599) return false;
  status = out;
  return true;
}

}  // namespace

ParseResult<CgiHead> parse_cgi_head(std::string_view text) {
  CgiHead out;
  bool status_given = false;
  std::size_t at = 0;
  for (;;) {
    const std::size_t end = text.find('\n', at);
    if (end == std::string_view::npos) return fail(text.size() >= kCgiHeadMax ? ParseError::too_long : ParseError::truncated);
    if (end >= kCgiHeadMax) return fail(ParseError::too_long);
    std::string_view line = text.substr(at, end - at);
    if (line.ends_with('\r')) line.remove_suffix(1);
    at = end + 1;
    if (line.empty()) break;
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || !is_name(line.substr(0, colon))) return fail(ParseError::malformed);
    const std::string name = lower(line.substr(0, colon));
    const std::string_view value = trimmed(line.substr(colon + 1));
    const bool printable = std::all_of(value.begin(), value.end(), [](char c) { return c == '\t' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f); });
    if (!printable) return fail(ParseError::malformed);
    if (name == "status") {
      if (status_given || !take_status(value, out.response.status)) return fail(ParseError::malformed);
      status_given = true;
    } else if (name != "content-length" && name != "transfer-encoding" && name != "connection") {
      out.response.set(name, std::string(value));
    }
  }
  out.body_begin = at;
  return out;
}

}  // namespace upcall::wire
