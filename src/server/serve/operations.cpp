#include "server/serve/operations.hpp"

#include <unistd.h>

#include "base/wall_text.hpp"
#include "io/clock/system_clock.hpp"
#include "io/log/log.hpp"
#include "server/backup/staging.hpp"
#include "server/serve/own_addresses.hpp"

namespace upcall::server {

namespace bj = boost::json;

Operations::Operations(const ServerOptions& options, OperationFacts facts, metrics::Registry& registry) : options_(options), facts_(std::move(facts)) {
  backup::Staging::remove_stale(options_.data_dir);
  if (options_.tls_self_signed || !options_.tls_cert.empty()) {
    TlsReloadOptions reload;
    reload.certificate_file = options_.tls_self_signed ? "" : options_.tls_cert;
    reload.key_file = options_.tls_self_signed ? "" : options_.tls_key;
    reload.data_dir = options_.data_dir;
    if (options_.tls_self_signed) reload.own_names = reachable_names(facts_.listen_address);
    reload.public_url = options_.public_url;
    reload.now = [clock = options_.clock] { return (clock ? clock() : system_now()).wall; };
    tls_ = std::make_unique<TlsReload>(std::move(reload));
  }
  registry.gauge_from("upcall_tls_certificate_expires_timestamp_seconds", "When the TLS certificate ends, Unix time; 0 without TLS", {},
                      [this] { return tls_ ? tls_->expires_unix_s() : 0.0; });
  registry.gauge_from("upcall_tls_certificate_refused", "1 while the certificate's files hold a pair that cannot be used, so that the old one is shown", {},
                      [this] { return tls_ && tls_->refused() ? 1.0 : 0.0; });
  registry.counter_from("upcall_tls_certificates_taken_total", "Certificates that were exchanged while the server ran", {},
                        [this] { return tls_ ? static_cast<double>(tls_->reloads()) : 0.0; });
}

Result<std::optional<net::TlsIdentity>> Operations::first_identity() {
  if (!tls_) return std::optional<net::TlsIdentity>();
  auto loaded = tls_->load();
  if (!loaded) return tl::unexpected(loaded.error());
  return std::optional<net::TlsIdentity>(std::move(*loaded));
}

void Operations::start(net::HttpServer& http) {
  if (tls_) tls_->start([&http](const net::TlsIdentity& identity) { return http.set_tls(identity); });
}

void Operations::stop() {
  if (tls_) tls_->stop();
}

void Operations::reload() {
  if (auto opened = log::reopen(); !opened) log::warn("log.reopen_failed", {{"error", opened.error()}});
  if (tls_) (void)tls_->reload();
}

std::vector<std::string> Operations::problems() const { return tls_ ? tls_->problems() : std::vector<std::string>(); }

std::optional<Result<bj::value>> Operations::command(std::string_view command) {
  if (command == "serve.options") return Result<bj::value>(options_json());
  if (command == "log.reopen") {
    if (auto opened = log::reopen(); !opened) return Result<bj::value>(tl::unexpected(opened.error()));
    return Result<bj::value>(bj::object{{"file", options_.log_file}});
  }
  if (command != "tls.reload") return std::nullopt;
  if (!tls_) return Result<bj::value>(fail(ErrorCode::invalid_argument, "this server has no TLS: start it with --tls-cert and --tls-key, or --tls self-signed"));
  const auto state = tls_->reload();
  if (!state) return Result<bj::value>(tl::unexpected(state.error()));
  bj::array names;
  for (const std::string& name : state->facts.names) names.emplace_back(name);
  return Result<bj::value>(bj::object{{"fingerprint", state->fingerprint}, {"expires", to_iso8601(state->facts.not_after)}, {"names", std::move(names)}, {"changed", state->changed}});
}

bj::value Operations::options_json() const {
  bj::array media;
  for (const udp::MediaAddress& m : facts_.media) {
    media.push_back({{"advertised", ip_text(m.advertised)}, {"bind", ip_text(m.bind)}, {"port", m.advertised.port}});
  }
  return bj::object{{"pid", static_cast<std::int64_t>(::getpid())}, {"version", UPCALL_VERSION}, {"listen", host_text(facts_.listen_address) + ":" + std::to_string(facts_.listen_port)}, {"url", facts_.url},
                    {"publicUrl", options_.public_url}, {"tlsCert", options_.tls_cert}, {"tlsKey", options_.tls_key}, {"tlsSelfSigned", options_.tls_self_signed},
                    {"media", std::move(media)}, {"recorder", facts_.recorder_program}, {"webDirectory", facts_.web_directory},
                    {"spoolLimitMib", options_.spool_limit_mib}, {"logFile", options_.log_file}};
}

}  // namespace upcall::server
