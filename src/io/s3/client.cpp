#include "io/s3/client.hpp"

#include <algorithm>
#include <chrono>

#include "io/log/log.hpp"
#include "s3/answers.hpp"

namespace upcall::s3 {

namespace {

constexpr std::size_t kIdleMax = 4;
constexpr Duration kHurry = Duration::s(2);
// A HEAD has no body that says "skewed": beyond this a 403 is taken for it. Stores allow 15 minutes.
constexpr Duration kSkewSuspected = Duration::s(5 * 60);

bool is_read(Operation operation) {
  return operation == Operation::head || operation == Operation::get || operation == Operation::list_objects || operation == Operation::probe;
}

RetryLimits limits_of(const ClientOptions& options, const Call& call, bool hurry) {
  if (hurry) return {kHurry, 1};
  if (is_read(call.operation)) return options.reads;
  RetryLimits out = options.writes;
  out.total += Duration::s(static_cast<std::int64_t>(call.payload().size() >> 16));
  return out;
}

// Says something about the store itself, and not about one object or answer.
bool is_of_the_store(Failure failure) {
  return is_configuration(failure) || (is_transient(failure) && failure != Failure::bad_answer);
}

}  // namespace

Client::Client(ClientOptions options, RandomSource& random, metrics::Registry* metrics)
    : options_(std::move(options)), random_(random), metrics_(metrics) {}
Client::~Client() { stop(); }

void Client::stop() {
  const std::lock_guard lock(mutex_);
  stopping_ = true;
  wake_.notify_all();
}

std::optional<Failure> Client::trouble() const {
  const std::lock_guard lock(mutex_);
  return trouble_;
}

std::unique_ptr<net::HttpClient> Client::take() {
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      auto out = std::move(idle_.back());
      idle_.pop_back();
      return out;
    }
  }
  net::HttpClientOptions http;
  http.timeout = options_.io_timeout;
  http.ca_pem = options_.ca_pem;
  http.max_body_bytes = kAnswerMax;
  return std::make_unique<net::HttpClient>(std::move(http));
}

void Client::give_back(std::unique_ptr<net::HttpClient> client) {
  const std::lock_guard lock(mutex_);
  if (idle_.size() < kIdleMax) idle_.push_back(std::move(client));
}

bool Client::pause(Duration duration) {
  std::unique_lock lock(mutex_);
  wake_.wait_for(lock, std::chrono::milliseconds(duration.ms()), [&] { return stopping_; });
  return !stopping_;
}

void Client::count(const char* name, const char* help, metrics::Labels labels, std::uint64_t n) {
  if (metrics_ != nullptr) metrics_->counter(name, help, std::move(labels)).add(n);
}

Client::Attempt Client::attempt(const Call& call, const Accept& accept, net::HttpClient& http, Duration total) {
  const WallTime ours = options_.clock().wall;
  const WallTime signed_at = clock_.at(ours);
  Signed made = sign(options_.settings, call, signed_at);
  net::HttpClientRequest request;
  request.method = call.method;
  request.url = std::move(made.url);
  request.headers = std::move(made.headers);
  request.body_view = call.payload();
  request.total = total;
  auto answer = http.send(request);
  if (!answer) {
    switch (answer.error().code) {
      case ErrorCode::unavailable:
        return tl::unexpected(http.fault() == net::HttpFault::time_out ? Failure::time_out
                              : http.fault() == net::HttpFault::tls    ? Failure::certificate
                                                                       : Failure::connection);
      case ErrorCode::invalid_argument: return tl::unexpected(Failure::certificate);  // the CA file holds none
      default: return tl::unexpected(Failure::bad_answer);
    }
  }
  if (answer->status / 100 == 2) {
    const auto wrong = accept ? accept(*answer) : std::nullopt;
    if (wrong) return tl::unexpected(*wrong);
    return std::move(*answer);
  }
  const std::string code = parse_error(answer->body).value_or("");
  Failure failure = classify(call.operation, answer->status, code);
  const auto date = answer->header("date");
  const auto theirs = date ? parse_http_date(*date) : ParseResult<WallTime>(tl::unexpected(ParseError::truncated));
  if (failure == Failure::denied && code.empty() && theirs) {
    const Duration off = *theirs - signed_at;
    if (off > kSkewSuspected || off < -kSkewSuspected) failure = Failure::clock_skew;
  }
  if (failure == Failure::clock_skew && theirs) clock_.learn(*theirs, ours);
  return tl::unexpected(failure);
}

Failure Client::reason_of_reset(const Call& call, net::HttpClient& http) {
  // A store that refuses a part before it has read it may reset the connection, and its answer goes with it (RFC 9112
  // §9.6). A request without a body hears it.
  const auto id = std::find_if(call.query.begin(), call.query.end(), [](const auto& q) { return q.first == "uploadId"; });
  const Attempt asked = attempt(list_parts(call.key, id == call.query.end() ? "" : id->second, 0), {}, http, options_.io_timeout);
  if (asked) return Failure::connection;
  switch (asked.error()) {
    // Who may put parts need not be allowed to list them: `denied` says nothing.
    case Failure::no_upload: case Failure::no_bucket: case Failure::credentials: case Failure::expired: case Failure::clock_skew:
      return asked.error();
    default: return Failure::connection;
  }
}

Result<net::HttpClientResponse, Failure> Client::call(const Call& call, const Accept& accept) {
  const auto known = trouble();
  const bool hurry = is_read(call.operation) && call.operation != Operation::probe && known && (*known == Failure::connection || *known == Failure::time_out);
  RetryPlan plan(limits_of(options_, call, hurry), options_.clock().mono);
  for (;;) {
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) return tl::unexpected(known.value_or(Failure::connection));
    }
    auto http = take();
    const Duration left = std::max(plan.deadline() - options_.clock().mono, options_.io_timeout);
    auto done = attempt(call, accept, *http, hurry ? kHurry : left);
    if (!done && done.error() == Failure::connection && call.operation == Operation::upload_part) done = tl::unexpected(reason_of_reset(call, *http));
    give_back(std::move(http));
    count("upcall_object_store_requests_total", "Requests to the object store, each attempt, by operation and result",
          {{"operation", std::string(to_string(call.operation))}, {"result", done ? "ok" : std::string(to_string(done.error()))}});
    if (done) {
      count("upcall_object_store_sent_bytes_total", "Bytes of parts and objects that the object store took", {}, call.payload().size());
      note(call, std::nullopt, plan.attempt());
      return done;
    }
    const auto wait = plan.next(done.error(), options_.clock().mono, random_);
    if (!wait || !pause(*wait)) {
      note(call, done.error(), plan.attempt());
      return done;
    }
    count("upcall_object_store_retries_total", "Requests that were tried again, by the class of their failure",
          {{"class", std::string(to_string(done.error()))}});
  }
}

void Client::note(const Call& call, std::optional<Failure> failure, int retries) {
  bool changed = false;
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
    const std::optional<Failure> state = failure && is_of_the_store(*failure) ? failure : std::nullopt;
    changed = state != trouble_;
    trouble_ = state;
  }
  const bool usual = failure == Failure::no_object || (failure == Failure::no_upload && call.operation == Operation::abort_upload);
  if (failure && !usual) {
    log::warn("object_store.failed", {{"operation", to_string(call.operation)}, {"class", to_string(*failure)}, {"retries", retries}});
  } else if (changed) {
    log::info("object_store.answers", {{"operation", to_string(call.operation)}});
  }
}

}  // namespace upcall::s3
