#include "service/recording/film_settings.hpp"

#include <charconv>

#include "compose/layout.hpp"
#include "io/store/parameter_repository.hpp"
#include "json/json.hpp"

namespace upcall::service {

namespace {

namespace bj = boost::json;

// What the recorder takes (io/film/film_studio.cpp).
bool makes_a_film(const FilmSettings& s) {
  const auto side = [](int v) { return v >= 64 && v <= 4096 && v % 2 == 0; };
  return side(s.width) && side(s.height) && s.fps >= 1 && s.fps <= 60 && compose::layout_kind(s.layout) &&
         s.forget_s >= 0 && s.forget_s <= 300 &&
         (s.compose == "live" || s.compose == "after" || s.compose == "on-demand");
}

}  // namespace

Result<FilmSettings> film_settings(store::Database& db) {
  FilmSettings out;
  const auto number = [&](std::string_view name, int& value) -> Result<void> {
    auto text = store::parameters::get_or(db, name, "");
    if (!text) return tl::unexpected(text.error());
    std::from_chars(text->data(), text->data() + text->size(), value);
    return {};
  };
  if (auto r = number("recordingScreenWidth", out.width); !r) return tl::unexpected(r.error());
  if (auto r = number("recordingScreenHeight", out.height); !r) return tl::unexpected(r.error());
  if (auto r = number("recordingScreenFrameRate", out.fps); !r) return tl::unexpected(r.error());
  auto layout = store::parameters::get_or(db, "recordingLayout", out.layout);
  if (!layout) return tl::unexpected(layout.error());
  out.layout = *layout;
  auto constant = store::parameters::get_or(db, "recordingConstantRate", "false");
  if (!constant) return tl::unexpected(constant.error());
  out.constant_rate = *constant == "true";
  auto when = store::parameters::get_or(db, "recordingCompose", out.compose);
  if (!when) return tl::unexpected(when.error());
  out.compose = *when;
  auto pauses = store::parameters::get_or(db, "recordingPauseAllowed", "false");
  if (!pauses) return tl::unexpected(pauses.error());
  if (*pauses == "true") {
    if (auto r = number("recordingForgetSeconds", out.forget_s); !r) return tl::unexpected(r.error());
  }
  return makes_a_film(out) ? out : FilmSettings{};
}

Result<FilmSettings> changed(FilmSettings settings, const FilmChange& change) {
  settings.layout = change.layout.value_or(settings.layout);
  settings.width = change.width.value_or(settings.width);
  settings.height = change.height.value_or(settings.height);
  settings.fps = change.fps.value_or(settings.fps);
  settings.compose = "live";   // it is wanted now
  settings.forget_s = 0;       // and it is too late for forgetting
  if (!makes_a_film(settings)) {
    return fail(ErrorCode::invalid_argument, "A film's sides are even numbers from 64 to 4096, its rate is 1 to 60, its layout auto, side-by-side, grid, speaker or content.");
  }
  return settings;
}

std::string with_settings(const std::string& data, const FilmSettings& s) {
  bj::object out = json::parse_object(data).value_or(bj::object{});
  out["film"] = bj::object{{"width", s.width}, {"height", s.height}, {"fps", s.fps}, {"layout", s.layout}, {"constantRate", s.constant_rate}, {"compose", s.compose}, {"forgetSeconds", s.forget_s}};
  return bj::serialize(out);
}

FilmSettings settings_in(const std::string& data) {
  const auto all = json::parse_object(data);
  const bj::object* film = all ? json::object_at(*all, "film") : nullptr;
  if (film == nullptr) return {};
  FilmSettings out;
  out.width = static_cast<int>(json::integer_at(*film, "width").value_or(out.width));
  out.height = static_cast<int>(json::integer_at(*film, "height").value_or(out.height));
  out.fps = static_cast<int>(json::integer_at(*film, "fps").value_or(out.fps));
  out.layout = json::text_or(*film, "layout", out.layout);
  out.constant_rate = json::boolean_at(*film, "constantRate").value_or(false);
  out.forget_s = static_cast<int>(json::integer_at(*film, "forgetSeconds").value_or(0));
  out.compose = json::text_or(*film, "compose", out.compose);
  return makes_a_film(out) ? out : FilmSettings{};
}

}  // namespace upcall::service
