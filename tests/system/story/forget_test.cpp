// Forgetting the last seconds of a recording: with everything that lies on the disk and the recording's key nobody brings
// them back, and the film goes on around them.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <future>

#include "../../tools/film_judge.hpp"
#include "base/wall_text.hpp"
#include "crypto/random.hpp"
#include "harness.hpp"
#include "io/journal/journal_files.hpp"
#include "io/net/http_client.hpp"
#include "io/store/recording_repository.hpp"
#include "io/store/sealer.hpp"
#include "io/store/store.hpp"

namespace upcall::story {
namespace {

namespace fs = std::filesystem;

struct Answered {
  int status = 0;
  std::string code, message, from, until;
};

Answered forget(World& world, demo::ApiClient& who, const Call& call, const bj::value& seconds) {
  const bj::object body{{"externalMeetingId", call.meeting}, {"seconds", seconds}};
  const auto answer = world.need(who.call("POST", "/api/recording/forget", &body), "forget");
  return {answer.status, json::text_or(answer.body, "code"), json::text_or(answer.body, "message"), json::text_or(answer.data(), "from"),
          json::text_or(answer.data(), "until")};
}

void records(World& world, const Call& call) {
  ASSERT_EQ(world.start_recording(call), 200);
  world.wait_recording(call, [](const bj::object& e) { return json::text_at(e, "status") == "recording"; }, Duration::s(20));
}

void talk(World& world, Call& call, Duration at_least) {
  const std::int64_t until_ms = world.clock_ms() + at_least.ms();
  while (world.clock_ms() < until_ms) world.expect_media(call, Duration::s(20), 3);
}

const bj::array& forgotten(const bj::object& entry) {
  static const bj::array kNone;
  const bj::object* facts = json::object_at(entry, "facts");
  const bj::array* spans = facts ? json::array_at(*facts, "forgotten") : nullptr;
  return spans ? *spans : kNone;
}

// The clocks that can be read in the film's pictures.
std::vector<std::int64_t> clocks(World& world, const bj::object& entry) {
  net::HttpClient player;
  const std::string file = world.data_dir() + "/film.mp4";
  std::ofstream(file, std::ios::binary) << world.need(player.get(json::text_or(entry, "recordingURL")), "the film").body;
  test::Film film;
  EXPECT_TRUE(film.load(file, {{0, 292, 960}, {960, 292, 960}}));
  EXPECT_EQ(film.decode_errors, 0u);
  std::vector<std::int64_t> out;
  for (const auto& readings : film.readings) {
    for (const auto& r : readings) out.push_back(r.clock_ms);
  }
  return out;
}

ByteVector key_of(World& world, const std::string& recording_id) {
  crypto::SystemRandom random;
  auto store = world.need(store::Store::open({world.data_dir()}), "the store");
  auto sealer = world.need(store::Sealer::open(world.data_dir(), random), "the master key");
  auto wrapped = world.need(store->read([&](store::Database& db) { return store::recordings::wrapped_key(db, recording_id); }), "the key");
  return world.need(sealer->unseal("recording_keys/" + recording_id, wrapped.value_or(ByteVector{})), "the key");
}

struct Opened {
  int opened = 0, shut = 0;
  std::vector<std::int64_t> packets;   // wall clock, unix ms
};

// Every block of the journal by every key that can be had: the recording's own and all that the key file still gives.
Opened open_everything(const std::string& directory, const ByteVector& key) {
  using namespace journal;
  std::vector<ByteVector> keys{key};
  WindowSecrets secrets(key);
  WindowKeyReader places(directory);
  for (std::uint32_t n = 1; n < 500; ++n) {
    WindowPlace place{};
    ByteVector window_key(kKeySize);
    const std::size_t size = places.read(n, place);
    if (secrets.open(n, Bytes(place).first(size), window_key) == WindowState::key) keys.push_back(window_key);
  }
  Opened out;
  for (const std::uint32_t segment : list_segments(directory)) {
    std::ifstream in(directory + "/" + segment_file_name(segment), std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    const Bytes bytes = as_bytes(text);
    const auto header = parse_segment_header(bytes);
    if (!header) continue;
    EXPECT_EQ(header->version, kWindowVersion);
    Tag chain = chain_start(bytes.first(kHeaderSize));
    const std::size_t head_size = block_head_size(header->version);
    for (std::size_t at = kHeaderSize; at + head_size < bytes.size();) {
      const auto head = parse_block_head(bytes.subspan(at), header->version);
      if (!head || at + head_size + head->size + kTagSize > bytes.size()) break;
      const Bytes raw = bytes.subspan(at, head_size), tag = bytes.subspan(at + head_size + head->size, kTagSize);
      ByteVector aad(chain.begin(), chain.end()), plain(head->size);
      aad.insert(aad.end(), raw.begin(), raw.end());
      bool opened = false;
      const auto attempt = [&](crypto::Aead cipher) {
        opened = opened || cipher.open(block_nonce(head->counter), aad, bytes.subspan(at + head_size, head->size), tag, plain);
      };
      attempt(epoch_cipher(key, header->epoch, crypto::AeadUse::open_only));
      for (std::size_t i = 0; i < keys.size() && !opened; ++i) attempt(window_cipher(key, keys[i], header->epoch, head->window, crypto::AeadUse::open_only));
      if (opened && head->kind == BlockKind::records) {
        for (Reader records(plain); records.remaining() > 0 && records.ok();) {
          const auto record = wire::decode_tap_record(records.sized_bytes());
          const auto* p = record ? std::get_if<wire::TapPacket>(&*record) : nullptr;
          if (p) out.packets.push_back(header->wall_unix_ms + static_cast<std::int64_t>(p->at_us / 1000));
        }
      }
      ++(opened ? out.opened : out.shut);
      chain = chain_after(header->version, chain, raw, tag);
      at += head_size + head->size + kTagSize;
    }
  }
  return out;
}

void allow(World& world, const char* seconds) {
  world.set_parameter("recordingPauseAllowed", "true");
  world.set_parameter("recordingForgetSeconds", seconds);
}

TEST(Forget, NobodyBringsItBack) {
  World world;
  allow(world, "6");
  Call call = world.begin_call();
  EXPECT_EQ(forget(world, world.agent(), call, 5).code, "nothing_to_forget");
  records(world, call);
  EXPECT_EQ(forget(world, world.supervisor(), call, 5).status, 403);
  for (const bj::value& wrong : {bj::value(0), bj::value(7), bj::value("5"), bj::value(2.5), bj::value(nullptr)}) {
    const Answered refused = forget(world, world.agent(), call, wrong);
    EXPECT_EQ(refused.status, 400) << wrong;
    EXPECT_NE(refused.message.find("1 to 6"), std::string::npos) << refused.message;
  }
  world.set_parameter("recordingPauseAllowed", "false");
  EXPECT_EQ(forget(world, world.agent(), call, 5).code, "forget_not_allowed");
  world.set_parameter("recordingPauseAllowed", "true");
  // The film follows nine seconds behind.
  world.until("something to watch", Duration::s(40), [&] {
    world.expect_media(call, Duration::s(10), 2);
    return world.recording(call).contains("liveURL");
  });
  talk(world, call, Duration::s(2));
  const std::int64_t asked_ms = world.clock_ms();
  const Answered gone = forget(world, world.agent(), call, 5);
  ASSERT_EQ(gone.status, 200) << gone.code << " " << gone.message;
  const std::int64_t from_ms = asked_ms - 5000 + 300, until_ms = asked_ms - 300;   // as senders' clocks show it
  const bj::object during = world.recording(call);
  ASSERT_EQ(forgotten(during).size(), 1u) << bj::serialize(during);
  const bj::object span = forgotten(during)[0].as_object();
  EXPECT_FALSE(span.contains("pending"));
  const std::int64_t span_from_ms = *json::integer_at(span, "from_unix_ms"), span_until_ms = *json::integer_at(span, "until_unix_ms");
  EXPECT_GE(span_until_ms - span_from_ms, 5000);
  EXPECT_LE(span_until_ms - span_from_ms, 7500);
  const double composed_s = number_at(*json::object_at(during, "progress"), "composedSeconds"), captured_s = number_at(*json::object_at(during, "progress"), "capturedSeconds");
  EXPECT_LE(composed_s, captured_s - 8) << "what may be forgotten is in no film yet";
  // Somebody takes everything there is, a moment later, and has the key.
  talk(world, call, Duration::s(1));
  const std::string id = json::text_or(during, "recordingId"), journal = world.data_dir() + "/spool/" + id, stolen = world.data_dir() + "/stolen";
  world.kill_server();
  fs::copy(journal, stolen, fs::copy_options::recursive);
  const Opened opened = open_everything(stolen, key_of(world, id));
  EXPECT_GT(opened.opened, 20);
  EXPECT_GE(opened.shut, 18) << "four a second";
  int before = 0, after = 0;
  for (const std::int64_t at_ms : opened.packets) {
    EXPECT_FALSE(at_ms > span_from_ms && at_ms < span_until_ms) << at_ms << " of " << span_from_ms << " to " << span_until_ms;
    before += at_ms <= span_from_ms;
    after += at_ms >= span_until_ms;
  }
  EXPECT_GT(before, 100);
  EXPECT_GT(after, 20);
  // The server comes back, the call goes on, and the film has a hole where it was.
  world.start_server();
  talk(world, call, Duration::s(2));
  ASSERT_EQ(world.stop_recording(call), 200);
  EXPECT_EQ(forget(world, world.agent(), call, 5).code, "nothing_to_forget");
  const bj::object entry = world.wait_stored(call);
  EXPECT_EQ(forgotten(entry).size(), 1u);
  before = after = 0;
  for (const std::int64_t clock : clocks(world, entry)) {
    EXPECT_FALSE(clock > from_ms && clock < until_ms) << clock << " of " << from_ms << " to " << until_ms;
    before += clock <= from_ms;
    after += clock >= until_ms;
  }
  EXPECT_GT(before, 20);
  EXPECT_GT(after, 5);
  const auto manifest = world.need(world.supervisor().call("GET", "/api/recording/manifest/" + id), "the manifest");
  ASSERT_EQ(manifest.status, 200);
  const std::string text = bj::serialize(manifest.body);
  EXPECT_NE(text.find("\"forgotten\":[{\"fromMs\":"), std::string::npos) << text.substr(0, 2000);
  // What is missing by wish is no fault of the film.
  const auto health = [](const bj::object& e) { return json::object_at(*json::object_at(e, "facts"), "health"); };
  const bj::object checked = world.wait_recording(call, [&](const bj::object& e) { return health(e) != nullptr; }, Duration::s(30));
  ASSERT_NE(json::array_at(*health(checked), "findings"), nullptr) << bj::serialize(*health(checked));
  for (const bj::value& finding : *json::array_at(*health(checked), "findings")) {
    EXPECT_EQ(json::text_or(finding.as_object(), "kind"), "gap") << "the server's death is one: " << bj::serialize(finding);
  }
}

// Killed at some moment of it: it was done, is done when the server is back, or was never begun.
TEST(Forget, KilledInTheMiddleItIsDoneOrDoneAgain) {
  World world;
  allow(world, "5");
  Call call = world.begin_call();
  records(world, call);
  const std::string id = json::text_or(world.recording(call), "recordingId");
  std::size_t noted = 0;
  for (const int delay_ms : {1, 2, 3, 10}) {
    SCOPED_TRACE(delay_ms);
    talk(world, call, Duration::s(4));
    auto answer = std::async(std::launch::async, [&] {
      demo::ApiClient agent = world.client();
      agent.set_bearer(world.agent().token());
      const bj::object body{{"externalMeetingId", call.meeting}, {"seconds", 3}};
      const auto got = agent.call("POST", "/api/recording/forget", &body);
      return got ? got->status : 0;
    });
    (void)answer.wait_for(std::chrono::milliseconds(delay_ms));
    world.kill_server();
    const int status = answer.get();
    world.start_server();
    bj::array spans;
    world.until("an end of the forgetting", Duration::s(20), [&] {
      spans = forgotten(world.recording(call));
      return spans.empty() || !spans.back().as_object().contains("pending");
    });
    ASSERT_TRUE(spans.size() == noted || spans.size() == noted + 1);
    if (status == 200) {
      EXPECT_EQ(spans.size(), noted + 1) << "what was answered is kept";
    }
    std::printf("killed after %d ms: %s, %s\n", delay_ms, status == 200 ? "answered" : "not answered", spans.size() > noted ? "done" : "never begun");
    noted = spans.size();
    world.kill_server();
    const std::string stolen = world.data_dir() + "/stolen" + std::to_string(delay_ms);
    fs::copy(world.data_dir() + "/spool/" + id, stolen, fs::copy_options::recursive);
    const Opened opened = open_everything(stolen, key_of(world, id));
    EXPECT_GE(opened.opened, 4);
    for (const bj::value& v : spans) {
      const std::int64_t from = *json::integer_at(v.as_object(), "from_unix_ms"), until = *json::integer_at(v.as_object(), "until_unix_ms");
      EXPECT_GE(until - from, 1000);
      for (const std::int64_t at_ms : opened.packets) EXPECT_FALSE(at_ms > from && at_ms < until) << at_ms << " of " << from << " to " << until;
    }
    world.start_server();
  }
  talk(world, call, Duration::s(2));
  ASSERT_EQ(world.stop_recording(call), 200);
  const bj::object entry = world.wait_stored(call);
  EXPECT_EQ(forgotten(entry).size(), noted);
  world.people_in(world.film(entry));
}

}  // namespace
}  // namespace upcall::story
