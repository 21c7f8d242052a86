#include "camera.hpp"

#include <algorithm>
#include <cmath>

#include "decode.hpp"
#include "io/media/scale.hpp"

namespace upcall::bench {

namespace {

constexpr int kWidth = 1280, kHeight = 720, kMargin = 64;
constexpr std::size_t kFilmPictures = 300;   // 400 MiB

// Smooth random ground: values on grids of several widths, in between by cosine. Large shapes are strong, small ones weak.
void ground(SeededRandom& random, std::uint8_t* out, int stride, int width, int height, int coarse, double contrast) {
  std::vector<double> sum(static_cast<std::size_t>(width) * static_cast<std::size_t>(height), 0);
  for (int cell = coarse; cell >= 4; cell /= 2) {
    const int columns = width / cell + 2, rows = height / cell + 2;
    std::vector<double> grid(static_cast<std::size_t>(columns) * static_cast<std::size_t>(rows));
    for (double& v : grid) v = static_cast<double>(random.below(2001)) / 1000 - 1;
    const double weight = contrast * cell / coarse;
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width; ++x) {
        const auto soft = [](double t) { return (1 - std::cos(t * M_PI)) / 2; };
        const int cx = x / cell, cy = y / cell;
        const double fx = soft(static_cast<double>(x % cell) / cell), fy = soft(static_cast<double>(y % cell) / cell);
        const auto at = [&](int gx, int gy) { return grid[static_cast<std::size_t>(gy) * static_cast<std::size_t>(columns) + static_cast<std::size_t>(gx)]; };
        const double top = at(cx, cy) * (1 - fx) + at(cx + 1, cy) * fx, bottom = at(cx, cy + 1) * (1 - fx) + at(cx + 1, cy + 1) * fx;
        sum[static_cast<std::size_t>(y) * static_cast<std::size_t>(width) + static_cast<std::size_t>(x)] += weight * (top * (1 - fy) + bottom * fy);
      }
    }
  }
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const double v = 126 + sum[static_cast<std::size_t>(y) * static_cast<std::size_t>(width) + static_cast<std::size_t>(x)];
      out[static_cast<std::ptrdiff_t>(y) * stride + x] = static_cast<std::uint8_t>(std::clamp(v, 20.0, 230.0));
    }
  }
}

}  // namespace

std::unique_ptr<Camera> Camera::drawn(std::uint64_t seed) {
  std::unique_ptr<Camera> out(new Camera(seed));
  out->scene_ = true;
  out->pictures_.push_back(std::make_unique<media::Picture>(kWidth + 2 * kMargin, kHeight + 2 * kMargin));
  const media::MutI420View v = out->pictures_[0]->mut_view();
  ground(out->random_, v.y, v.stride_y, v.width, v.height, 256, 70);
  ground(out->random_, v.u, v.stride_u, v.width / 2, v.height / 2, 128, 25);
  ground(out->random_, v.v, v.stride_v, v.width / 2, v.height / 2, 128, 25);
  return out;
}

Result<std::unique_ptr<Camera>> Camera::from_file(const std::string& file) {
  std::unique_ptr<Camera> out(new Camera(1));
  auto read = decode_pictures(file, [&](double, const media::I420View& picture) {
    auto scaled = std::make_unique<media::Picture>(kWidth, kHeight);
    // The middle of it, so that nobody gets broader.
    media::I420View part = picture;
    const int height = std::min(picture.height, picture.width * 9 / 16) & ~1, top = (picture.height - height) / 4 * 2;
    part.y += static_cast<std::ptrdiff_t>(top) * part.stride_y;
    part.u += static_cast<std::ptrdiff_t>(top / 2) * part.stride_u;
    part.v += static_cast<std::ptrdiff_t>(top / 2) * part.stride_v;
    part.height = height;
    media::scale(part, scaled->mut_view());
    out->pictures_.push_back(std::move(scaled));
    return out->pictures_.size() < kFilmPictures;
  });
  if (!read) return tl::unexpected(read.error());
  if (out->pictures_.empty()) return fail(ErrorCode::corrupt, "no pictures in " + file);
  return out;
}

void Camera::draw(std::uint32_t clock_ms, const media::MutI420View& picture) {
  if (!scene_) {
    media::scale(pictures_[clock_ms * 30ull / 1000 % pictures_.size()]->view(), picture);
    return;
  }
  const double t = clock_ms / 1000.0;
  const int x = (kMargin + static_cast<int>(40 * std::sin(t * 0.9) + 14 * std::sin(t * 3.1))) & ~1;
  const int y = (kMargin + static_cast<int>(30 * std::sin(t * 0.7 + 1) + 10 * std::sin(t * 2.3))) & ~1;
  const media::I420View from = pictures_[0]->view();
  for (int row = 0; row < kHeight; ++row) {
    const std::uint8_t* in = from.y + static_cast<std::ptrdiff_t>(y + row) * from.stride_y + x;
    std::uint8_t* to = picture.y + static_cast<std::ptrdiff_t>(row) * picture.stride_y;
    for (int column = 0; column < kWidth; column += 16) {
      std::uint64_t bits = random_.u64();
      // The sum of two even ones: -2 to 2, mostly small.
      for (int i = column; i < column + 16; ++i, bits >>= 4) to[i] = static_cast<std::uint8_t>(in[i] + static_cast<int>(bits & 3) - static_cast<int>(bits >> 2 & 3) / 2 - 1);
    }
    if (row % 2 != 0) continue;
    const auto chroma = [&](const std::uint8_t* plane, int stride, std::uint8_t* out, int out_stride) {
      const std::uint8_t* line = plane + static_cast<std::ptrdiff_t>(y / 2 + row / 2) * stride + x / 2;
      std::copy(line, line + kWidth / 2, out + static_cast<std::ptrdiff_t>(row / 2) * out_stride);
    };
    chroma(from.u, from.stride_u, picture.u, picture.stride_u);
    chroma(from.v, from.stride_v, picture.v, picture.stride_v);
  }
}

}  // namespace upcall::bench
