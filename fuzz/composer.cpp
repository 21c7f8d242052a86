// Composer: a hostile sequence of tap records (each u8 size, bytes) through timeline, assembler, lanes and layout.
// link: upcall_compose
#include <algorithm>

#include "compose/composer.hpp"

namespace {

using namespace upcall;

class NoDecoder final : public compose::AudioDecoder {
  std::size_t decode(Bytes packet, std::vector<float>& out) override {
    if (packet.size() % 3 == 0) return 0;
    out.insert(out.end(), compose::kAudioBlock * 2, 0.1f);
    return compose::kAudioBlock;
  }
  void recover(Bytes, std::size_t n, std::vector<float>& out) override { out.insert(out.end(), n * 2, 0.0f); }
  void conceal(std::size_t n, std::vector<float>& out) override { out.insert(out.end(), n * 2, 0.0f); }
};

class NoStudio final : public compose::Studio {
  bool open_video(std::uint32_t, wire::TapCodec) override { return true; }
  bool decode_video(std::uint32_t, Bytes frame, int) override { return frame.size() % 5 != 0; }
  void close_video(std::uint32_t) override {}
  std::unique_ptr<compose::AudioDecoder> open_audio(wire::TapCodec) override { return std::make_unique<NoDecoder>(); }
  Result<void> show(std::int64_t, const compose::Scene&, std::span<const std::uint32_t>, bool) override {
    // A film of a minute is enough for one input.
    return ++shown_ > 1800 ? Result<void>(fail(ErrorCode::exhausted, "enough")) : Result<void>();
  }
  Result<void> sound(std::span<const float>) override {
    return ++blocks_ > 3000 ? Result<void>(fail(ErrorCode::exhausted, "enough")) : Result<void>();
  }
  Result<void> finish(std::int64_t) override { return {}; }
  int shown_ = 0, blocks_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  NoStudio studio;
  compose::Composer composer({}, studio);
  Reader in(Bytes(data, size));
  while (in.remaining() > 0) {
    const std::size_t length = std::min<std::size_t>(in.u8(), in.remaining());
    auto record = wire::decode_tap_record(in.bytes(length));
    if (record && !composer.feed(*record)) return 0;
  }
  if (composer.advance(1'000'000)) (void)composer.finish();
  return 0;
}
