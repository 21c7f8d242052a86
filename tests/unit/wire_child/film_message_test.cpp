// A composer's messages about its film: there and back, every truncation, and nonsense.
#include <gtest/gtest.h>

#include "wire/film_message.hpp"

namespace upcall::wire {
namespace {

ByteVector whole(const ByteVector& head, Bytes boxes) {
  ByteVector out = head;
  out.insert(out.end(), boxes.begin(), boxes.end());
  return out;
}

FilmHeader header() {
  FilmHeader h;
  h.width = 1920;
  h.height = 1080;
  h.fps = 30;
  h.timescale = 15360;
  h.first_decode_tick = -2;
  h.video_headers = as_bytes("sps pps");
  h.audio_config = as_bytes("aac");
  h.boxes = as_bytes("ftyp and moov");
  return h;
}

FilmFragment fragment() {
  FilmFragment f;
  f.number = 5;
  f.start_tick = 300;
  f.end_tick = 361;
  f.next_decode_tick = 359;
  f.next_sample = 361 * 1600;
  f.damage = {{false, 3, 99, 0}, {true, 1, 7, 960}};
  f.boxes = as_bytes("moof and mdat");
  return f;
}

TEST(FilmMessage, GoesThereAndBack) {
  const FilmHeader h = header();
  const ByteVector head = whole(encode_head(h), h.boxes);
  const auto parsed = parse_film_header(head);
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->width, 1920);
  EXPECT_EQ(parsed->timescale, 15360u);
  EXPECT_EQ(parsed->first_decode_tick, -2);
  EXPECT_EQ(as_text(parsed->video_headers), "sps pps");
  EXPECT_EQ(as_text(parsed->boxes), "ftyp and moov");
  const FilmFragment f = fragment();
  const ByteVector body = whole(encode_head(f), f.boxes);
  const auto back = parse_film_fragment(body);
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(back->number, 5u);
  EXPECT_EQ(back->end_tick, 361);
  EXPECT_EQ(back->next_sample, 361 * 1600);
  EXPECT_EQ(back->damage, f.damage);
  EXPECT_EQ(as_text(back->boxes), "moof and mdat");
}

TEST(FilmMessage, EveryTruncationAndEveryTailIsRefused) {
  const FilmHeader h = header();
  const FilmFragment f = fragment();
  const ByteVector a = whole(encode_head(h), h.boxes), b = whole(encode_head(f), f.boxes);
  FilmResume r;
  r.timescale = 48000;
  r.fragment = 3;
  r.tick = 180;
  r.decode_tick = 178;
  r.damage = f.damage;
  const ByteVector c = encode(r);
  for (std::size_t i = 0; i < a.size(); ++i) EXPECT_FALSE(parse_film_header(Bytes(a).first(i)).has_value()) << i;
  for (std::size_t i = 0; i < b.size(); ++i) EXPECT_FALSE(parse_film_fragment(Bytes(b).first(i)).has_value()) << i;
  for (std::size_t i = 0; i < c.size(); ++i) EXPECT_FALSE(parse_film_resume(Bytes(c).first(i)).has_value()) << i;
  EXPECT_FALSE(parse_film_header(whole(a, as_bytes("x"))).has_value());
  EXPECT_FALSE(parse_film_fragment(whole(b, as_bytes("x"))).has_value());
  EXPECT_FALSE(parse_film_resume(whole(c, as_bytes("x"))).has_value());
  EXPECT_EQ(*parse_film_resume(c), r);
}

TEST(FilmMessage, NonsenseIsRefused) {
  const auto refused = [](FilmFragment f) { return !parse_film_fragment(whole(encode_head(f), f.boxes)).has_value(); };
  FilmFragment f = fragment();
  EXPECT_FALSE(refused(f));
  f.end_tick = f.start_tick;
  EXPECT_TRUE(refused(f)) << "no length";
  f = fragment();
  f.start_tick = -1;
  EXPECT_TRUE(refused(f));
  f = fragment();
  f.end_tick = INT64_MAX;
  EXPECT_TRUE(refused(f)) << "longer than any call";
  f = fragment();
  f.next_sample = -1024;
  EXPECT_TRUE(refused(f));
  f = fragment();
  f.damage.resize(kFilmDamageMax + 1);
  EXPECT_TRUE(refused(f));
  f = fragment();
  f.boxes = {};
  EXPECT_TRUE(refused(f)) << "empty";
  FilmHeader h = header();
  h.fps = 0;
  EXPECT_FALSE(parse_film_header(whole(encode_head(h), h.boxes)).has_value());
  h = header();
  h.first_decode_tick = 3;
  EXPECT_FALSE(parse_film_header(whole(encode_head(h), h.boxes)).has_value());
  ByteVector other = encode_head(header());
  other[0] = 9;
  EXPECT_EQ(parse_film_header(other).error(), ParseError::unsupported);
  FilmResume r;
  r.timescale = 48000;
  r.fragment = 1;
  r.tick = 60;
  r.decode_tick = 61;
  EXPECT_FALSE(parse_film_resume(encode(r)).has_value()) << "decoded after it is shown";
}

}  // namespace
}  // namespace upcall::wire
