// upcall-test-relay LISTEN_IP SERVER_IP PORT SEED: the relay over real sockets, between attendees that send to
// LISTEN_IP:PORT and a media server at SERVER_IP:PORT. Commands are JSON lines on stdin, answers JSON lines on stdout:
//
//   {"up":{"loss":0.05,"delay_ms":20,"jitter_ms":5,"burst_begin":0.01,"burst_end":0.3,"burst_loss":0.8,
//          "duplicate":0.01,"straggle":0.01,"rate_kbps":300,"queue_ms":200}}        what is not named is off
//   {"up":{"of":2,...}}  of one attendee alone, by the order in which they first sent
//   {"down":{...}}  {"both":{...}}  {"block":true}  {"rebind":true}  {"stray":10}  {"counts":true}
#include <algorithm>
#include <cstdio>
#include <iostream>
#include <map>
#include <string>

#include <boost/json.hpp>
#include <poll.h>
#include <unistd.h>

#include "io/clock/system_clock.hpp"
#include "io/udp/udp_socket.hpp"
#include "json/json.hpp"
#include "relay.hpp"

namespace {

namespace bj = boost::json;
using namespace upcall;

double number(const bj::object& o, std::string_view key, double fallback = 0) {
  const auto* v = o.if_contains(key);
  return v != nullptr && v->is_number() ? v->to_number<double>() : fallback;
}
Duration milliseconds(const bj::object& o, std::string_view key, double fallback = 0) {
  return Duration::us(static_cast<std::int64_t>(number(o, key, fallback) * 1000));
}

sim::Weather weather_of(const bj::object& o) {
  return {.loss = number(o, "loss"), .burst_begin = number(o, "burst_begin"), .burst_end = number(o, "burst_end", 0.3),
          .burst_loss = number(o, "burst_loss"), .duplicate = number(o, "duplicate"), .straggle = number(o, "straggle"),
          .delay = milliseconds(o, "delay_ms"), .jitter = milliseconds(o, "jitter_ms"),
          .rate_kbps = static_cast<std::int64_t>(number(o, "rate_kbps")), .queue = milliseconds(o, "queue_ms", 200)};
}

bj::object to_json(const relay::Counts& c) {
  bj::array back;
  for (const Duration d : c.back_after) back.push_back(static_cast<double>(d.us()) / 1000);
  return {{"up", c.up}, {"up_lost", c.up_lost}, {"up_duplicated", c.up_duplicated}, {"down", c.down}, {"down_lost", c.down_lost},
          {"down_duplicated", c.down_duplicated}, {"to_old", c.to_old}, {"strays", c.strays}, {"rebinds", c.rebinds},
          {"attendees", c.attendees}, {"back_after_ms", std::move(back)}};
}

class Shell {
 public:
  Shell(udp::UdpSocket listener, NetAddress server, std::uint64_t seed) : listener_(std::move(listener)), server_(server), relay_(seed) {}

  void run() {
    udp::UdpSocket::ReceiveMemory memory;
    std::string buffer;
    while (true) {
      std::vector<pollfd> fds{{0, POLLIN, 0}, {listener_.fd(), POLLIN, 0}};
      for (const auto& [id, socket] : sockets_) fds.push_back({socket.fd(), POLLIN, 0});
      timespec timeout{};
      const Instant next = relay_.next_deadline();
      if (!next.is_never()) {
        const std::int64_t ns = std::max<std::int64_t>(0, (next - system_now().mono).ns());
        timeout = {ns / 1'000'000'000, ns % 1'000'000'000};
      }
      ::ppoll(fds.data(), fds.size(), next.is_never() ? nullptr : &timeout, nullptr);
      if (fds[0].revents != 0 && !read_commands(buffer)) return;
      for (auto& item : listener_.receive(memory)) relay_.from_attendee(system_now().mono, item.from, item.datagram);
      for (auto& [id, socket] : sockets_) {
        for (auto& item : socket.receive(memory)) relay_.from_server(system_now().mono, id, item.datagram);
      }
      for (const auto& due : relay_.due(system_now().mono)) carry(due);
    }
  }

 private:
  bool read_commands(std::string& buffer) {
    char piece[4096];
    const ssize_t got = ::read(0, piece, sizeof piece);
    if (got <= 0) return false;
    buffer.append(piece, static_cast<std::size_t>(got));
    for (std::size_t end = buffer.find('\n'); end != std::string::npos; end = buffer.find('\n')) {
      const auto line = json::parse_object(buffer.substr(0, end));
      buffer.erase(0, end + 1);
      if (line) command(*line);
      else std::cout << R"({"error":"a line is not a JSON object"})" << std::endl;
    }
    return true;
  }

  void command(const bj::object& line) {
    for (const auto& [key, value] : line) {
      const bj::object* given = value.if_object();
      if ((key == "up" || key == "both") && given != nullptr) relay_.set_up(weather_of(*given), static_cast<std::uint32_t>(number(*given, "of")));
      if ((key == "down" || key == "both") && given != nullptr) relay_.set_down(weather_of(*given), static_cast<std::uint32_t>(number(*given, "of")));
      if (key == "block") relay_.set_blocked(value.is_bool() && value.get_bool());
      if (key == "rebind") relay_.rebind(system_now().mono);
      if (key == "stray") relay_.stray(static_cast<std::uint32_t>(number(line, "stray")));
    }
    std::cout << bj::serialize(bj::object{{"counts", to_json(relay_.counts())}}) << std::endl;
  }

  void carry(const relay::Relay::Due& due) {
    if (!due.to_server) {
      const udp::UdpSocket::Item item{due.attendee, due.bytes};
      listener_.send(std::span(&item, 1));
      return;
    }
    auto at = sockets_.find(due.socket);
    if (at == sockets_.end()) {
      NetAddress any;
      any.is_ipv6 = server_.is_ipv6;
      auto socket = udp::UdpSocket::bind(any, 1 << 20);
      if (!socket) {
        std::fprintf(stderr, "relay: %s\n", socket.error().message.c_str());
        return;
      }
      at = sockets_.emplace(due.socket, std::move(*socket)).first;
    }
    const udp::UdpSocket::Item item{server_, due.bytes};
    at->second.send(std::span(&item, 1));
  }

  udp::UdpSocket listener_;
  NetAddress server_;
  relay::Relay relay_;
  std::map<relay::SocketId, udp::UdpSocket> sockets_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fprintf(stderr, "usage: upcall-test-relay LISTEN_IP SERVER_IP PORT SEED\n");
    return 2;
  }
  const auto port = static_cast<std::uint16_t>(std::atoi(argv[3]));
  const auto listen = parse_ip(argv[1], port), server = parse_ip(argv[2], port);
  if (!listen || !server) {
    std::fprintf(stderr, "relay: addresses are IPs\n");
    return 2;
  }
  auto listener = udp::UdpSocket::bind(*listen, 4 << 20);
  if (!listener) {
    std::fprintf(stderr, "relay: %s\n", listener.error().message.c_str());
    return 1;
  }
  std::cout << R"({"ready":true})" << std::endl;
  Shell(std::move(*listener), *server, std::strtoull(argv[4], nullptr, 10)).run();
  return 0;
}
