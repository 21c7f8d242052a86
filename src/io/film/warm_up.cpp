#include "io/film/warm_up.hpp"

#include <string>
#include <utility>
#include <vector>

#include "io/film/film_studio.hpp"

namespace upcall::film {

namespace {

class Nowhere final : public FilmSink {
 public:
  Result<void> header(const wire::FilmHeader&) override { return {}; }
  Result<void> fragment(const wire::FilmFragment&) override { return {}; }
};

}  // namespace

Result<void> warm_up() {
  Nowhere sink;
  FilmOptions options;
  options.video.preset = kLivePreset;
  auto studio = FilmStudio::open(options, sink);
  if (!studio) return tl::unexpected(studio.error());
  for (const auto& [codec, name] : {std::pair(wire::TapCodec::vp8, "VP8"), std::pair(wire::TapCodec::h264, "H.264"), std::pair(wire::TapCodec::vp9, "VP9")}) {
    if (!(*studio)->open_video(1, codec)) return fail(ErrorCode::unavailable, std::string(name) + " cannot be decoded here");
  }
  if (!(*studio)->open_audio(wire::TapCodec::opus)) return fail(ErrorCode::unavailable, "Opus cannot be decoded here");
  compose::Scene scene;
  scene.title = "Aä";
  scene.title_box = {0, 0, options.video.width, 48};
  compose::Tile tile;
  tile.box = {0, 48, options.video.width, options.video.height - 48};
  tile.name = "Aä";
  scene.tiles.push_back(tile);
  if (auto shown = (*studio)->show(0, scene, {}, true); !shown) return shown;
  if (auto heard = (*studio)->sound(std::vector<float>(1920)); !heard) return heard;
  return (*studio)->finish(1);
}

}  // namespace upcall::film
