// Parts of upcall-original-way. One thread; blocking.
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"

namespace upcall::bench {

// Two people of 720p at 30 fps, encoded once: DIRECTORY/journal for ours, DIRECTORY/1.webm and 2.webm (the very same frames
// and packets) for a browser. `files`: films of two cameras to be used instead of drawn pictures, or none.
Result<void> make_footage(const std::string& directory, int seconds, const std::vector<std::string>& files);

struct FilmLook {
  double seconds = 0;             // looked at, of the film's own time
  double pictures = 0;            // in the file, a second
  double unique[2] = {0, 0};      // different pictures of each camera, a second
  double ssim = 0;                // luma of both tiles against the scaled pictures that the cameras sent, mean
  int compared = 0;               // pictures
};
// `film`: 1920 x 1080 with the first camera at (0,270) and the second at (960,270), 960 wide. Looks at [from, to) seconds.
Result<FilmLook> look_at_film(const std::string& film, const std::string& directory, double from_s, double to_s);

}  // namespace upcall::bench
