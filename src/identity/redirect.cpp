#include "identity/redirect.hpp"

#include <algorithm>

namespace upcall::identity {
namespace {

constexpr std::size_t kMax = 2000;

// Visible ASCII without what browsers repair: blanks, quotes, angles, backslashes.
bool is_plain(std::string_view text) {
  return text.size() <= kMax && std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f && c != '\\' && c != '"' && c != '<' && c != '>'; });
}

}  // namespace

bool is_local_path(std::string_view text) { return is_plain(text) && text.starts_with('/') && !text.starts_with("//"); }

std::string origin_of(std::string_view uri) {
  const std::size_t scheme = uri.find("://");
  if (scheme == std::string_view::npos) return {};
  const std::size_t end = std::min(uri.find_first_of("/?#", scheme + 3), uri.size());
  return std::string(uri.substr(0, end));
}

bool is_registrable_redirect(std::string_view uri) {
  if (!is_plain(uri) || uri.find('#') != std::string_view::npos) return false;
  const std::string origin = origin_of(uri);
  const std::size_t host_at = origin.find("://");
  if (host_at == std::string::npos || origin.find('@') != std::string::npos) return false;
  const std::string_view host = std::string_view(origin).substr(host_at + 3);
  if (host.empty() || host.front() == ':') return false;
  if (origin.starts_with("https://")) return true;
  if (!origin.starts_with("http://")) return false;
  const std::string_view name = host.starts_with('[') ? host.substr(0, host.find(']') + 1) : host.substr(0, host.find(':'));
  return name == "localhost" || name == "127.0.0.1" || name == "[::1]";
}

bool is_registered(std::span<const std::string> registered, std::string_view uri) {
  return std::find(registered.begin(), registered.end(), uri) != registered.end();
}

}  // namespace upcall::identity
