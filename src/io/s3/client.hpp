// Carries out S3 calls: signs, sends, classifies the answer, tries again as s3/retry.hpp says, learns the store's clock,
// and remembers how the store is doing. ADR 11.
//
// Threads: any; each call has a connection of its own while it runs (kept connections are used again). A call blocks for
// at most its limits: writes 60 s and a second for each 64 KiB of body, reads 10 s, both plus one attempt's time-out. While
// the store is known not to answer, reads get one attempt of 2 s.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/rng.hpp"
#include "base/time.hpp"
#include "io/clock/system_clock.hpp"
#include "io/metrics/metrics.hpp"
#include "io/net/http_client.hpp"
#include "s3/failure.hpp"
#include "s3/request.hpp"
#include "s3/retry.hpp"
#include "s3/settings.hpp"

namespace upcall::s3 {

struct ClientOptions {
  Settings settings;                         // checked
  std::string ca_pem;                        // trusted instead of the system's authorities when not empty
  Duration io_timeout = Duration::s(10);     // to connect, and for each piece sent or received
  RetryLimits writes{Duration::s(60), 12};
  RetryLimits reads{Duration::s(10), 6};
  std::function<Now()> clock = system_now;   // any thread; its wall time signs
};

class Client {
 public:
  // `random` (usable from any thread) and `metrics` (may be null) must outlive the client.
  Client(ClientOptions options, RandomSource& random, metrics::Registry* metrics);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // What is wrong with a 2xx answer, nothing when it is as promised. May be called several times.
  using Accept = std::function<std::optional<Failure>(const net::HttpClientResponse&)>;
  // The answer, 2xx and accepted, or why there is none after all attempts.
  Result<net::HttpClientResponse, Failure> call(const Call& call, const Accept& accept = {});

  // Why the store is of no use at present; nothing while it answers.
  std::optional<Failure> trouble() const;
  // From now on no attempt begins and pauses end: for a server that stops.
  void stop();

  const Settings& settings() const { return options_.settings; }
  Now now() const { return options_.clock(); }
  // Our time as the store's clock has it.
  WallTime store_time() const { return clock_.at(options_.clock().wall); }
  void count(const char* name, const char* help, metrics::Labels labels, std::uint64_t n = 1);
  RandomSource& random() { return random_; }

 private:
  using Attempt = Result<net::HttpClientResponse, Failure>;
  Attempt attempt(const Call& call, const Accept& accept, net::HttpClient& http, Duration total);
  // What is behind a connection that broke while a part was sent.
  Failure reason_of_reset(const Call& call, net::HttpClient& http);
  void note(const Call& call, std::optional<Failure> failure, int retries);
  std::unique_ptr<net::HttpClient> take();
  void give_back(std::unique_ptr<net::HttpClient> client);
  bool pause(Duration duration);  // false: stopping

  const ClientOptions options_;
  RandomSource& random_;
  metrics::Registry* const metrics_;
  ServerClock clock_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::optional<Failure> trouble_;
  std::vector<std::unique_ptr<net::HttpClient>> idle_;
};

}  // namespace upcall::s3
