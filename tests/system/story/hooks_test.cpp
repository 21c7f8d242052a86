// Webhooks and command hooks on a real server: what they are told, in which order, how often, and how they know that it
// comes from us.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <mutex>

#include "crypto/random.hpp"
#include "harness.hpp"
#include "io/net/http_server.hpp"
#include "service/hooks/hook_message.hpp"

namespace upcall::story {
namespace {

namespace fs = std::filesystem;

// Somebody's endpoint: remembers what came, refuses the first `refusals` messages.
class Receiver {
 public:
  struct Message {
    std::string id, timestamp, signature, body;
    bj::object json() const { return json::parse_object(body).value(); }
  };

  explicit Receiver(int refusals = 0) : refusals_(refusals) {
    router_.add("POST", "/hook", [this](const wire::HttpRequest& r) {
      const std::lock_guard lock(mutex_);
      wire::HttpResponse out;
      if (refusals_ > 0) {
        --refusals_;
        refused_.push_back(std::string(r.header("webhook-id").value_or("")));
        out.status = 503;
        return out;
      }
      messages_.push_back({std::string(r.header("webhook-id").value_or("")), std::string(r.header("webhook-timestamp").value_or("")),
                           std::string(r.header("webhook-signature").value_or("")), r.body});
      out.status = 204;
      return out;
    });
    server_ = net::HttpServer::start({}, router_, random_).value();
  }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(server_->port()) + "/hook"; }
  std::vector<Message> messages() {
    const std::lock_guard lock(mutex_);
    return messages_;
  }
  std::vector<std::string> refused() {
    const std::lock_guard lock(mutex_);
    return refused_;
  }

