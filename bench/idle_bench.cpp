// What connections that say nothing cost a real `upcall serve`: memory of each, and how long an ordinary request takes beside
// them and without. They come from several addresses of loopback, so that there are ports enough.
// link: upcall_bench_parts
//
// idle_bench [--connections N] [FILE.json]
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

#include <boost/json.hpp>

#include "bench_server.hpp"
#include "io/clock/system_clock.hpp"
#include "io/net/http_client.hpp"

namespace upcall::bench {
namespace {

namespace bj = boost::json;

constexpr int kPerAddress = 10'000;
constexpr int kRequests = 2000;

struct Latency {
  double p50_us = 0, p99_us = 0, server_cpu_us = 0;  // of one request
};

double cpu_of(BenchServer& server) {
  double sum = 0;
  for (const auto& [name, seconds] : server.thread_cpu()) sum += seconds;
  return sum;
}

Result<Latency> requests(BenchServer& server) {
  net::HttpClient client;
  std::vector<double> took;
  const double cpu = cpu_of(server);
  for (int i = 0; i < kRequests; ++i) {
    const Instant begin = system_now().mono;
    auto answer = client.get(server.url() + "/healthz");
    if (!answer) return tl::unexpected(answer.error());
    if (answer->status != 200) return fail(ErrorCode::internal, "the server is not well");
    took.push_back((system_now().mono - begin).seconds() * 1e6);
  }
  std::sort(took.begin(), took.end());
  return Latency{took[took.size() / 2], took[took.size() * 99 / 100], (cpu_of(server) - cpu) / kRequests * 1e6};
}

Result<int> connect_from(int which, std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in from{}, to{};
  from.sin_family = to.sin_family = AF_INET;
  from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + static_cast<std::uint32_t>(which / kPerAddress));
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  to.sin_port = htons(port);
  const int one = 1;
  ::setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
  if (fd < 0 || ::bind(fd, reinterpret_cast<const sockaddr*>(&from), sizeof from) != 0 || ::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) {
    return fail(ErrorCode::unavailable, std::string("connection ") + std::to_string(which) + ": " + std::strerror(errno));
  }
  return fd;
}

Result<bj::object> measure(int connections) {
  BenchServer server;
  if (auto started = server.start(); !started) return tl::unexpected(started.error());
  const auto port = static_cast<std::uint16_t>(std::stoi(server.url().substr(server.url().rfind(':') + 1)));
  if (auto warm = requests(server); !warm) return tl::unexpected(warm.error());
  auto without = requests(server);
  if (!without) return tl::unexpected(without.error());
  const Memory before = server.memory();
  const double open_before = server.metric("upcall_http_connections");
  std::vector<int> held;
  for (int i = 0; i < connections; ++i) {
    auto fd = connect_from(i, port);
    if (!fd) return tl::unexpected(fd.error());
    held.push_back(*fd);
    // The kernel's queue of those that wait to be accepted holds some hundred.
    if (i % 200 == 199) (void)server.metric("upcall_http_connections");
  }
  const double open = server.metric("upcall_http_connections") - open_before;
  const Memory with = server.memory();
  auto beside = requests(server);
  if (!beside) return tl::unexpected(beside.error());
  const double still = server.metric("upcall_http_connections") - open_before;
  for (const int fd : held) ::close(fd);
  if (open < 0.99 * connections || still < 0.99 * connections) return fail(ErrorCode::internal, "the server holds " + std::to_string(open) + " and then " + std::to_string(still) + " of them: this run measured nothing");
  const double each = (with.resident - before.resident) / connections;
  std::printf("%d connections that say nothing: %.1f KiB each (must 32); a request beside them %.0f us p50, %.0f p99, %.0f of the server's CPU; without %.0f, %.0f, %.0f\n", connections,
              each / 1024, beside->p50_us, beside->p99_us, beside->server_cpu_us, without->p50_us, without->p99_us, without->server_cpu_us);
  return bj::object{{"connections", connections},      {"bytes_per_connection", each},        {"p50_us", beside->p50_us},           {"p99_us", beside->p99_us}, {"cpu_us", beside->server_cpu_us},
                    {"p50_us_without", without->p50_us}, {"p99_us_without", without->p99_us}, {"cpu_us_without", without->server_cpu_us}};
}

int run(int connections, const std::string& json_file) {
  // This program and the server have a descriptor each; the server takes what its parent may give.
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  const auto wanted = static_cast<rlim_t>(connections) + 1000;
  rlimit more{std::max(files.rlim_max, wanted), std::max(files.rlim_max, wanted)};
  if (::setrlimit(RLIMIT_NOFILE, &more) != 0) {
    std::fprintf(stderr, "idle: %d descriptors at most: fewer connections, or a higher limit (ulimit -Hn)\n", static_cast<int>(files.rlim_max));
    return 1;
  }
  auto measured = measure(connections);
  if (!measured) {
    std::fprintf(stderr, "idle: %s\n", measured.error().message.c_str());
    return 1;
  }
  bj::object rows{{"bench", "idle"}, {"cores", ::sysconf(_SC_NPROCESSORS_ONLN)}, {"load_1m", load_1m()}, {"idle", std::move(*measured)}};
  std::printf("machine load (1 min): %.1f on %ld cores\n", load_1m(), ::sysconf(_SC_NPROCESSORS_ONLN));
  if (json_file.empty()) return 0;
  std::ofstream file(json_file);
  file << bj::serialize(rows) << "\n";
  return file.good() ? 0 : 1;
}

}  // namespace
}  // namespace upcall::bench

int main(int argc, char** argv) {
  int connections = 20'000;
  std::string json_file;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--connections") == 0 && i + 1 < argc) connections = std::atoi(argv[++i]);
    else if (argv[i][0] != '-') json_file = argv[i];
    else connections = 0;
  }
  if (connections < 1) {
    std::fputs("idle_bench [--connections N] [FILE.json]\n", stderr);
    return 2;
  }
  return upcall::bench::run(connections, json_file);
}
