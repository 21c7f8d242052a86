// service::film_manifest: what it says of a film, that its signature holds, and that nobody changes a letter of it.
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <future>

#include "crypto/random.hpp"
#include "faulty_store.hpp"
#include "io/clock/system_clock.hpp"
#include "json/json.hpp"
#include "service/recording/composer_run.hpp"

namespace upcall::service {
namespace {

namespace fs = std::filesystem;
namespace bj = boost::json;

constexpr const char* kFacts = R"({"fragments":2,"duration_ms":4000,"width":1280,"height":720,"video_frames":77,"complete":true,
"freezes":1,"lost_video_packets":2,"concealed_audio_ms":40,"gaps":1,"gap_spans":[{"from_ms":100,"until_ms":200,"reason":"ring_full","dropped":5}],
"pauses":[{"from_ms":1000,"until_ms":1500}],"lead_in_ms":250,"people":[{"id":"a1","name":"Zoë \"Z\" \u0007","spans":[{"from_ms":250,"until_ms":4000}]}],
"clock_markers":[{"at_ms":1,"source":2,"jump_ms":3}]})";

class Manifest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "upcall-manifest-XXXXXX").string();
    folder = ::mkdtemp(pattern.data());
    film = *film_spool::FilmSpool::open({folder + "/film.upf", ByteVector(32, 1), "r"}, random);
    const ByteVector boxes(100, 1);
    wire::FilmHeader h;
    h.fps = 15;
    h.timescale = 15360;
    h.boxes = boxes;
    ASSERT_TRUE(film->put_header(h).has_value());
    for (std::uint64_t i = 0; i < 2; ++i) {
      const ByteVector bytes(3'000'000 + i, static_cast<std::uint8_t>(i + 7));
      wire::FilmFragment f;
      f.number = i;
      f.start_tick = static_cast<std::int64_t>(i) * 31;
      f.end_tick = f.next_decode_tick = i == 0 ? 31 : 60;
      f.boxes = bytes;
      ASSERT_TRUE(film->put_fragment(f).has_value());
    }
    ASSERT_TRUE(film->finish(kFacts).has_value());
  }
  void TearDown() override {
    film.reset();
    fs::remove_all(folder);
  }
  std::string made() {
    ManifestAbout about{"r-1", "m-1", WallTime::from_unix_ms(1'800'000'000'000), {1280, 720, 15, "grid", false}, {}, 2, 1};
    about.object = {"RECORDINGS/x.mp4", "video/mp4", film->progress().bytes, "etag-1", {}};
    auto out = film_manifest(about, *film, sign);
    EXPECT_TRUE(out.has_value()) << (out ? "" : out.error().message);
    return out.value_or("");
  }

  std::string folder;
  crypto::SystemRandom random;
  std::shared_ptr<film_spool::FilmSpool> film;
  crypto::Es256PrivateKey key = crypto::Es256PrivateKey::generate();
  SignRecord sign = [this](std::string_view text) { return crypto::jws_sign(key, text); };
};

