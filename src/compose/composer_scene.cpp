// What happens in a recorded meeting, and what the film shows of it.
#include <algorithm>

#include "compose/composer.hpp"

namespace upcall::compose {

namespace {
constexpr std::string_view kContentSuffix = "#content";
constexpr std::int64_t kRejoinUs = 15'000'000;       // after a server restart
}  // namespace

std::string person_of(std::string_view attendee_id) {
  if (attendee_id.ends_with(kContentSuffix)) attendee_id.remove_suffix(kContentSuffix.size());
  return std::string(attendee_id);
}

// Roster and stream events, at their own time.
void Composer::apply(const wire::TapRecord& event) {
  if (const auto* a = std::get_if<wire::TapAttendee>(&event)) {
    if (a->attendee_id.ends_with(kContentSuffix)) return;  // a share is a tile, not a person
    roster_.here(static_cast<std::int64_t>(a->at_us), a->attendee_id, a->display_name, a->muted);
    if (a->muted) speakers_.silence(a->attendee_id);
    scene_dirty_ = true;
  } else if (const auto* l = std::get_if<wire::TapAttendeeLeft>(&event)) {
    roster_.left(static_cast<std::int64_t>(l->at_us), l->attendee_id);
    speakers_.silence(l->attendee_id);
    scene_dirty_ = true;
  } else if (const auto* m = std::get_if<wire::TapMute>(&event)) {
    if (!roster_.mute(m->attendee_id, m->muted)) return;
    if (m->muted) speakers_.silence(m->attendee_id);
    scene_dirty_ = true;
  } else if (const auto* s = std::get_if<wire::TapSource>(&event)) {
    if (const auto it = sources_.find(s->source); it != sources_.end()) it->second.shown = true;
    scene_dirty_ = true;
  } else if (const auto* e = std::get_if<wire::TapSourceEnd>(&event)) {
    end_source(e->source);
  } else if (const auto* g = std::get_if<wire::TapGap>(&event)) {
    if (g->reason != wire::TapGapReason::server_restart) return;
    // The new server announces everybody and every stream again.
    std::vector<std::uint32_t> old;
    for (const auto& [number, source] : sources_) {
      if (source.info.at_us <= g->at_us) old.push_back(number);
    }
    for (const std::uint32_t number : old) end_source(number);
    roster_.restart(static_cast<std::int64_t>(g->at_us), static_cast<std::int64_t>(g->until_us) + kRejoinUs);
  } else if (const auto* fresh = std::get_if<wire::TapRefresh>(&event)) {
    // Who is there and what flows stands behind it, at the same time: no picture is made in between.
    while (!sources_.empty() && sources_.begin()->first < fresh->first_source) end_source(sources_.begin()->first);
    roster_.refresh(static_cast<std::int64_t>(fresh->at_us));
    scene_dirty_ = true;
  }
}

// Levels up to now decide who is marked as the speaker.
void Composer::listen(std::int64_t now_us) {
  for (; !levels_.empty() && levels_.front().at_us <= now_us; levels_.pop_front()) {
    const Level& level = levels_.front();
    const auto source = sources_.find(level.source);
    if (source == sources_.end()) continue;
    const Roster::Person* person = roster_.find(source->second.person);
    if (person != nullptr && !person->muted) speakers_.level(person->id, level.at_us, level.level);
  }
  if (card_ != Card::none) speakers_.clear();
  if (speakers_.advance(now_us) || stage_.waiting()) scene_dirty_ = true;
}

// The newest stream of a person that has a picture.
std::uint32_t Composer::picture_of(const std::string& person, bool content) const {
  std::uint32_t out = 0;
  for (const auto& [number, source] : sources_) {
    if (source.video && source.shown && source.has_picture && source.info.content == content &&
        source.person == person) {
      out = number;
    }
  }
  return out;
}

void Composer::place_cameras(const LayoutResult& layout, std::int64_t now_us, Scene& scene) {
  stage_.update(now_us, roster_.people(), layout.cameras.size(), speakers_);
  std::vector<std::string> order = stage_.on();
  if (layout.first_is_large) {
    const std::string large = stage_.large(now_us, roster_.people(), speakers_);
    std::erase(order, large);
    order.insert(order.begin(), large);
  }
  for (std::size_t i = 0; i < std::min(layout.cameras.size(), order.size()); ++i) {
    const Roster::Person& p = *roster_.find(order[i]);
    scene.tiles.push_back({layout.cameras[i], picture_of(p.id, false), p.name, p.muted, false, p.id == speakers_.active(), 0});
  }
  if (!layout.cameras.empty() && roster_.people().size() > layout.cameras.size()) {
    scene.tiles.back().more = static_cast<int>(roster_.people().size() - layout.cameras.size());
  }
}

Scene Composer::build_scene(std::int64_t now_us) {
  Scene scene;
  std::uint32_t content = 0;
  for (const auto& [number, source] : sources_) {
    if (source.video && source.info.content && source.shown && source.has_picture) content = number;
  }
  const LayoutResult layout = arrange({options_.width, options_.height, !options_.title.empty()}, options_.layout,
                                      roster_.people().size(), content != 0);
  scene.title = options_.title;
  scene.title_box = layout.title;
  if (card_ != Card::none) {
    scene.card = card_;
    scene.card_box = layout.stage;
    return scene;
  }
  if (content) {
    const Roster::Person* owner = roster_.find(sources_.at(content).person);
    scene.tiles.push_back({layout.content, content, owner == nullptr ? "" : owner->name, false, true, false, 0});
  }
  place_cameras(layout, now_us, scene);
  return scene;
}

}  // namespace upcall::compose
