// Where the tiles of a film stand. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace upcall::compose {

struct Box {
  int x = 0, y = 0, width = 0, height = 0;
  bool operator==(const Box&) const = default;
};

struct Canvas {
  int width = 1920, height = 1080;
  bool title = false;   // a line at the top
};

struct LayoutResult {
  Box title;                  // empty without title
  Box content;                // empty without content share
  std::vector<Box> cameras;   // one a person, in their order; fewer than asked for when there is no room
};

// One person fills the canvas, two stand side by side, more form a grid up to nine; with a content share that is large
// and the cameras are a strip of up to five at its right. All boxes have even coordinates and do not overlap.
LayoutResult arrange(const Canvas& canvas, std::size_t people, bool content);

}  // namespace upcall::compose
