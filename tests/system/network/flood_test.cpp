// Floods by real sockets against a real server with a call that is recorded: who floods is cut, who holds a connection and
// says nothing costs little, the call loses nothing, and whoever comes afterwards gets in. UPCALL_FLOOD_SOCKETS makes it larger.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "io/clock/system_clock.hpp"
#include "io/net/websocket_client.hpp"
#include "network.hpp"
#include "wire/signal/signal_frame.hpp"

namespace upcall::network {
namespace {

using F = wire::SignalFrame;

constexpr double kKiB = 1024;

std::size_t sockets_asked() {
  const char* given = std::getenv("UPCALL_FLOOD_SOCKETS");
  return given != nullptr ? static_cast<std::size_t>(std::atoi(given)) : 200;
}

double resident_kib(pid_t pid) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/status");
  for (std::string word; in >> word;) {
    if (word == "VmRSS:") {
      double kib = 0;
      in >> kib;
      return kib;
    }
  }
  return 0;
}

// A connection that says some bytes and then nothing.
class Silent {
 public:
  Silent(std::uint16_t port, std::string_view says) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) throw story::Trouble("a connection was refused");
    if (!says.empty()) (void)!::send(fd_, says.data(), says.size(), MSG_NOSIGNAL);
  }
  Silent(Silent&& o) noexcept : fd_(std::exchange(o.fd_, -1)) {}
  ~Silent() {
    if (fd_ >= 0) ::close(fd_);
  }
  // The server has ended it; what it said before is read and dropped.
  bool ended() {
    char bin[4096];
    for (;;) {
      const ssize_t n = ::recv(fd_, bin, sizeof bin, MSG_DONTWAIT);
      if (n == 0 || (n < 0 && errno != EAGAIN)) return true;
      if (n < 0) return false;
    }
  }

 private:
  int fd_;
};

std::uint16_t port_of(const std::string& url) { return static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1))); }

enum class Attack { ping, mute, subscribe, data, giant, kinds };

// By what each ends: too much asked for; too many data messages; a message that is too large.
constexpr std::uint16_t kCodes[] = {4503, 4503, 4503, 4429, 1009};

