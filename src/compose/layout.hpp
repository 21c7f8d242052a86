// Where the tiles of a film stand. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
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

// How a film is laid out. A strip has up to five cameras: at the right of a landscape canvas, at the bottom of a portrait
// one (up to three there).
enum class LayoutKind : std::uint8_t {
  automatic,      // one fills the canvas, more stand in the grid that shows them largest, up to nine; a share is large
                  // with a strip of cameras
  side_by_side,   // up to four in one row (on a portrait canvas: in one column), a share among them
  grid,           // up to nine of the same size, a share among them
  speaker,        // who speaks is large, the others stand in a strip; a share takes the large place
  content,        // a share fills the canvas, without cameras; without a share as `automatic`
};
std::string_view name_of(LayoutKind kind);                          // "auto", "side-by-side", "grid", "speaker", "content"
std::optional<LayoutKind> layout_kind(std::string_view name);

struct LayoutResult {
  Box title;                  // empty without title
  Box stage;                  // all that is not the title
  Box content;                // empty without content share
  std::vector<Box> cameras;   // one a person, in their order; fewer than asked for when there is no room
  bool first_is_large = false;   // the first camera's place is for who speaks
};

// All boxes have even coordinates and do not overlap.
LayoutResult arrange(const Canvas& canvas, LayoutKind kind, std::size_t people, bool content);

// Where a shared screen of this size stands in its box, centred. One that fits is shown pixel for pixel: text stays as
// sharp as it was. One that does not is made smaller, keeping its aspect. One that is less than half of the box in both
// directions is made larger by the largest whole factor that fits, so that a small window can be read; never otherwise.
// Even coordinates and size (an odd last row or column is cut off where it is not scaled).
Box place_share(const Box& box, int width, int height);

}  // namespace upcall::compose
