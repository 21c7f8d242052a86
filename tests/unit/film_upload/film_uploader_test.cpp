// service::FilmUploader: films reach a store that fails in every way that it may, and nothing is believed unseen.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>

#include "base/rng.hpp"
#include "crypto/hash.hpp"
#include "crypto/random.hpp"
#include "io/clock/system_clock.hpp"
#include "faulty_store.hpp"
#include "service/recording/film_uploader.hpp"

namespace upcall::service {
namespace {

namespace fs = std::filesystem;

class FilmUploaderTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "upcall-upload-XXXXXX").string();
    folder = ::mkdtemp(pattern.data());
    film = *film_spool::FilmSpool::open({folder + "/film.upf", ByteVector(32, 1), "r"}, random);
    begin();
  }
  void TearDown() override {
    uploader.reset();
    film.reset();
    fs::remove_all(folder);
  }
  void begin() {
    const ByteVector boxes(100, 1);
    wire::FilmHeader h;
    h.fps = 30;
    h.timescale = 15360;
    h.boxes = boxes;
    ASSERT_TRUE(film->put_header(h).has_value());
    next = 0;
  }
  void grow(std::size_t size) {
    ByteVector boxes(size);
    seeded.fill(boxes);
    wire::FilmFragment f;
    f.number = next++;
    f.start_tick = static_cast<std::int64_t>(f.number) * 60;
    f.end_tick = f.next_decode_tick = f.start_tick + 60;
    f.boxes = boxes;
    ASSERT_TRUE(film->put_fragment(f).has_value());
  }
  void start() {
    FilmUploaderOptions options;
    options.object_key = "film";
    options.first_pause = Duration::ms(1);
    options.longest_pause = Duration::ms(8);
    options.part_bytes = 50'000;
    uploader = std::make_unique<FilmUploader>(options, film, store, system_now);
  }
  ByteVector whole() {
    const auto source = film->source();
    ByteVector out(source->size());
    EXPECT_TRUE(source->read(0, out).has_value());
    return out;
  }
  bool eventually(const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!condition()) {
      if (std::chrono::steady_clock::now() > end) return false;
      std::this_thread::yield();
    }
    return true;
  }
  int calls(const std::string& what) {
    const std::lock_guard lock(store.mutex);
    return store.calls[what];
  }

  std::string folder;
  crypto::SystemRandom random;
  SeededRandom seeded{3};
  std::uint64_t next = 0;
  FaultyStore store;
  std::shared_ptr<film_spool::FilmSpool> film;
  std::unique_ptr<FilmUploader> uploader;
};

