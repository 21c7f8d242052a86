// Composers that are killed at any moment and others that go on with their film: the finished film is the one that an
// undisturbed composer makes, picture for picture and sample for sample of its clock.
#include <cmath>
#include <map>

#include "base/rng.hpp"
#include "packet_list.hpp"
#include "worker_process.hpp"

namespace upcall::test {
namespace {

constexpr int kWidth = 960, kHeight = 540;

class Resume : public WorkerTest {
 protected:
  // Composes to the end, with a kill after each of these numbers of fragments received (of the whole film), those that
  // there are. Answers the film; the last worker's facts in `done`.
  std::shared_ptr<FilmInHand> film_with_kills(const std::vector<std::size_t>& kills, const std::string& preset) {
    auto film = std::make_shared<FilmInHand>();
    for (const std::size_t until : kills) {
      Worker worker;
      worker.film = film;
      worker.send(ChildMessage::compose, order_text(film.get(), preset, kWidth, kHeight));
      bool over = false;
      while (!over && film->index.fragments().size() < until) {
        const auto m = worker.next();
        over = !m || m->type == ChildMessage::done || m->type == ChildMessage::failed;
        EXPECT_TRUE(m && m->type != ChildMessage::failed) << (m ? as_text(m->body) : "");
      }
      worker.kill();
    }
    Worker worker;
    worker.film = film;
    worker.send(ChildMessage::compose, order_text(film.get(), preset, kWidth, kHeight));
    done = worker.wait_for(ChildMessage::done);
    EXPECT_TRUE(done && done->type == ChildMessage::done) << (done ? as_text(done->body) : "nothing");
    return film;
  }

  void compare(const std::shared_ptr<FilmInHand>& film, const Film& whole, const PacketList& whole_packets,
               const std::vector<std::size_t>& kills, const std::vector<Place>& places) {
    const std::string file = folder + "/resumed.mp4";
    film->write(file);
    // The container: the same pictures at the same times, decode times without a step, fragments counted through.
    const PacketList packets = read_packets(file);
    ASSERT_TRUE(packets.good);
    EXPECT_EQ(packets.video_pts, whole_packets.video_pts);
    EXPECT_EQ(packets.audio_pts, whole_packets.audio_pts);
    EXPECT_TRUE(packets.continuous);
    ASSERT_EQ(packets.sequence.size(), film->index.fragments().size());
    for (std::size_t i = 0; i < packets.sequence.size(); ++i) EXPECT_EQ(packets.sequence[i], i + 1);
    // What it shows.
    Film judged;
    ASSERT_TRUE(judged.load(file, places));
    EXPECT_EQ(judged.decode_errors, 0u);
    EXPECT_TRUE(judged.index_first);
    EXPECT_NEAR(judged.duration_s, whole.duration_s, 0.001);
    ASSERT_EQ(judged.times, whole.times);
    for (std::size_t k = 0; k < places.size(); ++k) {
      std::map<double, unsigned> expected;
      for (const auto& f : whole.readings[k]) expected[f.time_s] = f.clock_ms;
      std::size_t compared = 0;
      for (const auto& f : judged.readings[k]) {
        if (const auto at = expected.find(f.time_s); at != expected.end()) {
          EXPECT_EQ(f.clock_ms, at->second) << "place " << k << " at " << f.time_s;
          ++compared;
        }
      }
      EXPECT_GT(compared + 5, whole.readings[k].size()) << "place " << k;
    }
    // What it sounds like, around each seam most of all.
    ASSERT_EQ(judged.pcm.size(), whole.pcm.size());
    for (const std::size_t kill : kills) {
      if (kill > film->index.fragments().size()) continue;
      const FilmIndex::Fragment& f = film->index.fragments()[kill - 1];
      const auto seam = static_cast<std::size_t>(f.end_tick) * 1600;
      const std::size_t from = seam > 4800 ? seam - 4800 : 0, to = std::min(seam + 9600, whole.pcm.size());
      double error = 0, signal = 0, worst = 0, loudest = 0;
      for (std::size_t i = from; i < to; ++i) {
        const double d = judged.pcm[i] - whole.pcm[i];
        error += d * d;
        signal += static_cast<double>(whole.pcm[i]) * whole.pcm[i];
        worst = std::max(worst, std::abs(d));
        loudest = std::max(loudest, std::abs(static_cast<double>(whole.pcm[i])));
      }
      // Two encoders of one sound differ by what their rate control leaves out, not by a click or a shift by a frame. Seams
      // lie on full seconds, where the beeps begin: of an attack single samples differ most.
      EXPECT_LT(error, signal * 0.03 + 1e-4) << "seam at " << seam;
      EXPECT_LT(worst, std::max(loudest * 0.5, 0.002)) << "seam at " << seam;
      if (signal > 0.01) noise_ = std::max(noise_, std::sqrt(error / signal));
    }
  }

