#include "clip.hpp"

#include <algorithm>
#include <cmath>

#include <opus.h>

#include "base/rng.hpp"
#include "io/media/opus_codec.hpp"
#include "io/media/test_pattern.hpp"
#include "io/media/vp8_codec.hpp"
#include "stamp.hpp"

namespace upcall::bench {

namespace {

constexpr int kWidth = 640, kHeight = 360, kVideoFrames = 2 * Clip::kFps, kSoundFrames = 50;

Result<void> add_sound(Clip& clip) {
  auto encoder = media::OpusEncoder::open({});
  if (!encoder) return tl::unexpected(encoder.error());
  for (int n = 0; n < kSoundFrames; ++n) {
    float pcm[media::kOpusFrame];
    for (std::size_t i = 0; i < media::kOpusFrame; ++i) {
      const double t = static_cast<double>(static_cast<std::size_t>(n) * media::kOpusFrame + i) / media::kOpusRate;
      pcm[i] = static_cast<float>(0.3 * std::sin(2 * M_PI * 220 * t) + 0.1 * std::sin(2 * M_PI * 1730 * t));
    }
    ByteVector bytes(1275 + 64);
    auto size = (*encoder)->encode(pcm, bytes);
    if (!size) return tl::unexpected(size.error());
    // The stamp, and at most three bytes of what says that padding follows.
    const std::size_t padded = *size + Stamp::kBytes + 3;
    if (::opus_packet_pad(bytes.data(), static_cast<opus_int32>(*size), static_cast<opus_int32>(padded)) != OPUS_OK) {
      return fail(ErrorCode::internal, "sound cannot be padded");
    }
    bytes.resize(padded);
    clip.opus.push_back(std::move(bytes));
  }
  return {};
}

Result<void> add_video(Clip& clip, int kbps) {
  auto encoder = media::Vp8Encoder::open(
      {.width = kWidth, .height = kHeight, .fps = Clip::kFps, .bitrate_kbps = kbps, .threads = 1, .speed = 8, .screen_content = false});
  if (!encoder) return tl::unexpected(encoder.error());
  const media::TestPattern pattern({7, 0, "Load", false});
  media::Picture picture(kWidth, kHeight);
  SeededRandom random(3);
  double bytes = 0;
  for (int n = 0; n < kVideoFrames; ++n) {
    pattern.draw(picture.mut_view(), static_cast<std::uint32_t>(n * 1000 / Clip::kFps));
    // A camera's noise: the encoder then spends the bits it may.
    const auto view = picture.mut_view();
    for (int row = 0; row < view.height; ++row) {
      std::uint8_t* line = view.y + static_cast<std::ptrdiff_t>(row) * view.stride_y;
      for (int x = 0; x < view.width; ++x) line[x] = static_cast<std::uint8_t>(std::clamp(line[x] + static_cast<int>(random.u32() & 7) - 3, 16, 235));
    }
    auto frame = (*encoder)->encode(picture.view(), n * 90000 / Clip::kFps, n == 0);
    if (!frame) return tl::unexpected(frame.error());
    if (!*frame) continue;
    clip.video.emplace_back((*frame)->data.begin(), (*frame)->data.end());
    bytes += static_cast<double>(clip.video.back().size());
  }
  if (clip.video.empty()) return fail(ErrorCode::internal, "no picture was encoded");
  clip.video_kbps = bytes * 8 / 1000 * Clip::kFps / static_cast<double>(clip.video.size());
  return {};
}

}  // namespace

Result<Clip> make_clip(int video_kbps) {
  Clip clip;
  if (auto r = add_sound(clip); !r) return tl::unexpected(r.error());
  // The encoder does not reach its rate in two seconds: the second time it is asked for as much more as it fell short.
  if (auto r = add_video(clip, video_kbps); !r) return tl::unexpected(r.error());
  const double asked = video_kbps * video_kbps / clip.video_kbps;
  clip.video.clear();
  if (auto r = add_video(clip, static_cast<int>(asked)); !r) return tl::unexpected(r.error());
  return clip;
}

}  // namespace upcall::bench
