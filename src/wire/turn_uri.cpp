#include "wire/turn_uri.hpp"

#include <algorithm>

namespace upcall::wire {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool is_port(std::string_view text) {
  return !text.empty() && text.size() <= 5 && std::all_of(text.begin(), text.end(), is_digit) && (text.size() < 5 || text <= "65535") && text != "0";
}

bool is_host(std::string_view text) {
  if (text.empty() || text.size() > 253) return false;
  if (text.front() == '[') {
    const std::string_view inside = text.substr(1, text.size() - 2);
    return text.back() == ']' && inside.size() >= 2 &&
           std::all_of(inside.begin(), inside.end(), [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == ':' || c == '.'; });
  }
  return std::all_of(text.begin(), text.end(), [](char c) { return is_digit(c) || is_letter(c) || c == '.' || c == '-'; });
}

}  // namespace

bool is_turn_uri(std::string_view uri) {
  if (uri.starts_with("turn:")) uri.remove_prefix(5);
  else if (uri.starts_with("turns:")) uri.remove_prefix(6);
  else return false;
  if (const std::size_t query = uri.find('?'); query != std::string_view::npos) {
    const std::string_view transport = uri.substr(query + 1);
    if (transport != "transport=udp" && transport != "transport=tcp") return false;
    uri = uri.substr(0, query);
  }
  const std::size_t after_host = uri.starts_with('[') ? uri.find(']') + 1 : std::min(uri.find(':'), uri.size());
  if (after_host == 0) return false;   // a bracket without its end
  const std::string_view port = uri.substr(after_host);
  return is_host(uri.substr(0, after_host)) && (port.empty() || (port.front() == ':' && is_port(port.substr(1))));
}

}  // namespace upcall::wire
