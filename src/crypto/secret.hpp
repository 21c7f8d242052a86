// Memory that held a key is overwritten before it is given back.
#pragma once

#include <array>
#include <cstdint>

#include "base/bytes.hpp"

namespace upcall::crypto {

// Overwrites `memory` in a way the compiler may not remove.
void wipe(MutBytes memory);

// A fixed-size key by value; wiped when it goes out of scope. Copies are allowed and wipe themselves too.
template <std::size_t N>
struct Secret {
  std::array<std::uint8_t, N> value{};

  Secret() = default;
  Secret(const Secret&) = default;
  Secret& operator=(const Secret&) = default;
  ~Secret() { wipe(value); }

  Bytes bytes() const { return value; }
  MutBytes bytes() { return value; }
};

}  // namespace upcall::crypto
