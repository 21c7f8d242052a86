// Meetings of attendees that take different codecs, from seeds: somebody joins who knows VP8 alone, all publishers change,
// and change back when it has left. The world judges every frame: nobody gets a codec that it did not offer, another codec
// begins with a key frame.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "clock_hook.hpp"
#include "sim/world.hpp"

namespace upcall::sim {
namespace {

using rtc::VideoCodec;
using testing::IsEmpty;

constexpr Duration kSettle = Duration::s(4), kStay = Duration::s(6), kFirstPicture = Duration::s(4);

class MixedCodecs : public testing::TestWithParam<std::uint64_t> {
 protected:
  MixedCodecs() : world(GetParam(), follow_clock) {
    world.open_meeting("m");
    better = GetParam() % 2 == 0 ? VideoCodec::h264 : VideoCodec::vp9;
  }
  VideoCodec other() const { return better == VideoCodec::h264 ? VideoCodec::vp9 : VideoCodec::h264; }
  Participant& add(const std::string& id, std::vector<VideoCodec> codecs, bool camera = true) {
    Weather w;
    w.loss = static_cast<double>(world.random().below(30)) / 1000;
    w.delay = Duration::ms(static_cast<std::int64_t>(5 + world.random().below(50)));
    w.jitter = Duration::ms(static_cast<std::int64_t>(world.random().below(8)));
    World::AddOptions o;
    o.camera = camera;
    o.weather = w;
    o.video_codecs = std::move(codecs);
    return world.add("m", id, o);
  }
  void run(Duration time) {
    for (Duration left = time; left > Duration(); left = left - Duration::ms(200)) {
      world.run_for(Duration::ms(200));
      if (recording) recording->drain();
    }
  }
  static bool all_see_all(const std::vector<Participant*>& there, VideoCodec codec) {
    for (Participant* seeing : there) {
      for (Participant* seen : there) {
        if (seeing != seen && seen->options.camera && seeing->picture_of(seen->options.id).codec != codec) return false;
      }
    }
    return true;
  }
  // All change to it, and everybody's picture of everybody goes on in it.
  void all_send(VideoCodec codec, const char* when) {
    SCOPED_TRACE(when);
    run(kSettle);
    const auto there = world.present("m");
    // A publisher that has just changed was asked for a key frame, and is asked again 2 s later; where that picture is lost on
    // its way to the newcomer (the first packet of a stream is missed by nobody), and then the next request, it takes 6 s.
    for (Duration waited; waited < kFirstPicture && !all_see_all(there, codec); waited = waited + Duration::ms(200)) run(Duration::ms(200));
    std::map<std::pair<Participant*, Participant*>, std::uint64_t> frames;
    for (Participant* seeing : there) {
      if (seeing->options.camera) EXPECT_EQ(seeing->attendee.send_codec(), codec) << seeing->options.attendee_id;
      for (Participant* seen : there) {
        if (seeing != seen && seen->options.camera) frames[{seeing, seen}] = seeing->picture_of(seen->options.id).frames;
      }
    }
    run(kStay);
    for (const auto& [pair, before] : frames) {
      const auto picture = pair.first->picture_of(pair.second->options.id);
      EXPECT_GE(picture.frames, before + 45) << pair.first->options.attendee_id << " sees " << pair.second->options.attendee_id << ", of 60";
      EXPECT_EQ(picture.codec, codec) << pair.first->options.attendee_id << " sees " << pair.second->options.attendee_id;
    }
    EXPECT_THAT(world.breaches(), IsEmpty());
  }
  // The codecs of one attendee's cameras in the order of their records.
  std::vector<wire::TapCodec> recorded_of(const std::string& attendee) const {
    std::vector<wire::TapCodec> out;
    for (const ByteVector& bytes : recording->records) {
      const auto record = wire::decode_tap_record(bytes);
      if (!record) continue;
      const auto* source = std::get_if<wire::TapSource>(&*record);
      if (source && source->kind != wire::TapKind::audio && source->attendee_id == attendee) out.push_back(source->codec);
    }
    return out;
  }

  World world;
  VideoCodec better;
  Recording* recording = nullptr;
};

TEST_P(MixedCodecs, WhoTakesVp8AloneChangesAllAndNobodyLosesThePicture) {
  Participant& a = add("a", {better, VideoCodec::vp8});
  add("b", {better, VideoCodec::vp8, other()});
  if (world.random().below(2) == 0) add("c", {better, other(), VideoCodec::vp8});
  recording = &world.server().start_recording("m", 16 << 20);
  all_send(better, "alone");
  const Duration still = a.picture_of(2).still;

  // Half of the time without a camera: then nothing but its codecs is a reason to tell the others of it.
  Participant& old = add("old", {VideoCodec::vp8}, world.random().below(2) == 0);
  all_send(VideoCodec::vp8, "with one who takes VP8 alone");
  world.leave(old);
  all_send(better, "after it has left");
  Participant& third = add("third", {other(), VideoCodec::vp8});
  all_send(VideoCodec::vp8, "with one who likes another codec");
  EXPECT_LT(a.picture_of(2).still - still, Duration::ms(1500)) << "three changes of b's codec";
  world.leave(third);
  run(Duration::s(1));

  world.server().stop_recording(*recording);
  run(Duration::ms(400));
  world.judge_recording(*recording);
  EXPECT_THAT(world.breaches(), IsEmpty());
  const auto now = better == VideoCodec::h264 ? wire::TapCodec::h264 : wire::TapCodec::vp9;
  const auto recorded = recorded_of("b");
  ASSERT_GE(recorded.size(), 4u);
  EXPECT_THAT((std::vector<wire::TapCodec>(recorded.begin(), recorded.begin() + 4)),
              testing::ElementsAre(now, wire::TapCodec::vp8, now, wire::TapCodec::vp8));
}

INSTANTIATE_TEST_SUITE_P(Seeds, MixedCodecs, testing::Range<std::uint64_t>(0, 16));

}  // namespace
}  // namespace upcall::sim
