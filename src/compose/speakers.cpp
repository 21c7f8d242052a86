#include "compose/speakers.hpp"

#include <algorithm>

namespace upcall::compose {

namespace {
constexpr double kSilence = 127;             // -dBov of nothing at all
constexpr double kSpeech = kSilence - 50;    // volume from which it is speech, not a room
constexpr double kClearly = 3;               // dB: less is the same loudness
constexpr std::int64_t kSmoothUs = 200'000;
constexpr std::int64_t kBridgeUs = 150'000;  // between two words
constexpr std::int64_t kMissingUs = 100'000; // no packets (DTX, loss): as good as silence
}  // namespace

void Speakers::hear(Voice& v, std::int64_t at_us, double volume) {
  const auto step = static_cast<double>(std::clamp<std::int64_t>(v.at_us < 0 ? 20'000 : at_us - v.at_us, 0, 1'000'000));
  v.volume += (volume - v.volume) * step / (step + static_cast<double>(kSmoothUs));
  v.at_us = std::max(v.at_us, at_us);
}

void Speakers::level(const std::string& person, std::int64_t at_us, std::uint8_t level) {
  Voice& v = voices_[person];
  const double volume = kSilence - (level & 0x7f);
  hear(v, at_us, volume);
  if (volume < kSpeech) return;
  if (v.last_us < 0 || at_us - v.last_us > kBridgeUs) v.begun_us = at_us;
  v.last_us = std::max(v.last_us, at_us);
  if (v.last_us - v.begun_us >= kOnUs) v.speaking = true;
}

void Speakers::silence(const std::string& person) { voices_.erase(person); }

void Speakers::clear() { voices_.clear(); }

bool Speakers::advance(std::int64_t now_us) {
  for (auto& [person, v] : voices_) {
    if (now_us - v.at_us > kMissingUs) hear(v, now_us, 0);
    if (v.speaking && now_us - v.last_us >= kOffUs) v.speaking = false;
    if (v.speaking) spoke_[person] = v.last_us;
  }
  const auto now_active = voices_.find(active_);
  const bool goes_on = now_active != voices_.end() && now_active->second.speaking;
  std::string next = goes_on ? active_ : std::string();
  double loudest = -1;
  for (auto& [person, v] : voices_) {
    if (person == active_) continue;
    const bool louder = goes_on && v.speaking && v.volume > now_active->second.volume + kClearly;
    if (!louder) {
      v.louder_since_us = -1;
    } else if (v.louder_since_us < 0) {
      v.louder_since_us = now_us;
    }
    const bool may = goes_on ? louder && now_us - v.louder_since_us >= kTakeOverUs : v.speaking;
    if (may && v.volume > loudest) {
      loudest = v.volume;
      next = person;
    }
  }
  if (next == active_) return false;
  active_ = std::move(next);
  for (auto& [person, v] : voices_) v.louder_since_us = -1;
  return true;
}

std::int64_t Speakers::spoke_us(const std::string& person) const {
  const auto at = spoke_.find(person);
  return at == spoke_.end() ? -1 : at->second;
}

}  // namespace upcall::compose
