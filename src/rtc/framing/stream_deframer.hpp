// Datagrams on a stream (RFC 4571, as ICE over TCP uses it, RFC 6544 §3): two bytes of length before each. Cuts a stream
// into datagrams, whatever pieces it comes in. Fixed memory; one object a direction of a connection. One thread.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace upcall::rtc {

inline constexpr std::size_t kFrameHeaderSize = 2;

class StreamDeframer {
 public:
  // Longest datagram that is taken, as on a socket; a stream with a longer one is not of ours and must end.
  static constexpr std::size_t kDatagramMax = 1600;

  // Calls on_datagram(MutBytes) for each datagram that is complete now; the bytes live until it returns and may be
  // changed (decrypted in place). Datagrams of no length are keep-alives and left out. too_long: see kDatagramMax; the
  // stream is lost from then on.
  template <class OnDatagram>
  ParseResult<void> feed(Bytes piece, OnDatagram&& on_datagram) {
    while (!piece.empty()) {
      if (lost_) return fail(ParseError::too_long);
      if (filled_ < kFrameHeaderSize) {
        take(piece, kFrameHeaderSize - filled_);
        if (filled_ < kFrameHeaderSize) break;
        size_ = static_cast<std::size_t>(buffer_[0]) << 8 | buffer_[1];
        if (size_ > kDatagramMax) {
          lost_ = true;
          return fail(ParseError::too_long);
        }
      }
      take(piece, kFrameHeaderSize + size_ - filled_);
      if (filled_ < kFrameHeaderSize + size_) break;
      filled_ = 0;
      if (size_ > 0) on_datagram(MutBytes(buffer_).subspan(kFrameHeaderSize, size_));
    }
    return {};
  }

 private:
  void take(Bytes& piece, std::size_t wanted) {
    const std::size_t n = std::min(wanted, piece.size());
    std::copy_n(piece.begin(), n, buffer_.begin() + static_cast<std::ptrdiff_t>(filled_));
    filled_ += n;
    piece = piece.subspan(n);
  }

  std::array<std::uint8_t, kFrameHeaderSize + kDatagramMax> buffer_;
  std::size_t filled_ = 0, size_ = 0;
  bool lost_ = false;
};

}  // namespace upcall::rtc
