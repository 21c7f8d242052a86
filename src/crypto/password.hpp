// Passwords: Argon2id (RFC 9106) with 19 MiB and two passes, about 40 ms of one core. The encoded form carries salt and
// parameters, so they can be raised later.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace upcall::crypto {

inline constexpr std::size_t kPasswordMin = 8;
inline constexpr std::size_t kPasswordMax = 256;

// `invalid_argument` outside kPasswordMin..kPasswordMax bytes, `unavailable` when memory is short.
Result<std::string> hash_password(std::string_view password);

// Takes the same time for an unknown user: pass an empty `encoded` then; it answers false after the full work.
bool verify_password(std::string_view encoded, std::string_view password);

// How often this thread has done the full work so far. What takes as long must count the same.
std::uint64_t password_work();

}  // namespace upcall::crypto
