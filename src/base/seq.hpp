// Counters that wrap. Everything that remembers a counter remembers the unwrapped 64-bit form.
#pragma once

#include <cstdint>
#include <type_traits>

namespace upcall {

// RFC 1982-style comparison: is `a` later than `b`, given that they are less than half the circle apart?
template <class T>
constexpr bool seq_newer(T a, T b) {
  static_assert(std::is_unsigned_v<T>);
  return a != b && static_cast<T>(a - b) < (T(1) << (sizeof(T) * 8 - 1));
}

// Extends a wrapping counter to 64 bits, following jumps of up to half the circle either way. The first value lies one
// circle up, so that values shortly before the first one stay positive.
template <class T>
class Unwrapper {
 public:
  constexpr std::int64_t unwrap(T value) {
    if (!started_) {
      started_ = true;
      last_ = static_cast<std::int64_t>(value) + (std::int64_t(1) << (sizeof(T) * 8));
      return last_;
    }
    const T delta = static_cast<T>(value - static_cast<T>(last_));
    const std::int64_t out =
        last_ + static_cast<std::int64_t>(static_cast<std::make_signed_t<T>>(delta));
    if (out > last_) last_ = out;
    return out;
  }
  constexpr bool started() const { return started_; }
  constexpr std::int64_t highest() const { return last_; }
  constexpr void reset() { started_ = false; }

 private:
  std::int64_t last_ = 0;
  bool started_ = false;
};

}  // namespace upcall
