// One way between us and a peer.
#pragma once

#include <cstdint>

#include "base/net_address.hpp"

namespace upcall::ice {

// Which of our sockets, and who is at the other end.
struct Path {
  std::uint32_t local_index = 0;
  NetAddress remote;
  bool operator==(const Path&) const = default;
};

}  // namespace upcall::ice
