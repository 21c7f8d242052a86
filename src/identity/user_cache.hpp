// The original's user cache: group and profiles of a user as last read, for 12 hours. Decisions do not use it: they read
// the store at each request (design §5), so that a change counts at once. It is kept for those who ask for it by its route.
#pragma once

#include <string>
#include <string_view>

#include "base/time.hpp"
#include "identity/principal.hpp"

namespace upcall::identity {

inline constexpr Duration kUserCacheLife = Duration::s(12 * 3600);
inline constexpr Duration kUserCacheFresh = Duration::s(5 * 60);

struct CachedUser {
  std::string text;  // of cached_text()
  WallTime written;
};

// Username, group and profiles of a principal, to be compared.
std::string cached_text(const Principal& principal);
// True when it is older than five minutes, over, or not what is true now.
bool needs_refresh(const CachedUser& cached, std::string_view truth, WallTime now);

}  // namespace upcall::identity
