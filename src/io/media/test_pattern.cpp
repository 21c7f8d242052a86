#include "io/media/test_pattern.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "base/bytes.hpp"
#include "io/media/bitmap_font.hpp"

namespace upcall::media {

namespace {

constexpr int kColumns = 22, kRows = 14, kRing = 3;
constexpr int kDataColumns = 16, kDataRows = 8;
constexpr int kBlocksAcross = 40;                     // blocks in the width of a picture
constexpr double kTextUnit = 1.0 / 8;                 // of a block
constexpr double kTextTop = kRows + 1.0, kTextLine = 1.5;  // blocks below the code's top edge

std::uint16_t crc16(Bytes bytes) {
  std::uint16_t crc = 0xffff;
  for (const std::uint8_t byte : bytes) {
    crc = static_cast<std::uint16_t>(crc ^ byte << 8);
    for (int bit = 0; bit < 8; ++bit) crc = static_cast<std::uint16_t>(crc & 0x8000 ? crc << 1 ^ 0x1021 : crc << 1);
  }
  return crc;
}

using Code = std::array<std::uint8_t, 16>;

Code make_code(const TestPatternOptions& o, std::uint32_t clock_ms) {
  Code code{};
  Writer out(code);
  out.u64(o.run);
  out.u8(o.participant);
  out.u8(static_cast<std::uint8_t>((flash_on(clock_ms) ? 1 : 0) | (o.screen ? 2 : 0)));
  out.u32(clock_ms);
  out.u16(crc16(Bytes(code).first(14)));
  return code;
}

bool is_black(int column, int row, const Code& code) {
  const int edge = std::min({column, row, kColumns - 1 - column, kRows - 1 - row});
  if (edge < kRing) return edge != 1;
  const int bit = (row - kRing) * kDataColumns + column - kRing;
  return (code[static_cast<std::size_t>(bit / 8)] >> (7 - bit % 8) & 1) == 0;
}

Yuv ground(std::uint8_t participant) {
  static const Yuv kColours[] = {yuv_from_rgb(28, 66, 110), yuv_from_rgb(92, 40, 84),  yuv_from_rgb(24, 88, 62),
                                 yuv_from_rgb(110, 66, 24), yuv_from_rgb(52, 52, 120), yuv_from_rgb(100, 30, 40),
                                 yuv_from_rgb(30, 90, 96),  yuv_from_rgb(80, 80, 40)};
  return kColours[participant % std::size(kColours)];
}

// ---- reading ----

struct Run {
  int start = 0, length = 0;
};

// Runs of dark and light pixels of one row (or column, by `step`), dark first (its length may be 0).
void collect_runs(const std::uint8_t* line, int step, int count, std::uint8_t threshold, std::vector<Run>& out) {
  out.clear();
  bool dark = true;
  int start = 0;
  for (int i = 0; i <= count; ++i) {
    const bool now_dark = i < count ? line[static_cast<std::ptrdiff_t>(i) * step] < threshold : !dark;
    if (now_dark == dark) continue;
    out.push_back({start, i - start});
    start = i;
    dark = now_dark;
  }
}

double luma_at(const I420View& p, double x, double y, double radius) {
  int sum = 0, count = 0;
  const int r = std::max(0, static_cast<int>(radius));
  const int cx = static_cast<int>(std::floor(x)), cy = static_cast<int>(std::floor(y));
  for (int dy = -r; dy <= r; ++dy) {
    for (int dx = -r; dx <= r; ++dx) {
      const int px = cx + dx, py = cy + dy;
      if (px < 0 || py < 0 || px >= p.width || py >= p.height) continue;
      sum += p.y[static_cast<std::ptrdiff_t>(py) * p.stride_y + px];
      ++count;
    }
  }
  return count ? static_cast<double>(sum) / count : 0;
}

constexpr std::uint8_t kThreshold = 126;

// Tries the geometry "inner black ring spans [x0, x1) and the row y lies in its upper side".
std::optional<TestPatternReading> try_at(const I420View& p, int x0, int x1, int y, bool read_text) {
  const double block = static_cast<double>(x1 - x0) / (kColumns - 4);
  // Down the ring's left side, half a block in: dark for 10 blocks.
  const int column = static_cast<int>(x0 + block / 2);
  const auto dark = [&](int row) {
    return p.y[static_cast<std::ptrdiff_t>(row) * p.stride_y + column] < kThreshold;
  };
  int top = y, bottom = y;
  while (top > 0 && dark(top - 1)) --top;
  while (bottom < p.height && dark(bottom)) ++bottom;
  const double height = bottom - top;
  if (std::abs(height - block * (kRows - 4)) > block * 0.6) return std::nullopt;
  const double block_y = height / (kRows - 4);
  const double left = x0 - 2 * block, upper = top - 2 * block_y;
  Code code{};
  for (int bit = 0; bit < kDataColumns * kDataRows; ++bit) {
    const int column = bit % kDataColumns, row = bit / kDataColumns;
    const double cx = left + (kRing + column + 0.5) * block;
    const double cy = upper + (kRing + row + 0.5) * block_y;
    if (luma_at(p, cx, cy, block / 4) >= kThreshold) {
      code[static_cast<std::size_t>(bit / 8)] |= static_cast<std::uint8_t>(0x80 >> bit % 8);
    }
  }
  Reader in(code);
  TestPatternReading out;
  out.run = in.u64();
  out.participant = in.u8();
  const std::uint8_t flags = in.u8();
  out.clock_ms = in.u32();
  if (in.u16() != crc16(Bytes(code).first(14))) return std::nullopt;
  out.screen = (flags & 2) != 0;
  out.x = left;
  out.y = upper;
  out.block = block;
  // The ground: a block and a half left and right of the code, at mid-height.
  const double middle = upper + kRows / 2.0 * block_y;
  out.flash = luma_at(p, left - 1.5 * block, middle, block / 3) > 180 &&
              luma_at(p, left + (kColumns + 1.5) * block, middle, block / 3) > 180;
  if (out.screen && read_text) {
    out.text_ok = true;
    const auto lines = TestPattern::screen_lines(out.run);
    for (std::size_t i = 0; i < lines.size(); ++i) {
      const std::string seen = read_bitmap_text(p, left, upper + (kTextTop + static_cast<double>(i) * kTextLine) * block_y,
                                                block * kTextUnit, lines[i].size());
      if (seen != lines[i]) out.text_ok = false;
    }
  }
  return out;
}

}  // namespace

TestPattern::TestPattern(TestPatternOptions options) : options_(std::move(options)) {}

std::vector<std::string> TestPattern::screen_lines(std::uint64_t run) {
  std::array<std::uint8_t, 8> raw{};
  Writer(raw).u64(run);
  std::string hex = to_hex(raw);
  for (char& c : hex) {
    if (c >= 'a') c = static_cast<char>(c - 'a' + 'A');
  }
  // At most 29 characters: 29 x 6 units of 1/8 block stay inside the code's width.
  return {"SHARED SCREEN OF THIS RUN:", hex};
}

void TestPattern::draw(const MutI420View& out, std::uint32_t clock_ms) const {
  const bool flash = flash_on(clock_ms);
  const Yuv back = flash ? kWhite : ground(options_.participant);
  fill(out, back);
  const int block = std::max(4, out.width / kBlocksAcross / 2 * 2);
  // Portrait pictures have room below; landscape ones start at two blocks.
  const int x0 = (out.width - kColumns * block) / 2 & ~1;
  const int y0 = std::max(2 * block, (out.height - 22 * block) / 2) & ~1;
  const Code code = make_code(options_, clock_ms);
  fill_rect(out, {x0, y0, kColumns * block, kRows * block}, kBlack);
  for (int row = 0; row < kRows; ++row) {
    for (int column = 0; column < kColumns; ++column) {
      if (!is_black(column, row, code)) {
        fill_rect(out, {x0 + column * block, y0 + row * block, block, block}, kWhite);
      }
    }
  }
  const Yuv ink = flash ? kBlack : kWhite;
  if (options_.screen) {
    const auto lines = screen_lines(options_.run);
    const int unit = std::max(1, static_cast<int>(block * kTextUnit));
    for (std::size_t i = 0; i < lines.size(); ++i) {
      draw_bitmap_text(out, x0, y0 + static_cast<int>((kTextTop + static_cast<double>(i) * kTextLine) * block), unit,
                       lines[i], ink);
    }
  } else {
    const int unit = std::max(1, block / 5);
    draw_bitmap_text(out, x0, y0 + static_cast<int>(kTextTop * block), unit, options_.label, ink);
  }
  // Something that always moves, outside the code: a bar along the top edge, once across in two seconds.
  const int bar = out.width / 8;
  const int at = static_cast<int>(static_cast<std::int64_t>(clock_ms % 2000) * (out.width - bar) / 2000);
  fill_rect(out, {at, 0, bar, block / 2}, ink);
}

void TestPattern::sound(std::uint64_t first_sample, std::span<float> out) const {
  constexpr std::uint64_t kRate = 48000, kBeep = kRate * kFlashMs / 1000, kEdge = kRate / 500;
  const double step = 2 * std::numbers::pi * beep_frequency(options_.participant) / kRate;
  for (std::size_t i = 0; i < out.size(); ++i) {
    const std::uint64_t at = (first_sample + i) % kRate;
    if (at >= kBeep) {
      out[i] = 0;
      continue;
    }
    const std::uint64_t to_edge = std::min(at, kBeep - 1 - at);
    const double gain = to_edge < kEdge ? static_cast<double>(to_edge) / kEdge : 1.0;
    out[i] = static_cast<float>(0.35 * gain * std::sin(step * static_cast<double>(at)));
  }
}

std::vector<TestPatternReading> find_test_patterns(const I420View& whole, Rect search, bool read_text) {
  std::vector<TestPatternReading> found;
  const I420View p = part_of(whole, search);
  const int offset_x = static_cast<int>(p.y - whole.y) % whole.stride_y;
  const int offset_y = static_cast<int>((p.y - whole.y) / whole.stride_y);
  std::vector<Run> runs;
  for (int y = 1; y < p.height; y += 2) {
    collect_runs(p.y + static_cast<std::ptrdiff_t>(y) * p.stride_y, 1, p.width, kThreshold, runs);
    // Runs alternate dark, light, dark…: look for light 1, dark 18, light 1.
    for (std::size_t i = 1; i + 2 < runs.size(); i += 2) {
      const double block = runs[i + 1].length / static_cast<double>(kColumns - 4);
      if (block < 3) continue;
      if (std::abs(runs[i].length - block) > block * 0.4 || std::abs(runs[i + 2].length - block) > block * 0.4) continue;
      const bool known = std::any_of(found.begin(), found.end(), [&](const TestPatternReading& f) {
        return std::abs(f.x + 2 * f.block - offset_x - runs[i + 1].start) < f.block &&
               y + offset_y < f.y + kRows * f.block + f.block;
      });
      if (known) continue;
      auto reading = try_at(p, runs[i + 1].start, runs[i + 1].start + runs[i + 1].length, y, read_text);
      if (!reading) continue;
      reading->x += offset_x;
      reading->y += offset_y;
      found.push_back(*reading);
    }
  }
  return found;
}

std::optional<TestPatternReading> read_test_pattern(const I420View& picture, Rect search) {
  auto all = find_test_patterns(picture, search);
  if (all.empty()) return std::nullopt;
  return all.front();
}

}  // namespace upcall::media