TEST_F(Manifest, SaysWhatTheFilmIsAndWhereItsBytesLie) {
  const auto clear = verified_manifest(made(), key.public_key());
  ASSERT_TRUE(clear.has_value()) << clear.error().message;
  const bj::object m = json::parse_object(*clear).value();
  const bj::object& of_film = *json::object_at(m, "film");
  EXPECT_EQ(json::text_or(m, "recordingId"), "r-1");
  EXPECT_EQ(json::text_or(m, "software"), "upcall " UPCALL_VERSION);
  EXPECT_EQ(json::text_or(of_film, "etag"), "etag-1");
  EXPECT_EQ(json::text_or(of_film, "layout"), "grid");
  EXPECT_EQ(json::integer_at(of_film, "framesPerSecond"), 15);
  EXPECT_EQ(json::integer_at(of_film, "durationMs"), 4000);
  const bj::object person = json::array_at(m, "participants")->at(0).as_object();
  EXPECT_EQ(json::text_or(person, "attendeeId"), "a1");
  EXPECT_EQ(json::text_or(person, "name"), "Zo\u00eb \"Z\" \a");
  EXPECT_EQ(bj::serialize(person.at("spans")), R"([{"joinedMs":250,"leftMs":4000}])");
  EXPECT_EQ(bj::serialize(m.at("leadIn")), R"({"fromMs":0,"untilMs":250})");
  EXPECT_EQ(bj::serialize(m.at("pauses")), R"([{"fromMs":1000,"untilMs":1500}])");
  EXPECT_EQ(bj::serialize(m.at("gaps")), R"([{"droppedRecords":5,"fromMs":100,"reason":"ring_full","untilMs":200}])");
  EXPECT_EQ(bj::serialize(m.at("composing")), R"({"composers":2,"restarts":1})");
  EXPECT_EQ(json::integer_at(*json::object_at(m, "health"), "clockCorrections"), 1);
  // Every fragment's bytes, by offset and size, hash to what it says; durations add up.
  const auto source = film->source();
  std::int64_t until = 0;
  for (const bj::value& v : *json::array_at(m, "fragments")) {
    const bj::object& f = v.as_object();
    ByteVector bytes(static_cast<std::size_t>(*json::integer_at(f, "size")));
    ASSERT_EQ(source->read(static_cast<std::uint64_t>(*json::integer_at(f, "offset")), bytes).value(), bytes.size());
    EXPECT_EQ(json::text_or(f, "sha256"), to_hex(crypto::sha256(bytes)));
    EXPECT_EQ(json::integer_at(f, "startMs"), until);
    until += *json::integer_at(f, "durationMs");
  }
  EXPECT_EQ(until, 4000);
  ByteVector all(source->size());
  ASSERT_TRUE(source->read(0, all).has_value());
  EXPECT_EQ(json::text_or(of_film, "sha256"), to_hex(crypto::sha256(all)));
  // Canonical: members in order, no blanks, shortest escapes.
  EXPECT_TRUE(clear->starts_with(R"({"composing":{"composers":2,"restarts":1},"externalMeetingId":"m-1","film":{"constantRate":false,)")) << *clear;
  EXPECT_NE(clear->find(R"("name":"Zoë \"Z\" \u0007")"), std::string::npos) << *clear;
}

TEST_F(Manifest, TakesUpWhatTheCheckHasFoundAndIsSignedAnew) {
  FilmHealth health;
  health.skew_ms = -12;
  health.findings = {{recording::HealthKind::silent, recording::HealthSeverity::alarm, 0.256, 7000},
                     {recording::HealthKind::gap, recording::HealthSeverity::warning, 140.0, 9000}};
  const auto at = WallTime::from_unix_ms(1'800'000'100'000);
  const std::string before = made();
  const auto checked = checked_manifest(before, health, at, sign);
  ASSERT_TRUE(checked.has_value()) << checked.error().message;
  const auto clear = verified_manifest(*checked, key.public_key());
  ASSERT_TRUE(clear.has_value()) << clear.error().message;
  bj::object m = json::parse_object(*clear).value();
  EXPECT_EQ(bj::serialize(m.at("health").as_object().at("check")),
            R"({"avOffsetMs":-12,"checkedAt":"2027-01-15T08:01:40.000Z","findings":[)"
            R"({"amount":26,"atMs":7000,"kind":"silent","severity":"alarm","unit":"percent"},)"
            R"({"amount":140,"atMs":9000,"kind":"gap","severity":"warning","unit":"ms"}]})");
  // All the rest is as it was.
  m["health"].as_object().erase("check");
  EXPECT_EQ(bj::value(m), bj::value(json::parse_object(*verified_manifest(before, key.public_key())).value()));
  // Checked once more: the last look counts.
  const auto again = checked_manifest(*checked, {}, at, sign);
  ASSERT_TRUE(again.has_value());
  EXPECT_NE(again->find(R"("check":{"checkedAt":"2027-01-15T08:01:40.000Z","findings":[]})"), std::string::npos) << *again;
  for (const char* none : {"", "{}", R"({"manifest":7})", R"({"manifest":{"health":1}})"}) EXPECT_FALSE(checked_manifest(none, health, at, sign)) << none;
}

TEST_F(Manifest, NobodyChangesALetterOfIt) {
  const std::string good = made();
  ASSERT_TRUE(verified_manifest(good, key.public_key()));
  EXPECT_FALSE(verified_manifest(good, crypto::Es256PrivateKey::generate().public_key())) << "another key";
  int changed = 0;
  for (std::size_t at = 0; at < good.size(); at += 3) {
    std::string bad = good;
    if (bad[at] >= '0' && bad[at] <= '8') {
      bad[at] = static_cast<char>(bad[at] + 1);
    } else if (std::isalpha(static_cast<unsigned char>(bad[at])) != 0) {
      bad[at] = bad[at] == 'k' ? 'j' : 'k';
    } else {
      continue;
    }
    ++changed;
    EXPECT_FALSE(verified_manifest(bad, key.public_key())) << at << " " << good.substr(at, 20);
  }
  EXPECT_GT(changed, 300);
  // Blanks and another order of members are the same manifest.
  std::string spaced = good;
  spaced.insert(spaced.find(':') + 1, "  ");
  EXPECT_TRUE(verified_manifest(spaced, key.public_key()));
  for (const char* none : {"", "{}", R"({"manifest":{}})", R"({"manifest":{},"signature":"a.b"})", R"({"manifest":{},"signature":"..."})"}) {
    EXPECT_FALSE(verified_manifest(none, key.public_key())) << none;
  }
}

// The film is there; the store takes the manifest only at the third time of asking.
TEST_F(Manifest, IsWrittenBeforeTheFilmCountsAsStoredHoweverLongItTakes) {
  FaultyStore store;
  store.fault = [](const std::string& what, int nth) -> std::optional<Error> {
    if (what == "begin" && (nth == 2 || nth == 3)) return Error{ErrorCode::unavailable, "down"};
    return std::nullopt;
  };
  ComposerOptions options;
  options.recording_id = "r-1";
  options.external_meeting_id = "m-1";
  options.upload.object_key = "RECORDINGS/x.mp4";
  options.upload.first_pause = Duration::ms(1);
  options.upload.longest_pause = Duration::ms(4);
  options.film = film;
  options.sign = sign;
  std::promise<Result<ComposerOutcome>> told;
  {
    ComposerRun run(std::move(options), store, system_now, random,
                    {[] {}, [&](Result<ComposerOutcome> outcome) { told.set_value(std::move(outcome)); }});
    const auto outcome = told.get_future().get();
    ASSERT_TRUE(outcome.has_value()) << outcome.error().message;
  }
  const ByteVector& object = store.objects["RECORDINGS/x.json"];
  EXPECT_TRUE(verified_manifest(as_text(object), key.public_key()));
  EXPECT_EQ(store.calls["begin"], 4);
}

TEST_F(Manifest, AStopDuringThatIsNoSuccess) {
  FaultyStore store;
  std::promise<void> asked;
  std::atomic<int> refusals{0};
  store.fault = [&](const std::string& what, int nth) -> std::optional<Error> {
    if (what != "begin" || nth < 2) return std::nullopt;
    if (refusals++ == 0) asked.set_value();
    return Error{ErrorCode::unavailable, "down"};
  };
  ComposerOptions options;
  options.upload.object_key = "RECORDINGS/x.mp4";
  options.film = film;
  options.sign = sign;
  std::promise<Result<ComposerOutcome>> told;
  {
    ComposerRun run(std::move(options), store, system_now, random,
                    {[] {}, [&](Result<ComposerOutcome> outcome) { told.set_value(std::move(outcome)); }});
    asked.get_future().wait();
  }
  EXPECT_FALSE(told.get_future().get().has_value());
  EXPECT_FALSE(store.objects.contains("RECORDINGS/x.json"));
}

}  // namespace
}  // namespace upcall::service
