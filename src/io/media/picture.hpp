// Planar 4:2:0 pictures (8 bit, BT.709 limited range throughout the product): views, an owner and a pool.
// Views are plain values; a Picture may be read by any thread and written by one. Rows start 64-byte aligned.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace upcall::media {

struct Rect {
  int x = 0, y = 0, width = 0, height = 0;
  bool operator==(const Rect&) const = default;
};

struct I420View {
  const std::uint8_t* y = nullptr;
  const std::uint8_t* u = nullptr;
  const std::uint8_t* v = nullptr;
  int stride_y = 0, stride_u = 0, stride_v = 0;
  int width = 0, height = 0;
};

struct MutI420View {
  std::uint8_t* y = nullptr;
  std::uint8_t* u = nullptr;
  std::uint8_t* v = nullptr;
  int stride_y = 0, stride_u = 0, stride_v = 0;
  int width = 0, height = 0;

  operator I420View() const { return {y, u, v, stride_y, stride_u, stride_v, width, height}; }
};

// A part of a picture. x and y are rounded down to even numbers; the part is clipped to the picture.
I420View part_of(const I420View& picture, Rect rect);
MutI420View part_of(const MutI420View& picture, Rect rect);

struct Yuv {
  std::uint8_t y = 16, u = 128, v = 128;
};
inline constexpr Yuv kBlack{16, 128, 128};
inline constexpr Yuv kWhite{235, 128, 128};
// BT.709 limited range.
Yuv yuv_from_rgb(std::uint8_t r, std::uint8_t g, std::uint8_t b);

void fill(const MutI420View& picture, Yuv colour);
// The rectangle may lie partly outside.
void fill_rect(const MutI420View& picture, Rect rect, Yuv colour);

class Picture {
 public:
  // Width and height must be even and at least 2.
  Picture(int width, int height);
  int width() const { return width_; }
  int height() const { return height_; }
  I420View view() const;
  MutI420View mut_view();

 private:
  struct Free {
    void operator()(std::uint8_t* p) const;
  };
  int width_, height_, stride_y_, stride_c_;
  std::unique_ptr<std::uint8_t, Free> memory_;
};

// Hands out pictures of one size and takes them back when their last owner lets go. Any thread. The pool may die before
// its pictures.
class PicturePool {
 public:
  PicturePool(int width, int height, std::size_t keep_at_most = 8);
  std::shared_ptr<Picture> take();

 private:
  struct Shelf {
    std::mutex mutex;
    std::vector<std::unique_ptr<Picture>> free;
  };
  int width_, height_;
  std::size_t keep_at_most_;
  std::shared_ptr<Shelf> shelf_;
};

}  // namespace upcall::media
