#include "server/serve/media_addresses.hpp"

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>

#include <cstring>

namespace upcall::server {

namespace {

bool is_link_local(const NetAddress& a) {
  return a.is_ipv6 ? a.ip[0] == 0xfe && (a.ip[1] & 0xc0) == 0x80 : a.ip[0] == 169 && a.ip[1] == 254;
}

std::vector<udp::MediaAddress> automatic(std::uint16_t port) {
  std::vector<udp::MediaAddress> global, loopback;
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) == 0) {
    for (const ifaddrs* i = list; i != nullptr; i = i->ifa_next) {
      if (i->ifa_addr == nullptr || (i->ifa_flags & IFF_UP) == 0) continue;
      NetAddress address;
      address.port = port;
      if (i->ifa_addr->sa_family == AF_INET) {
        std::memcpy(address.ip.data(), &reinterpret_cast<const sockaddr_in*>(i->ifa_addr)->sin_addr, 4);
      } else if (i->ifa_addr->sa_family == AF_INET6) {
        address.is_ipv6 = true;
        std::memcpy(address.ip.data(), &reinterpret_cast<const sockaddr_in6*>(i->ifa_addr)->sin6_addr, 16);
      } else {
        continue;
      }
      if (is_link_local(address)) continue;
      ((i->ifa_flags & IFF_LOOPBACK) != 0 ? loopback : global).push_back({address, address});
    }
    ::freeifaddrs(list);
  }
  global.insert(global.end(), loopback.begin(), loopback.end());
  if (global.size() > 8) global.resize(8);
  return global;
}

}  // namespace

Result<std::vector<udp::MediaAddress>> media_addresses(const std::vector<std::string>& words, std::uint16_t port) {
  std::vector<udp::MediaAddress> out;
  for (const std::string& word : words.empty() ? std::vector<std::string>{"auto"} : words) {
    if (word == "auto") {
      const auto found = automatic(port);
      out.insert(out.end(), found.begin(), found.end());
      continue;
    }
    const std::size_t equals = word.find('=');
    const auto advertised = parse_ip(std::string_view(word).substr(0, equals), port);
    const auto bind = equals == std::string::npos ? advertised : parse_ip(std::string_view(word).substr(equals + 1), port);
    if (!advertised || !bind) {
      return fail(ErrorCode::invalid_argument, "--media-address takes auto, an IP address, or ADVERTISED=BIND; not \"" + word + "\"");
    }
    out.push_back({*advertised, *bind});
  }
  if (out.empty()) return fail(ErrorCode::unavailable, "this host has no address to receive media on; give --media-address");
  return out;
}

}  // namespace upcall::server
