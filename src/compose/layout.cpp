#include "compose/layout.hpp"

#include <algorithm>

namespace upcall::compose {

namespace {
int even(int v) { return v & ~1; }

std::vector<Box> grid(const Box& area, std::size_t count, int columns, int rows) {
  std::vector<Box> out;
  const int height = even(area.height / rows), width = even(area.width / columns);
  for (std::size_t i = 0; i < count; ++i) {
    const int row = static_cast<int>(i) / columns;
    const int column = static_cast<int>(i) % columns;
    // A last row that is not full stands in the middle.
    const int in_row = std::min(static_cast<int>(count) - row * columns, columns);
    const int indent = even((area.width - in_row * width) / 2);
    out.push_back({area.x + indent + column * width, area.y + row * height, width, height});
  }
  return out;
}
}  // namespace

LayoutResult arrange(const Canvas& canvas, std::size_t people, bool content) {
  LayoutResult out;
  Box area{0, 0, canvas.width, canvas.height};
  if (canvas.title) {
    const int height = even(std::max(24, canvas.height * 44 / 1080));
    out.title = {0, 0, canvas.width, height};
    area.y = height;
    area.height -= height;
  }
  if (content) {
    const std::size_t strip = std::min<std::size_t>(people, 5);
    if (strip == 0) {
      out.content = area;
      return out;
    }
    const int width = even(canvas.width / 5);
    const int height = even(std::min(width * 9 / 16, area.height / static_cast<int>(strip)));
    out.content = {area.x, area.y, area.width - width, area.height};
    const int top = area.y + even((area.height - height * static_cast<int>(strip)) / 2);
    for (std::size_t i = 0; i < strip; ++i) {
      out.cameras.push_back({area.x + area.width - width, top + static_cast<int>(i) * height, width, height});
    }
    return out;
  }
  if (people == 0) return out;
  if (people == 1) {
    out.cameras = {area};
  } else if (people == 2) {
    out.cameras = grid(area, 2, 2, 1);
  } else if (people <= 4) {
    out.cameras = grid(area, people, 2, 2);
  } else if (people <= 6) {
    out.cameras = grid(area, people, 3, 2);
  } else {
    out.cameras = grid(area, std::min<std::size_t>(people, 9), 3, 3);
  }
  return out;
}

}  // namespace upcall::compose
