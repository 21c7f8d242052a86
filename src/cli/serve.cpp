// upcall serve: runs until SIGTERM or SIGINT; the first drains, a second one ends at once.
#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <thread>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <CLI/CLI.hpp>

#include "cli/commands.hpp"
#include "cli/sample_data.hpp"
#include "crypto/random.hpp"
#include "server/serve/server.hpp"
#include "server/serve/takeover.hpp"

namespace upcall::cli {

namespace {

// Where to go and how to log in, for people.
void print_sample(const std::string& data_dir, const std::string& url) {
  std::printf("\n  Agents and supervisors   %s/\n  Customer's page          %s/demo-website.html\n  Interfaces               %s/api/openapi.json\n",
              url.c_str(), url.c_str(), url.c_str());
  crypto::SystemRandom random;
  auto log_ins = sample_log_ins(data_dir, random);
  if (!log_ins) {
    // The server serves all the same: the people are there, only their passwords are not known here.
    std::printf("\n  No log-ins to show: %s\n", log_ins.error().message.c_str());
  } else {
    std::printf("\n  Log-ins (kept in %s/log-ins.txt)\n", data_dir.c_str());
    for (std::string_view rest = *log_ins; !rest.empty();) {
      const std::size_t end = std::min(rest.find('\n'), rest.size() - 1);
      std::printf("    %.*s\n", static_cast<int>(end), rest.data());
      rest.remove_prefix(end + 1);
    }
  }
  std::printf("\n  End with Ctrl-C.\n");
}

// A connection is a descriptor, and shells give 1024 of them; more may be had for the asking.
void raise_descriptor_limit() {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  files.rlim_cur = files.rlim_max;
  (void)::setrlimit(RLIMIT_NOFILE, &files);
}

// What this process was started with, to be said again to the one that takes over.
std::vector<std::string> own_arguments() {
  std::ifstream in("/proc/self/cmdline", std::ios::binary);
  std::vector<std::string> out;
  for (std::string one; std::getline(in, one, '\0');) out.push_back(one);
  if (!out.empty()) out.erase(out.begin());
  return out;
}

int run(server::ServerOptions options, bool sample_data) {
  raise_descriptor_limit();
  std::signal(SIGPIPE, SIG_IGN);
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  // For log rotation and new certificates. Of a server that was started by hand SIGHUP is the end of its terminal.
  sigaddset(&signals, SIGUSR1);
  if (::isatty(STDIN_FILENO) == 0) sigaddset(&signals, SIGHUP);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);  // before any thread exists
  const int fd = ::signalfd(-1, &signals, SFD_CLOEXEC);

  const int over_fd = ::eventfd(0, EFD_CLOEXEC);
  std::atomic<bool> over_well{true};
  options.over = [over_fd, &over_well](bool well) {
    over_well = well;
    const std::uint64_t one = 1;
    (void)!::write(over_fd, &one, sizeof one);
  };
  std::error_code unknown;
  options.program = std::filesystem::read_symlink("/proc/self/exe", unknown).string();
  options.arguments = own_arguments();
  if (auto takeover = server::Takeover::of_this_process()) options.takeover = std::make_shared<server::Takeover>(std::move(*takeover));
  auto server = server::Server::start(options);
  if (!server) {
    if (options.takeover) options.takeover->failed(server.error().message);
    std::fprintf(stderr, "upcall serve: %s\n", server.error().message.c_str());
    return 1;
  }
  if (options.takeover) options.takeover->ready((*server)->url());
  std::printf("ready %s\n", (*server)->url().c_str());
  std::fflush(stdout);
  // Where systemd started it and waits for that; nothing otherwise.
  ::sd_notifyf(0, "READY=1\nMAINPID=%ld", static_cast<long>(::getpid()));
  if (sample_data) print_sample(options.data_dir, (*server)->url());
  std::fflush(stdout);
  signalfd_siginfo received{};
  for (;;) {
    pollfd waits[2] = {{fd, POLLIN, 0}, {over_fd, POLLIN, 0}};
    if (::poll(waits, 2, -1) < 0) continue;   // interrupted
    if (waits[1].revents != 0) {
      // Another process serves, and the last call that was left here has ended (or nobody serves, and that is a failure).
      server->reset();
      return over_well ? 0 : 1;
    }
    if (::read(fd, &received, sizeof received) > 0 && (received.ssi_signo == SIGHUP || received.ssi_signo == SIGUSR1)) {
      (*server)->reload();
      continue;
    }
    break;
  }
  if (!(*server)->handed_over()) ::sd_notify(0, "STOPPING=1");
  std::fprintf(stderr, "upcall serve: draining; a second signal ends at once\n");
  // A second signal must not wait for the drain.
  std::thread([fd] {
    signalfd_siginfo again;
    while (::read(fd, &again, sizeof again) > 0) {
      if (again.ssi_signo == SIGTERM || again.ssi_signo == SIGINT) ::_exit(130);
    }
  }).detach();
  (*server)->drain(Duration::s(5));
  server->reset();
  return 0;
}

}  // namespace

