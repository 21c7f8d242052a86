#include "io/film/scene_painter.hpp"

#include <algorithm>
#include <iterator>

#include "io/media/scale.hpp"

namespace upcall::film {

namespace {

const media::Yuv kStage = media::yuv_from_rgb(14, 16, 20);        // behind everything
const media::Yuv kCard = media::yuv_from_rgb(34, 39, 48);         // a tile without picture
const media::Yuv kContentBack = media::yuv_from_rgb(8, 9, 11);

media::Yuv colour_of(const std::string& name) {
  static const media::Yuv kColours[] = {
      media::yuv_from_rgb(66, 114, 180), media::yuv_from_rgb(150, 84, 140), media::yuv_from_rgb(60, 138, 106),
      media::yuv_from_rgb(176, 112, 58), media::yuv_from_rgb(104, 100, 180), media::yuv_from_rgb(170, 76, 84)};
  std::uint32_t hash = 2166136261u;
  for (const char c : name) hash = (hash ^ static_cast<std::uint8_t>(c)) * 16777619u;
  return kColours[hash % std::size(kColours)];
}

// First letters of the first and the last word.
std::string initials(const std::string& name) {
  std::string first, last, *to = &first;
  bool start = true;
  for (std::size_t i = 0; i < name.size();) {
    std::size_t length = 1;
    while (i + length < name.size() && (static_cast<std::uint8_t>(name[i + length]) & 0xc0) == 0x80) ++length;
    if (name[i] == ' ') {
      start = true;
    } else if (start) {
      *to = name.substr(i, length);
      if (length == 1 && (*to)[0] >= 'a' && (*to)[0] <= 'z') (*to)[0] = static_cast<char>((*to)[0] - 'a' + 'A');
      to = &last;
      start = false;
    }
    i += length;
  }
  return first + last;
}

std::string label_of(const compose::Tile& tile) {
  if (tile.name.empty()) return {};
  if (tile.content) return tile.name + " \u2013 shared screen";
  return tile.muted ? tile.name + " (muted)" : tile.name;
}

media::Rect rect_of(const compose::Box& b) { return {b.x, b.y, b.width, b.height}; }

}  // namespace

ScenePainter::ScenePainter(int width, int height, const std::string& font_file)
    : canvas_(width, height), labels_(font_file), border_(std::max(2, (std::min(width, height) * 4 / 1080 + 1) & ~1)) {
  media::fill(canvas_.mut_view(), kStage);
}

void ScenePainter::paint(const compose::Scene& scene, std::span<const std::uint32_t> changed, bool relaid,
                         const Pictures& pictures) {
  if (relaid) {
    const media::MutI420View canvas = canvas_.mut_view();
    media::fill(canvas, kStage);
    drawn_.assign(scene.tiles.size(), {});
    if (scene.title_box.height > 0) {
      const int height = scene.title_box.height * 7 / 10;
      labels_.text(canvas, scene.title_box.x + height, scene.title_box.y + (scene.title_box.height - height) / 2, height,
                   scene.title_box.width - 2 * height, scene.title, media::kWhite);
    }
    if (scene.card != compose::Card::none) paint_card(scene.card, rect_of(scene.card_box));
  }
  drawn_.resize(scene.tiles.size());
  for (std::size_t i = 0; i < scene.tiles.size(); ++i) {
    const compose::Tile& tile = scene.tiles[i];
    const bool whole = relaid || tile.speaking != drawn_[i].speaking;
    const bool fresh = tile.source != 0 && std::find(changed.begin(), changed.end(), tile.source) != changed.end();
    if (whole || fresh) paint_tile(tile, drawn_[i], whole, tile.source == 0 ? nullptr : pictures(tile.source));
  }
}

void ScenePainter::paint_tile(const compose::Tile& tile, Drawn& drawn, bool whole, const media::I420View* picture) {
  const media::MutI420View canvas = canvas_.mut_view();
  const media::Rect box = rect_of(tile.box);
  const media::MutI420View area = media::part_of(canvas, box);
  if (area.width < 2 || area.height < 2) return;
  drawn.speaking = tile.speaking;
  if (picture == nullptr) {
    if (!whole) return;
    paint_placeholder(area, tile.name);
    paint_labels(area, tile);
  } else {
    if (whole || drawn.width != picture->width || drawn.height != picture->height) {
      media::fill(area, tile.content ? kContentBack : kStage);
      drawn.width = picture->width;
      drawn.height = picture->height;
    }
    const media::Rect place = tile.content ? rect_of(compose::place_share(tile.box, picture->width, picture->height))
                                           : media::fit(picture->width, picture->height, box);
    const media::MutI420View inside = media::part_of(canvas, place);
    // Pixel for pixel also where the last row or column has no place.
    const bool native = place.width == (picture->width & ~1) && place.height == (picture->height & ~1);
    media::scale(native ? media::part_of(*picture, {0, 0, place.width, place.height}) : *picture, inside);
    paint_labels(inside, tile);
  }
  if (tile.speaking) paint_border(box);
}

// Only on what was just painted: plates darken what is below them.
void ScenePainter::paint_labels(const media::MutI420View& area, const compose::Tile& tile) {
  labels_.plate(area, label_of(tile));
  if (tile.more > 0) labels_.chip(area, "+" + std::to_string(tile.more));
}

void ScenePainter::paint_placeholder(const media::MutI420View& area, const std::string& name) {
  media::fill(area, kCard);
  const int radius = std::min(area.width, area.height) / 5;
  disc(area, area.width / 2, area.height / 2, radius, colour_of(name));
  labels_.centred(area, {0, 0, area.width, area.height}, radius * 4 / 5, initials(name), media::kWhite);
}

// Inside the tile, over its picture: nothing moves when it comes and goes.
void ScenePainter::paint_border(const media::Rect& box) {
  const media::MutI420View canvas = canvas_.mut_view();
  const int w = border_;
  media::fill_rect(canvas, {box.x, box.y, box.width, w}, kSpeakerBorder);
  media::fill_rect(canvas, {box.x, box.y + box.height - w, box.width, w}, kSpeakerBorder);
  media::fill_rect(canvas, {box.x, box.y + w, w, box.height - 2 * w}, kSpeakerBorder);
  media::fill_rect(canvas, {box.x + box.width - w, box.y + w, w, box.height - 2 * w}, kSpeakerBorder);
}

// A disc with two bars that stand (a pause) or one that lies (forgotten), and the words below.
void ScenePainter::paint_card(compose::Card card, const media::Rect& box) {
  const media::MutI420View area = media::part_of(canvas_.mut_view(), box);
  const int side = std::min(area.width, area.height);
  const int radius = side / 10, x = area.width / 2, y = area.height / 2 - radius / 2;
  disc(area, x, y, radius, kCard);
  const int bar = (std::max(2, radius / 4) + 1) & ~1, height = radius & ~1;
  const bool paused = card == compose::Card::paused;
  if (paused) {
    media::fill_rect(area, {(x - bar * 3 / 2) & ~1, (y - height / 2) & ~1, bar, height}, media::kWhite);
    media::fill_rect(area, {(x + bar / 2) & ~1, (y - height / 2) & ~1, bar, height}, media::kWhite);
  } else {
    media::fill_rect(area, {(x - height / 2) & ~1, (y - bar / 2) & ~1, height, bar}, media::kWhite);
  }
  const int text = std::max(14, side / 20);
  labels_.centred(area, {0, (y + radius + text / 2) & ~1, area.width, text * 3 / 2}, text,
                  paused ? "Recording paused" : "Removed on request", media::kWhite);
}

}  // namespace upcall::film
