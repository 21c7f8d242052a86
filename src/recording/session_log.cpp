#include "recording/session_log.hpp"

#include <algorithm>
#include <cmath>

namespace upcall::recording {

namespace {
constexpr std::size_t kBytesASecond = 6;
constexpr std::uint8_t kVersion = 1;
constexpr std::int64_t kBlock = 960, kRate = 48000;
constexpr std::size_t kBlocks = kRate / kBlock;
constexpr int kStep = 8;                    // pixels between a sketch's points
constexpr float kPlainRise = 1e-5f;         // mean square: -50 dBFS

std::uint8_t above_floor(float peak) {
  if (peak <= 1e-5f) return 0;
  return static_cast<std::uint8_t>(std::clamp(std::lround(20 * std::log10(peak)) + 100, 0l, 120l));
}
}  // namespace

SessionSecond* SessionLog::at(std::int64_t time_us) {
  if (time_us < 0) return nullptr;
  const auto second = static_cast<std::size_t>(time_us / 1'000'000);
  if (second >= kLoggedSecondsMax) return nullptr;
  if (second >= seconds_.size()) seconds_.resize(second + 1);
  return &seconds_[second];
}

void SessionLog::mark_gap(std::int64_t from_us, std::int64_t until_us) {
  from_us = std::max<std::int64_t>(from_us, 0);
  until_us = std::min<std::int64_t>(until_us, std::int64_t{kLoggedSecondsMax} * 1'000'000 - 1);
  for (std::int64_t second = from_us / 1'000'000; second * 1'000'000 <= until_us; ++second) at(second * 1'000'000)->gap = true;
}

ByteVector SessionLog::encode() const {
  ByteVector out(1 + seconds_.size() * kBytesASecond);
  Writer w(out);
  w.u8(kVersion);
  for (const SessionSecond& s : seconds_) {
    w.u8(static_cast<std::uint8_t>((s.unknown ? 1 : 0) | (s.gap ? 2 : 0)));
    for (const std::uint8_t v : {s.pictures, s.people, s.voices, s.peak, s.onset}) w.u8(v);
  }
  return out;
}

ParseResult<SessionLog> SessionLog::parse(Bytes bytes) {
  if (bytes.empty() || bytes[0] != kVersion) return tl::unexpected(ParseError::unsupported);
  if ((bytes.size() - 1) % kBytesASecond != 0) return tl::unexpected(ParseError::malformed);
  const std::size_t count = (bytes.size() - 1) / kBytesASecond;
  if (count > kLoggedSecondsMax) return tl::unexpected(ParseError::too_long);
  SessionLog out;
  out.seconds_.resize(count);
  Reader in(bytes.subspan(1));
  for (SessionSecond& s : out.seconds_) {
    const std::uint8_t flags = in.u8();
    s.unknown = flags & 1;
    s.gap = flags & 2;
    for (std::uint8_t* v : {&s.pictures, &s.people, &s.voices, &s.peak, &s.onset}) *v = in.u8();
    if (s.onset != kNoOnset && s.onset >= kBlocks) return tl::unexpected(ParseError::malformed);
  }
  return out;
}

void SoundMeter::add(std::int64_t first_sample, const float* left, const float* right, std::size_t stride,
                     std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    const std::int64_t at = first_sample + static_cast<std::int64_t>(i);
    if (at < 0) continue;
    const auto block = static_cast<std::size_t>(at / kBlock), second = static_cast<std::size_t>(at / kRate);
    if (second >= kLoggedSecondsMax) return;
    if (block >= energies_.size()) energies_.resize(block + 1);
    if (second >= peaks_.size()) peaks_.resize(second + 1);
    const float l = left[i * stride], r = right[i * stride];
    energies_[block] += (l * l + r * r) / (2 * kBlock);
    peaks_[second] = std::max({peaks_[second], std::abs(l), std::abs(r)});
  }
}

std::vector<SoundMeter::Second> SoundMeter::seconds() const {
  std::vector<Second> out(peaks_.size());
  for (std::size_t s = 0; s < out.size(); ++s) {
    out[s].peak = above_floor(peaks_[s]);
    float most = kPlainRise;
    for (std::size_t i = 0; i < kBlocks && s * kBlocks + i < energies_.size(); ++i) {
      const std::size_t block = s * kBlocks + i;
      const float before = block == 0 ? 0 : energies_[block - 1], rise = energies_[block] - before;
      if (rise <= most || energies_[block] < 4 * before) continue;
      most = rise;
      out[s].onset = static_cast<std::uint8_t>(i);
    }
  }
  return out;
}

PictureSketch::PictureSketch(const std::uint8_t* luma, int stride, int width, int height) {
  points_.reserve(static_cast<std::size_t>(width / kStep + 1) * static_cast<std::size_t>(height / kStep + 1));
  for (int y = kStep / 2; y < height; y += kStep) {
    const std::uint8_t* row = luma + static_cast<std::ptrdiff_t>(y) * stride;
    for (int x = kStep / 4; x + 4 <= width; x += kStep) {
      points_.push_back(static_cast<std::uint8_t>((row[x] + row[x + 1] + row[x + 2] + row[x + 3]) / 4));
    }
  }
}

bool PictureSketch::differs(const PictureSketch& other, int by, std::size_t quarters) const {
  if (points_.size() != other.points_.size()) return true;
  const std::size_t enough = std::max<std::size_t>(2 * quarters, points_.size() * quarters / 4000);
  std::size_t count = 0;
  for (std::size_t i = 0; i < points_.size(); ++i) count += std::abs(points_[i] - other.points_[i]) >= by;
  return count >= enough;
}

double PictureSketch::mean() const {
  double sum = 0;
  for (const std::uint8_t v : points_) sum += v;
  return points_.empty() ? 0 : sum / static_cast<double>(points_.size());
}

double PictureSketch::deviation() const {
  const double m = mean();
  double sum = 0;
  for (const std::uint8_t v : points_) sum += (v - m) * (v - m);
  return points_.empty() ? 0 : std::sqrt(sum / static_cast<double>(points_.size()));
}

}  // namespace upcall::recording