TEST_F(FilmUploaderTest, PartsGoOutWhileTheFilmGrows) {
  start();
  for (int i = 0; i < 8; ++i) grow(30'000);
  ASSERT_TRUE(eventually([&] { return calls("put") >= 3; })) << "before it is complete";
  ASSERT_TRUE(film->finish("{}").has_value());
  const auto stored = uploader->wait();
  ASSERT_TRUE(stored.has_value()) << stored.error().message;
  EXPECT_EQ(stored->size, whole().size());
  EXPECT_EQ(store.objects["film"], whole());
  EXPECT_EQ(store.order.back(), 1u);
  EXPECT_EQ(uploader->uploads(), 1);
  EXPECT_EQ(uploader->failures(), 0);
}

TEST_F(FilmUploaderTest, AStoreThatIsDownCostsTimeOnly) {
  std::atomic<bool> down{true};
  store.fault = [&](const std::string&, int) { return down ? std::optional(Error{ErrorCode::unavailable, "down"}) : std::nullopt; };
  start();
  for (int i = 0; i < 8; ++i) grow(30'000);
  ASSERT_TRUE(film->finish("{}").has_value());
  ASSERT_TRUE(eventually([&] { return uploader->failures() >= 6; }));
  EXPECT_EQ(uploader->trouble(), "down");
  down = false;
  ASSERT_TRUE(uploader->wait().has_value());
  EXPECT_EQ(store.objects["film"], whole());
  EXPECT_EQ(uploader->uploads(), 1);
}

// Every call fails now and then, with every kind of error.
TEST_F(FilmUploaderTest, AnyMixtureOfFaultsEndsWithTheWholeFilm) {
  const ErrorCode codes[] = {ErrorCode::unavailable, ErrorCode::exhausted, ErrorCode::internal,  ErrorCode::not_found, ErrorCode::forbidden,
                             ErrorCode::gone,        ErrorCode::conflict,  ErrorCode::corrupt,   ErrorCode::unauthenticated,
                             ErrorCode::invalid_argument};
  SeededRandom dice(17);
  store.fault = [&](const std::string&, int nth) -> std::optional<Error> {
    if (nth > 200 || !dice.chance(0.25)) return std::nullopt;
    return Error{codes[dice.below(std::size(codes))], "a fault"};
  };
  start();
  for (int i = 0; i < 12; ++i) grow(20'000 + seeded.below(30'000));
  ASSERT_TRUE(film->finish("{}").has_value());
  const auto stored = uploader->wait();
  ASSERT_TRUE(stored.has_value()) << stored.error().message;
  EXPECT_EQ(store.objects["film"], whole());
  EXPECT_GT(uploader->failures(), 0);
  EXPECT_EQ(uploader->trouble(), "");
}

TEST_F(FilmUploaderTest, ALostUploadBeginsAnewFromTheSpool) {
  store.fault = [](const std::string& what, int nth) -> std::optional<Error> {
    if (what == "put" && nth == 4) return Error{ErrorCode::not_found, "no such upload"};
    return std::nullopt;
  };
  for (int i = 0; i < 8; ++i) grow(30'000);
  ASSERT_TRUE(film->finish("{}").has_value());
  start();
  ASSERT_TRUE(uploader->wait().has_value());
  EXPECT_EQ(uploader->uploads(), 2);
  EXPECT_EQ(store.aborted, 1);
  EXPECT_EQ(store.objects["film"], whole());
}

TEST_F(FilmUploaderTest, AStoredFileThatIsNotTheFilmIsPutAgain) {
  store.wrong_size = store.wrong_etag = true;
  grow(1000);
  ASSERT_TRUE(film->finish("{}").has_value());
  start();
  const auto stored = uploader->wait();
  ASSERT_TRUE(stored.has_value());
  EXPECT_EQ(uploader->uploads(), 2) << "both at once were wrong";
  EXPECT_EQ(stored->etag, FaultyStore::etag_of(whole()));
}

TEST_F(FilmUploaderTest, AFilmThatIsBegunAnewIsUploadedAnew) {
  start();
  for (int i = 0; i < 6; ++i) grow(30'000);
  ASSERT_TRUE(eventually([&] { return calls("put") >= 2; }));
  ASSERT_TRUE(film->discard().has_value());
  begin();
  for (int i = 0; i < 6; ++i) grow(25'000);
  ASSERT_TRUE(film->finish("{}").has_value());
  ASSERT_TRUE(uploader->wait().has_value());
  EXPECT_EQ(store.objects["film"], whole());
}

TEST_F(FilmUploaderTest, ASpoolThatCannotBeReadIsSaid) {
  for (int i = 0; i < 6; ++i) grow(30'000);
  ASSERT_TRUE(film->finish("{}").has_value());
  std::fstream file(folder + "/film.upf", std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(150'000);
  file.put('\x55');
  file.close();
  start();
  const auto stored = uploader->wait();
  ASSERT_FALSE(stored.has_value());
  EXPECT_EQ(stored.error().code, ErrorCode::corrupt);
  EXPECT_TRUE(store.objects.empty());
}

TEST_F(FilmUploaderTest, AStopEndsEvenALongPause) {
  store.fault = [](const std::string&, int) { return Error{ErrorCode::unavailable, "down"}; };
  grow(1000);
  ASSERT_TRUE(film->finish("{}").has_value());
  FilmUploaderOptions options;
  options.object_key = "film";
  options.first_pause = options.longest_pause = Duration::s(3600);
  uploader = std::make_unique<FilmUploader>(options, film, store, system_now);
  ASSERT_TRUE(eventually([&] { return uploader->failures() == 1; }));
  uploader->stop();
  EXPECT_EQ(uploader->wait().error().code, ErrorCode::unavailable);
}

TEST(UploadBackoff, DoublesUpToItsLongest) {
  Backoff backoff(Duration::ms(500), Duration::s(60));
  std::vector<std::int64_t> got;
  for (int i = 0; i < 9; ++i) got.push_back(backoff.next().ms());
  EXPECT_EQ(got, (std::vector<std::int64_t>{500, 1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000}));
  backoff.reset();
  EXPECT_EQ(backoff.next().ms(), 500);
}

}  // namespace
}  // namespace upcall::service
