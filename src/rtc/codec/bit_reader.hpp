// Bits of a codec's headers, most significant first. Like Reader: one that ran out stays failed and answers zeros.
#pragma once

#include <cstdint>

#include "base/bytes.hpp"

namespace upcall::rtc {

class BitReader {
 public:
  explicit BitReader(Bytes bytes) : bytes_(bytes) {}

  // At most 32.
  std::uint32_t bits(unsigned count) {
    std::uint32_t v = 0;
    for (; count > 0; --count) v = v << 1 | bit();
    return v;
  }
  bool flag() { return bit() != 0; }
  void skip(unsigned count) {
    for (; count > 0; --count) bit();
  }
  // Exp-Golomb codes (ITU-T H.264 §9.1).
  std::uint32_t ue() {
    unsigned zeros = 0;
    while (ok() && bit() == 0) {
      if (++zeros > 31) {
        failed_ = true;
        return 0;
      }
    }
    return (1u << zeros) - 1 + bits(zeros);
  }
  std::int32_t se() {
    const std::uint32_t v = ue();
    return v & 1 ? static_cast<std::int32_t>(v / 2 + 1) : -static_cast<std::int32_t>(v / 2);
  }

  bool ok() const { return !failed_; }

 private:
  std::uint32_t bit() {
    if (failed_ || at_ / 8 >= bytes_.size()) {
      failed_ = true;
      return 0;
    }
    const std::uint32_t v = bytes_[at_ / 8] >> (7 - at_ % 8) & 1u;
    ++at_;
    return v;
  }

  Bytes bytes_;
  std::size_t at_ = 0;
  bool failed_ = false;
};

}  // namespace upcall::rtc