  void journal_of(const std::string& name, std::uint32_t ms, rtc::VideoCodec codec = rtc::VideoCodec::vp8) {
    auto call = scenario(name, run_number, ms);
    for (SyntheticPerson& p : call->people) p.codec = codec;
    if (codec != rtc::VideoCodec::vp8) call->people[0].codec_changes = {{ms / 2, rtc::VideoCodec::vp8}};
    ASSERT_TRUE(write_journal(*make_call(*call), folder + "/journal", key, 1000).has_value());
  }

  using FilmIndex = compose::FilmIndex;
  std::optional<Message> done;
  double noise_ = 0;
};

const std::vector<Place> kTwo{{0, 135, 480}, {480, 135, 480}};

// Encoders with pictures out of order (live) and without (ultrafast); a share that comes and goes, losses, a pause
// and speakers that change.
struct Case {
  const char* scenario;
  const char* preset;
  std::uint32_t ms;
  std::vector<Place> places;
  rtc::VideoCodec codec = rtc::VideoCodec::vp8;   // another one: the first person changes to VP8 in the middle
};

TEST_F(Resume, KilledAnywhereTheFilmIsTheSame) {
  const Case cases[] = {
      {"share", "live", 15000, {{0, 135, 480}, {0, 54, 768}}},
      {"loss", "live", 12000, kTwo},
      {"damage", "live", 12000, kTwo},
      {"tiny", "ultrafast", 12000, kTwo},
      {"pause", "live", 11000, kTwo},
      {"damage", "live", 10000, kTwo, rtc::VideoCodec::h264},
      {"damage", "live", 10000, kTwo, rtc::VideoCodec::vp9},
  };
  run_number = 0x5eed;   // the calls are the same each time: where frames are lost or damaged is part of the case
  SeededRandom random(7);
  for (const Case& c : cases) {
    SCOPED_TRACE(std::string(c.scenario) + " " + c.preset);
    fs::remove_all(folder + "/journal");
    journal_of(c.scenario, c.ms, c.codec);
    auto undisturbed = film_with_kills({}, c.preset);
    undisturbed->write(folder + "/whole.mp4");
    Film whole;
    ASSERT_TRUE(whole.load(folder + "/whole.mp4", c.places));
    ASSERT_EQ(whole.decode_errors, 0u);
    const PacketList whole_packets = read_packets(folder + "/whole.mp4");
    ASSERT_TRUE(whole_packets.continuous);
    const std::size_t fragments = undisturbed->index.fragments().size();
    ASSERT_GE(fragments, 5u);
    EXPECT_EQ(undisturbed->index.resume().damage.empty(), std::string(c.scenario) != "damage");
    // Each place once alone, then several in one film, the same twice among them.
    std::vector<std::vector<std::size_t>> plans;
    for (std::size_t i = 1; i <= fragments; ++i) plans.push_back({i});
    for (int i = 0; i < 2; ++i) {
      std::vector<std::size_t> plan;
      for (std::size_t at = 1 + random.below(2); at <= fragments; at += random.below(3)) plan.push_back(at);
      if (plan.size() > 6) plan.resize(6);
      plans.push_back(plan);
    }
    for (const auto& plan : plans) {
      SCOPED_TRACE(testing::PrintToString(plan));
      auto film = film_with_kills(plan, c.preset);
      compare(film, whole, whole_packets, plan, c.places);
      if (HasFatalFailure()) return;
    }
  }
  std::printf("difference at the seams, at most: %.1f %% of the sound\n", noise_ * 100);
}

// The journal still grows, and the composers die of it at moments that fragments know nothing of.
TEST_F(Resume, KilledAtAnyMomentOfALiveCall) {
  const auto call = scenario("tiny", run_number, 12000);
  const auto records = *make_call(*call);
  const std::vector<Place> places = kTwo;
  {
    JournalFeeder all(records, folder + "/journal", key, 1000);
    ASSERT_TRUE(all.finish().has_value());
  }
  auto undisturbed = film_with_kills({}, "live");
  undisturbed->write(folder + "/whole.mp4");
  Film whole;
  ASSERT_TRUE(whole.load(folder + "/whole.mp4", places));
  const PacketList whole_packets = read_packets(folder + "/whole.mp4");
  fs::remove_all(folder + "/journal");

  JournalFeeder feeder(records, folder + "/journal", key, 1000);
  SeededRandom random(11);
  auto film = std::make_shared<FilmInHand>();
  std::vector<std::size_t> kills;
  for (std::uint64_t at_us = 1'500'000; at_us < 11'000'000; at_us += 700'000 + random.below(900'000)) {
    ASSERT_TRUE(feeder.feed_until(at_us).has_value());
    Worker worker;
    worker.film = film;
    worker.send(ChildMessage::compose, order_text(film.get(), "live", kWidth, kHeight));
    // Until it has composed up to some place behind what was there, or has got as far as the journal goes.
    const auto goal = static_cast<std::int64_t>(random.below(at_us / 1000));
    for (;;) {
      const auto m = worker.wait_for(ChildMessage::progress);
      ASSERT_TRUE(m && m->type == ChildMessage::progress) << (m ? as_text(m->body) : "");
      const auto composed = m->fields.at("composed_ms").to_number<std::int64_t>();
      if (composed >= goal || composed * 1000 + 1'500'000 > static_cast<std::int64_t>(at_us)) break;
    }
    worker.kill();
    if (!film->index.fragments().empty()) {
      kills.push_back(film->index.fragments().size());
    } else {
      *film = {};
    }
  }
  ASSERT_TRUE(feeder.finish().has_value());
  Worker worker;
  worker.film = film;
  worker.send(ChildMessage::compose, order_text(film.get(), "live", kWidth, kHeight));
  done = worker.wait_for(ChildMessage::done);
  ASSERT_TRUE(done && done->type == ChildMessage::done) << (done ? as_text(done->body) : "");
  ASSERT_GE(kills.size(), 3u);
  compare(film, whole, whole_packets, kills, places);
  EXPECT_GE(done->fields.at("replay_ms").to_number<std::int64_t>(), 0);
}

TEST_F(Resume, AFilmOfAnotherEncoderIsBegunAnew) {
  journal_of("tiny", 6000);
  auto film = std::make_shared<FilmInHand>();
  {
    Worker worker;
    worker.film = film;
    worker.send(ChildMessage::compose, order_text(nullptr, "live", kWidth, kHeight));
    ASSERT_TRUE(worker.wait_for(ChildMessage::fragment));
    worker.kill();
  }
  Worker worker;
  worker.film = film;
  worker.send(ChildMessage::compose, order_text(film.get(), "ultrafast", kWidth, kHeight));
  const auto answer = worker.wait_for(ChildMessage::done);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->type, ChildMessage::failed);
  EXPECT_TRUE(answer->fields.at("restart").as_bool());
}

}  // namespace
}  // namespace upcall::test
