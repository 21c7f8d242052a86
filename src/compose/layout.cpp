#include "compose/layout.hpp"

#include <algorithm>
#include <iterator>

namespace upcall::compose {

namespace {
constexpr std::string_view kNames[] = {"auto", "side-by-side", "grid", "speaker", "content"};
constexpr std::size_t kGridMax = 9, kRowMax = 4;

int even(int v) { return v & ~1; }
bool portrait(const Box& area) { return area.height > area.width; }

std::vector<Box> grid(const Box& area, std::size_t count, int columns) {
  std::vector<Box> out;
  if (count == 0) return out;
  const int rows = (static_cast<int>(count) + columns - 1) / columns;
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

// The number of columns at which pictures of 16:9 come out largest.
int best_columns(const Box& area, std::size_t count) {
  const int most = static_cast<int>(count);
  int best = 0;
  double best_width = 0;
  for (int i = 1; i <= most; ++i) {
    // Of two that are as good, the one that goes along the canvas.
    const int columns = portrait(area) ? i : most + 1 - i;
    const int rows = (most + columns - 1) / columns;
    const double width = std::min(static_cast<double>(area.width) / columns, area.height * 16.0 / 9 / rows);
    if (width > best_width * 1.02) {
      best = columns;
      best_width = width;
    }
  }
  return std::max(best, 1);
}

std::vector<Box> best_grid(const Box& area, std::size_t count) { return grid(area, count, best_columns(area, count)); }

// Cuts a strip of up to `wanted` cameras off `area`, which becomes the rest.
std::vector<Box> strip(Box& area, int canvas_width, std::size_t wanted) {
  std::vector<Box> out;
  const std::size_t count = std::min<std::size_t>(wanted, portrait(area) ? 3 : 5);
  if (count == 0) return out;
  if (portrait(area)) {
    const int width = even(area.width / 3), height = even(width * 9 / 16);
    const int left = area.x + even((area.width - width * static_cast<int>(count)) / 2);
    area.height = even(area.height - height);
    for (std::size_t i = 0; i < count; ++i) {
      out.push_back({left + static_cast<int>(i) * width, area.y + area.height, width, height});
    }
    return out;
  }
  const int width = even(canvas_width / 5);
  const int height = even(std::min(width * 9 / 16, area.height / static_cast<int>(count)));
  const int top = area.y + even((area.height - height * static_cast<int>(count)) / 2);
  area.width -= width;
  for (std::size_t i = 0; i < count; ++i) {
    out.push_back({area.x + area.width, top + static_cast<int>(i) * height, width, height});
  }
  return out;
}
}  // namespace

std::string_view name_of(LayoutKind kind) { return kNames[static_cast<std::size_t>(kind)]; }

std::optional<LayoutKind> layout_kind(std::string_view name) {
  const auto at = std::find(std::begin(kNames), std::end(kNames), name);
  if (at == std::end(kNames)) return std::nullopt;
  return static_cast<LayoutKind>(at - std::begin(kNames));
}

LayoutResult arrange(const Canvas& canvas, LayoutKind kind, std::size_t people, bool content) {
  LayoutResult out;
  Box area{0, 0, canvas.width, canvas.height};
  if (canvas.title) {
    const int height = even(std::max(24, canvas.height * 44 / 1080));
    out.title = {0, 0, canvas.width, height};
    area.y = height;
    area.height -= height;
  }
  out.stage = area;
  if (kind == LayoutKind::side_by_side || kind == LayoutKind::grid) {
    const std::size_t most = kind == LayoutKind::grid ? kGridMax : kRowMax;
    const std::size_t count = std::min(people + (content ? 1 : 0), most);
    out.cameras = kind == LayoutKind::grid ? best_grid(area, count)
                                           : grid(area, count, portrait(area) ? 1 : std::max(1, static_cast<int>(count)));
    if (content) {
      out.content = out.cameras.front();
      out.cameras.erase(out.cameras.begin());
    }
    return out;
  }
  if (content) {
    if (kind != LayoutKind::content) out.cameras = strip(area, canvas.width, people);
    out.content = area;
    return out;
  }
  if (kind == LayoutKind::speaker && people > 1) {
    out.cameras = strip(area, canvas.width, people - 1);
    out.cameras.insert(out.cameras.begin(), area);
    out.first_is_large = true;
    return out;
  }
  out.cameras = best_grid(area, std::min(people, kGridMax));
  return out;
}

Box place_share(const Box& box, int width, int height) {
  if (width < 2 || height < 2 || box.width < 2 || box.height < 2) return {box.x, box.y, 0, 0};
  std::int64_t w = width, h = height;
  if (width > box.width || height > box.height) {
    w = box.width;
    h = static_cast<std::int64_t>(box.width) * height / width;
    if (h > box.height) {
      h = box.height;
      w = static_cast<std::int64_t>(box.height) * width / height;
    }
  } else if (width * 2 < box.width && height * 2 < box.height) {
    const int factor = std::min(box.width / width, box.height / height);
    w *= factor;
    h *= factor;
  }
  const int even_w = std::max(2, even(static_cast<int>(w))), even_h = std::max(2, even(static_cast<int>(h)));
  return {even(box.x + (box.width - even_w) / 2), even(box.y + (box.height - even_h) / 2), even_w, even_h};
}

}  // namespace upcall::compose
