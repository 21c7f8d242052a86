#include "api/common/rate_limiter.hpp"

#include <algorithm>

namespace upcall::api {

RateLimiter::Bucket& RateLimiter::bucket(std::string_view key, Instant now) {
  if (const auto found = buckets_.find(key); found != buckets_.end()) {
    by_use_.splice(by_use_.begin(), by_use_, found->second);
    Bucket& b = by_use_.front();
    if (now > b.at) b.tokens = std::min(burst_, b.tokens + (now - b.at).seconds() * per_second_);
    b.at = std::max(b.at, now);
    return b;
  }
  if (buckets_.size() >= max_keys_) {
    buckets_.erase(by_use_.back().key);
    by_use_.pop_back();
  }
  by_use_.push_front({std::string(key), burst_, now});
  buckets_.emplace(by_use_.front().key, by_use_.begin());
  return by_use_.front();
}

bool RateLimiter::allow(std::string_view key, Instant now) {
  std::lock_guard guard(mutex_);
  Bucket& b = bucket(key, now);
  if (b.tokens < 1) return false;
  b.tokens -= 1;
  return true;
}

bool RateLimiter::has(std::string_view key, Instant now) {
  std::lock_guard guard(mutex_);
  return bucket(key, now).tokens >= 1;
}

void RateLimiter::charge(std::string_view key, Instant now) {
  std::lock_guard guard(mutex_);
  Bucket& b = bucket(key, now);
  b.tokens = std::max(0.0, b.tokens - 1);
}

}  // namespace upcall::api
