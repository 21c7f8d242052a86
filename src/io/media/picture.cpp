#include "io/media/picture.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <new>

#include "base/invariant.hpp"

namespace upcall::media {

namespace {

constexpr std::size_t kAlignment = 64;

int aligned(int width) { return (width + 63) & ~63; }

Rect clipped(Rect r, int width, int height) {
  const int x0 = std::clamp(r.x & ~1, 0, width), y0 = std::clamp(r.y & ~1, 0, height);
  const int x1 = std::clamp(r.x + r.width, x0, width), y1 = std::clamp(r.y + r.height, y0, height);
  return {x0, y0, x1 - x0, y1 - y0};
}

template <class View>
View cut(const View& p, Rect rect) {
  const Rect r = clipped(rect, p.width, p.height);
  View out = p;
  out.y += static_cast<std::ptrdiff_t>(r.y) * p.stride_y + r.x;
  out.u += static_cast<std::ptrdiff_t>(r.y / 2) * p.stride_u + r.x / 2;
  out.v += static_cast<std::ptrdiff_t>(r.y / 2) * p.stride_v + r.x / 2;
  out.width = r.width;
  out.height = r.height;
  return out;
}

}  // namespace

I420View part_of(const I420View& picture, Rect rect) { return cut(picture, rect); }
MutI420View part_of(const MutI420View& picture, Rect rect) { return cut(picture, rect); }

Yuv yuv_from_rgb(std::uint8_t r, std::uint8_t g, std::uint8_t b) {
  const double luma = 0.2126 * r + 0.7152 * g + 0.0722 * b;
  const auto byte = [](double v) { return static_cast<std::uint8_t>(std::clamp(std::lround(v), 0L, 255L)); };
  return {byte(16 + luma * 219 / 255), byte(128 + (b - luma) / 1.8556 * 224 / 255),
          byte(128 + (r - luma) / 1.5748 * 224 / 255)};
}

void fill(const MutI420View& p, Yuv c) {
  for (int row = 0; row < p.height; ++row) std::memset(p.y + static_cast<std::ptrdiff_t>(row) * p.stride_y, c.y, static_cast<std::size_t>(p.width));
  const int cw = (p.width + 1) / 2, ch = (p.height + 1) / 2;
  for (int row = 0; row < ch; ++row) {
    std::memset(p.u + static_cast<std::ptrdiff_t>(row) * p.stride_u, c.u, static_cast<std::size_t>(cw));
    std::memset(p.v + static_cast<std::ptrdiff_t>(row) * p.stride_v, c.v, static_cast<std::size_t>(cw));
  }
}

void fill_rect(const MutI420View& picture, Rect rect, Yuv colour) {
  const MutI420View part = part_of(picture, rect);
  if (part.width > 0 && part.height > 0) fill(part, colour);
}

void Picture::Free::operator()(std::uint8_t* p) const { ::operator delete(p, std::align_val_t(kAlignment)); }

Picture::Picture(int width, int height)
    : width_(width), height_(height), stride_y_(aligned(width)), stride_c_(aligned((width + 1) / 2)) {
  UPCALL_INVARIANT(width >= 2 && height >= 2 && width % 2 == 0 && height % 2 == 0, "odd or empty picture");
  const std::size_t size = static_cast<std::size_t>(stride_y_) * static_cast<std::size_t>(height) +
                           static_cast<std::size_t>(stride_c_) * static_cast<std::size_t>(height);
  memory_.reset(static_cast<std::uint8_t*>(::operator new(size, std::align_val_t(kAlignment))));
}

MutI420View Picture::mut_view() {
  std::uint8_t* y = memory_.get();
  std::uint8_t* u = y + static_cast<std::ptrdiff_t>(stride_y_) * height_;
  std::uint8_t* v = u + static_cast<std::ptrdiff_t>(stride_c_) * (height_ / 2);
  return {y, u, v, stride_y_, stride_c_, stride_c_, width_, height_};
}

I420View Picture::view() const { return const_cast<Picture*>(this)->mut_view(); }

PicturePool::PicturePool(int width, int height, std::size_t keep_at_most)
    : width_(width), height_(height), keep_at_most_(keep_at_most), shelf_(std::make_shared<Shelf>()) {
  shelf_->free.reserve(keep_at_most);
}

std::shared_ptr<Picture> PicturePool::take() {
  std::unique_ptr<Picture> picture;
  {
    const std::lock_guard lock(shelf_->mutex);
    if (!shelf_->free.empty()) {
      picture = std::move(shelf_->free.back());
      shelf_->free.pop_back();
    }
  }
  if (!picture) picture = std::make_unique<Picture>(width_, height_);
  return std::shared_ptr<Picture>(picture.release(), [shelf = shelf_, keep = keep_at_most_](Picture* p) {
    std::unique_ptr<Picture> owned(p);
    const std::lock_guard lock(shelf->mutex);
    if (shelf->free.size() < keep) shelf->free.push_back(std::move(owned));
  });
}

}  // namespace upcall::media
