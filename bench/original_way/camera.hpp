// What a camera sees: a scene that moves a little all the time, as in a hand, with a sensor's noise; drawn, or from a file.
// One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/rng.hpp"
#include "io/media/picture.hpp"

namespace upcall::bench {

class Camera {
 public:
  static std::unique_ptr<Camera> drawn(std::uint64_t seed);
  // The first pictures of a film of any size, 30 a second, again and again. Errors: not_found, corrupt, invalid_argument.
  static Result<std::unique_ptr<Camera>> from_file(const std::string& file);

  // Fills 1280 x 720.
  void draw(std::uint32_t clock_ms, const media::MutI420View& picture);

 private:
  explicit Camera(std::uint64_t seed) : random_(seed) {}
  SeededRandom random_;
  std::vector<std::unique_ptr<media::Picture>> pictures_;   // of a film; or one scene, larger than the picture
  bool scene_ = false;
};

}  // namespace upcall::bench
