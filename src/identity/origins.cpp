#include "identity/origins.hpp"

#include <algorithm>
#include <array>

namespace upcall::identity {
namespace {

bool is_host_character(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-'; }

// "example.com", "192.0.2.7", "[2001:db8::7]".
bool is_host(std::string_view host) {
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
    return host.find(':') != std::string_view::npos && host.find_first_not_of("0123456789abcdef:.") == std::string_view::npos;
  }
  return !host.empty() && host.size() <= 253 && host.front() != '.' && std::all_of(host.begin(), host.end(), is_host_character);
}

template <class F>
void each_entry(std::string_view list, F&& f) {
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    std::string_view entry = list.substr(0, comma);
    while (entry.starts_with(' ')) entry.remove_prefix(1);
    while (entry.ends_with(' ')) entry.remove_suffix(1);
    if (!entry.empty()) f(entry);
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
}

}  // namespace

std::optional<std::string> normal_origin(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  const bool tls = out.starts_with("https://");
  if (!tls && !out.starts_with("http://")) return std::nullopt;
  const std::string_view authority = std::string_view(out).substr(tls ? 8 : 7);
  const std::size_t colon = authority.ends_with(']') ? std::string_view::npos : authority.rfind(':');
  if (!is_host(authority.substr(0, colon))) return std::nullopt;
  if (colon == std::string_view::npos) return out;
  const std::string_view port = authority.substr(colon + 1);
  if (port.empty() || port.size() > 5 || port.front() == '0' || port.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  if (port.size() == 5 && port > "65535") return std::nullopt;
  if (port == (tls ? "443" : "80")) out.resize(out.size() - port.size() - 1);
  return out;
}

bool is_listed(std::string_view list, std::string_view origin) {
  bool found = false;
  each_entry(list, [&](std::string_view entry) { found = found || entry == "*" || entry == origin; });
  return found;
}

OriginLists origin_lists(std::string_view path) {
  struct Row {
    std::string_view prefix;
    OriginLists lists;
  };
  // The first that fits.
  static constexpr std::array kRows{
      Row{"/api/chat/", {.customers = true}},
      Row{"/api/meeting/", {.customers = true}},
      Row{"/aws/participant/", {.customers = true, .agents = true}},
      Row{"/control/", {.customers = true, .agents = true}},
      Row{"/api/", {.agents = true}},
      Row{"/oauth2/", {.agents = true}},
      Row{"/.well-known/", {.agents = true}},
  };
  for (const Row& row : kRows) {
    if (path.starts_with(row.prefix)) return row.lists;
  }
  return {};
}

std::string frame_ancestors(std::string_view approved) {
  std::string out;
  each_entry(approved, [&](std::string_view entry) {
    // What the parameter took is an origin; a row that somebody has written by hand must not become more of a policy.
    if (const auto origin = normal_origin(entry)) out += " " + *origin;
  });
  return out.empty() ? "'none'" : "'self'" + out;
}

}  // namespace upcall::identity
