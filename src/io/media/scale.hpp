// Scaling, rotation and copying of I420 pictures, straight into the destination (a tile of a canvas). Any thread.
#pragma once

#include "io/media/picture.hpp"

namespace upcall::media {

// Fills `to` with all of `from`; the aspect ratio is the caller's business (see fit()).
void scale(const I420View& from, const MutI420View& to);

// quarter_turns: clockwise. `to` must have the turned size.
void rotate(const I420View& from, const MutI420View& to, int quarter_turns);

// The largest rectangle with the aspect ratio of (width, height) centred in `box`; even coordinates and sizes.
Rect fit(int width, int height, Rect box);

}  // namespace upcall::media
