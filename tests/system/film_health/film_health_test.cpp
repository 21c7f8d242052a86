// Real films, good ones and ones with planted faults, against the check: 20 of 20 faults by their names, not one word about
// 60 good films.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "base/rng.hpp"
#include "film_faults.hpp"
#include "io/film/film_check.hpp"

namespace upcall::test {
namespace {

using Records = std::vector<TimedRecord>;
using recording::HealthFinding;
using recording::HealthSeverity;

// Records of a call: some 6 s of small pictures. Made once, used by several films.
struct Case {
  std::string scenario;
  std::function<void(SyntheticCall&)> people = [](SyntheticCall&) {};
  std::function<void(Records&)> records = [](Records&) {};
};

void put(Records& records, const wire::TapRecord& record, std::uint64_t at_us) {
  ByteVector bytes(2000);
  Writer w(bytes);
  ASSERT_TRUE(encode(record, w));
  bytes.resize(w.size());
  const auto at = std::upper_bound(records.begin(), records.end(), at_us,
                                   [](std::uint64_t t, const TimedRecord& r) { return t < r.at_us; });
  records.insert(at, {at_us, std::move(bytes)});
}

// No packets in this span.
void hush(Records& records, std::uint64_t from_us, std::uint64_t to_us) {
  std::erase_if(records, [&](const TimedRecord& r) {
    return r.at_us >= from_us && r.at_us < to_us && std::holds_alternative<wire::TapPacket>(*wire::decode_tap_record(r.record));
  });
}

const std::vector<Case>& cases() {
  static const std::vector<Case> kCases = {
      {"solo"},
      {"tiny"},
      {"share"},
      {"camera"},
      {"loss"},
      {"four"},
      {"camera off", [](SyntheticCall& c) { for (auto& p : c.people) p.camera = {}; }},
      {"mutes", {}, [](Records& r) {
         for (const std::uint64_t at : {1'000'000ull, 2'500'000ull, 4'000'000ull}) {
           put(r, wire::TapMute{at, "ben", at != 2'500'000ull}, at);
         }
         // Who is muted sends nothing.
         std::erase_if(r, [](const TimedRecord& t) {
           const auto record = *wire::decode_tap_record(t.record);
           const auto* p = std::get_if<wire::TapPacket>(&record);
           return p && p->audio_level && t.at_us > 4'000'000;
         });
       }},
      {"late join", [](SyntheticCall& c) { c.people[1].camera = {{2500, UINT32_MAX}}; },
       [](Records& r) {
         std::vector<wire::TapRecord> later;
         std::erase_if(r, [&](const TimedRecord& t) {
           auto record = *wire::decode_tap_record(t.record);
           auto* a = std::get_if<wire::TapAttendee>(&record);
           auto* s = std::get_if<wire::TapSource>(&record);
           if (t.at_us > 0 || !((a && a->attendee_id == "ben") || (s && s->attendee_id == "ben"))) return false;
           if (a) a->at_us = 2'400'000;
           if (s) s->at_us = 2'400'000;
           later.push_back(record);
           return true;
         });
         for (const auto& record : later) put(r, record, 2'400'000);
       }},
      {"pause", {}, [](Records& r) {
         hush(r, 2'000'000, 3'500'000);
         put(r, wire::TapPause{2'000'000, true}, 2'000'000);
         put(r, wire::TapPause{3'500'000, false}, 3'500'000);
       }},
      {"forgotten", {}, [](Records& r) {
         hush(r, 2'000'000, 3'500'000);
         put(r, wire::TapForgotten{2'000'000, 3'500'000}, 3'500'000);
       }},
      {"gap", {}, [](Records& r) {
         hush(r, 2'000'000, 4'000'000);
         put(r, wire::TapGap{2'000'000, 4'000'000, wire::TapGapReason::ring_full, 100}, 2'000'000);
       }},
  };
  return kCases;
}

const Records& records_of(std::size_t number) {
  static std::map<std::size_t, Records> made;
  auto [it, fresh] = made.try_emplace(number);
  if (!fresh) return it->second;
  const Case& c = cases()[number];
  const std::set<std::string> known = {"solo", "tiny", "share", "camera", "loss", "four"};
  auto call = scenario(known.contains(c.scenario) ? c.scenario : "two", 1000 + number, 6000);
  for (SyntheticPerson& p : call->people) {
    p.width = 320;
    p.height = 180;
    p.kbps = 200;
    p.fps = std::min(p.fps, 15);
  }
  if (c.people) c.people(*call);
  it->second = *make_call(*call);
  if (c.records) c.records(it->second);
  return it->second;
}

struct Canvas {
  int width, height, fps;
};
constexpr Canvas kCanvases[] = {{320, 180, 30}, {480, 270, 15}, {640, 360, 10}, {256, 144, 25}};

const MadeFilm& film_of(std::size_t number, const Canvas& canvas) {
  static std::map<std::tuple<std::size_t, int, int>, MadeFilm> made;
  auto [it, fresh] = made.try_emplace({number, canvas.width, canvas.fps});
  if (fresh) {
    compose::ComposerOptions o;
    o.width = canvas.width;
    o.height = canvas.height;
    o.fps = canvas.fps;
    it->second = *make_film(records_of(number), o);
  }
  return it->second;
}

std::vector<HealthFinding> check(Bytes film, const std::string& facts, recording::FilmFacts* seen = nullptr) {
  film::FilmCheck check;
  for (std::size_t at = 0; at < film.size(); at += 50'000) check.feed(film.subspan(at, std::min<std::size_t>(50'000, film.size() - at)));
  const recording::FilmFacts out = check.finish();
  if (seen) *seen = out;
  return judge(out, facts.empty() ? recording::FilmExpectation{} : *film::read_expectation(facts));
}

