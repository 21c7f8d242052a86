#include "io/media/vp9_codec.hpp"

#include <algorithm>
#include <vector>

#include <vpx/vp8cx.h>
#include <vpx/vp8dx.h>
#include <vpx/vpx_frame_buffer.h>

#include "io/media/vpx_internal.hpp"
#include "rtc/codec/vp9.hpp"

namespace upcall::media {

struct Vp9Encoder::State : vpx::Encoder {};

Vp9Encoder::Vp9Encoder(std::unique_ptr<State> state) : state_(std::move(state)) {}
Vp9Encoder::~Vp9Encoder() = default;

Result<std::unique_ptr<Vp9Encoder>> Vp9Encoder::open(const VideoEncoderOptions& o) {
  auto state = std::make_unique<State>();
  // At a constant rate libvpx 1.12 leaves blocks of a drawn picture as they were, such as our test pattern's clock.
  if (auto started = state->start(vpx_codec_vp9_cx(), o, VPX_VBR); !started) return tl::unexpected(started.error());
  vpx_codec_control(&state->context, VP8E_SET_CPUUSED, std::clamp(o.speed, 5, 9));
  vpx_codec_control(&state->context, VP8E_SET_MAX_INTRA_BITRATE_PCT, 450);
  vpx_codec_control(&state->context, VP9E_SET_TUNE_CONTENT, o.screen_content ? VP9E_CONTENT_SCREEN : VP9E_CONTENT_DEFAULT);
  return std::unique_ptr<Vp9Encoder>(new Vp9Encoder(std::move(state)));
}

Result<std::optional<EncodedFrame>> Vp9Encoder::encode(const I420View& p, std::int64_t timestamp_90k, bool force_key) {
  return state_->encode(p, timestamp_90k, force_key);
}

void Vp9Encoder::set_bitrate_kbps(int kbps) { state_->set_bitrate_kbps(kbps); }

namespace {

// Pictures lie in memory of ours: VP9 allows a size of 65536 × 65536 in any frame's header, and the headers of upper
// layers cannot be looked at beforehand.
class FrameMemory {
 public:
  static int take(void* self, std::size_t size, vpx_codec_frame_buffer_t* out) { return static_cast<FrameMemory*>(self)->get(size, *out); }
  static int give_back(void*, vpx_codec_frame_buffer_t* buffer) {
    if (auto* block = static_cast<Block*>(buffer->priv)) block->used = false;
    buffer->priv = nullptr;
    return 0;
  }

 private:
  struct Block {
    std::vector<std::uint8_t> bytes;
    bool used = false;
  };
  int get(std::size_t size, vpx_codec_frame_buffer_t& out) {
    // 4:2:0 with libvpx's border of 160 pixels, rounded up.
    constexpr std::size_t kMost = std::size_t{kMaxVideoSide + 512} * (kMaxVideoSide + 512) * 3 / 2;
    if (size > kMost) return -1;
    auto at = std::find_if(blocks_.begin(), blocks_.end(), [](const auto& b) { return !b->used; });
    if (at == blocks_.end()) at = blocks_.insert(at, std::make_unique<Block>());
    Block& block = **at;
    if (block.bytes.size() < size) block.bytes.assign(size, 0);
    block.used = true;
    out.data = block.bytes.data();
    out.size = block.bytes.size();
    out.priv = &block;
    return 0;
  }
  std::vector<std::unique_ptr<Block>> blocks_;
};

}  // namespace

struct Vp9Decoder::State {
  FrameMemory memory;   // outlives the decoder, which gives its pictures back
  std::optional<vpx::Decoder> vpx;
  int threads = 1;

  Result<void> start() {
    vpx.emplace();
    if (auto started = vpx->start(vpx_codec_vp9_dx(), threads); !started) return started;
    if (vpx_codec_set_frame_buffer_functions(&vpx->context, FrameMemory::take, FrameMemory::give_back, &memory) != VPX_CODEC_OK) {
      return fail(ErrorCode::internal, "libvpx takes no memory for its pictures");
    }
    return {};
  }
};

Vp9Decoder::Vp9Decoder(std::unique_ptr<State> state) : state_(std::move(state)) {}
Vp9Decoder::~Vp9Decoder() = default;

Result<std::unique_ptr<Vp9Decoder>> Vp9Decoder::open(int threads) {
  auto state = std::make_unique<State>();
  state->threads = threads;
  if (auto started = state->start(); !started) return tl::unexpected(started.error());
  return std::unique_ptr<Vp9Decoder>(new Vp9Decoder(std::move(state)));
}

ParseResult<std::optional<I420View>> Vp9Decoder::decode(Bytes frame) {
  if (frame.empty()) return fail(ParseError::truncated);
  if (const auto size = rtc::vp9_frame_size(frame); size && (size->width > kMaxVideoSide || size->height > kMaxVideoSide)) {
    return fail(ParseError::too_long);
  }
  // A decoder that failed starts anew: libvpx 1.12 loses a frame buffer with some errors, and after a dozen of them it
  // would refuse everything.
  if (!state_->vpx && !state_->start()) return fail(ParseError::unsupported);
  auto shown = state_->vpx->decode(frame);
  if (!shown) state_->vpx.reset();
  return shown;
}

}  // namespace upcall::media
