// upcall capacity simulate: how many composer workers a week of calls needs, before anybody buys a machine.
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "cli/commands.hpp"
#include "io/process/child_process.hpp"
#include "recording/capacity_simulation.hpp"

namespace upcall::cli {

namespace {

namespace bj = boost::json;
namespace fs = std::filesystem;
using recording::CapacityOutcome;
using recording::CapacityScenario;

struct Wanted {
  CapacityScenario scenario;
  std::int64_t scale_in_seconds = CapacityScenario().capacity.scale_in_after.ms() / 1000;
  std::string plot;   // .svg or .png
  bool as_json = false;
};

void print(const CapacityScenario& s, const CapacityOutcome& o) {
  std::printf("%d days, %llu calls recorded, %llu composed, up to %d workers of %d slots\n\n", s.days,
              static_cast<unsigned long long>(o.calls), static_cast<unsigned long long>(o.composed), o.workers_max, s.capacity.slots_per_worker);
  std::printf("  use of the slots in the %3.0f busy hours    %5.1f %%   (target %.0f %%)\n", o.busy_hours, 100 * o.busy_utilisation, s.capacity.target_percent);
  std::printf("  composing behind, busy hours: p50, p99     %5.0f s, %.0f s\n", o.lag_s_p50, o.lag_s_p99);
  std::printf("  composing behind: most, and at the end     %5.0f s, %.0f s\n", o.lag_s_max, o.lag_s_at_end);
  std::printf("  longest wait for a composer                %5.0f s   (capturing never waits)\n", o.wait_s_max);
  std::printf("  steps up, down, up soon after down         %5llu, %llu, %llu\n", static_cast<unsigned long long>(o.grown),
              static_cast<unsigned long long>(o.shrunk), static_cast<unsigned long long>(o.reversals));
  std::printf("  shortest life of a worker                  %5.0f s\n", o.life_s_min);
}

bj::object to_json(const CapacityOutcome& o) {
  bj::array samples;
  for (const recording::CapacitySample& s : o.samples) {
    samples.push_back(bj::object{{"hour", s.hour}, {"capturing", s.capturing}, {"running", s.running}, {"waiting", s.waiting},
                                 {"workers", s.workers}, {"slots", s.slots}, {"lag_s", s.lag_s}});
  }
  return {{"calls", o.calls}, {"composed", o.composed}, {"busy_utilisation", o.busy_utilisation}, {"busy_hours", o.busy_hours},
          {"lag_s_p50", o.lag_s_p50}, {"lag_s_p99", o.lag_s_p99}, {"lag_s_max", o.lag_s_max}, {"lag_s_at_end", o.lag_s_at_end},
          {"wait_s_max", o.wait_s_max}, {"grown", o.grown}, {"shrunk", o.shrunk}, {"reversals", o.reversals},
          {"life_s_min", o.life_s_min}, {"workers_max", o.workers_max}, {"samples", std::move(samples)}};
}

// Single quotes are gnuplot's plain strings; one within is doubled.
std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? "''" : std::string(1, c);
  return out + "'";
}

std::string find_gnuplot() {
  const char* path = std::getenv("PATH");
  std::string rest = path != nullptr ? path : "/usr/bin";
  while (!rest.empty()) {
    const std::size_t end = rest.find(':');
    const std::string file = rest.substr(0, end) + "/gnuplot";
    std::error_code error;
    if (fs::exists(file, error)) return file;
    if (end == std::string::npos) break;
    rest.erase(0, end + 1);
  }
  return {};
}

// Above: what is there and what it has to do. Below: how far composing is behind.
Result<void> plot(const CapacityScenario& s, const CapacityOutcome& o, const std::string& file) {
  const std::string program = find_gnuplot();
  if (program.empty()) return fail(ErrorCode::not_found, "--plot needs the program gnuplot; install the package gnuplot-nox, or take --json.");
  std::array<char, 64> folder{"/tmp/upcall-capacity-XXXXXX"};
  if (::mkdtemp(folder.data()) == nullptr) return fail(ErrorCode::unavailable, "There is no temporary directory.");
  const fs::path directory = folder.data();
  const std::shared_ptr<void> gone(nullptr, [&directory](void*) {
    std::error_code ignored;
    fs::remove_all(directory, ignored);
  });
  {
    std::ofstream data(directory / "week.tsv");
    for (const recording::CapacitySample& m : o.samples) {
      data << m.hour / 24 << '\t' << m.capturing << '\t' << m.running << '\t' << m.slots << '\t' << m.lag_s << '\n';
    }
    std::ofstream script(directory / "week.gp");
    const bool svg = file.ends_with(".svg");
    script << "set terminal " << (svg ? "svg size 1200,700 font 'DejaVu Sans,13' background 'white'" : "pngcairo size 1200,700 font 'DejaVu Sans,10'") << "\n"
           << "set output " << quoted(fs::absolute(file).string()) << "\n"
           << "data = " << quoted((directory / "week.tsv").string()) << "\n"
           << "set multiplot layout 2,1 title 'Composer workers over " << s.days << " days: " << static_cast<int>(100 * o.busy_utilisation + 0.5)
           << " % of the slots in use in busy hours, target " << s.capacity.target_percent << " %'\n"
           << "set xrange [0:" << s.days << "]\nset xtics 1\nset mxtics 4\nset grid xtics ytics lc rgb '#dddddd'\nset key outside right top\nset lmargin 8\nset rmargin 26\n"
           << "set ylabel 'compositions'\nset yrange [0:*]\n"
           << "plot data using 1:4 with steps lw 1.5 lc rgb '#8a96a3' title 'slots', data using 1:3 with filledcurves y1=0 fc rgb '#9fc5e8' title 'composing', "
              "data using 1:2 with lines lw 1 lc rgb '#0b5394' title 'capturing'\n"
           << "set xlabel 'days'\nset ylabel 'seconds behind'\n"
           << "plot data using 1:5 with lines lw 1.5 lc rgb '#b45309' title 'most behind'\nunset multiplot\n";
    data.flush();
    script.flush();
    if (!data || !script) return fail(ErrorCode::unavailable, "The temporary directory cannot be written to.");
  }
  process::ChildHost host;
  process::ChildOptions options;
  options.program = program;
  options.arguments = {(directory / "week.gp").string()};
  auto child = host.spawn(std::move(options));
  if (!child) return tl::unexpected(child.error());
  const auto exit = (*child)->wait(Duration::s(60));
  std::error_code error;
  if (!exit || !exit->ok() || !fs::exists(file, error)) return fail(ErrorCode::unavailable, "gnuplot could not write " + file + ".");
  return {};
}

int run(Wanted wanted) {
  CapacityScenario& s = wanted.scenario;
  s.capacity.scale_in_after = Duration::s(wanted.scale_in_seconds);
  const auto wrong = [](const std::string& text) {
    std::fprintf(stderr, "upcall capacity simulate: %s\n", text.c_str());
    return 1;
  };
  if (!wanted.plot.empty() && !wanted.plot.ends_with(".svg") && !wanted.plot.ends_with(".png")) return wrong("--plot takes a file that ends in .svg or .png.");
  auto outcome = recording::simulate(s);
  if (!outcome) return wrong(outcome.error().message);
  if (!wanted.plot.empty()) {
    if (auto drawn = plot(s, *outcome, wanted.plot); !drawn) return wrong(drawn.error().message);
  }
  if (wanted.as_json) {
    std::puts(bj::serialize(to_json(*outcome)).c_str());
  } else {
    print(s, *outcome);
    if (!wanted.plot.empty()) std::printf("\nThe picture is in %s\n", wanted.plot.c_str());
  }
  return 0;
}

}  // namespace