std::string alarms(const std::vector<HealthFinding>& findings) {
  std::string out;
  for (const HealthFinding& f : findings) {
    if (f.severity == HealthSeverity::alarm) out += (out.empty() ? "" : " ") + std::string(to_string(f.kind));
  }
  return out;
}

std::string all(const std::vector<HealthFinding>& findings) {
  std::string out;
  for (const HealthFinding& f : findings) {
    out += std::string(to_string(f.kind)) + " " + std::to_string(f.value) + " at " + std::to_string(f.at_ms) + "; ";
  }
  return out;
}

TEST(FilmHealth, SixtyGoodFilmsAreNotSpokenOf) {
  int films = 0;
  for (std::size_t number = 0; number < cases().size(); ++number) {
    for (const Canvas& canvas : {kCanvases[0], kCanvases[1], kCanvases[2], kCanvases[3], Canvas{number % 5 ? 400 : 1280, number % 5 ? 224 : 720, 15}}) {
      const MadeFilm& film = film_of(number, canvas);
      recording::FilmFacts facts;
      const auto found = check(film.bytes, film.facts, &facts);
      ++films;
      EXPECT_TRUE(found.empty()) << cases()[number].scenario << " " << canvas.width << "x" << canvas.height << ": " << all(found);
      EXPECT_TRUE(check(film.bytes, "").empty()) << cases()[number].scenario << ", of which nothing is known";
      EXPECT_GT(facts.pictures, 4u);
      EXPECT_NEAR(static_cast<double>(facts.video.end_ms), static_cast<double>(facts.index_ms), 1);
      EXPECT_NEAR(static_cast<double>(facts.video.end_ms), 6000, 100);
    }
  }
  EXPECT_EQ(films, 60);
}

// Films that have something to lose: everybody moves and speaks to the end.
const std::size_t kLively[] = {0, 1, 2, 5};

TEST(FilmHealth, ReencodingAloneIsNoFault) {
  for (std::size_t i = 0; i < 4; ++i) {
    const MadeFilm& good = film_of(kLively[i], kCanvases[i]);
    const auto film = remake(good.bytes, kCanvases[i].fps, Fault::none);
    ASSERT_TRUE(film);
    const auto found = check(*film, good.facts);
    EXPECT_TRUE(found.empty()) << all(found);
  }
}

