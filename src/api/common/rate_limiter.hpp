// Token buckets by key, in bounded memory. Any thread.
#pragma once

#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/time.hpp"

namespace upcall::api {

class RateLimiter {
 public:
  // `burst` at once, then `per_second` more.
  RateLimiter(double per_second, double burst, std::size_t max_keys = 65'536)
      : per_second_(per_second), burst_(burst), max_keys_(max_keys) {}

  // Takes one token; false when there is none.
  bool allow(std::string_view key, Instant now);
  // Whether there is one, without taking it; and taking one without asking (failed log-ins).
  bool has(std::string_view key, Instant now);
  void charge(std::string_view key, Instant now);

 private:
  struct Bucket {
    std::string key;
    double tokens;
    Instant at;
  };
  Bucket& bucket(std::string_view key, Instant now);

  double per_second_, burst_;
  std::size_t max_keys_;
  std::mutex mutex_;
  std::list<Bucket> by_use_;  // last used first: the oldest is forgotten when there are too many
  std::unordered_map<std::string_view, std::list<Bucket>::iterator> buckets_;
};

}  // namespace upcall::api
