#include "quality/score.hpp"

#include <algorithm>
#include <cmath>

namespace upcall::quality {

namespace {

double mos_of(double r) {
  if (r <= 0) return 1;
  if (r >= 100) return 4.5;
  return 1 + 0.035 * r + r * (r - 60) * (100 - r) * 7e-6;
}

// G.1070, coefficients for H.264 at VGA (Appendix I).
constexpr double v1 = 5.517, v2 = 0.0129, v3 = 3.459, v4 = 178.53, v5 = 1.02, v6 = 1.15, v7 = 0.000355, v8 = 0.114, v9 = 513.77, v10 = 0.736,
                 v11 = -6.451, v12 = 13.684;

double coding(double kbps, double fps) {
  const double best_fps = std::clamp(v1 + v2 * kbps, 1.0, 30.0);
  const double at_best = v3 - v3 / (1 + std::pow(kbps / v4, v5));
  const double tolerance = v6 + v7 * kbps;
  // More frames than the rate is best for cost sharpness in the model's study; an encoder of today decides that itself.
  const double off = std::log(std::min(fps, best_fps)) - std::log(best_fps);
  return at_best * std::exp(-off * off / (2 * tolerance * tolerance));
}

}  // namespace

double sound_score(const SoundPath& path) {
  constexpr double kBest = 93.2, kRobustness = 25.1;
  const double d = std::clamp(path.one_way_ms, 0.0, 5000.0);
  const double loss = std::clamp(path.loss_percent, 0.0, 100.0);
  const double delay = 0.024 * d + (d > 177.3 ? 0.11 * (d - 177.3) : 0);
  const double equipment = 95 * loss / (loss + kRobustness);
  static const double best_mos = mos_of(kBest);
  // The cubic falls below 1 for the worst of R.
  const double mos = std::max(1.0, mos_of(kBest - delay - equipment));
  return std::clamp(1 + 4 * (mos - 1) / (best_mos - 1), 1.0, 5.0);
}

double picture_score(const PicturePath& path) {
  const double kbps = std::clamp(path.kbps, 10.0, kEnoughVideoKbps);
  const double fps = std::clamp(path.fps, 1.0, 30.0);
  const double loss = std::clamp(path.loss_percent, 0.0, 100.0);
  static const double best = coding(kEnoughVideoKbps, 30);
  const double robustness = v10 + v11 * std::exp(-fps / v8) + v12 * std::exp(-kbps / v9);
  const double stalling = std::exp(-std::max(0, path.freezes) / 9.35158684) * std::exp(-std::clamp(path.frozen_share, 0.0, 1.0) / 0.91890815);
  return std::clamp(1 + 4 * coding(kbps, fps) / best * std::exp(-loss / robustness) * stalling, 1.0, 5.0);
}

}  // namespace upcall::quality
