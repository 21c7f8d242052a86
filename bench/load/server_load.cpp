#include "server_load.hpp"

#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace upcall::bench {

namespace bj = boost::json;

LoadCpu LoadCpu::of(pid_t server) {
  LoadCpu out;
  for (const auto& [name, seconds] : process_thread_cpu(server)) {
    out.server += seconds;
    if (name == "media") out.media += seconds;
  }
  rusage r{};
  ::getrusage(RUSAGE_SELF, &r);
  const auto s = [](const timeval& t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6; };
  out.generator = s(r.ru_utime) + s(r.ru_stime);
  return out;
}

double percentile(std::vector<double> values, double p) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(p * static_cast<double>(values.size() - 1))];
}

namespace {

void print_flow(const char* name, const Flow& flow, double seconds) {
  if (flow.due == 0) return;
  std::printf("  %-6s %9.0f packets/s in, %9.0f due to receivers, %llu missing (%.4f %%), delay ms p50 %.2f  p99 %.2f  p99.9 %.2f  most %.1f\n", name,
              static_cast<double>(flow.sent) / seconds, static_cast<double>(flow.due) / seconds, static_cast<unsigned long long>(flow.missing()),
              100.0 * static_cast<double>(flow.missing()) / static_cast<double>(flow.due), flow.delay.at(0.5), flow.delay.at(0.99), flow.delay.at(0.999),
              flow.delay.most_ms());
}

bj::object flow_json(const Flow& flow) {
  return {{"sent", flow.sent},           {"due", flow.due},          {"missing", flow.missing()},
          {"duplicates", flow.duplicates}, {"delay_ms_p50", flow.delay.at(0.5)}, {"delay_ms_p99", flow.delay.at(0.99)},
          {"delay_ms_p999", flow.delay.at(0.999)}, {"delay_ms_most", flow.delay.most_ms()}};
}

}  // namespace

void print_window(const char* what, const WindowResult& w, const LoadCpu& cpu, double seconds, std::size_t meetings) {
  std::printf("%s, %.0f s\n", what, seconds);
  print_flow("sound", w.audio, seconds);
  print_flow("video", w.video, seconds);
  std::printf("  lost by the server %.5f %%; not its: %llu found no room at attendees, %llu were not sent; %.0f repaired; %llu reconnects\n",
              100 * w.lost_share(), static_cast<unsigned long long>(w.dropped_at_receivers), static_cast<unsigned long long>(w.not_sent), w.repaired,
              static_cast<unsigned long long>(w.reconnects));
  if (w.held > 0) {
    std::printf("  held back by the server, which says so to attendees: %llu video packets (%.1f %%)\n", static_cast<unsigned long long>(w.held),
                100 * static_cast<double>(w.held) / static_cast<double>(std::max<std::uint64_t>(1, w.video.due)));
  }
  std::printf("  server %.2f core (media thread %.2f), %.2f %% of a core a meeting; this program %.2f core, its loop p99 %.1f ms late\n", cpu.server / seconds,
              cpu.media / seconds, 100 * cpu.server / seconds / static_cast<double>(std::max<std::size_t>(1, meetings)), cpu.generator / seconds,
              w.loop_late_ms_p99);
  std::fflush(stdout);
}

bj::object window_json(const WindowResult& w, const LoadCpu& cpu, double seconds) {
  return {{"seconds", seconds},
          {"sound", flow_json(w.audio)},
          {"video", flow_json(w.video)},
          {"lost_share", w.lost_share()},
          {"dropped_at_receivers", w.dropped_at_receivers},
          {"not_sent", w.not_sent},
          {"held", w.held},
          {"repaired", w.repaired},
          {"reconnects", w.reconnects},
          {"server_core", cpu.server / seconds},
          {"media_core", cpu.media / seconds},
          {"generator_core", cpu.generator / seconds},
          {"generator_late_ms_p99", w.loop_late_ms_p99}};
}

void raise_file_limit() {
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
}

std::vector<int> take_last_processor() {
  const int count = static_cast<int>(::sysconf(_SC_NPROCESSORS_ONLN));
  std::vector<int> first;
  if (count < 2) return first;
  cpu_set_t last;
  CPU_ZERO(&last);
  CPU_SET(static_cast<std::size_t>(count - 1), &last);
  if (::sched_setaffinity(0, sizeof last, &last) != 0) return first;
  for (int i = 0; i + 1 < count; ++i) first.push_back(i);
  return first;
}

}  // namespace upcall::bench
