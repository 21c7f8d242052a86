// The journal thread with real files: start, stop, restart, full spool, full disk.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <csignal>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <future>

#include "io/journal/journal_files.hpp"
#include "io/journal/journal_service.hpp"

namespace upcall::journal {
namespace {

namespace fs = std::filesystem;

Now real_clock() {
  using namespace std::chrono;
  return {Instant::from_ns(duration_cast<nanoseconds>(steady_clock::now().time_since_epoch()).count()),
          WallTime::from_unix_ms(duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count())};
}

struct Folder {
  Folder() {
    std::string pattern = (fs::temp_directory_path() / "upcall-journal-XXXXXX").string();
    path = ::mkdtemp(pattern.data());
  }
  ~Folder() { fs::remove_all(path); }
  std::string path;
};

const ByteVector kKey(kKeySize, 3);

void push(OpenJournal& journal, const wire::TapRecord& record) {
  ByteVector raw(70000);
  Writer out(raw);
  ASSERT_TRUE(wire::encode(record, out));
  ASSERT_TRUE(journal.ring()->push(out.written()));
  journal.ring()->publish();
}

wire::TapPacket packet(std::uint16_t sequence, Bytes payload) {
  wire::TapPacket p;
  p.source = 1;
  p.sequence = sequence;
  p.payload = payload;
  return p;
}

// Waits for a condition with a deadline; the poll interval only bounds how long we notice late.
template <class F>
bool eventually(F&& condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::yield();
  }
  return true;
}

struct Contents {
  ReadStatus end = ReadStatus::more_needed;
  std::vector<std::uint16_t> sequences;
  std::vector<wire::TapGap> gaps;
  std::vector<wire::TapStopReason> stops;
  std::string corruption;
};

Contents read_directory(const std::string& directory) {
  Contents out;
  JournalReader reader(kKey);
  for (const std::uint32_t segment : list_segments(directory)) {
    std::ifstream in(directory + "/" + segment_file_name(segment), std::ios::binary);
    const std::vector<char> bytes{std::istreambuf_iterator<char>(in), {}};
    reader.begin_segment();
    reader.append(as_bytes({bytes.data(), bytes.size()}));
    while ((out.end = reader.next()) == ReadStatus::record) {
      if (const auto* p = std::get_if<wire::TapPacket>(&reader.record())) out.sequences.push_back(p->sequence);
      if (const auto* g = std::get_if<wire::TapGap>(&reader.record())) out.gaps.push_back(*g);
      if (const auto* s = std::get_if<wire::TapStop>(&reader.record())) out.stops.push_back(s->reason);
    }
  }
  if (reader.corruption()) out.corruption = reader.corruption()->what;
  return out;
}

TEST(JournalService, FirstRecordIsSealedFastAndCloseCompletes) {
  Folder folder;
  JournalService service({}, real_clock);
  std::promise<Instant> first;
  std::promise<ClosedJournal> closed;
  const Instant begun = real_clock().mono;
  auto journal = service.open("r", kKey, 1, folder.path + "/j",
                              {.first_sealed = [&](Instant at) { first.set_value(at); },
                               .state_changed = {},
                               .closed = [&](const ClosedJournal& c) { closed.set_value(c); }});
  ASSERT_TRUE(journal.has_value());
  EXPECT_FALSE((*journal)->resumed());
  push(**journal, wire::TapStart{1, "r", "m", real_clock().wall.unix_ms()});
  auto sealed = first.get_future();
  ASSERT_EQ(sealed.wait_for(std::chrono::seconds(20)), std::future_status::ready);
  // The contract allows 300 ms; a loaded machine gets a little more.
  EXPECT_LT((sealed.get() - begun).ms(), 1000);
  const std::uint8_t payload[100] = {};
  for (std::uint16_t i = 0; i < 300; ++i) push(**journal, packet(i, payload));
  service.close(*journal, wire::TapStopReason::requested);
  auto done = closed.get_future();
  ASSERT_EQ(done.wait_for(std::chrono::seconds(20)), std::future_status::ready);
  const ClosedJournal result = done.get();
  EXPECT_TRUE(result.final);
  EXPECT_EQ(result.records, 302u);
  const Contents c = read_directory(folder.path + "/j");
  EXPECT_EQ(c.end, ReadStatus::journal_end) << c.corruption;
  EXPECT_EQ(c.sequences.size(), 300u);
  EXPECT_EQ(c.stops, std::vector{wire::TapStopReason::requested});
  EXPECT_FALSE(fs::exists(folder.path + "/j/reserve"));
  // A complete journal takes no second writer.
  EXPECT_EQ(service.open("r", kKey, 2, folder.path + "/j", {}).error().code, ErrorCode::conflict);
}

TEST(JournalService, ARestartGoesOnInTheSameJournalWithAMarkedGap) {
  Folder folder;
  const std::uint8_t payload[100] = {};
  Instant first_start;
  {
    JournalService service({}, real_clock);
    auto journal = service.open("r", kKey, 1, folder.path, {});
    ASSERT_TRUE(journal.has_value());
    first_start = (*journal)->start();
    push(**journal, wire::TapStart{1, "r", "m", real_clock().wall.unix_ms()});
    push(**journal, wire::TapSource{0, 6, "a", wire::TapKind::audio, wire::TapCodec::opus, 48000, 0, false});
    push(**journal, packet(1, payload));
    ASSERT_TRUE(eventually([&] { return (*journal)->sealed_until_us() > 0; }));
  }
  // The crash left half a block behind.
  {
    const auto last = folder.path + "/" + segment_file_name(list_segments(folder.path).back());
    std::ofstream(last, std::ios::binary | std::ios::app) << "torn";
  }
  JournalService service({}, real_clock);
  EXPECT_EQ(service.open("r", kKey, 1, folder.path, {}).error().code, ErrorCode::conflict);  // an epoch is used once
  std::promise<ClosedJournal> closed;
  auto journal = service.open("r", kKey, 2, folder.path,
                              {.first_sealed = {}, .state_changed = {},
                               .closed = [&](const ClosedJournal& c) { closed.set_value(c); }});
  ASSERT_TRUE(journal.has_value());
  EXPECT_TRUE((*journal)->resumed());
  EXPECT_EQ((*journal)->next_source(), 7u);
  EXPECT_LT(std::abs(((*journal)->start() - first_start).ms()), 50);
  push(**journal, packet(2, payload));
  service.close(*journal, wire::TapStopReason::meeting_ended);
  auto done = closed.get_future();
  ASSERT_EQ(done.wait_for(std::chrono::seconds(20)), std::future_status::ready);
  const Contents c = read_directory(folder.path);
  EXPECT_EQ(c.end, ReadStatus::journal_end) << c.corruption;
  EXPECT_EQ(c.sequences, (std::vector<std::uint16_t>{1, 2}));
  ASSERT_EQ(c.gaps.size(), 1u);
  EXPECT_EQ(c.gaps[0].reason, wire::TapGapReason::server_restart);
  EXPECT_LE(c.gaps[0].at_us, c.gaps[0].until_us);
}

TEST(JournalService, AFullSpoolEndsTheRecordingCleanly) {
  Folder folder;
  JournalServiceOptions options;
  options.spool_limit_bytes = 200'000;
  options.seal_ms = 20;
  JournalService service(options, real_clock);
  std::promise<ClosedJournal> closed;
  auto journal = service.open("r", kKey, 1, folder.path,
                              {.first_sealed = {}, .state_changed = {},
                               .closed = [&](const ClosedJournal& c) { closed.set_value(c); }});
  ASSERT_TRUE(journal.has_value());
  push(**journal, wire::TapStart{1, "r", "m", 1});
  const ByteVector payload(1000);
  std::uint16_t sequence = 0;
  ASSERT_TRUE(eventually([&] {
    ByteVector raw(1100);
    Writer out(raw);
    wire::encode(packet(sequence, payload), out);
    if ((*journal)->ring()->push(out.written())) ++sequence;
    (*journal)->ring()->publish();
    return (*journal)->state() == JournalState::spool_full;
  }));
  auto done = closed.get_future();
  ASSERT_EQ(done.wait_for(std::chrono::seconds(20)), std::future_status::ready);
  EXPECT_EQ(done.get().state, JournalState::spool_full);
  // The producer may go on pushing until it hears of it, also into a ring that is full by now: nothing blocks, nothing is
  // written.
  ByteVector late(1100);
  Writer out(late);
  wire::encode(packet(9999, payload), out);
  (void)(*journal)->ring()->push(out.written());
  (*journal)->ring()->publish();
  service.close(*journal, wire::TapStopReason::requested);
  const Contents c = read_directory(folder.path);
  EXPECT_EQ(c.end, ReadStatus::journal_end) << c.corruption;
  EXPECT_EQ(c.stops, std::vector{wire::TapStopReason::spool_full});
  EXPECT_EQ(service.spool_bytes(), 0u);
}

// A file size limit of the process stands in for the full disk: write(2) fails in the middle of a block in both.
TEST(JournalService, ADiskThatIsFullForAWhileLeavesAGapAndAVisibleState) {
  Folder folder;
  std::signal(SIGXFSZ, SIG_IGN);
  JournalServiceOptions options;
  options.seal_ms = 20;
  JournalService service(options, real_clock);
  std::promise<ClosedJournal> closed;
  std::vector<JournalState> states;   // the journal thread's, until it has told the end
  auto journal = service.open("r", kKey, 1, folder.path,
                              {.first_sealed = {}, .state_changed = [&](JournalState s) { states.push_back(s); },
                               .closed = [&](const ClosedJournal& c) { closed.set_value(c); }});
  ASSERT_TRUE(journal.has_value());
  push(**journal, wire::TapStart{1, "r", "m", 1});
  ASSERT_TRUE(eventually([&] { return (*journal)->bytes() > kHeaderSize; }));
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  rlimit tight = before;
  tight.rlim_cur = 20'000;
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &tight), 0);
  const ByteVector payload(1000);
  std::uint16_t sequence = 0;
  const bool full = eventually([&] {
    ByteVector raw(1100);
    Writer out(raw);
    wire::encode(packet(sequence, payload), out);
    if ((*journal)->ring()->push(out.written())) ++sequence;
    (*journal)->ring()->publish();
    return (*journal)->state() == JournalState::disk_full;
  });
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  ASSERT_TRUE(full);
  ASSERT_TRUE(eventually([&] { return (*journal)->state() == JournalState::recording; }));
  push(**journal, packet(60000, payload));
  service.close(*journal, wire::TapStopReason::requested);
  auto done = closed.get_future();
  ASSERT_EQ(done.wait_for(std::chrono::seconds(20)), std::future_status::ready);
  EXPECT_GT(done.get().lost_records, 0u);
  // Each time there is room again it is told: what the tap does then hangs on it.
  ASSERT_GE(states.size(), 2u);
  for (std::size_t i = 0; i < states.size(); ++i) {
    EXPECT_EQ(states[i], i % 2 == 0 ? JournalState::disk_full : JournalState::recording) << i;
  }
  EXPECT_EQ(states.back(), JournalState::recording);
  const Contents c = read_directory(folder.path);
  EXPECT_EQ(c.end, ReadStatus::journal_end) << c.corruption;
  ASSERT_FALSE(c.gaps.empty());
  EXPECT_EQ(c.gaps[0].reason, wire::TapGapReason::disk_full);
  EXPECT_EQ(c.sequences.back(), 60000);
}

