// A film of a call of which something was forgotten: it follows behind, and holds neither a picture nor a sound of it.
#include <cmath>

#include "worker_process.hpp"

namespace upcall::test {
namespace {

class Forget : public WorkerTest {
 protected:
  static constexpr std::uint32_t kFrom = 8000, kTo = 10000, kLength = 16000;   // ms
  void SetUp() override {
    WorkerTest::SetUp();
    call = scenario("tiny", run_number, kLength).value();
    call.forgotten = {{kFrom, kTo}};
    records = make_call(call).value();
  }
  std::string order(int forget_s, const FilmInHand* film = nullptr) const {
    json::object fields = json::parse(order_text(film)).as_object();
    fields["forgetSeconds"] = forget_s;
    return json::serialize(fields);
  }
  // The film at folder/name: nothing of the span, everything else.
  void expect_forgotten(const std::string& name, std::int64_t from_ms, std::int64_t until_ms) {
    Film film;
    ASSERT_TRUE(film.load(folder + "/" + name, {{0, 90, 320}, {320, 90, 320}}));
    EXPECT_EQ(film.decode_errors, 0u);
    EXPECT_NEAR(film.duration_s, kLength / 1000.0, 0.15);
    EXPECT_NEAR(film.audio_s, kLength / 1000.0, 0.15);
    const double from_s = static_cast<double>(from_ms) / 1000, until_s = static_cast<double>(until_ms) / 1000;
    for (const auto& list : film.readings) {
      std::size_t before = 0, after = 0;
      for (const auto& f : list) {
        ASSERT_EQ(f.run, run_number);
        EXPECT_FALSE(f.clock_ms >= from_ms && f.clock_ms < until_ms - 50) << "a picture of " << f.clock_ms;
        EXPECT_FALSE(f.time_s > from_s + 0.04 && f.time_s < until_s - 0.04) << "a picture at " << f.time_s;
        before += f.time_s <= from_s;
        after += f.time_s >= until_s;
        EXPECT_NEAR(f.time_s * 1000, f.clock_ms, 250) << "in step, behind it too";
      }
      EXPECT_GT(before, 50u);
      EXPECT_GT(after, 40u);
    }
    const auto loudest = [&](double from, double to) {
      float out = 0;
      for (auto i = static_cast<std::size_t>(from * 48000); i < static_cast<std::size_t>(to * 48000); ++i) out = std::max(out, std::abs(film.pcm.at(i)));
      return out;
    };
    EXPECT_LT(loudest(from_s + 0.04, until_s - 0.04), 0.002f);
    EXPECT_GT(loudest(from_s - 2, from_s), 0.1f);
    EXPECT_GT(loudest(until_s + 0.5, until_s + 2.5), 0.1f);
  }

  SyntheticCall call;
  std::vector<TimedRecord> records;
};

TEST_F(Forget, ALiveFilmTrailsAndHasNothingOfIt) {
  Worker worker;
  worker.send(ChildMessage::compose, order(2));
  JournalFeeder journal(records, folder + "/journal", key, 3000, true);
  // Two seconds, a window, and what forgetting may take: five behind.
  std::int64_t composed_ms = 0;
  for (std::uint64_t at_us = 1'000'000; at_us <= kTo * 1000ull; at_us += 1'000'000) {
    ASSERT_TRUE(journal.feed_until(at_us).has_value());
    auto progress = worker.wait_for(ChildMessage::progress);
    ASSERT_TRUE(progress && progress->type == ChildMessage::progress);
    composed_ms = progress->fields.at("composed_ms").to_number<std::int64_t>();
    EXPECT_LE(composed_ms * 1000, std::max<std::int64_t>(0, static_cast<std::int64_t>(at_us) - 5'000'000));
  }
  EXPECT_GT(composed_ms, 1000) << "it follows all the same";
  ASSERT_TRUE(journal.forget(kFrom * 1000ull).has_value());
  ASSERT_TRUE(journal.finish().has_value());
  auto done = worker.wait_for(ChildMessage::done);
  ASSERT_TRUE(done);
  ASSERT_EQ(done->type, ChildMessage::done) << as_text(done->body);
  EXPECT_TRUE(done->fields.at("complete").as_bool());
  const json::array& spans = done->fields.at("forgotten").as_array();
  ASSERT_EQ(spans.size(), 1u) << json::serialize(spans);
  const auto from_ms = spans[0].at("from_ms").to_number<std::int64_t>(), until_ms = spans[0].at("until_ms").to_number<std::int64_t>();
  EXPECT_LE(from_ms, kFrom);
  EXPECT_GE(from_ms, kFrom - 1000);
  EXPECT_GE(until_ms, kTo);
  EXPECT_TRUE(done->fields.at("pauses").as_array().empty());
  EXPECT_EQ(done->fields.at("gaps").to_number<int>(), 0);
  worker.film->write(folder + "/film.mp4");
  expect_forgotten("film.mp4", from_ms, until_ms);
  // Whoever composes the journal later gets the same film.
  Worker later;
  json::object fields = json::parse(order(0)).as_object();
  fields["live"] = false;
  fields["crf"] = 28;
  fields["threads"] = 1;
  later.send(ChildMessage::compose, json::serialize(fields));
  done = later.wait_for(ChildMessage::done);
  ASSERT_TRUE(done && done->type == ChildMessage::done);
  later.film->write(folder + "/again.mp4");
  EXPECT_TRUE(bytes_of(folder + "/film.mp4") == bytes_of(folder + "/again.mp4"));
}

// One that was killed before, and one after: both films go on as one.
TEST_F(Forget, AnotherComposerGoesOnOverTheHole) {
  JournalFeeder journal(records, folder + "/journal", key, 3000, true);
  ASSERT_TRUE(journal.feed_until(kTo * 1000ull).has_value());
  auto film = std::make_shared<FilmInHand>();
  {
    Worker first;
    first.film = film;
    first.send(ChildMessage::compose, order(2));
    while (film->index.fragments().empty()) ASSERT_TRUE(first.next());
    first.kill();
  }
  ASSERT_TRUE(journal.forget(kFrom * 1000ull).has_value());
  ASSERT_TRUE(journal.finish().has_value());
  Worker second;
  second.film = film;
  second.send(ChildMessage::compose, order(2, film.get()));
  auto done = second.wait_for(ChildMessage::done);
  ASSERT_TRUE(done);
  ASSERT_EQ(done->type, ChildMessage::done) << as_text(done->body);
  film->write(folder + "/film.mp4");
  const json::value& span = done->fields.at("forgotten").as_array().at(0);
  expect_forgotten("film.mp4", span.at("from_ms").to_number<std::int64_t>(), span.at("until_ms").to_number<std::int64_t>());
}

}  // namespace
}  // namespace upcall::test
