// Time as data. Cores get `now` with each input and never ask a clock.
#pragma once

#include <compare>
#include <cstdint>
#include <limits>

namespace upcall {

// A span of time in nanoseconds. Value type, any thread.
class Duration {
 public:
  constexpr Duration() = default;
  static constexpr Duration ns(std::int64_t v) { return Duration(v); }
  static constexpr Duration us(std::int64_t v) { return Duration(v * 1'000); }
  static constexpr Duration ms(std::int64_t v) { return Duration(v * 1'000'000); }
  static constexpr Duration s(std::int64_t v) { return Duration(v * 1'000'000'000); }
  static constexpr Duration max() { return Duration(std::numeric_limits<std::int64_t>::max()); }

  constexpr std::int64_t ns() const { return ns_; }
  constexpr std::int64_t us() const { return ns_ / 1'000; }
  constexpr std::int64_t ms() const { return ns_ / 1'000'000; }
  constexpr double seconds() const { return static_cast<double>(ns_) / 1e9; }

  constexpr auto operator<=>(const Duration&) const = default;
  constexpr Duration operator+(Duration o) const { return Duration(ns_ + o.ns_); }
  constexpr Duration operator-(Duration o) const { return Duration(ns_ - o.ns_); }
  constexpr Duration operator-() const { return Duration(-ns_); }
  constexpr Duration operator*(std::int64_t k) const { return Duration(ns_ * k); }
  constexpr Duration operator/(std::int64_t k) const { return Duration(ns_ / k); }
  constexpr Duration& operator+=(Duration o) { ns_ += o.ns_; return *this; }

 private:
  constexpr explicit Duration(std::int64_t v) : ns_(v) {}
  std::int64_t ns_ = 0;
};

// A point of the monotonic clock of one host (steady, never set). Only differences mean anything.
class Instant {
 public:
  constexpr Instant() = default;
  static constexpr Instant from_ns(std::int64_t v) { return Instant(v); }
  static constexpr Instant from_ms(std::int64_t v) { return Instant(v * 1'000'000); }
  // "No deadline": later than every instant.
  static constexpr Instant never() { return Instant(std::numeric_limits<std::int64_t>::max()); }

  constexpr std::int64_t ns() const { return ns_; }
  constexpr std::int64_t us() const { return ns_ / 1'000; }
  constexpr std::int64_t ms() const { return ns_ / 1'000'000; }
  constexpr bool is_never() const { return ns_ == never().ns_; }

  constexpr auto operator<=>(const Instant&) const = default;
  constexpr Instant operator+(Duration d) const { return Instant(ns_ + d.ns()); }
  constexpr Instant operator-(Duration d) const { return Instant(ns_ - d.ns()); }
  constexpr Duration operator-(Instant o) const { return Duration::ns(ns_ - o.ns_); }

 private:
  constexpr explicit Instant(std::int64_t v) : ns_(v) {}
  std::int64_t ns_ = 0;
};

// Milliseconds since 1970-01-01 UTC: what people and files see. Never used to measure a duration.
class WallTime {
 public:
  constexpr WallTime() = default;
  static constexpr WallTime from_unix_ms(std::int64_t v) { return WallTime(v); }
  constexpr std::int64_t unix_ms() const { return unix_ms_; }
  constexpr auto operator<=>(const WallTime&) const = default;
  constexpr WallTime operator+(Duration d) const { return WallTime(unix_ms_ + d.ms()); }
  constexpr WallTime operator-(Duration d) const { return WallTime(unix_ms_ - d.ms()); }
  constexpr Duration operator-(WallTime o) const { return Duration::ms(unix_ms_ - o.unix_ms_); }

 private:
  constexpr explicit WallTime(std::int64_t v) : unix_ms_(v) {}
  std::int64_t unix_ms_ = 0;
};

// Both clocks read at one moment; the shell makes it, cores receive it.
struct Now {
  Instant mono;
  WallTime wall;
};

}  // namespace upcall
