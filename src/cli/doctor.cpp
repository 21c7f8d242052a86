// upcall doctor: what is wrong with this installation, and what to do.
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "cli/arguments.hpp"
#include "cli/commands.hpp"
#include "crypto/random.hpp"
#include "io/clock/system_clock.hpp"
#include "io/log/log.hpp"
#include "io/net/admin_socket.hpp"
#include "json/json.hpp"
#include "server/doctor/doctor.hpp"
#include "server/serve/media_addresses.hpp"

namespace upcall::cli {

namespace bj = boost::json;
namespace fs = std::filesystem;

namespace {

constexpr Duration kPatience = Duration::s(5);
constexpr const char* kPackagedConfig = "/etc/upcall/upcall.conf";

struct Wanted {
  std::string data_dir = "upcall-data", config, url;
  std::string listen, public_url, tls_cert, tls_key, tls, recorder;
  std::vector<std::string> media_addresses;
  int media_port = 40000;
  std::uint64_t spool_limit_mib = 0;
  bool as_json = false;
};

void take_listen(const std::string& text, doctor::Installation& out) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos) return;
  out.listen_address = text.substr(0, colon);
  if (out.listen_address.starts_with('[') && out.listen_address.ends_with(']')) out.listen_address = out.listen_address.substr(1, out.listen_address.size() - 2);
  out.port = static_cast<std::uint16_t>(std::atoi(text.c_str() + colon + 1));
}

std::string recorder_beside() {
  std::error_code error;
  const auto self = fs::read_symlink("/proc/self/exe", error);
  return error ? "upcall-recorder" : (self.parent_path() / "upcall-recorder").string();
}

// What stands in the file and was not given as an option.
Result<void> take_config(Wanted& wanted) {
  auto lines = with_config_file({"serve", "--config=" + wanted.config});
  if (!lines) return tl::unexpected(lines.error());
  bool media_given = !wanted.media_addresses.empty();
  for (const std::string& line : *lines) {
    const std::size_t equals = line.find('=');
    if (!line.starts_with("--") || equals == std::string::npos) continue;
    const std::string name = line.substr(2, equals - 2), value = line.substr(equals + 1);
    for (const auto& [option, place] : {std::pair<const char*, std::string*>{"listen", &wanted.listen}, {"public-url", &wanted.public_url}, {"tls-cert", &wanted.tls_cert},
                                        {"tls-key", &wanted.tls_key}, {"tls", &wanted.tls}, {"recorder", &wanted.recorder}}) {
      if (name == option && place->empty()) *place = value;
    }
    if (name == "media-address" && !media_given) wanted.media_addresses.push_back(value);
    if (name == "media-port" && wanted.media_port == 40000) wanted.media_port = std::atoi(value.c_str());
    if (name == "spool-limit-mib" && wanted.spool_limit_mib == 0) wanted.spool_limit_mib = static_cast<std::uint64_t>(std::atoll(value.c_str()));
  }
  return {};
}

Result<doctor::Installation> from_options(Wanted& wanted) {
  if (!wanted.config.empty()) {
    if (auto taken = take_config(wanted); !taken) return tl::unexpected(taken.error());
  }
  doctor::Installation out;
  if (!wanted.listen.empty()) take_listen(wanted.listen, out);
  out.public_url = wanted.public_url;
  out.tls_cert = wanted.tls_cert;
  out.tls_key = wanted.tls_key;
  out.tls_self_signed = wanted.tls == "self-signed";
  out.recorder_program = wanted.recorder.empty() ? recorder_beside() : wanted.recorder;
  out.spool_limit_mib = wanted.spool_limit_mib;
  auto media = server::media_addresses(wanted.media_addresses, static_cast<std::uint16_t>(wanted.media_port));
  if (!media && media.error().code == ErrorCode::invalid_argument) return tl::unexpected(media.error());
  if (media) out.media = std::move(*media);
  return out;
}

doctor::Installation from_server(const bj::object& told) {
  doctor::Installation out;
  out.running = true;
  out.pid = json::integer_at(told, "pid").value_or(0);
  // As it listens: port 0 has become one.
  take_listen(json::text_or(told, "listen"), out);
  out.public_url = json::text_or(told, "publicUrl");
  out.tls_cert = json::text_or(told, "tlsCert");
  out.tls_key = json::text_or(told, "tlsKey");
  out.tls_self_signed = json::boolean_at(told, "tlsSelfSigned").value_or(false);
  out.recorder_program = json::text_or(told, "recorder");
  out.spool_limit_mib = static_cast<std::uint64_t>(json::integer_at(told, "spoolLimitMib").value_or(0));
  if (const bj::array* media = json::array_at(told, "media")) {
    for (const bj::value& value : *media) {
      const bj::object& m = value.as_object();
      const auto port = static_cast<std::uint16_t>(json::integer_at(m, "port").value_or(0));
      const auto advertised = parse_ip(json::text_or(m, "advertised"), port), bind = parse_ip(json::text_or(m, "bind"), port);
      if (advertised && bind) out.media.push_back({*advertised, *bind});
    }
  }
  return out;
}