TEST(JournalService, AWrongKeyNeverWritesIntoAJournal) {
  Folder folder;
  {
    JournalService service({}, real_clock);
    auto journal = service.open("r", kKey, 1, folder.path, {});
    ASSERT_TRUE(journal.has_value());
    push(**journal, wire::TapStart{1, "r", "m", 1});
    ASSERT_TRUE(eventually([&] { return (*journal)->sealed_until_us() > 0; }));
  }
  JournalService service({}, real_clock);
  const auto refused = service.open("r", ByteVector(kKeySize, 99), 2, folder.path, {});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::corrupt);
  EXPECT_EQ(list_segments(folder.path).size(), 1u);
  // A crash before the first seal left a header alone: that journal can be begun anew.
  std::filesystem::resize_file(folder.path + "/" + segment_file_name(0), kHeaderSize);
  EXPECT_TRUE(service.open("r", kKey, 2, folder.path, {}).has_value());
}

TEST(JournalService, NoRoomOrNoRightsIsAnErrorAtOpen) {
  JournalService service({}, real_clock);
  const auto refused = service.open("r", kKey, 1, "/proc/upcall/j", {});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::unavailable);
  EXPECT_EQ(service.open("r", Bytes(kKey).first(5), 1, "/tmp", {}).error().code, ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace upcall::journal
