// Identifiers. UUIDs are text everywhere outside the media path; inside it, small integers with their own types.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <string>

#include "base/rng.hpp"

namespace upcall {

// RFC 9562 version 4, lower case with hyphens.
std::string make_uuid(RandomSource& random);
bool is_uuid(std::string_view text);

// An unguessable token of `bytes` random bytes in base64url without padding.
std::string make_token(RandomSource& random, std::size_t bytes = 32);

// A strong integer: MeetingNo and ConnectionNo cannot be mixed up.
template <class Tag, class Int = std::uint32_t>
struct StrongId {
  Int value = 0;
  constexpr auto operator<=>(const StrongId&) const = default;
  constexpr explicit operator bool() const { return value != 0; }
};

}  // namespace upcall

template <class Tag, class Int>
struct std::hash<upcall::StrongId<Tag, Int>> {
  std::size_t operator()(upcall::StrongId<Tag, Int> id) const noexcept { return std::hash<Int>{}(id.value); }
};