 private:
  crypto::SystemRandom random_;
  wire::Router router_;
  std::mutex mutex_;
  int refusals_;
  std::vector<Message> messages_;
  std::vector<std::string> refused_;
  std::unique_ptr<net::HttpServer> server_;
};

void allow_private(World& world) { world.set_parameter("webhookAllowPrivate", "true"); }

TEST(Hooks, AWebhookIsToldOfARecordingsLifeSignedAndInOrder) {
  World world;
  allow_private(world);
  Receiver receiver(1);
  const auto added = world.admin("webhook.add", {{"url", receiver.url()}}).as_object();
  const std::string secret = json::text_or(added, "secret");
  ASSERT_TRUE(secret.starts_with("whsec_"));
  Call call = world.begin_call(false);
  ASSERT_EQ(world.start_recording(call), 200);
  world.wait_recording(call, [](const bj::object& e) { return json::text_at(e, "status") == "recording"; }, Duration::s(20));
  ASSERT_EQ(world.end_meeting(call), 200);
  world.until("three messages", Duration::s(60), [&] { return receiver.messages().size() >= 3; });
  const auto messages = receiver.messages();
  ASSERT_EQ(messages.size(), 3u);
  const std::string recording = json::text_or(world.recording(call), "recordingId");
  const char* types[] = {"recording.started", "recording.stopped", "recording.stored"};
  const ByteVector key = from_base64(std::string_view(secret).substr(6)).value();
  std::int64_t sequence = 0;
  for (std::size_t i = 0; i < 3; ++i) {
    const bj::object json = messages[i].json();
    EXPECT_EQ(json::text_or(json, "type"), types[i]);
    EXPECT_EQ(json::text_or(json, "id"), messages[i].id);
    EXPECT_GT(json::integer_at(json, "sequence").value(), sequence);
    sequence = json::integer_at(json, "sequence").value();
    EXPECT_EQ(json::text_or(*json::object_at(json, "data"), "recordingId"), recording);
    EXPECT_EQ(json::text_or(*json::object_at(json, "data"), "playbackURL"), world.url() + "/recording/" + call.meeting);
    EXPECT_EQ(messages[i].signature, service::hook_signature(key, messages[i].id, std::stoll(messages[i].timestamp), messages[i].body));
  }
  EXPECT_EQ(receiver.refused(), std::vector<std::string>{messages[0].id}) << "sent again under the same id";
  const auto list = world.admin("webhook.list", {}).as_object();
  EXPECT_EQ(bj::serialize(list).find("whsec_"), std::string::npos) << "the secret is shown once";
}

TEST(Hooks, ADeadOneDelaysNobodyAndIsToldAfterARestart) {
  World world;
  allow_private(world);
  world.admin("webhook.add", {{"url", "http://127.0.0.1:9/nobody"}});
  Receiver receiver;
  world.admin("webhook.add", {{"url", receiver.url()}, {"events", "meeting.ended recording.*"}});
  Call call = world.begin_call(false);
  ASSERT_EQ(world.end_meeting(call), 200);
  world.until("the end is told", Duration::s(20), [&] { return receiver.messages().size() == 1; });
  EXPECT_EQ(json::text_or(receiver.messages()[0].json(), "type"), "meeting.ended");
  // The server dies before it told of what is in the store already.
  Call other = world.begin_call(false);
  ASSERT_EQ(world.start_recording(other), 200);
  world.kill_server();
  world.start_server();
  world.wait_recording(other, [](const bj::object& e) { return json::text_at(e, "status") == "recording"; }, Duration::s(20));
  ASSERT_EQ(world.end_meeting(other), 200);
  const auto has = [&](const char* type) {
    for (const auto& m : receiver.messages()) {
      if (json::text_or(m.json(), "type") == type && json::text_or(m.json(), "meeting") == other.meeting) return true;
    }
    return false;
  };
  world.until("all of the second call", Duration::s(60), [&] { return has("recording.started") && has("recording.stored") && has("meeting.ended"); });
}

TEST(Hooks, PrivateAddressesAreRefusedUnlessAllowed) {
  World world;
  const auto refused = [&](const bj::object& arguments) { return world.refused_admin("webhook.add", arguments); };
  EXPECT_NE(refused({{"url", "http://example.com/"}}).find("https://"), std::string::npos);
  EXPECT_NE(refused({{"url", "https://user:pw@example.com/"}}).find("without user"), std::string::npos);
  EXPECT_NE(refused({{"command", "rm"}}).find("whole path"), std::string::npos);
  EXPECT_NE(refused({}).find("either"), std::string::npos);
  // Taken down while it is allowed, and refused when it is to be told after that. By the address: unit_events.
  allow_private(world);
  Receiver receiver;
  const std::string id = json::text_or(world.admin("webhook.add", {{"url", receiver.url()}, {"events", "*"}}).as_object(), "webhookId");
  world.set_parameter("webhookAllowPrivate", "false");
  Call call = world.begin_call(false);
  world.until("a refused attempt", Duration::s(20), [&] { return world.metric("upcall_hook_failures_total") > 0; });
  EXPECT_TRUE(receiver.messages().empty());
  world.admin("webhook.remove", {{"webhook", id}});
  EXPECT_NE(world.refused_admin("webhook.remove", {{"webhook", id}}).find("no such webhook"), std::string::npos);
}

TEST(Hooks, ACommandGetsTheEventOnItsInput) {
  World world;
  const fs::path script = fs::path(world.data_dir()) / "hook.sh", out = fs::path(world.data_dir()) / "told.json";
  {
    std::ofstream file(script);
    // Fails the first time: it is run again.
    file << "#!/bin/sh\n[ -e " << out << ".tried ] || { touch " << out << ".tried; exit 3; }\ncat > " << out << ".new && mv " << out << ".new " << out << "\n";
  }
  fs::permissions(script, fs::perms::owner_all);
  world.admin("webhook.add", {{"command", script.string()}, {"events", "meeting.ended"}});
  Call call = world.begin_call(false);
  ASSERT_EQ(world.end_meeting(call), 200);
  world.until("the command's file", Duration::s(30), [&] { return fs::exists(out); });
  std::ifstream file(out);
  const auto told = json::parse_object(std::string(std::istreambuf_iterator<char>(file), {})).value();
  EXPECT_EQ(json::text_or(told, "type"), "meeting.ended");
  EXPECT_EQ(json::text_or(told, "meeting"), call.meeting);
}

// The sample that ships, with another folder: it reads the stored file by the address that it is given.
TEST(Hooks, TheSampleKeepsACopyOfEachFilm) {
  World world;
  std::ifstream sample(UPCALL_TEST_DIR "/../deploy/hooks/keep-a-copy");
  std::string text{std::istreambuf_iterator<char>(sample), {}};
  const std::string folder = world.data_dir() + "/copies", named = "/var/lib/upcall-copies\"\n";
  const std::size_t at = text.find(named);
  ASSERT_NE(at, std::string::npos);
  text.replace(at, named.size(), folder + "\"\n");
  const fs::path script = fs::path(world.data_dir()) / "keep-a-copy";
  std::ofstream(script) << text;
  fs::permissions(script, fs::perms::owner_all);
  world.admin("webhook.add", {{"command", script.string()}, {"events", "recording.stored"}});
  Call call = world.begin_call();
  ASSERT_EQ(world.start_recording(call), 200);
  world.expect_media(call, Duration::s(20), 30);
  ASSERT_EQ(world.stop_recording(call), 200);
  const bj::object entry = world.wait_stored(call);
  const std::string id = json::text_or(entry, "recordingId"), copy = folder + "/" + id + ".mp4";
  world.until("the copy", Duration::s(30), [&] { return fs::exists(copy); });
  world.people_in(world.film(entry));
  std::ifstream kept(copy, std::ios::binary), played(world.data_dir() + "/" + id + ".mp4", std::ios::binary);
  const std::string one{std::istreambuf_iterator<char>(kept), {}}, other{std::istreambuf_iterator<char>(played), {}};
  EXPECT_EQ(one.size(), other.size());
  EXPECT_TRUE(one == other);
}

}  // namespace
}  // namespace upcall::story