const char* word(doctor::Verdict verdict) {
  switch (verdict) {
    case doctor::Verdict::well: return "well";
    case doctor::Verdict::note: return "note";
    case doctor::Verdict::fault: return "fault";
  }
  return "";
}

int run(Wanted wanted) {
  const auto answer = net::admin_call(wanted.data_dir + "/admin.sock", R"({"command":"serve.options"})", kPatience);
  const auto told = answer ? json::parse_object(*answer) : ParseResult<bj::object>(fail(ParseError::malformed));
  const bj::object* options = told ? json::object_at(*told, "result") : nullptr;
  Result<doctor::Installation> at = options != nullptr ? from_server(*options) : Result<doctor::Installation>(doctor::Installation{});
  if (options == nullptr) {
    std::error_code ignored;
    if (wanted.config.empty() && wanted.data_dir == "/var/lib/upcall" && fs::exists(kPackagedConfig, ignored)) wanted.config = kPackagedConfig;
    at = from_options(wanted);
  }
  if (!at) {
    std::fprintf(stderr, "upcall doctor: %s\n", at.error().message.c_str());
    return 2;
  }
  at->data_dir = wanted.data_dir;
  at->silent = options == nullptr && (answer || answer.error().code != ErrorCode::not_found);
  at->look_at_url = wanted.url;
  while (at->look_at_url.ends_with('/')) at->look_at_url.pop_back();
  while (at->public_url.ends_with('/')) at->public_url.pop_back();
  log::set_level(log::Level::off);  // what is found is told below
  crypto::SystemRandom random;
  const std::vector<doctor::Finding> findings = doctor::examine(*at, random, system_now());
  std::size_t faults = 0;
  for (const doctor::Finding& f : findings) faults += f.verdict == doctor::Verdict::fault;
  if (wanted.as_json) {
    bj::array list;
    for (const doctor::Finding& f : findings) list.push_back({{"check", f.check}, {"verdict", word(f.verdict)}, {"what", f.what}, {"why", f.why}, {"advice", f.advice}});
    std::cout << bj::serialize(bj::object{{"healthy", faults == 0}, {"running", at->running}, {"faults", faults}, {"findings", std::move(list)}}) << std::endl;
    return faults == 0 ? 0 : 1;
  }
  for (const doctor::Finding& f : findings) {
    std::printf("%-5s  %s: %s\n", word(f.verdict), f.check.c_str(), f.what.c_str());
    if (!f.why.empty()) std::printf("       why it matters: %s\n       what to do: %s\n", f.why.c_str(), f.advice.c_str());
  }
  if (faults == 0) {
    std::printf("\nAll is well%s.\n", at->running ? "" : "; the server does not run");
  } else {
    std::printf("\n%zu %s to mend, the first one first.\n", faults, faults == 1 ? "fault" : "faults");
  }
  return faults == 0 ? 0 : 1;
}

}  // namespace

void add_doctor(CLI::App& app, int& exit_code) {
  CLI::App* c = app.add_subcommand("doctor", "What is wrong with this installation, and what to do");
  const auto wanted = std::make_shared<Wanted>();
  c->add_option("--data-dir", wanted->data_dir, "The server's data directory")->capture_default_str();
  c->add_option("--url", wanted->url, "An address by which clients come, instead of the public one");
  c->add_flag("--json", wanted->as_json, "Print JSON");
  const std::string group = "How the server is started (only while it does not run)";
  c->add_option("--config", wanted->config, "The file of its options (of the packages' data directory: /etc/upcall/upcall.conf)")->group(group);
  c->add_option("--listen", wanted->listen, "ADDRESS:PORT")->group(group);
  c->add_option("--public-url", wanted->public_url, "How clients reach it")->group(group);
  c->add_option("--media-address", wanted->media_addresses, "auto, an IP address, or ADVERTISED=BIND; may be repeated")->take_all()->group(group);
  c->add_option("--media-port", wanted->media_port, "Port for media, UDP and TCP")->capture_default_str()->check(CLI::Range(1, 65535))->group(group);
  c->add_option("--tls-cert", wanted->tls_cert, "Certificate chain (PEM)")->group(group);
  c->add_option("--tls-key", wanted->tls_key, "Its private key (PEM)")->group(group);
  c->add_option("--tls", wanted->tls, "self-signed")->check(CLI::IsMember({"self-signed"}))->group(group);
  c->add_option("--recorder", wanted->recorder, "The composer program")->group(group);
  c->add_option("--spool-limit-mib", wanted->spool_limit_mib, "Most that unfinished recordings may take")->group(group);
  c->footer("Exit status 0: all is well; 1: there are faults.\nExample:\n  upcall doctor --data-dir /var/lib/upcall");
  c->callback([wanted, &exit_code] { exit_code = run(*wanted); });
}

}  // namespace upcall::cli
