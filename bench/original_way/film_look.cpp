#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include <libyuv.h>

#include "base/bytes.hpp"
#include "decode.hpp"
#include "io/media/scale.hpp"
#include "io/media/test_pattern.hpp"
#include "original_way.hpp"

namespace upcall::bench {

namespace {

constexpr int kTileWidth = 960, kTileHeight = 540, kTop = 270;
constexpr int kCompareEvery = 10;   // pictures

// The luma of a tile, without its rim and its lower part: ours has the speaker's border and a name there.
constexpr int kLeft = 16, kRimTop = 16, kWidth = kTileWidth - 2 * kLeft, kHeight = 448;
struct Tile {
  ByteVector luma;
  explicit Tile(const media::I420View& from, int x = 0, int y = 0) : luma(static_cast<std::size_t>(kWidth) * kHeight) {
    for (int row = 0; row < kHeight; ++row) {
      const std::uint8_t* line = from.y + static_cast<std::ptrdiff_t>(y + kRimTop + row) * from.stride_y + x + kLeft;
      std::copy(line, line + kWidth, luma.begin() + static_cast<std::ptrdiff_t>(row) * kWidth);
    }
  }
};

double ssim(const Tile& a, const Tile& b) { return libyuv::CalcFrameSsim(a.luma.data(), kWidth, b.luma.data(), kWidth, kWidth, kHeight); }

}  // namespace

Result<FilmLook> look_at_film(const std::string& film, const std::string& directory, double from_s, double to_s) {
  FilmLook out;
  std::set<std::uint32_t> seen[2];
  // Pictures of the film that are compared, by the clock of the camera's picture.
  std::multimap<std::uint32_t, Tile> compared[2];
  double first = -1, last = 0;
  int pictures = 0;
  auto read = decode_pictures(film, [&](double time, const media::I420View& picture) {
    if (time < from_s) return true;
    if (time >= to_s) return false;
    if (picture.width != 2 * kTileWidth || picture.height < kTop + kTileHeight) return false;
    if (first < 0) first = time;
    last = time;
    ++pictures;
    for (int who = 0; who < 2; ++who) {
      const auto code = media::read_test_pattern(picture, {who * kTileWidth, kTop, kTileWidth, kTileHeight});
      if (!code) continue;
      seen[who].insert(code->clock_ms);
      if (pictures % kCompareEvery == 0) compared[who].emplace(code->clock_ms, Tile(picture, who * kTileWidth, kTop));
    }
    return true;
  });
  if (!read) return tl::unexpected(read.error());
  if (pictures < 2) return fail(ErrorCode::corrupt, "the film is too short");
  out.seconds = (last - first) * pictures / (pictures - 1);
  out.pictures = pictures / out.seconds;
  double sum = 0;
  for (int who = 0; who < 2; ++who) {
    out.unique[who] = static_cast<double>(seen[who].size()) / out.seconds;
    media::Picture tile(kTileWidth, kTileHeight);
    std::uint32_t frame = 0;
    auto source = decode_pictures(directory + "/" + std::to_string(who + 1) + ".webm", [&](double, const media::I420View& picture) {
      // The clock of the n-th picture, as it was drawn.
      const auto clock = static_cast<std::uint32_t>(std::int64_t{frame++} * 1'000'000 / 30 / 1000);
      const auto [begin, end] = compared[who].equal_range(clock);
      if (begin == end) return true;
      media::scale(picture, tile.mut_view());
      const Tile wanted(tile.view());
      for (auto at = begin; at != end; ++at) {
        sum += ssim(wanted, at->second);
        ++out.compared;
      }
      return true;
    });
    if (!source) return tl::unexpected(source.error());
  }
  if (out.compared == 0) return fail(ErrorCode::corrupt, "no picture of the cameras is in the film");
  out.ssim = sum / out.compared;
  return out;
}

}  // namespace upcall::bench
