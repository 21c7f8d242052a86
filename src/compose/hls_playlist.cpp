#include "compose/hls_playlist.hpp"

#include <algorithm>
#include <cstdio>

namespace upcall::compose {

namespace {
// Fragments are two seconds long, three when a still picture delays the key frame. The figure must not change while the
// playlist grows (§6.2.1).
constexpr std::int64_t kTargetSeconds = 4;
}  // namespace

std::string hls_playlist(const FilmIndex& film, std::string_view uri, bool over) {
  const std::int64_t fps = std::max(film.fps(), 1);
  std::int64_t target = kTargetSeconds;
  for (std::size_t i = 0; i < film.fragments().size(); ++i) target = std::max(target, (film.ticks_of(i) + fps - 1) / fps);
  std::string out = "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:" + std::to_string(target) +
                    "\n#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-PLAYLIST-TYPE:EVENT\n#EXT-X-INDEPENDENT-SEGMENTS\n";
  out += "#EXT-X-MAP:URI=\"" + std::string(uri) + "\",BYTERANGE=\"" + std::to_string(film.header_bytes()) + "@0\"\n";
  for (std::size_t i = 0; i < film.fragments().size(); ++i) {
    const FilmIndex::Fragment& f = film.fragments()[i];
    char duration[32];
    std::snprintf(duration, sizeof duration, "%.5f", static_cast<double>(film.ticks_of(i)) / static_cast<double>(fps));
    out += std::string("#EXTINF:") + duration + ",\n#EXT-X-BYTERANGE:" + std::to_string(f.size) + "@" +
           std::to_string(f.offset) + "\n" + std::string(uri) + "\n";
  }
  if (over) out += "#EXT-X-ENDLIST\n";
  return out;
}

}  // namespace upcall::compose
