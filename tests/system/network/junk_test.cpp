// Floods of junk from addresses that no check validated: nobody is answered with more bytes than were sent, and a call
// beside it goes on. UPCALL_JUNK_RATE and UPCALL_JUNK_SECONDS make it a measurement (tools/junk_flood.sh).
#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>
#include <vector>

#include <gtest/gtest.h>
#include <poll.h>

#include "base/rng.hpp"
#include "io/clock/system_clock.hpp"
#include "io/udp/udp_socket.hpp"
#include "network.hpp"
#include "rtc/stun/builder.hpp"

namespace upcall::network {
namespace {

int asked(const char* name, int fallback) {
  const char* given = std::getenv(name);
  return given != nullptr ? std::atoi(given) : fallback;
}

// One datagram of each kind that a stranger may send, made anew each time.
ByteVector junk(std::size_t kind, RandomSource& random) {
  ByteVector out(20 + random.below(180));
  random.fill(out);
  std::array<std::uint8_t, stun::kBuildBufferSize> buffer;
  stun::TransactionId id;
  random.fill(id);
  const auto check = [&](std::string_view user, bool right) {
    const crypto::HmacSha1 key(as_bytes("no password of anybody's"));
    stun::Builder b(buffer, stun::Class::request, stun::kBindingMethod, id);
    b.username(user, "peer").priority(1).ice_controlling(7);
    if (right) b.integrity(key);
    const Bytes whole = b.fingerprint().finish();
    return ByteVector(whole.begin(), whole.end());
  };
  switch (kind) {
    case 0: return check("nobody", true);
    case 1: return check("nobody", false);
    case 2: {
      const Bytes bare = stun::Builder(buffer, stun::Class::request, stun::kBindingMethod, id).fingerprint().finish();
      return ByteVector(bare.begin(), bare.end());
    }
    case 3: {   // an answer to a check that was never sent
      const Bytes answer = stun::Builder(buffer, stun::Class::success, stun::kBindingMethod, id).fingerprint().finish();
      return ByteVector(answer.begin(), answer.end());
    }
    case 4:   // a DTLS hello
      out[0] = 22;
      out[1] = 0xfe;
      out[2] = 0xfd;
      return out;
    case 5:   // media
      out[0] = 0x80;
      return out;
    case 6:   // its reports
      out[0] = 0x80;
      out[1] = 200;
      return out;
    default: return out;
  }
}
constexpr std::size_t kKinds = 8;

struct Flood {
  std::uint64_t sent = 0, sent_bytes = 0, refused_by_kernel = 0, answers = 0, answer_bytes = 0;
  double seconds = 0;
};

// `rate` datagrams a second, from sixteen addresses, in bursts of a millisecond or two.
Flood flood(const NetAddress& server, int rate, Duration lasts) {
  SeededRandom random(99);
  std::vector<udp::UdpSocket> sockets;
  for (int i = 0; i < 16; ++i) {
    auto socket = udp::UdpSocket::bind(NetAddress::v4(127, 0, 0, 1, 0), 1 << 20);
    if (!socket) throw story::Trouble(socket.error().message);
    sockets.push_back(std::move(*socket));
  }
  std::vector<ByteVector> made;
  for (std::size_t i = 0; i < 4096; ++i) made.push_back(junk(i % kKinds, random));
  auto memory = std::make_unique<udp::UdpSocket::ReceiveMemory>();
  Flood out;
  const Instant begin = system_now().mono;
  std::vector<udp::UdpSocket::Item> burst;
  while (system_now().mono - begin < lasts) {
    const auto due = static_cast<std::uint64_t>(static_cast<double>(rate) * (system_now().mono - begin).seconds());
    while (out.sent < due) {
      burst.clear();
      std::uint64_t bytes = 0;
      for (std::size_t i = 0; i < 64; ++i) {
        burst.push_back({server, made[(out.sent + i) % made.size()]});
        bytes += burst.back().datagram.size();
      }
      out.refused_by_kernel += sockets[(out.sent / 64) % sockets.size()].send(burst);
      out.sent += burst.size();
      out.sent_bytes += bytes;
    }
    std::vector<pollfd> fds;
    for (const auto& socket : sockets) fds.push_back({socket.fd(), POLLIN, 0});
    ::poll(fds.data(), fds.size(), 1);   // until something comes back, or the next burst is due
    for (auto& socket : sockets) {
      for (const auto& answer : socket.receive(*memory)) {
        ++out.answers;
        out.answer_bytes += answer.datagram.size();
      }
    }
  }
  out.seconds = (system_now().mono - begin).seconds();
  return out;
}

struct Heard {
  double sound = 0, pictures = 0;
};
Heard heard(story::World& world, demo::LineProcess& device) {
  const bj::object facts = world.device_facts(device);
  Heard out{story::number_at(facts, "audio_packets"), 0};
  for (const auto& remote : facts.at("remotes").as_object()) out.pictures += story::number_at(remote.value().as_object(), "readable");
  return out;
}

TEST(Junk, NobodyIsAnsweredWithMoreAndTheCallGoesOn) {
  const int rate = asked("UPCALL_JUNK_RATE", 20'000);
  const int seconds = asked("UPCALL_JUNK_SECONDS", 3);
  story::World world;
  story::Call call = world.begin_meeting();
  const NetAddress server = NetAddress::v4(127, 0, 0, 1, world.media_port());

  const auto count = [&](Duration lasts, int with_rate) {
    const Heard agent = heard(world, *call.agent_device), customer = heard(world, *call.customer_device);
    const double cpu = world.metric("upcall_media_cpu_seconds_total");
    const Flood done = flood(server, with_rate, lasts);
    const double used = world.metric("upcall_media_cpu_seconds_total") - cpu;
    const Heard agent_now = heard(world, *call.agent_device), customer_now = heard(world, *call.customer_device);
    std::printf("%.0f junk/s for %.1f s: %.1f sound packets and %.1f pictures a second and person, media thread %.1f %% of a core, %llu answers\n",
                static_cast<double>(done.sent) / done.seconds, done.seconds,
                (agent_now.sound - agent.sound + customer_now.sound - customer.sound) / 2 / done.seconds,
                (agent_now.pictures - agent.pictures + customer_now.pictures - customer.pictures) / 2 / done.seconds, 100 * used / done.seconds,
                static_cast<unsigned long long>(done.answers));
    return done;
  };
  count(Duration::s(seconds), 0);   // the same call without
  const double unknown = world.metric("upcall_media_unknown_address_total");
  const Flood done = count(Duration::s(seconds), rate);
  EXPECT_EQ(done.answers, 0u) << "no stranger knows anybody's name, and nobody else is answered";
  EXPECT_LE(done.answer_bytes, done.sent_bytes);
  EXPECT_GT(done.sent, static_cast<std::uint64_t>(rate));
  EXPECT_GT(world.metric("upcall_media_unknown_address_total"), unknown) << "the flood arrived";
  world.expect_media(call, Duration::s(10), 15);
  for (auto* device : {&*call.agent_device, &*call.customer_device}) {
    EXPECT_EQ(story::number_at(world.device_facts(*device), "reconnects"), 0);
  }
}

}  // namespace
}  // namespace upcall::network
