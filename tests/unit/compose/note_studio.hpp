// A studio that only notes what it was told, and calls for it. One thread.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "compose/composer.hpp"
#include "rtc/codec/vp8_packetizer.hpp"

namespace upcall::compose {

class NoteStudio final : public Studio {
 public:
  struct Shown {
    std::int64_t tick;
    Scene scene;
    bool relaid;
  };
  class Silence final : public AudioDecoder {
    std::size_t decode(Bytes, std::vector<float>& out) override { out.insert(out.end(), kAudioBlock * 2, 0.7f); return kAudioBlock; }
    void recover(Bytes, std::size_t n, std::vector<float>& out) override { out.insert(out.end(), n * 2, 0); }
    void conceal(std::size_t n, std::vector<float>& out) override { out.insert(out.end(), n * 2, 0); }
  };
  bool open_video(std::uint32_t, wire::TapCodec codec) override { return codec == wire::TapCodec::vp8; }
  bool decode_video(std::uint32_t source, Bytes frame, int) override {
    ++decoded[source];
    return frame.size() > 3 && frame[1] != broken;
  }
  void close_video(std::uint32_t source) override { closed.push_back(source); }
  std::unique_ptr<AudioDecoder> open_audio(wire::TapCodec) override { return std::make_unique<Silence>(); }
  Result<void> show(std::int64_t tick, const Scene& scene, std::span<const std::uint32_t>, bool relaid) override {
    if (!relaid) {
      EXPECT_TRUE(!shown.empty() && same_but_for_marks(scene, shown.back().scene)) << "changed without being said, at " << tick;
    }
    if (!shown.empty()) {
      EXPECT_GT(tick, shown.back().tick);
    }
    shown.push_back({tick, scene, relaid});
    return fail_show ? Result<void>(fail(ErrorCode::internal, "full")) : Result<void>();
  }
  Result<void> sound(std::span<const float> pcm) override {
    EXPECT_EQ(pcm.size(), kAudioBlock * 2);
    for (const float v : pcm) loudest = std::max(loudest, std::abs(v));
    for (std::size_t i = 0; i < pcm.size(); i += 2) heard.push_back(pcm[i]);
    ++blocks;
    return {};
  }
  Result<void> finish(std::int64_t tick) override { end = tick; return {}; }

  // What the film shows at a time, 30 pictures a second.
  Scene scene_at(double seconds) const {
    Scene out;
    for (const auto& s : shown) {
      if (s.tick <= static_cast<std::int64_t>(seconds * 30)) out = s.scene;
    }
    return out;
  }

  std::map<std::uint32_t, int> decoded;
  std::vector<std::uint32_t> closed;
  std::vector<Shown> shown;
  std::vector<float> heard;                 // left channel
  int blocks = 0;
  float loudest = 0;
  std::int64_t end = -1;
  std::uint8_t broken = 0xee;
  bool fail_show = false;
};

struct Call {
  explicit Call(ComposerOptions options = {}) : composer(std::move(options), studio) {}
  NoteStudio studio;
  Composer composer;
  std::map<std::uint32_t, std::uint16_t> sequence;

  void feed(const wire::TapRecord& r) { ASSERT_TRUE(composer.feed(r).has_value()); }
  void frame(std::uint32_t source, std::uint64_t at_us, bool key, std::uint8_t second_byte = 1) {
    ByteVector data(50, second_byte);
    data[0] = key ? 0x10 : 0x11;
    rtc::packetize_vp8(data, 1, 1000, [&](Bytes payload, bool last) {
      wire::TapPacket p;
      p.at_us = at_us;
      p.source = source;
      p.sequence = sequence[source]++;
      p.timestamp = static_cast<std::uint32_t>(at_us * 9 / 100);
      p.marker = last;
      p.payload = payload;
      feed(p);
    });
  }
};

// A call in virtual time: 20 ms of everybody's sound at a time, at their present level (0: no packets).
struct Voices {
  explicit Voices(Call& c) : call(c) {}
  void join(const std::string& who) {
    call.feed(wire::TapAttendee{at_us, who, "Name of " + who, false});
    voice[who] = {next_source, 0, 0};
    call.feed(wire::TapSource{at_us, next_source++, who, wire::TapKind::audio, wire::TapCodec::opus, 48000, 0, false});
  }
  void run_ms(int ms) {
    const std::uint8_t payload[3] = {1, 2, 3};
    for (const std::uint64_t end = at_us + static_cast<std::uint64_t>(ms) * 1000; at_us < end; at_us += 20'000) {
      for (auto& [who, v] : voice) {
        if (v.level == 0) continue;
        wire::TapPacket p;
        p.at_us = at_us;
        p.source = v.source;
        p.sequence = v.sequence++;
        p.timestamp = static_cast<std::uint32_t>(at_us * 48 / 1000);
        p.audio_level = v.level;
        p.payload = payload;
        call.feed(p);
      }
    }
  }
  void finish() {
    call.feed(wire::TapStop{at_us, wire::TapStopReason::requested});
    ASSERT_TRUE(call.composer.finish().has_value());
  }
  // Who had the border at this time; "" nobody, "2+" several.
  std::string marked_at(double seconds) const {
    std::string out;
    for (const Tile& t : call.studio.scene_at(seconds).tiles) {
      if (t.speaking) out = out.empty() ? t.name.substr(8) : "2+";
    }
    return out;
  }
  struct Voice {
    std::uint32_t source = 0;
    std::uint16_t sequence = 0;
    std::uint8_t level = 0;
  };
  Call& call;
  std::map<std::string, Voice> voice;
  std::uint64_t at_us = 0;
  std::uint32_t next_source = 1;
};

inline wire::TapSource source(std::uint64_t at, std::uint32_t number, std::string who, bool content = false) {
  return {at, number, std::move(who), wire::TapKind::video, wire::TapCodec::vp8, 90000, 0, content};
}

}  // namespace upcall::compose
