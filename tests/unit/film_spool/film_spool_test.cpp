// The film spool's file: growth, ranges, crashes, discards, readers beside a writer.
#include <gtest/gtest.h>

#include <sys/resource.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <future>
#include <set>

#include "base/rng.hpp"
#include "crypto/random.hpp"
#include "io/film_spool/film_spool.hpp"

namespace upcall::film_spool {
namespace {

namespace fs = std::filesystem;

class FilmSpoolTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "upcall-film-XXXXXX").string();
    folder = ::mkdtemp(pattern.data());
    path = folder + "/" + kFileName;
  }
  void TearDown() override { fs::remove_all(folder); }

  std::shared_ptr<FilmSpool> open() {
    auto spool = FilmSpool::open({path, ByteVector(kKeySize, 3), "recording-1"}, random);
    EXPECT_TRUE(spool.has_value()) << (spool ? "" : spool.error().message);
    return spool ? *spool : nullptr;
  }
  ByteVector noise(std::size_t size) {
    ByteVector out(size);
    seeded.fill(out);
    return out;
  }
  void put_header(FilmSpool& spool) {
    header_bytes = noise(777);
    wire::FilmHeader h;
    h.width = 640;
    h.height = 360;
    h.fps = 30;
    h.timescale = 15360;
    h.boxes = header_bytes;
    ASSERT_TRUE(spool.put_header(h).has_value());
    film = header_bytes;
    const ByteVector place = compose::reserved_box();
    film.insert(film.end(), place.begin(), place.end());
    next = 0;
  }
  Result<void> put_fragment(FilmSpool& spool, std::size_t size = 0) {
    const ByteVector boxes = noise(size ? size : 2000 + seeded.below(5000));
    wire::FilmFragment f;
    f.number = next;
    f.start_tick = static_cast<std::int64_t>(next) * 60;
    f.end_tick = f.next_decode_tick = f.start_tick + 60;
    f.next_sample = f.end_tick * 1600;
    f.boxes = boxes;
    auto done = spool.put_fragment(f);
    if (done) {
      film.insert(film.end(), boxes.begin(), boxes.end());
      ++next;
    }
    return done;
  }
  static ByteVector all(wire::BodySource& source) {
    ByteVector out(source.size());
    const auto got = source.read(0, out);
    EXPECT_TRUE(got.has_value()) << (got ? "" : got.error().message);
    EXPECT_EQ(got ? *got : 0, out.size());
    return out;
  }

  std::string folder, path;
  crypto::SystemRandom random;
  SeededRandom seeded{5};
  ByteVector header_bytes, film;   // what the file must hold while it grows
  std::uint64_t next = 0;
};

TEST_F(FilmSpoolTest, GrowsUnderItsReadersAndEndsWithAnIndex) {
  auto spool = open();
  EXPECT_EQ(spool->progress().bytes, 0u);
  EXPECT_EQ(spool->source()->size(), 0u);
  put_header(*spool);
  ASSERT_TRUE(put_fragment(*spool).has_value());
  auto early = spool->source();
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(put_fragment(*spool).has_value());
  EXPECT_EQ(all(*spool->source()), film);
  EXPECT_LT(early->size(), film.size());
  EXPECT_EQ(all(*early), ByteVector(film.begin(), film.begin() + static_cast<std::ptrdiff_t>(early->size())));
  // Any range, across borders of every kind.
  auto source = spool->source();
  for (int i = 0; i < 300; ++i) {
    const std::uint64_t from = seeded.below(film.size());
    ByteVector piece(1 + seeded.below(9000));
    const auto got = source->read(from, piece);
    ASSERT_TRUE(got.has_value());
    ASSERT_EQ(*got, std::min<std::size_t>(piece.size(), film.size() - from));
    ASSERT_TRUE(std::equal(piece.begin(), piece.begin() + static_cast<std::ptrdiff_t>(*got), film.begin() + static_cast<std::ptrdiff_t>(from)));
  }
  EXPECT_FALSE(FilmSpool::looks_complete(path));
  ASSERT_TRUE(spool->finish("{\"duration_ms\":12000}").has_value());
  EXPECT_TRUE(FilmSpool::looks_complete(path));
  EXPECT_FALSE(put_fragment(*spool).has_value());
  EXPECT_EQ(spool->finish("{}").error().code, ErrorCode::conflict);
  const ByteVector index = spool->view().index.index();
  std::copy(index.begin(), index.end(), film.begin() + 777);
  EXPECT_EQ(all(*spool->source()), film);
  EXPECT_EQ(as_text(index).substr(4, 4), "sidx");
  spool.reset();
  auto again = open();
  EXPECT_TRUE(again->progress().complete);
  EXPECT_EQ(again->view().facts, "{\"duration_ms\":12000}");
  EXPECT_EQ(all(*again->source()), film);
  EXPECT_EQ(again->cut_off(), 0u);
}

