#include "server/serve/tls_reload.hpp"

#include <sys/stat.h>

#include <chrono>

#include "base/wall_text.hpp"
#include "io/log/log.hpp"
#include "server/serve/self_signed.hpp"
#include "wire/url.hpp"

namespace upcall::server {

namespace {
constexpr Duration kWarnBefore = Duration::s(7 * 86'400);
}  // namespace

TlsReload::~TlsReload() { stop(); }

void TlsReload::stop() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

Result<TlsReload::Loaded> TlsReload::read_pair() const {
  const bool own = options_.certificate_file.empty();
  auto identity = own ? self_signed_identity(options_.data_dir, options_.own_names, options_.now())
                      : net::load_tls_identity(options_.certificate_file, options_.key_file);
  if (!identity) return tl::unexpected(identity.error());
  std::string host;
  if (!own && !options_.public_url.empty()) {
    if (const auto url = wire::parse_url(options_.public_url)) host = url->host;
  }
  auto facts = net::check_certificate(identity->certificate_pem, own ? "the data directory" : options_.certificate_file, host, options_.now());
  if (!facts) return tl::unexpected(facts.error());
  auto print = net::certificate_fingerprint(identity->certificate_pem);
  if (!print) return tl::unexpected(print.error());
  return Loaded{std::move(*identity), {std::move(*print), std::move(*facts), false}};
}

// By device, number, size and time of both, behind links: tools that renew exchange links or files.
std::string TlsReload::files_now() const {
  std::string out;
  for (const std::string* file : {&options_.certificate_file, &options_.key_file}) {
    struct stat at{};
    if (file->empty() || ::stat(file->c_str(), &at) != 0) continue;
    for (const auto part : {static_cast<std::int64_t>(at.st_dev), static_cast<std::int64_t>(at.st_ino), static_cast<std::int64_t>(at.st_size),
                            static_cast<std::int64_t>(at.st_mtim.tv_sec), static_cast<std::int64_t>(at.st_mtim.tv_nsec)}) {
      out += std::to_string(part) + " ";
    }
  }
  return out;
}

Result<net::TlsIdentity> TlsReload::load() {
  const std::string files = files_now();
  auto loaded = read_pair();
  if (!loaded) return tl::unexpected(loaded.error());
  const std::lock_guard lock(mutex_);
  state_ = loaded->state;
  in_use_ = loaded->identity.certificate_pem;
  seen_files_ = files;
  return std::move(loaded->identity);
}

void TlsReload::start(Apply apply) {
  {
    const std::lock_guard lock(mutex_);
    apply_ = std::move(apply);
  }
  thread_ = std::thread([this] { watch(); });
}

Result<TlsReload::State> TlsReload::reload() {
  const std::lock_guard one(reload_mutex_);
  // Before reading: what changes meanwhile is another change.
  const std::string files = files_now();
  Apply apply;
  std::string in_use;
  {
    const std::lock_guard lock(mutex_);
    apply = apply_;
    in_use = in_use_;
  }
  auto loaded = read_pair();
  Result<void> applied;
  if (loaded && apply && loaded->identity.certificate_pem != in_use) applied = apply(loaded->identity);
  const std::lock_guard lock(mutex_);
  if (!loaded || !applied) {
    const Error& why = loaded ? applied.error() : loaded.error();
    if (refusal_ != why.message) log::warn("tls.refused", {{"error", why}});
    refusal_ = why.message;
    return fail(why.code, why.message + " (the certificate in use stays)");
  }
  refusal_.clear();
  seen_files_ = files;
  loaded->state.changed = loaded->identity.certificate_pem != in_use;
  in_use_ = loaded->identity.certificate_pem;
  state_ = loaded->state;
  if (state_.changed) {
    ++reloads_;
    log::info("tls.reloaded", {{"fingerprint", state_.fingerprint}, {"expires", to_iso8601(state_.facts.not_after)}});
  }
  return state_;
}

void TlsReload::watch() {
  std::unique_lock lock(mutex_);
  while (!stop_) {
    wake_.wait_for(lock, std::chrono::milliseconds(options_.every.ms()), [this] { return stop_; });
    if (stop_) return;
    // What was refused is tried again: it may have been half written, or not valid yet.
    const bool due = !refusal_.empty() || options_.certificate_file.empty() || files_now() != seen_files_;
    lock.unlock();
    if (due) (void)reload();
    lock.lock();
  }
}

std::vector<std::string> TlsReload::problems() const {
  const WallTime now = options_.now();
  const std::lock_guard lock(mutex_);
  std::vector<std::string> out;
  if (!refusal_.empty()) out.push_back("the new TLS certificate is not taken: " + refusal_ + " (the old one stays)");
  if (state_.facts.not_after <= now) {
    out.push_back("the TLS certificate has expired: browsers refuse this server");
  } else if (state_.facts.not_after <= now + kWarnBefore) {
    out.push_back("the TLS certificate expires on " + to_iso8601(state_.facts.not_after).substr(0, 10));
  }
  return out;
}

double TlsReload::expires_unix_s() const {
  const std::lock_guard lock(mutex_);
  return static_cast<double>(state_.facts.not_after.unix_ms()) / 1000.0;
}

bool TlsReload::refused() const {
  const std::lock_guard lock(mutex_);
  return !refusal_.empty();
}

std::uint64_t TlsReload::reloads() const {
  const std::lock_guard lock(mutex_);
  return reloads_;
}

}  // namespace upcall::server
