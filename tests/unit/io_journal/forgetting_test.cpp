// Forgetting the last seconds of a journal that is being written, with real files.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <future>

#include "io/journal/journal_files.hpp"
#include "io/journal/journal_horizon.hpp"
#include "io/journal/journal_service.hpp"

namespace upcall::journal {
namespace {

namespace fs = std::filesystem;

const ByteVector kKey(kKeySize, 3);
constexpr std::uint64_t kMs = 1000;

struct Contents {
  ReadStatus end = ReadStatus::more_needed;
  std::vector<std::uint16_t> sequences;
  std::vector<JournalReader::Forgotten> unreadable;
  std::vector<wire::TapForgotten> told;
  std::vector<bool> pauses;
  std::string corruption;
};

Contents read_directory(const std::string& directory) {
  Contents out;
  WindowKeyReader places(directory);
  JournalReader reader(kKey, false, &places);
  for (const std::uint32_t segment : list_segments(directory)) {
    std::ifstream in(directory + "/" + segment_file_name(segment), std::ios::binary);
    const std::vector<char> bytes{std::istreambuf_iterator<char>(in), {}};
    reader.begin_segment();
    reader.append(as_bytes({bytes.data(), bytes.size()}));
    while ((out.end = reader.next()) == ReadStatus::record || out.end == ReadStatus::forgotten) {
      if (out.end == ReadStatus::forgotten) {
        out.unreadable.push_back(reader.forgotten());
        continue;
      }
      if (const auto* p = std::get_if<wire::TapPacket>(&reader.record())) out.sequences.push_back(p->sequence);
      if (const auto* f = std::get_if<wire::TapForgotten>(&reader.record())) out.told.push_back(*f);
      if (const auto* p = std::get_if<wire::TapPause>(&reader.record())) out.pauses.push_back(p->paused);
    }
  }
  if (reader.corruption()) out.corruption = reader.corruption()->what;
  return out;
}

// A journal whose clock stands still but for go_on().
class Forgetting : public ::testing::Test {
 protected:
  Forgetting() {
    std::string pattern = (fs::temp_directory_path() / "upcall-forget-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~Forgetting() override {
    service_.reset();
    fs::remove_all(path_);
  }

  Now now() const { return {Instant::from_ns(1'000'000'000'000 + now_us_ * 1000), WallTime::from_unix_ms(1'700'000'000'000 + now_us_ / 1000)}; }
  void open(std::uint32_t epoch, JournalForgetting forgetting) {
    JournalServiceOptions options;
    options.poll_ms = 2;
    options.segment_us = 3'000'000;
    service_ = std::make_unique<JournalService>(options, [this] { return now(); });
    auto opened = service_->open("r", kKey, epoch, path_ + "/j", {.first_sealed = {}, .state_changed = {}, .closed = [this](const ClosedJournal& c) { closed_.set_value(c); }},
                                 forgetting);
    ASSERT_TRUE(opened.has_value()) << opened.error().message;
    journal_ = *opened;
  }
  void push(const wire::TapRecord& record) {
    ByteVector raw(2000);
    Writer out(raw);
    ASSERT_TRUE(wire::encode(record, out));
    ASSERT_TRUE(journal_->ring()->push(out.written()));
    journal_->ring()->publish();
  }
  void push_packet(std::uint16_t sequence) {
    static const std::uint8_t payload[100] = {};
    wire::TapPacket p;
    p.at_us = at_us();
    p.source = 1;
    p.sequence = sequence;
    p.payload = payload;
    push(p);
  }
  std::uint64_t at_us() const { return static_cast<std::uint64_t>((now().mono - journal_->start()).us()); }
  // A packet and a seal, every 250 ms.
  void go_on(int blocks) {
    for (int i = 0; i < blocks; ++i) {
      push_packet(sequence_++);
      now_us_ += 250'000;
      const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
      while (journal_->sealed_until_us() < at_us()) {
        ASSERT_LT(std::chrono::steady_clock::now(), deadline);
        std::this_thread::yield();
      }
    }
  }
  Result<ForgottenSpan> forget(std::uint64_t from_us, std::function<void()> dropped = {}, std::uint64_t asked_us = UINT64_MAX) {
    auto answer = std::make_shared<std::promise<Result<ForgottenSpan>>>();
    auto future = answer->get_future();
    service_->forget(journal_, {from_us, std::min(asked_us, at_us()), std::move(dropped), [answer](Result<ForgottenSpan> r) { answer->set_value(std::move(r)); }});
    return future.get();
  }
  ClosedJournal close() {
    service_->close(journal_, wire::TapStopReason::requested);
    return closed_.get_future().get();
  }

  std::string path_;
  std::atomic<std::int64_t> now_us_ = 0;
  std::uint16_t sequence_ = 0;
  std::promise<ClosedJournal> closed_;
  std::unique_ptr<JournalService> service_;
  std::shared_ptr<OpenJournal> journal_;
};

std::vector<std::uint16_t> numbers(std::uint16_t from, std::uint16_t to) {
  std::vector<std::uint16_t> out;
  for (; from < to; ++from) out.push_back(from);
  return out;
}

TEST_F(Forgetting, TakesWhatIsSealedWhatIsPendingAndWhatComesUntilTheTapBeginsAnew) {
  open(1, {.allowed = true, .again_from_us = {}});
  push(wire::TapStart{1, "r", "m", now().wall.unix_ms()});
  go_on(20);
  push_packet(900);                       // in the ring or pending
  const std::uint64_t asked_us = at_us();
  const auto span = forget(2'600 * kMs, [this] { push_packet(901); });
  ASSERT_TRUE(span.has_value()) << span.error().message;
  EXPECT_LE(span->from_us, 2'600 * kMs);
  EXPECT_GE(span->from_us, 1'500 * kMs) << "a window more at most";
  EXPECT_EQ(span->until_us, asked_us);
  push_packet(902);
  now_us_ += 100'000;
  push(wire::TapRefresh{at_us(), 5});
  sequence_ = 1000;
  go_on(8);
  EXPECT_TRUE(close().final);
  const Contents c = read_directory(path_ + "/j");
  EXPECT_EQ(c.end, ReadStatus::journal_end) << c.corruption;
  std::vector<std::uint16_t> expected = numbers(0, static_cast<std::uint16_t>(span->from_us / (250 * kMs)));
  for (const auto n : numbers(1000, 1008)) expected.push_back(n);
  EXPECT_EQ(c.sequences, expected);
  ASSERT_FALSE(c.unreadable.empty());
  EXPECT_EQ(c.unreadable.front().from_us, span->from_us);
  ASSERT_EQ(c.told.size(), 2u);
  EXPECT_EQ(c.told[0].at_us, span->from_us);
  EXPECT_EQ(c.told[0].until_us, asked_us);
  EXPECT_EQ(c.told[1].at_us, asked_us);
  EXPECT_EQ(c.told[1].until_us, asked_us + 100 * kMs);
}

TEST_F(Forgetting, ThePauseStaysAndTwiceIsNoHarm) {
  open(1, {.allowed = true, .again_from_us = {}});
  push(wire::TapStart{1, "r", "m", now().wall.unix_ms()});
  go_on(12);
  push(wire::TapPause{at_us(), true});
  go_on(4);
  ASSERT_TRUE(forget(at_us() - 2'000 * kMs).has_value());
  push(wire::TapRefresh{at_us(), 5});
  go_on(4);
  ASSERT_TRUE(forget(at_us() - 3'000 * kMs).has_value()) << "what is forgotten already lies in it";
  push(wire::TapRefresh{at_us(), 6});
  go_on(4);
  close();
  const Contents c = read_directory(path_ + "/j");
  EXPECT_EQ(c.end, ReadStatus::journal_end) << c.corruption;
  ASSERT_FALSE(c.pauses.empty());
  EXPECT_EQ(c.pauses, std::vector<bool>(c.pauses.size(), true));
}

TEST_F(Forgetting, TheEndOfARecordingIsNeverDropped) {
  open(1, {.allowed = true, .again_from_us = {}});
  push(wire::TapStart{1, "r", "m", now().wall.unix_ms()});
  go_on(6);
  ASSERT_TRUE(forget(0).has_value());
  push_packet(800);
  push(wire::TapStop{at_us(), wire::TapStopReason::meeting_ended});
  EXPECT_TRUE(close().final);
  const Contents c = read_directory(path_ + "/j");
  EXPECT_EQ(c.end, ReadStatus::journal_end) << c.corruption;
  EXPECT_TRUE(c.sequences.empty());
}

TEST_F(Forgetting, ATapThatDoesNotBeginAnewIsAskedAgain) {
  open(1, {.allowed = true, .again_from_us = {}});
  push(wire::TapStart{1, "r", "m", now().wall.unix_ms()});
  go_on(6);
  std::atomic<int> asked = 0;
  ASSERT_TRUE(forget(0, [&] { ++asked; }).has_value());
  EXPECT_EQ(asked, 1);
  go_on(7);
  EXPECT_EQ(asked, 1);
  go_on(2);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (asked < 2 && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
  EXPECT_EQ(asked, 2);
  push(wire::TapRefresh{at_us(), 5});
  go_on(20);
  EXPECT_EQ(asked, 2);
  close();
  EXPECT_EQ(read_directory(path_ + "/j").sequences.size(), 20u);
}

TEST_F(Forgetting, IsRefusedWhereItCannotHold) {
  open(1, {});
  push(wire::TapStart{1, "r", "m", now().wall.unix_ms()});
  go_on(6);
  EXPECT_EQ(forget(0).error().code, ErrorCode::conflict) << "nothing was said of forgetting when it began";
  EXPECT_FALSE(fs::exists(path_ + "/j/" + kWindowFileName));
  close();
  EXPECT_EQ(forget(0).error().code, ErrorCode::conflict) << "closed";
  service_.reset();
  fs::remove_all(path_ + "/j");
  closed_ = {};
  open(1, {.allowed = true, .again_from_us = {}});
  push(wire::TapStart{1, "r", "m", now().wall.unix_ms()});
  go_on(16);
  const auto late = forget(1'000 * kMs, {}, at_us() - kForgetWithinUs - 1);
  ASSERT_FALSE(late.has_value());
  EXPECT_EQ(late.error().code, ErrorCode::unavailable) << "a composer may have read it by now";
  close();
  EXPECT_EQ(read_directory(path_ + "/j").sequences.size(), 16u) << "and nothing was forgotten";
}

// A server that died in the middle: the mark is there, the keys are too.
TEST_F(Forgetting, IsEndedByWhoComesNext) {
  open(1, {.allowed = true, .again_from_us = {}});
  push(wire::TapStart{1, "r", "m", now().wall.unix_ms()});
  go_on(16);
  service_.reset();
  const auto before = read_directory(path_ + "/j").sequences.size();
  EXPECT_EQ(before, 16u);
  std::uint64_t begin_us = 0;
  WindowRange marked;
  {
    auto keys = WindowKeyFile::open(path_ + "/j", kKey);
    ASSERT_TRUE(keys.has_value());
    auto range = (*keys)->mark(2'100 * kMs, begin_us);
    ASSERT_TRUE(range.has_value());
    marked = *range;
    EXPECT_FALSE((*keys)->mark(1'000 * kMs, begin_us).has_value()) << "one after the other";
  }
  const auto key_of = [&](std::uint32_t window) {
    WindowKeyReader places(path_ + "/j");
    WindowPlace place{};
    places.read(window, place);
    ByteVector key(kKeySize);
    return WindowSecrets(kKey).open(window, place, key);
  };
  const auto marked_only = read_directory(path_ + "/j").sequences;
  EXPECT_LT(marked_only.size(), before) << "readers heed the mark";
  EXPECT_EQ(key_of(marked.last), WindowState::key);
  open(2, {.allowed = true, .again_from_us = {}});
  for (std::uint32_t n = marked.first; n <= marked.last; ++n) EXPECT_EQ(key_of(n), WindowState::forgotten);
  EXPECT_EQ(key_of(marked.first - 1), WindowState::key);
  go_on(2);
  close();
  const Contents c = read_directory(path_ + "/j");
  EXPECT_EQ(c.end, ReadStatus::journal_end) << c.corruption;
  EXPECT_EQ(c.sequences.size(), marked_only.size() + 2);
}

// A server that died before the mark was written: its row says what was asked for.
TEST_F(Forgetting, IsDoneAgainWhenItWasAskedFor) {
  open(1, {.allowed = true, .again_from_us = {}});
  push(wire::TapStart{1, "r", "m", now().wall.unix_ms()});
  go_on(16);
  service_.reset();
  open(2, {.allowed = true, .again_from_us = 2'100 * kMs});
  ASSERT_TRUE(journal_->forgotten_again().has_value());
  EXPECT_LE(journal_->forgotten_again()->from_us, 2'100 * kMs);
  EXPECT_EQ(journal_->forgotten_again()->until_us, 4'000 * kMs);
  go_on(2);
  close();
  const Contents c = read_directory(path_ + "/j");
  EXPECT_EQ(c.end, ReadStatus::journal_end) << c.corruption;
  EXPECT_LE(c.sequences.size(), 8u + 2u);
  // And of one that is complete.
  EXPECT_EQ(service_->open("r", kKey, 3, path_ + "/j", {}, {.allowed = true, .again_from_us = 0}).error().code, ErrorCode::conflict);
  const Contents nothing = read_directory(path_ + "/j");
  EXPECT_EQ(nothing.end, ReadStatus::journal_end) << nothing.corruption;
  EXPECT_TRUE(nothing.sequences.empty());
}

TEST_F(Forgetting, AnotherRecordingsKeyFileIsRefused) {
  fs::create_directories(path_ + "/j");
  std::ofstream(path_ + "/j/" + kWindowFileName) << std::string(200, 'x');
  EXPECT_EQ(WindowKeyFile::open(path_ + "/j", kKey).error().code, ErrorCode::corrupt);
  fs::remove(path_ + "/j/" + kWindowFileName);
  std::ofstream(path_ + "/j/" + kWindowFileName) << "UPC";   // died while it made the file
  EXPECT_TRUE(WindowKeyFile::open(path_ + "/j", kKey).has_value());
}

TEST_F(Forgetting, TheHorizonIsWhatIsSealed) {
  open(1, {.allowed = true, .again_from_us = {}});
  JournalHorizon horizon(path_ + "/j");
  horizon.look();
  EXPECT_EQ(horizon.until_us(), 0u);
  push(wire::TapStart{1, "r", "m", now().wall.unix_ms()});
  for (int i = 0; i < 20; ++i) {
    go_on(1);
    horizon.look();
    EXPECT_EQ(horizon.until_us(), journal_->sealed_until_us());
    EXPECT_FALSE(horizon.complete());
  }
  close();
  horizon.look();
  EXPECT_TRUE(horizon.complete());
  JournalHorizon fresh(path_ + "/j");
  fresh.look();
  EXPECT_TRUE(fresh.complete());
  EXPECT_EQ(fresh.until_us(), horizon.until_us());
}

}  // namespace
}  // namespace upcall::journal