std::string bytes_of(Attack attack, int i) {
  F frame;
  switch (attack) {
    case Attack::ping:
      frame.set_type(F::PING_PONG);
      frame.mutable_ping_pong()->set_type(signal::PING);
      frame.mutable_ping_pong()->set_ping_id(static_cast<std::uint32_t>(i));
      break;
    case Attack::mute:
      frame.set_type(F::AUDIO_CONTROL);
      frame.mutable_audio_control()->set_muted(i % 2 == 0);
      break;
    case Attack::subscribe:
      frame.set_type(F::SUBSCRIBE);
      frame.mutable_sub()->set_sdp_offer(std::string(20'000, 'x'));
      break;
    case Attack::data: {
      frame.set_type(F::DATA_MESSAGE);
      auto* one = frame.mutable_data_message()->add_messages();
      one->set_topic("flood");
      one->set_data(std::string(2048, 'x'));
      one->set_lifetime_ms(300'000);
      break;
    }
    default: return std::string(400 << 10, 'x');   // of 320 KiB that a message may have
  }
  return wire::encode_signal(frame, system_now().wall);
}

// Sends until the server ends it; the code.
std::uint16_t attack(net::WebSocketClient& socket, Attack kind) {
  F join;
  join.set_type(F::JOIN);
  join.mutable_join()->set_protocol_version(2);
  join.mutable_join()->set_audio_session_id(77);
  socket.send_binary(as_bytes(wire::encode_signal(join, system_now().wall)));
  // A thousand a second: faster, and our own queue would end it.
  for (int i = 0; i < 15'000; ++i) {
    if (const auto code = socket.wait_closed(Duration::ms(1))) return *code;
    socket.send_binary(as_bytes(bytes_of(kind, i)));
  }
  return 0;
}

struct Heard {
  double sound = 0, reconnects = 0;
};
Heard heard(story::World& world, story::Call& call) {
  Heard out;
  for (auto* device : {&*call.agent_device, &*call.customer_device}) {
    const bj::object facts = world.device_facts(*device);
    out.sound += story::number_at(facts, "audio_packets");
    out.reconnects += story::number_at(facts, "reconnects");
  }
  return out;
}

TEST(Flood, ARecordedCallLosesNothingAndMemoryIsBounded) {
  story::World world;
  story::Call call = world.begin_meeting();
  ASSERT_EQ(world.start_recording(call), 200);
  world.expect_media(call, Duration::s(20), 15);
  const std::uint16_t port = port_of(world.url());
  const std::string meeting_id = json::text_or(*json::object_at(call.agent_join, "Meeting"), "MeetingId");

  const Heard before = heard(world, call);
  const Instant begin = system_now().mono;
  const double rss_before = resident_kib(world.server_pid());
  double most = rss_before;
  const auto look = [&] { most = std::max(most, resident_kib(world.server_pid())); };

  const std::size_t n = sockets_asked();
  std::vector<Silent> idle, half_heads, slow_bodies, half_frames;
  for (std::size_t i = 0; i < n; ++i) {
    if (i % 4 < 2) idle.emplace_back(port, "");
    else if (i % 4 == 2) half_heads.emplace_back(port, "GET /healthz HTTP/1.1\r\nHost: a\r\nX-Lo");
    else slow_bodies.emplace_back(port, "POST /api/chat/start HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 60000\r\n\r\n{\"a");
  }
  // Sockets with no right token that announce a large message and send a part of it.
  const std::string upgrade = "GET /control/" + meeting_id + " HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                              "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
  for (int i = 0; i < 20; ++i) half_frames.emplace_back(port, upgrade);
  look();

  // Attendees of the meeting that flood: each of a kind, several sockets at once.
  std::size_t attackers = 0;
  for (int kind = 0; kind < static_cast<int>(Attack::kinds); ++kind) {
    const bj::object attendee{{"externalMeetingId", call.meeting}, {"attendeeExternalUserId", "flood-" + std::to_string(kind)}, {"attendeeName", "Flood"}};
    const auto added = world.need(world.agent().expect(200, "POST", "/api/chime/attendee", &attendee), "createAttendee");
    for (int round = 0; round < 3; ++round, ++attackers) {
      net::WebSocketClientOptions options;
      options.url = "ws" + world.url().substr(4) + "/control/" + meeting_id;
      options.subprotocols = {"_aws_wt_session", json::text_or(added.data(), "JoinToken")};
      options.on_message = [](Bytes, bool) {};
      auto socket = world.need(net::WebSocketClient::connect(std::move(options)), "an attacker's socket");
      const std::uint16_t code = attack(*socket, static_cast<Attack>(kind));
      // Who is cut in the middle of a message that is still on its way may see a reset before it reads why.
      if (code != 1006 || kCodes[kind] != 1009) EXPECT_EQ(code, kCodes[kind]) << "kind " << kind << " (0: still there)";
      look();
    }
  }
  // Who began a request and does not go on is cut; who never spoke may still be there.
  const auto all_ended = [&](std::vector<Silent>& sockets) {
    look();
    return std::all_of(sockets.begin(), sockets.end(), [](Silent& s) { return s.ended(); });
  };
  world.until("half heads are cut", Duration::s(20), [&] { return all_ended(half_heads); });
  world.until("slow bodies are cut", Duration::s(20), [&] { return all_ended(slow_bodies); });
  world.until("sockets without a right token are closed", Duration::s(40), [&] { return all_ended(half_frames); });

  const double seconds = (system_now().mono - begin).seconds();
  const Heard now = heard(world, call);
  const double grown = most - rss_before, each = grown / static_cast<double>(n + half_frames.size() + attackers);
  std::printf("%zu connections and %zu who flood: memory grew by %.1f MiB at most (%.0f KiB each), %.1f sound packets a second and person\n", n + half_frames.size(), attackers,
              grown / kKiB, each, (now.sound - before.sound) / 2 / seconds);
  EXPECT_LT(each, 256);
  EXPECT_GT((now.sound - before.sound) / 2 / seconds, 45) << "of 50 a second";
  EXPECT_EQ(now.reconnects, before.reconnects);
  world.expect_media(call, Duration::s(10), 15);
  EXPECT_EQ(world.ready_status(), 200);
  EXPECT_EQ(world.stop_recording(call), 200);
  // And with all who never speak still there, somebody new gets in.
  story::Call next = world.begin_meeting();
  world.expect_media(next, Duration::s(20));
  EXPECT_TRUE(seconds > 50 || !idle.back().ended()) << "they were there all the time";
}

}  // namespace
}  // namespace upcall::network