TEST(FilmHealth, TwentyOfTwentyPlantedFaultsAreFoundByName) {
  int found = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    const MadeFilm& good = film_of(kLively[i], kCanvases[i]);
    const int fps = kCanvases[i].fps;
    const std::int64_t from[] = {0, 2000, 3500, 1000}, to[] = {INT64_MAX, INT64_MAX, INT64_MAX, 4000};
    const auto moofs = fragments_of(good.bytes);
    ASSERT_GE(moofs.size(), 3u);
    const std::size_t cuts[] = {moofs[2], good.bytes.size() - 1, moofs[0] / 40, (moofs[1] + moofs[2]) / 2};
    const ByteVector late[] = {shift_track(good.bytes, false, 200), shift_track(good.bytes, true, 200, 1),
                               shift_track(good.bytes, false, -200, 1), *remake(good.bytes, fps, Fault::sound_late)};
    const std::pair<std::string, ByteVector> planted[] = {
        {"black", *remake(good.bytes, fps, Fault::black, from[i], to[i])},
        {"frozen", *remake(good.bytes, fps, Fault::frozen, from[i], to[i])},
        {"silent", *remake(good.bytes, fps, Fault::silent, from[i], to[i])},
        {"av_offset", late[i]},
        {"truncated", ByteVector(good.bytes.begin(), good.bytes.begin() + static_cast<std::ptrdiff_t>(cuts[i]))},
    };
    for (const auto& [name, film] : planted) {
      const auto findings = check(film, good.facts);
      EXPECT_EQ(alarms(findings), name) << "film " << i << ": " << all(findings);
      found += alarms(findings) == name;
      if (name == "av_offset" && !findings.empty()) {
        EXPECT_NEAR(std::abs(findings[0].value), 200, 45);
      }
    }
  }
  EXPECT_EQ(found, 20);
}

// Beyond 20 s only some key frames are looked at.
TEST(FilmHealth, LongFilmsAreLookedAtHereAndThere) {
  auto call = scenario("tiny", 77, 32'000);
  for (SyntheticPerson& p : call->people) p.kbps = 60;
  call->people[1].camera = {{0, 4000}};   // half of the stage is a placeholder
  compose::ComposerOptions o;
  o.width = 256;
  o.height = 144;
  o.fps = 10;
  const auto good = make_film(*make_call(*call), o);
  ASSERT_TRUE(good);
  recording::FilmFacts facts;
  EXPECT_EQ(all(check(good->bytes, good->facts, &facts)), "");
  EXPECT_GE(facts.pictures, 5u);
  EXPECT_LE(facts.pictures, 9u);
  EXPECT_EQ(alarms(check(*remake(good->bytes, 10, Fault::black, 12'000, 24'000), good->facts)), "black");
  EXPECT_EQ(alarms(check(*remake(good->bytes, 10, Fault::frozen, 8000), good->facts)), "frozen");
  EXPECT_EQ(alarms(check(*remake(good->bytes, 10, Fault::silent, 20'000), good->facts)), "silent");
  EXPECT_EQ(alarms(check(*remake(good->bytes, 10, Fault::sound_late), good->facts)), "av_offset");
}

TEST(FilmHealth, CutAndSpoiltFilmsNeverCrashTheCheck) {
  const MadeFilm& good = film_of(1, kCanvases[3]);
  SeededRandom random(7);
  for (std::size_t cut = 0; cut < good.bytes.size(); cut += cut < 2000 ? 37 : 9973) {
    EXPECT_EQ(alarms(check(Bytes(good.bytes).first(cut), good.facts)), "truncated") << cut;
  }
  int noticed = 0;
  constexpr int kRounds = 150;
  for (int round = 0; round < kRounds; ++round) {
    ByteVector film = good.bytes;
    const std::size_t within = round % 3 == 0 ? 1600 : film.size();   // every third: in the header
    for (int n = 0; n < 1 + round % 20; ++n) film[random.below(within)] = static_cast<std::uint8_t>(random.u64());
    noticed += !check(film, good.facts).empty();
  }
  EXPECT_GT(noticed, kRounds / 4);   // what nobody decodes is not noticed
  EXPECT_FALSE(film::read_expectation("[]"));
  EXPECT_FALSE(film::read_expectation(R"({"session_log":"AQE="})"));
}

}  // namespace
}  // namespace upcall::test
