// Of a picture, in pixels.
#pragma once

#include <cstdint>

namespace upcall::rtc {

struct VideoSize {
  std::uint16_t width = 0, height = 0;
  bool operator==(const VideoSize&) const = default;
};

}  // namespace upcall::rtc
