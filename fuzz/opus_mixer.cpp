// Opus payloads of any bytes, from several sources that come, go, lose, repeat and restart their numbers, into the mixer: what
// it gives is a packet of 20 ms that a listener decodes to finite samples of a bounded level, silence where nothing came; no
// input makes it decode or encode more than its share.
// link: upcall_io_mixer
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "io/mixer/opus_mixer.hpp"

using namespace upcall;
using namespace upcall::media;

namespace {

constexpr int kOperationsMax = 120;
constexpr std::uint32_t kSources = 5;
// The mix stays below 1; coding a square wave again overshoots to more than twice that.
constexpr float kLevelMax = 3.0f;

[[noreturn]] void fail(const char* what) {
  std::fprintf(stderr, "breach: %s\n", what);
  std::abort();
}

class Attack {
 public:
  explicit Attack(Bytes input) : in_(input) {}

  void run() {
    for (int i = 0; i < kOperationsMax && in_.remaining() > 0; ++i) {
      const std::uint8_t op = in_.u8();
      const std::uint32_t source = 1 + (op >> 3) % kSources;
      switch (op % 8) {
        case 0:
        case 1: push(source, in_.bytes(std::min<std::size_t>(in_.remaining(), in_.u8()))); break;
        case 2: {  // a table of contents of its own choice, then what is there
          ByteVector packet{in_.u8()};
          const Bytes rest = in_.bytes(std::min<std::size_t>(in_.remaining(), in_.u8() % 64));
          packet.insert(packet.end(), rest.begin(), rest.end());
          push(source, packet);
          break;
        }
        case 3: push(source, loud(source)); break;
        case 4: sequence_[source] += static_cast<std::int8_t>(in_.u8()); break;
        case 5:
          if (in_.u8() % 4 == 0) mixer_.remove(source);
          break;
        default: tick();
      }
    }
    // Nobody speaks any more: silence comes back.
    for (std::uint32_t s = 1; s <= kSources; ++s) mixer_.remove(s);
    float level = 1;
    for (int i = 0; i < 12; ++i) level = tick();
    if (level > 0.01f) fail("sound without a source");
  }

 private:
  void push(std::uint32_t source, Bytes packet) {
    const auto before = mixer_.counters();
    mixer_.push(source, sequence_[source]++, 0, packet);
    const auto& after = mixer_.counters();
    if (after.decoded - before.decoded + after.concealed - before.concealed > 1 + OpusMixer::kConcealedMax) fail("one packet is much work");
  }
  // 20 ms of a square wave at full level, by an encoder of its own.
  Bytes loud(std::uint32_t source) {
    static std::unique_ptr<media::OpusEncoder> encoder = std::move(media::OpusEncoder::open({}).value());
    std::array<float, sfu::AudioMixer::kFrame> pcm;
    for (std::size_t i = 0; i < pcm.size(); ++i) pcm[i] = i / (20 * source) % 2 ? 1.0f : -1.0f;
    return Bytes(packet_).first(encoder->encode(pcm, packet_).value());
  }
  // All together, and without one, who hears it: all in turn. The loudest sample of the first.
  float tick() {
    mixer_.advance();
    const auto before = mixer_.counters().encoded;
    float loudest = 0;
    for (const std::uint32_t without : {0u, 1 + turn_++ % kSources}) {
      std::vector<std::uint32_t> set;
      for (std::uint32_t s = 1; s <= kSources; ++s) {
        if (s != without) set.push_back(s);
      }
      std::array<std::uint8_t, 1276> out;
      const std::size_t size = mixer_.mix(set, out);
      if (size == 0 || size > 1275) fail("a mix without a packet");
      if (media::OpusDecoder::samples_in(Bytes(out).first(size)) != kOpusFrame) fail("a packet that is not 20 ms long");
      if (without != 0) continue;
      const auto samples = listener_->decode(Bytes(out).first(size), pcm_);
      if (!samples) fail("a packet that nobody can decode");
      for (const float x : std::span(pcm_).first(*samples)) {
        if (!std::isfinite(x) || std::fabs(x) > kLevelMax) fail("a level without bounds");
        loudest = std::max(loudest, std::fabs(x));
      }
    }
    if (mixer_.counters().encoded - before > 2) fail("more encoded than asked for");
    return loudest;
  }

  Reader in_;
  std::uint32_t turn_ = 0;
  OpusMixer mixer_{OpusMixerOptions{.complexity = 0}};
  std::unique_ptr<media::OpusDecoder> listener_ = std::move(media::OpusDecoder::open(1).value());
  std::array<std::int64_t, kSources + 1> sequence_{65'600, 65'600, 65'600, 65'600, 65'600, 65'600};
  std::array<float, kOpusFrameMax> pcm_;
  std::array<std::uint8_t, 1276> packet_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size <= 4096) Attack(Bytes(data, size)).run();
  return 0;
}
