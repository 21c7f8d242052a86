// A port of the loopback that nobody has just now: for programs that are told theirs.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>

namespace upcall::test {

// SOCK_STREAM or SOCK_DGRAM; 0 when there is none.
inline std::uint16_t free_port(int type) {
  const int fd = ::socket(AF_INET, type | SOCK_CLOEXEC, 0);
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof name;
  const bool ok = ::bind(fd, reinterpret_cast<sockaddr*>(&name), sizeof name) == 0 && ::getsockname(fd, reinterpret_cast<sockaddr*>(&name), &size) == 0;
  ::close(fd);
  return ok ? ntohs(name.sin_port) : std::uint16_t{0};
}

}  // namespace upcall::test
