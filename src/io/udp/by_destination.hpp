// Datagrams of a batch in an order in which those for one destination stand together, as they were among themselves: the
// kernel then takes neighbours of one length as one message (UDP_SEGMENT). A packet for many receivers is written for
// one after the other, so the parts of a picture would never be neighbours otherwise. Destinations come in the order of
// their first datagram. No allocation; one thread.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <span>

#include "sfu/outbox.hpp"

namespace upcall::udp {

class ByDestination {
 public:
  static constexpr std::size_t kMax = sfu::Outbox::kBatch;

  // Indexes into `batch`, each once; valid until the next call. At most kMax of them.
  std::span<const std::uint16_t> order(std::span<const sfu::Transmit> batch) {
    const std::size_t n = std::min(batch.size(), kMax);
    ++round_;
    std::size_t firsts = 0;
    for (std::size_t i = 0; i < n; ++i) {
      const auto index = static_cast<std::uint16_t>(i);
      next_[i] = kNone;
      std::size_t at = hash(batch[i].path) % kPlaces;
      while (places_[at].round == round_ && batch[places_[at].first].path != batch[i].path) at = (at + 1) % kPlaces;
      Place& place = places_[at];
      if (place.round == round_) {
        next_[place.last] = index;
      } else {
        place.round = round_;
        place.first = index;
        firsts_[firsts++] = index;
      }
      place.last = index;
    }
    std::size_t count = 0;
    for (std::size_t f = 0; f < firsts; ++f) {
      for (std::uint16_t i = firsts_[f]; i != kNone; i = next_[i]) order_[count++] = i;
    }
    return std::span(order_).first(count);
  }

 private:
  static constexpr std::uint16_t kNone = 0xffff;
  static constexpr std::size_t kPlaces = 2 * kMax;
  static_assert(kMax < kNone && (kPlaces & (kPlaces - 1)) == 0);
  struct Place {
    std::uint64_t round = 0;   // of which call this is; other places are free
    std::uint16_t first = 0, last = 0;
  };
  static std::size_t hash(const ice::Path& path) {
    const std::uint64_t h = (std::hash<NetAddress>{}(path.remote) ^ path.local_index) * 0x9e3779b97f4a7c15ull;
    return static_cast<std::size_t>(h >> 32);
  }

  std::uint64_t round_ = 0;
  std::array<Place, kPlaces> places_{};
  std::array<std::uint16_t, kMax> next_{}, firsts_{}, order_{};
};

}  // namespace upcall::udp
