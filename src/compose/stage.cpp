#include "compose/stage.hpp"

#include <algorithm>

namespace upcall::compose {

bool Stage::shows(const std::string& person) const { return std::find(on_.begin(), on_.end(), person) != on_.end(); }

void Stage::update(std::int64_t now_us, const std::vector<Roster::Person>& people, std::size_t places,
                   const Speakers& speakers) {
  waiting_ = false;
  const auto present = [&](const std::string& id) {
    return std::any_of(people.begin(), people.end(), [&](const Roster::Person& p) { return p.id == id; });
  };
  if (people.size() <= places) {
    std::vector<std::int64_t> since;
    for (const Roster::Person& p : people) {
      const auto at = std::find(on_.begin(), on_.end(), p.id);
      since.push_back(at == on_.end() ? now_us : since_us_[static_cast<std::size_t>(at - on_.begin())]);
    }
    on_.clear();
    for (const Roster::Person& p : people) on_.push_back(p.id);
    since_us_ = std::move(since);
    return;
  }
  const auto drop = [&](std::size_t i) {
    on_.erase(on_.begin() + static_cast<std::ptrdiff_t>(i));
    since_us_.erase(since_us_.begin() + static_cast<std::ptrdiff_t>(i));
  };
  for (std::size_t i = on_.size(); i-- > 0;) {
    if (!present(on_[i])) drop(i);
  }
  // Of those who never spoke the last one on stage goes first.
  const auto most_silent = [&](bool only_old) {
    std::size_t out = on_.size();
    for (std::size_t i = 0; i < on_.size(); ++i) {
      const std::int64_t spoke = speakers.spoke_us(on_[i]);
      const bool fresh = now_us - since_us_[i] < kStayUs || (spoke >= 0 && now_us - spoke < kStayUs);
      if (on_[i] == speakers.active() || (only_old && fresh)) continue;
      if (out == on_.size() || spoke <= speakers.spoke_us(on_[out])) out = i;
    }
    return out;
  };
  while (on_.size() > places) {
    const std::size_t i = most_silent(false);
    drop(i == on_.size() ? on_.size() - 1 : i);
  }
  while (on_.size() < places) {
    const Roster::Person* next = nullptr;
    for (const Roster::Person& p : people) {
      if (shows(p.id)) continue;
      if (next == nullptr || speakers.spoke_us(p.id) > speakers.spoke_us(next->id)) next = &p;
    }
    if (next == nullptr) break;
    on_.push_back(next->id);
    since_us_.push_back(now_us);
  }
  const std::string& speaker = speakers.active();
  if (places == 0 || speaker.empty() || shows(speaker) || !present(speaker)) return;
  const std::size_t i = most_silent(true);
  if (i == on_.size()) {
    waiting_ = true;
    return;
  }
  on_[i] = speaker;
  since_us_[i] = now_us;
}

const std::string& Stage::large(std::int64_t now_us, const std::vector<Roster::Person>& people, const Speakers& speakers) {
  const auto present = [&](const std::string& id) {
    return std::any_of(people.begin(), people.end(), [&](const Roster::Person& p) { return p.id == id; });
  };
  const std::string& speaker = speakers.active();
  const bool gone = !present(large_);
  if (!speaker.empty() && speaker != large_ && present(speaker)) {
    if (gone || now_us - large_since_us_ >= kStayUs) {
      large_ = speaker;
      large_since_us_ = now_us;
    } else {
      waiting_ = true;
    }
  } else if (gone) {
    large_ = people.empty() ? std::string() : people.front().id;
    // Chosen for want of a speaker: one may take the place at once.
    large_since_us_ = now_us - kStayUs;
  }
  return large_;
}

}  // namespace upcall::compose
