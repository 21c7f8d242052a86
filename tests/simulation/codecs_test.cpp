// Whole meetings whose people have codecs of their own: whoever comes and goes, everybody sees everybody, in a codec that
// all take, and publishers go back to what they prefer.
#include <gtest/gtest.h>

#include "sim/world.hpp"

#include "clock_hook.hpp"

namespace upcall::sim {
namespace {

using rtc::VideoCodec;

class CodecMeetings : public testing::TestWithParam<int> {};

TEST_P(CodecMeetings, ComeAndGoAndEverybodySeesEverybody) {
  World world(static_cast<std::uint64_t>(GetParam()), follow_clock);
  RandomSource& random = world.random();
  world.open_meeting("m");
  const std::vector<std::vector<VideoCodec>> tastes = {
      {VideoCodec::h264, VideoCodec::vp9, VideoCodec::vp8}, {VideoCodec::vp9, VideoCodec::vp8}, {VideoCodec::h264, VideoCodec::vp8}};
  const auto join = [&](int number, std::vector<VideoCodec> codecs) -> Participant& {
    World::AddOptions options;
    options.camera = true;
    options.weather.delay = Duration::ms(static_cast<std::int64_t>(5 + random.below(60)));
    options.weather.jitter = Duration::ms(static_cast<std::int64_t>(random.below(20)));
    options.weather.loss = random.chance(0.5) ? 0.03 : 0.0;
    options.video_codecs = std::move(codecs);
    return world.add("m", "a" + std::to_string(number), options);
  };
  Participant& a = join(1, tastes[random.below(tastes.size())]);
  Participant& b = join(2, tastes[random.below(tastes.size())]);
  const auto prefers = [](const Participant& p, const Participant& other) {
    for (const VideoCodec codec : p.options.video_codecs) {
      const auto& takes = other.options.video_codecs;
      if (std::find(takes.begin(), takes.end(), codec) != takes.end()) return codec;
    }
    return p.options.video_codecs.front();
  };
  const auto sends = [&](VideoCodec of_a, VideoCodec of_b) {
    return world.run_until([&] { return a.attendee.send_codec() == of_a && b.attendee.send_codec() == of_b; }, Duration::s(20));
  };
  const auto seen = [&](const Participant& who, const Participant& whom) { return who.picture_of(whom.options.id).frames; };
  const auto see_on = [&](const std::vector<const Participant*>& people) {
    std::vector<std::uint64_t> before;
    for (const auto* p : people) for (const auto* q : people) before.push_back(p == q ? 0 : seen(*p, *q));
    return world.run_until([&] {
      std::size_t at = 0;
      for (const auto* p : people) {
        for (const auto* q : people) {
          const std::uint64_t was = before[at++];
          if (p != q && seen(*p, *q) < was + 10) return false;
        }
      }
      return true;
    }, Duration::s(30));
  };
  EXPECT_TRUE(sends(prefers(a, b), prefers(b, a)));
  EXPECT_TRUE(see_on({&a, &b}));
  for (int round = 0; round < 3; ++round) {
    Participant& old = join(10 + round, {VideoCodec::vp8});
    EXPECT_TRUE(sends(VideoCodec::vp8, VideoCodec::vp8)) << "round " << round;
    EXPECT_TRUE(see_on({&a, &b, &old})) << "round " << round;
    world.leave(old);
    EXPECT_TRUE(sends(prefers(a, b), prefers(b, a))) << "round " << round;
    EXPECT_TRUE(see_on({&a, &b})) << "round " << round;
  }
  EXPECT_GE(a.totals().codec_changes + b.totals().codec_changes, prefers(a, b) == VideoCodec::vp8 ? 0u : 6u);
  for (const std::string& breach : world.breaches()) ADD_FAILURE() << breach;
}

INSTANTIATE_TEST_SUITE_P(Seeds, CodecMeetings, testing::Range(1, 13));

}  // namespace
}  // namespace upcall::sim
