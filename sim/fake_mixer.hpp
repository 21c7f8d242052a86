// In place of the Opus mixer: "mixes" by naming the sources, and remembers who was pushed. It stands for decoding and
// encoding only; which sources are mixed for whom, and when, is decided by the meeting core under test.
#pragma once

#include <map>
#include <memory>

#include "sfu/audio_mixer.hpp"
#include "sim/fake_media.hpp"

namespace upcall::sim {

class FakeMixer final : public sfu::AudioMixer {
 public:
  explicit FakeMixer(std::uint64_t* pushes) : pushes_(pushes) {}
  void push(std::uint32_t source, std::int64_t sequence, std::uint32_t, Bytes) override {
    last_[source] = sequence;
    ++*pushes_;
  }
  void remove(std::uint32_t source) override { last_.erase(source); }
  void advance() override {}
  std::size_t mix(std::span<const std::uint32_t> sources, MutBytes out) override {
    for (const std::uint32_t s : sources) {
      if (!last_.contains(s)) return 0;  // nobody decoded it: the real one would give silence
    }
    return write_mixed_packet(sources, out);
  }

 private:
  std::map<std::uint32_t, std::int64_t> last_;
  std::uint64_t* pushes_;
};

class FakeMixerFactory final : public sfu::AudioMixerFactory {
 public:
  std::unique_ptr<sfu::AudioMixer> make() override { return std::make_unique<FakeMixer>(&pushes_); }
  // Packets given to all of its mixers, which the real one decodes.
  std::uint64_t pushes() const { return pushes_; }

 private:
  std::uint64_t pushes_ = 0;
};

}  // namespace upcall::sim