TEST_F(FilmSpoolTest, WhatACrashLeavesIsCutAndGoneOnWith) {
  {
    auto spool = open();
    put_header(*spool);
    for (int i = 0; i < 4; ++i) ASSERT_TRUE(put_fragment(*spool, 300).has_value());
  }
  const ByteVector before = film;
  std::ifstream in(path, std::ios::binary);
  const std::string file{std::istreambuf_iterator<char>(in), {}};
  std::set<std::uint64_t> seen;
  std::vector<std::size_t> sizes{file.size()};
  for (std::size_t size = 0; size < file.size(); size += 1 + seeded.below(40)) sizes.push_back(size);
  for (const std::size_t size : sizes) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << file.substr(0, size);
    auto spool = open();
    ASSERT_TRUE(spool);
    const auto view = spool->view();
    const std::uint64_t fragments = view.index.fragments().size();
    seen.insert(fragments);
    const ByteVector got = all(*spool->source());
    ASSERT_TRUE(got.size() <= before.size() && std::equal(got.begin(), got.end(), before.begin())) << size;
    if (!view.index.begun()) {
      put_header(*spool);
    } else {
      film.assign(got.begin(), got.end());
      next = fragments;
    }
    // It goes on, twice, and all of it is there.
    ASSERT_TRUE(put_fragment(*spool).has_value()) << size;
    spool.reset();
    spool = open();
    EXPECT_EQ(spool->cut_off(), 0u);
    ASSERT_TRUE(put_fragment(*spool).has_value());
    EXPECT_EQ(all(*spool->source()), film) << size;
  }
  EXPECT_EQ(seen, (std::set<std::uint64_t>{0, 1, 2, 3, 4}));
}

TEST_F(FilmSpoolTest, AFileThatIsNoneOfOursIsBegunAnew) {
  std::ofstream(path) << "something else altogether, and longer than a head";
  auto spool = open();
  EXPECT_GT(spool->cut_off(), 0u);
  put_header(*spool);
  ASSERT_TRUE(put_fragment(*spool).has_value());
  EXPECT_EQ(all(*spool->source()), film);
}

TEST_F(FilmSpoolTest, ADamagedDiskIsNoticedByWhoReads) {
  auto spool = open();
  put_header(*spool);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(put_fragment(*spool, 1000).has_value());
  const auto size = fs::file_size(path);
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<std::streamoff>(size - 500));
  file.put('\x55');
  file.close();
  auto source = spool->source();
  ByteVector out(source->size());
  const auto got = source->read(0, out);
  ASSERT_FALSE(got.has_value());
  EXPECT_EQ(got.error().code, ErrorCode::corrupt);
  ByteVector front(777 + compose::kIndexReserve + 2000);
  EXPECT_TRUE(source->read(0, front).has_value()) << "what is whole is still read";
  spool.reset();
  EXPECT_EQ(open()->progress().fragments, 2u);
}

TEST_F(FilmSpoolTest, ADiscardedFilmStaysReadableForItsReaders) {
  auto spool = open();
  put_header(*spool);
  ASSERT_TRUE(put_fragment(*spool).has_value());
  auto source = spool->source();
  const ByteVector old = film;
  const auto generation = spool->progress().generation;
  auto waiting = std::async(std::launch::async, [&] { spool->wait(UINT64_MAX, generation, std::chrono::seconds(20)); });
  ASSERT_TRUE(spool->discard().has_value());
  waiting.get();
  EXPECT_EQ(spool->progress().generation, generation + 1);
  EXPECT_EQ(spool->progress().bytes, 0u);
  put_header(*spool);
  ASSERT_TRUE(put_fragment(*spool).has_value());
  EXPECT_EQ(all(*spool->source()), film);
  EXPECT_EQ(all(*source), old);
}

TEST_F(FilmSpoolTest, AFullDiskCostsNothingThatWasThere) {
  auto spool = open();
  put_header(*spool);
  ASSERT_TRUE(put_fragment(*spool, 2000).has_value());
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit old{};
  ::getrlimit(RLIMIT_FSIZE, &old);
  const rlimit small{fs::file_size(path) + 700, old.rlim_max};
  ::setrlimit(RLIMIT_FSIZE, &small);
  const auto full = put_fragment(*spool, 2000);
  EXPECT_FALSE(full.has_value());
  EXPECT_EQ(full ? ErrorCode::internal : full.error().code, ErrorCode::exhausted);
  EXPECT_EQ(all(*spool->source()), film);
  ::setrlimit(RLIMIT_FSIZE, &old);
  ASSERT_TRUE(put_fragment(*spool, 2000).has_value()) << "there is room again";
  EXPECT_EQ(all(*spool->source()), film);
  spool.reset();
  auto again = open();
  EXPECT_EQ(again->cut_off(), 0u);
  EXPECT_EQ(all(*again->source()), film);
}

TEST_F(FilmSpoolTest, WaitersHearOfWhatTheyWaitFor) {
  auto spool = open();
  put_header(*spool);
  const std::uint64_t wanted = spool->progress().bytes + 3000;
  auto waiting = std::async(std::launch::async, [&] {
    spool->wait(wanted, 0, std::chrono::seconds(20));
    return spool->progress().bytes;
  });
  ASSERT_TRUE(put_fragment(*spool, 1000).has_value());
  ASSERT_TRUE(put_fragment(*spool, 4000).has_value());
  EXPECT_GE(waiting.get(), wanted);
  const auto begun = std::chrono::steady_clock::now();
  spool->wait(UINT64_MAX, 0, std::chrono::milliseconds(1));
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(10));
}

}  // namespace
}  // namespace upcall::film_spool
