// The certificate that clients see, exchanged while the server runs: on request, and by itself when its files have changed
// or when the self-signed one nears its end. A pair that cannot be used is refused and the one in use stays.
//
// Threads: public members from any; one of its own, which looks once a minute.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "io/net/tls_check.hpp"
#include "io/net/tls_identity.hpp"

namespace upcall::server {

struct TlsReloadOptions {
  std::string certificate_file, key_file;  // both or none: then
  std::string data_dir;                    // … the self-signed one of this directory
  std::vector<std::string> own_names;      // what that one stands for
  std::string public_url;                  // its host must be in a certificate of files; empty: not asked
  std::function<WallTime()> now;
  Duration every = Duration::s(60);
};

class TlsReload {
 public:
  struct State {
    std::string fingerprint;    // SHA-256, as certificate_fingerprint gives it
    net::CertificateFacts facts;
    bool changed = false;       // by this call
  };
  using Apply = std::function<Result<void>(const net::TlsIdentity&)>;

  explicit TlsReload(TlsReloadOptions options) : options_(std::move(options)) {}
  ~TlsReload();
  TlsReload(const TlsReload&) = delete;
  TlsReload& operator=(const TlsReload&) = delete;

  // The pair to begin with. Errors: a sentence that says what to do.
  Result<net::TlsIdentity> load();
  // Begins to look after it. `apply` shows a pair to new connections.
  void start(Apply apply);
  void stop();
  // Takes the files up now. Errors as load(); the pair in use stays.
  Result<State> reload();

  // For /readyz: what was refused, and an end that is near (7 days).
  std::vector<std::string> problems() const;
  // Unix seconds; 0 before load().
  double expires_unix_s() const;
  bool refused() const;
  std::uint64_t reloads() const;

 private:
  struct Loaded {
    net::TlsIdentity identity;
    State state;
  };
  Result<Loaded> read_pair() const;
  std::string files_now() const;
  void watch();

  const TlsReloadOptions options_;
  std::mutex reload_mutex_;        // one reload at a time; taken before mutex_
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool stop_ = false;
  Apply apply_;
  State state_;
  std::string in_use_;             // the certificate's text with its chain
  std::string seen_files_;         // how the files looked when they were last taken up
  std::string refusal_;            // a sentence; empty: the files are what is in use
  std::uint64_t reloads_ = 0;
  std::thread thread_;
};

}  // namespace upcall::server
