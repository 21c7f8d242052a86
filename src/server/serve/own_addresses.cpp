#include "server/serve/own_addresses.hpp"

#include <algorithm>

#include "server/serve/media_addresses.hpp"

namespace upcall::server {

bool is_wildcard(const std::string& address) { return address == "0.0.0.0" || address == "::"; }

std::string host_text(const std::string& address) {
  return address.find(':') != std::string::npos ? "[" + address + "]" : address;
}

std::vector<std::string> reachable_names(const std::string& address) {
  std::vector<std::string> out;
  if (is_wildcard(address)) {
    if (const auto found = media_addresses({"auto"}, 0)) {
      for (const udp::MediaAddress& a : *found) {
        if (a.advertised.is_ipv6 && address == "0.0.0.0") continue;
        out.push_back(ip_text(a.advertised));
      }
    }
    // People type and dictate IPv4 addresses; the host's own order is kept among each kind.
    std::stable_partition(out.begin(), out.end(), [](const std::string& a) { return a.find(':') == std::string::npos && !a.starts_with("127."); });
  } else {
    out.push_back(address);
  }
  const bool loopback = std::any_of(out.begin(), out.end(), [](const std::string& a) { return a.starts_with("127.") || a == "::1"; });
  if (loopback) out.push_back("localhost");
  if (out.empty()) out.push_back("localhost");
  return out;
}

std::vector<std::string> own_origins(bool tls, const std::string& address, std::uint16_t port) {
  std::vector<std::string> out;
  for (const std::string& name : reachable_names(address)) {
    out.push_back((tls ? "https://" : "http://") + host_text(name) + ":" + std::to_string(port));
  }
  return out;
}

}  // namespace upcall::server
