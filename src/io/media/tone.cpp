#include "io/media/tone.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace upcall::media {

double tone_amplitude(std::span<const float> pcm, double frequency, double rate) {
  if (pcm.empty()) return 0;
  const double coefficient = 2 * std::cos(2 * std::numbers::pi * frequency / rate);
  double s1 = 0, s2 = 0;
  for (const float sample : pcm) {
    const double s = sample + coefficient * s1 - s2;
    s2 = s1;
    s1 = s;
  }
  const double power = s1 * s1 + s2 * s2 - coefficient * s1 * s2;
  return 2 * std::sqrt(std::max(0.0, power)) / static_cast<double>(pcm.size());
}

std::vector<double> find_beeps(std::span<const float> pcm, double frequency, double rate, double minimum_amplitude) {
  // Windows of 10 ms hold whole waves of every beep frequency, which keeps other participants' beeps out.
  const auto window = static_cast<std::size_t>(rate / 100), hop = static_cast<std::size_t>(rate / 1000);
  std::vector<double> out;
  if (pcm.size() < window) return out;
  std::vector<double> level;
  for (std::size_t at = 0; at + window <= pcm.size(); at += hop) {
    level.push_back(tone_amplitude(pcm.subspan(at, window), frequency, rate));
  }
  const double loudest = *std::max_element(level.begin(), level.end());
  if (loudest < minimum_amplitude) return out;
  const double half = loudest / 2;
  bool on = level.front() > half;
  for (std::size_t i = 1; i < level.size(); ++i) {
    if (!on && level[i] > half) {
      // The window is half full of the beep when its level is half: the start is in its middle.
      const double part = (half - level[i - 1]) / (level[i] - level[i - 1]);
      out.push_back((static_cast<double>(i - 1) + part) * static_cast<double>(hop) + static_cast<double>(window) / 2);
      on = true;
    } else if (on && level[i] < half / 2) {
      on = false;
    }
  }
  return out;
}

}  // namespace upcall::media