void add_capacity(CLI::App& app, int& exit_code) {
  auto* capacity = app.add_subcommand("capacity", "Composer workers: how many a load needs");
  capacity->require_subcommand(1);
  auto* simulate = capacity->add_subcommand("simulate", "Plays days of calls against the capacity provider, in virtual time");
  simulate->footer("Examples:\n"
                   "  upcall capacity simulate --plot week.svg\n"
                   "  upcall capacity simulate --calls-per-busy-hour 120 --max-capacity 20 --cores 16 --json");
  auto wanted = std::make_shared<Wanted>();
  CapacityScenario& s = wanted->scenario;
  simulate->add_option("--days", s.days, "Days, from a Monday")->capture_default_str();
  simulate->add_option("--calls-per-busy-hour", s.calls_per_busy_hour, "Recorded calls an hour at the top of a working day")->capture_default_str();
  simulate->add_option("--call-minutes", s.call_minutes, "Mean length of a call")->capture_default_str();
  simulate->add_option("--burst-calls", s.burst_calls, "Calls that all begin at ten each working day")->capture_default_str();
  simulate->add_option("--cores", s.cores, "Cores of the host")->capture_default_str();
  simulate->add_option("--composer-cores", s.cost.cores, "Cores that a composer takes to keep pace")->capture_default_str();
  simulate->add_option("--min-capacity", s.capacity.min_capacity, "Workers, at least")->capture_default_str();
  simulate->add_option("--max-capacity", s.capacity.max_capacity, "Workers, at most")->capture_default_str();
  simulate->add_option("--slots", s.capacity.slots_per_worker, "Compositions a worker")->capture_default_str();
  simulate->add_option("--target-capacity-percent", s.capacity.target_percent, "Share of the slots that should be in use")->capture_default_str();
  simulate->add_option("--minimum-scaling-step-size", s.capacity.step_min, "Workers a step, at least")->capture_default_str();
  simulate->add_option("--maximum-scaling-step-size", s.capacity.step_max, "Workers a step, at most")->capture_default_str();
  simulate->add_option("--scale-in-seconds", wanted->scale_in_seconds, "Quiet time before workers go")->capture_default_str();
  simulate->add_option("--seed", s.seed, "The same seed plays the same days")->capture_default_str();
  simulate->add_option("--plot", wanted->plot, "Draw it into this file (.svg or .png)");
  simulate->add_flag("--json", wanted->as_json, "Print everything as JSON, with a sample a minute");
  simulate->callback([wanted, &exit_code] { exit_code = run(*wanted); });
}

}  // namespace upcall::cli
