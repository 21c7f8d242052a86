#include "compose/roster.hpp"

#include <algorithm>

namespace upcall::compose {

namespace {
// The history goes into a manifest: a meeting that is flooded with joins must not make that endless.
constexpr std::size_t kPeopleMax = 1000, kSpansMax = 4000;
}  // namespace

const Roster::Person* Roster::find(std::string_view id) const {
  const auto at = std::find_if(people_.begin(), people_.end(), [&](const Person& p) { return p.id == id; });
  return at == people_.end() ? nullptr : &*at;
}

void Roster::open(std::int64_t at_us, const std::string& id, const std::string& name) {
  if (first_us_ < 0) first_us_ = at_us;
  auto at = std::find_if(history_.begin(), history_.end(), [&](const Attendance& a) { return a.id == id; });
  if (at == history_.end()) {
    if (history_.size() >= kPeopleMax) return;
    at = history_.insert(history_.end(), Attendance{id, name, {}});
  }
  at->name = name;
  if (!at->spans.empty() && at->spans.back().until_us < 0) return;
  if (spans_ >= kSpansMax) return;
  ++spans_;
  at->spans.push_back({at_us, -1});
}

void Roster::close(std::int64_t at_us, const std::string& id) {
  const auto at = std::find_if(history_.begin(), history_.end(), [&](const Attendance& a) { return a.id == id; });
  if (at == history_.end() || at->spans.empty() || at->spans.back().until_us >= 0) return;
  at->spans.back().until_us = std::max(at_us, at->spans.back().from_us);
}

void Roster::here(std::int64_t at_us, const std::string& id, const std::string& name, bool muted) {
  auto at = std::find_if(people_.begin(), people_.end(), [&](const Person& p) { return p.id == id; });
  if (at == people_.end()) at = people_.insert(people_.end(), Person{id, {}, false, false, -1, -1});
  at->name = name;
  at->muted = muted;
  at->unconfirmed = false;
  at->gone_us = at->leaves_us = -1;
  open(at_us, id, name);
}

void Roster::left(std::int64_t at_us, const std::string& id) {
  std::erase_if(people_, [&](const Person& p) { return p.id == id; });
  close(at_us, id);
}

bool Roster::mute(const std::string& id, bool muted) {
  const auto at = std::find_if(people_.begin(), people_.end(), [&](const Person& p) { return p.id == id; });
  if (at == people_.end() || at->muted == muted) return false;
  at->muted = muted;
  return true;
}

void Roster::refresh(std::int64_t at_us) {
  for (Person& p : people_) {
    p.unconfirmed = true;
    p.gone_us = at_us;
  }
}

void Roster::restart(std::int64_t from_us, std::int64_t wait_until_us) {
  for (Person& p : people_) {
    p.gone_us = from_us;
    p.leaves_us = wait_until_us;
  }
}

bool Roster::settle(std::int64_t now_us) {
  return std::erase_if(people_, [&](const Person& p) {
           const bool gone = p.unconfirmed || (p.leaves_us >= 0 && p.leaves_us <= now_us);
           if (gone) close(p.gone_us, p.id);
           return gone;
         }) > 0;
}

}  // namespace upcall::compose
