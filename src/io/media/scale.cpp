#include "io/media/scale.hpp"

#include <algorithm>

#include <libyuv.h>

#include "base/invariant.hpp"

namespace upcall::media {

void scale(const I420View& from, const MutI420View& to) {
  if (to.width < 2 || to.height < 2 || from.width < 1 || from.height < 1) return;
  if (from.width == to.width && from.height == to.height) {
    libyuv::I420Copy(from.y, from.stride_y, from.u, from.stride_u, from.v, from.stride_v, to.y, to.stride_y, to.u,
                     to.stride_u, to.v, to.stride_v, from.width, from.height);
    return;
  }
  // Box when shrinking by half or more (no aliasing of text and patterns), bilinear otherwise.
  const bool strong = to.width * 2 <= from.width || to.height * 2 <= from.height;
  libyuv::I420Scale(from.y, from.stride_y, from.u, from.stride_u, from.v, from.stride_v, from.width, from.height, to.y,
                    to.stride_y, to.u, to.stride_u, to.v, to.stride_v, to.width, to.height,
                    strong ? libyuv::kFilterBox : libyuv::kFilterBilinear);
}

void rotate(const I420View& from, const MutI420View& to, int quarter_turns) {
  const bool sideways = quarter_turns % 2 != 0;
  UPCALL_INVARIANT(to.width == (sideways ? from.height : from.width) &&
                       to.height == (sideways ? from.width : from.height),
                   "the destination of a rotation has another size");
  static constexpr libyuv::RotationMode kModes[] = {libyuv::kRotate0, libyuv::kRotate90, libyuv::kRotate180,
                                                    libyuv::kRotate270};
  libyuv::I420Rotate(from.y, from.stride_y, from.u, from.stride_u, from.v, from.stride_v, to.y, to.stride_y, to.u,
                     to.stride_u, to.v, to.stride_v, from.width, from.height, kModes[quarter_turns & 3]);
}

Rect fit(int width, int height, Rect box) {
  if (width < 1 || height < 1 || box.width < 2 || box.height < 2) return {box.x, box.y, 0, 0};
  std::int64_t w = box.width, h = static_cast<std::int64_t>(box.width) * height / width;
  if (h > box.height) {
    h = box.height;
    w = static_cast<std::int64_t>(box.height) * width / height;
  }
  const int even_w = std::max(2, static_cast<int>(w) & ~1), even_h = std::max(2, static_cast<int>(h) & ~1);
  return {(box.x + (box.width - even_w) / 2) & ~1, (box.y + (box.height - even_h) / 2) & ~1, even_w, even_h};
}

}  // namespace upcall::media
