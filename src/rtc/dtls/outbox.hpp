// Datagrams that one call to a DtlsTransport wants to send.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>

#include "base/bytes.hpp"

namespace upcall::dtls {

inline constexpr std::size_t kMtu = 1200;  // bytes of UDP payload: passes every path that WebRTC passes

// Bounded and reusable: one a worker is enough. The caller sends and clears after each call. What does not fit is
// lost like a lost datagram, and repeated by DTLS.
class DtlsOutbox {
 public:
  static constexpr std::size_t kCapacity = 16;  // a whole flight takes 2-4

  std::size_t size() const { return count_; }
  Bytes operator[](std::size_t i) const { return Bytes(items_[i].data).first(items_[i].size); }
  void clear() { count_ = 0; }

  bool push(Bytes datagram) {
    if (count_ == kCapacity || datagram.size() > kMtu) return false;
    Item& item = items_[count_++];
    item.size = datagram.size();
    std::memcpy(item.data.data(), datagram.data(), datagram.size());
    return true;
  }

 private:
  struct Item {
    std::size_t size = 0;
    std::array<std::uint8_t, kMtu> data;
  };
  std::array<Item, kCapacity> items_;
  std::size_t count_ = 0;
};

}  // namespace upcall::dtls
