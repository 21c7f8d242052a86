// Where a film's bytes lie, how it is cut into parts, what its playlist says.
#include <gtest/gtest.h>

#include "base/rng.hpp"
#include "compose/film_index.hpp"
#include "compose/hls_playlist.hpp"
#include "compose/part_planner.hpp"

namespace upcall::compose {
namespace {

const ByteVector kBoxes(1000, 7);

wire::FilmHeader header() {
  wire::FilmHeader h;
  h.width = 1920;
  h.height = 1080;
  h.fps = 30;
  h.timescale = 15360;
  h.first_decode_tick = -2;
  h.video_headers = as_bytes("sps pps");
  h.audio_config = as_bytes("aac");
  h.boxes = Bytes(kBoxes).first(700);
  return h;
}

wire::FilmFragment fragment(std::uint64_t number, std::int64_t start, std::int64_t end, std::size_t size = 500) {
  wire::FilmFragment f;
  f.number = number;
  f.start_tick = start;
  f.end_tick = end;
  f.next_decode_tick = end - 2;
  f.next_sample = end * 1600 / 1024 * 1024 + 1024;
  f.boxes = Bytes(kBoxes).first(size);
  return f;
}

TEST(FilmIndex, KnowsPlacesAndHowToGoOn) {
  FilmIndex index;
  EXPECT_FALSE(index.add(fragment(0, 0, 60)).has_value()) << "a header comes first";
  ASSERT_TRUE(index.begin(header()).has_value());
  EXPECT_FALSE(index.begin(header()).has_value());
  ASSERT_TRUE(index.add(fragment(0, 0, 60)).has_value());
  wire::FilmFragment second = fragment(1, 60, 125, 300);
  second.damage = {{true, 2, 17, 0}};
  ASSERT_TRUE(index.add(second).has_value());
  EXPECT_EQ(index.fragments()[0].offset, 700 + kIndexReserve);
  EXPECT_EQ(index.fragments()[1].offset, 700 + kIndexReserve + 500);
  EXPECT_EQ(index.bytes(), 700 + kIndexReserve + 800);
  EXPECT_EQ(index.duration_ms(), 4166);
  const wire::FilmResume& r = index.resume();
  EXPECT_EQ(r.fragment, 2u);
  EXPECT_EQ(r.tick, 125);
  EXPECT_EQ(r.decode_tick, 123);
  EXPECT_EQ(r.first_decode_tick, -2);
  EXPECT_EQ(r.timescale, 15360u) << "a composer goes on in the scale of the header, whatever its own is";
  EXPECT_EQ(as_text(r.video_headers), "sps pps");
  ASSERT_EQ(r.damage.size(), 1u);
  EXPECT_EQ(r.damage[0].ordinal, 17u);
  EXPECT_EQ(*wire::parse_film_resume(wire::encode(r)), r);
}

TEST(FilmIndex, RefusesWhatDoesNotFollow) {
  FilmIndex index;
  ASSERT_TRUE(index.begin(header()).has_value());
  ASSERT_TRUE(index.add(fragment(0, 0, 60)).has_value());
  const std::uint64_t bytes = index.bytes();
  EXPECT_FALSE(index.add(fragment(0, 60, 120)).has_value()) << "twice";
  EXPECT_FALSE(index.add(fragment(2, 60, 120)).has_value()) << "one left out";
  EXPECT_FALSE(index.add(fragment(1, 59, 120)).has_value()) << "overlaps";
  wire::FilmFragment back = fragment(1, 60, 120);
  back.next_sample = 1024;
  EXPECT_FALSE(index.add(back).has_value()) << "sound runs backwards";
  back = fragment(1, 60, 120);
  back.next_decode_tick = 58;
  EXPECT_FALSE(index.add(back).has_value()) << "decode times run backwards";
  EXPECT_EQ(index.bytes(), bytes);
  EXPECT_EQ(index.fragments().size(), 1u);
}

TEST(FilmIndex, TooMuchDamageIsUnknownDamage) {
  FilmIndex index;
  ASSERT_TRUE(index.begin(header()).has_value());
  for (std::uint64_t i = 0; i < 3; ++i) {
    wire::FilmFragment f = fragment(i, static_cast<std::int64_t>(i) * 60, static_cast<std::int64_t>(i) * 60 + 60);
    f.damage.resize(100);
    ASSERT_TRUE(index.add(f).has_value());
  }
  EXPECT_TRUE(index.resume().damage_unknown);
  EXPECT_TRUE(index.resume().damage.empty());
}

TEST(PartPlanner, PartsCoverAGrowingFileAndTheFirstComesLast) {
  SeededRandom random(4);
  ByteVector file(70'000), copy;
  random.fill(file);
  PartPlanner planner(10'000);
  std::vector<std::uint32_t> order;
  copy.resize(file.size());
  std::uint64_t available = 0;
  for (bool complete = false; !planner.finished();) {
    if (const auto part = planner.next(available, complete)) {
      order.push_back(part->number);
      EXPECT_TRUE(part->size == 10'000 || (complete && part->offset + part->size == file.size()));
      std::copy_n(file.begin() + static_cast<std::ptrdiff_t>(part->offset), part->size, copy.begin() + static_cast<std::ptrdiff_t>(part->offset));
      planner.put(*part);
      continue;
    }
    ASSERT_FALSE(complete);
    ASSERT_GT(planner.wanted(), available);
    available += std::min<std::uint64_t>(1 + random.below(7000), file.size() - available);
    complete = available == file.size();
  }
  EXPECT_EQ(copy, file);
  EXPECT_EQ(order, (std::vector<std::uint32_t>{2, 3, 4, 5, 6, 7, 1}));
  EXPECT_FALSE(planner.next(available, true));
}

TEST(PartPlanner, AShortFilmIsOnePartAndALongOneStaysBelowTenThousand) {
  PartPlanner planner;
  EXPECT_FALSE(planner.next(1000, false));
  EXPECT_FALSE(planner.next(0, true));
  EXPECT_EQ(planner.next(1000, true), (FilmPart{1, 0, 1000}));
  const FilmPart last = part_of(10'000);
  EXPECT_GT(last.offset, std::uint64_t{180} << 30);
  for (const std::uint32_t n : {2u, 2500u, 2501u, 5001u, 9999u}) {
    EXPECT_EQ(part_of(n).offset + part_of(n).size, part_of(n + 1).offset) << n;
    EXPECT_GE(part_of(n).size, kPartBytes);
  }
}

TEST(HlsPlaylist, ListsEachFragmentAsARangeOfOneFile) {
  FilmIndex index;
  ASSERT_TRUE(index.begin(header()).has_value());
  ASSERT_TRUE(index.add(fragment(0, 0, 60)).has_value());
  ASSERT_TRUE(index.add(fragment(1, 60, 121, 300)).has_value());
  const std::string growing = hls_playlist(index, "film.mp4?grant=abc", false);
  EXPECT_EQ(growing,
            "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-PLAYLIST-TYPE:EVENT\n"
            "#EXT-X-INDEPENDENT-SEGMENTS\n#EXT-X-MAP:URI=\"film.mp4?grant=abc\",BYTERANGE=\"700@0\"\n"
            "#EXTINF:2.00000,\n#EXT-X-BYTERANGE:500@262844\nfilm.mp4?grant=abc\n"
            "#EXTINF:2.03333,\n#EXT-X-BYTERANGE:300@263344\nfilm.mp4?grant=abc\n");
  EXPECT_EQ(hls_playlist(index, "film.mp4?grant=abc", true), growing + "#EXT-X-ENDLIST\n");
}

}  // namespace
}  // namespace upcall::compose
