#include "base/net_address.hpp"

#include <arpa/inet.h>

namespace upcall {

std::string ip_text(const NetAddress& address) {
  char text[INET6_ADDRSTRLEN] = {};
  inet_ntop(address.is_ipv6 ? AF_INET6 : AF_INET, address.ip.data(), text, sizeof text);
  return text;
}

ParseResult<NetAddress> parse_ip(std::string_view ip, std::uint16_t port) {
  const std::string text(ip);
  NetAddress out;
  out.port = port;
  if (inet_pton(AF_INET, text.c_str(), out.ip.data()) == 1) return out;
  out.is_ipv6 = true;
  if (inet_pton(AF_INET6, text.c_str(), out.ip.data()) == 1) return out;
  return fail(ParseError::malformed);
}

}  // namespace upcall