void add_serve(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<server::ServerOptions>();
  options->data_dir = "upcall-data";
  CLI::App* c = app.add_subcommand("serve", "Run the server");
  c->add_option("--data-dir", options->data_dir, "Where everything is kept (made when missing)")->capture_default_str();
  c->add_option("--master-key-command", options->master_key_command, "A program that prints the master key, 32 bytes as hex or base64 (default: the file master.key); remembered");
  c->add_option("--listen", options->listen, "ADDRESS:PORT for HTTP and WebSocket; port 0: any free one")->capture_default_str();
  c->add_option("--public-url", options->public_url, "How clients reach this server, when not by the listener's address");
  c->add_option("--media-address", options->media_addresses, "auto, an IP address, or ADVERTISED=BIND; may be repeated")->take_all();
  c->add_option("--media-port", options->media_port, "Port for media, UDP and TCP, 0: any free one; of the three behind it one is used while a release takes over from another")->capture_default_str();
  c->add_option("--turn-uri", options->turn_uris, "A TURN server for people whose network lets nothing else out, turns:HOST:443?transport=tcp; may be repeated (default: the parameter turnServers)")->take_all();
  c->add_option("--turn-secret-file", options->turn_secret_file, "File with the secret shared with the TURN servers");
  c->add_option("--tls-cert", options->tls_cert, "Certificate chain (PEM)");
  c->add_option("--tls-key", options->tls_key, "Its private key (PEM)");
  c->add_option("--web-dir", options->web_directory, "The built web pages (default: build/web or share/upcall/web beside this program)");
  const auto sample = std::make_shared<bool>(false);
  c->add_flag("--sample-data", *sample, "On the first start, add people to try it with; print addresses and log-ins");
  std::string* tls = new std::string;  // lives as long as the program
  c->add_option("--tls", *tls, "self-signed: a certificate of our own for all addresses of this host, kept in the data directory")->check(CLI::IsMember({"self-signed"}));
  c->add_flag("--demo-routing,!--no-demo-routing", options->demo_routing, "Route a chat to the agent whose e-mail the customer types");
  c->add_option("--recorder", options->recorder_program, "The composer program (default: upcall-recorder beside this one)");
  c->add_option("--events-if", options->events_if, "React to the end of meetings only while this path exists (upcall deploy's part events)");
  c->add_option("--spool-limit-mib", options->spool_limit_mib, "Most that unfinished recordings may take on disk; 0: no limit of ours")->capture_default_str();
  c->add_option("--connections-per-address", options->connections_per_peer, "Most connections of one address, loopback's too; 0: no limit (default: 512, loopback exempt)");
  c->add_option("--log-level", options->log_level, "debug, info, warn, error, off")->check(CLI::IsMember({"debug", "info", "warn", "error", "off"}))->capture_default_str();
  c->add_option("--log-file", options->log_file, "JSON lines go here instead of standard error");
  auto drain_hours = std::make_shared<double>(12);
  c->add_option("--drain-hours", *drain_hours, "After a handover: how long calls may stay on this process before they have to reconnect")->check(CLI::Range(0.0, 1000.0))->capture_default_str();
  const auto config = std::make_shared<std::string>();
  // Its lines are flags already (arguments.hpp).
  c->add_option("--config", *config, "File with these options, one a line: name=\"value\" (flags win)");
  c->footer("Example:\n  upcall serve --data-dir /var/lib/upcall --listen 0.0.0.0:8080 --public-url https://calls.example.com");
  c->callback([options, tls, sample, config, drain_hours, &exit_code] {
    options->drain_longest = Duration::ms(static_cast<std::int64_t>(*drain_hours * 3'600'000));
    options->tls_self_signed = *tls == "self-signed";
    if (options->tls_cert.empty() != options->tls_key.empty()) {
      std::fprintf(stderr, "upcall serve: --tls-cert and --tls-key go together\n");
      exit_code = 2;
      return;
    }
    exit_code = run(*options, *sample);
  });
}

}  // namespace upcall::cli
