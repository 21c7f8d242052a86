#include "service/events/hook_service.hpp"

#include <atomic>
#include <condition_variable>
#include <thread>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "io/log/log.hpp"
#include "io/net/http_client.hpp"
#include "io/store/parameter_repository.hpp"
#include "json/json.hpp"
#include "service/hooks/hook_message.hpp"
#include "wire/http.hpp"

namespace upcall::service {

namespace {

constexpr int kBatch = 50;
constexpr std::size_t kAnswerMax = 200;   // bytes that are kept for diagnosis

// A file in memory with the text, at its beginning.
int memory_file(std::string_view text) {
  const int fd = ::memfd_create("upcall-event", MFD_CLOEXEC);
  if (fd < 0) return -1;
  for (std::string_view rest = text; !rest.empty();) {
    const ssize_t n = ::write(fd, rest.data(), rest.size());
    if (n <= 0) {
      ::close(fd);
      return -1;
    }
    rest.remove_prefix(static_cast<std::size_t>(n));
  }
  ::lseek(fd, 0, SEEK_SET);
  return fd;
}

}  // namespace

class HookService::Hook {
 public:
  Hook(HookService& service, store::Webhook webhook) : service_(service), webhook_(std::move(webhook)) {
    thread_ = std::thread([this] { run(); });
  }
  ~Hook() {
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
      if (client_) client_->cancel();
    }
    wake_.notify_all();
    thread_.join();
  }
  void notify() {
    {
      const std::lock_guard lock(mutex_);
      woken_ = true;
    }
    wake_.notify_all();
  }

 private:
  void run() {
    while (!stop_) {
      bool more = false;
      Duration pause = Duration::s(1);
      const WallTime now = service_.clock_().wall;
      const auto taken = service_.store_.write([&](store::Database& db) { return store::webhooks::take_up(db, webhook_, kBatch, now); });
      const auto due = service_.store_.read([&](store::Database& db) { return store::webhooks::due(db, webhook_.id, now, kBatch); });
      if (due) {
        for (const store::WebhookDelivery& delivery : *due) {
          if (stop_) return;
          attempt(delivery);
        }
        more = !due->empty();
      }
      more = more || (taken && *taken == kBatch);
      std::unique_lock lock(mutex_);
      if (!stop_ && !more) wake_.wait_for(lock, std::chrono::nanoseconds(pause.ns()), [&] { return stop_ || woken_; });
      woken_ = false;
    }
  }

  void attempt(const store::WebhookDelivery& delivery) {
    const auto told = webhook_.url.starts_with(kCommandScheme) ? run_command(delivery.event) : post(delivery.event);
    const Now now = service_.clock_();
    const std::int64_t position = delivery.event.position;
    if (told) {
      (void)service_.store_.write([&](store::Database& db) { return store::webhooks::delivered(db, webhook_.id, position, now.wall); });
      count(&Counters::delivered);
      return;
    }
    if (stop_) return;  // not the hook's fault
    const std::string answer = told.error().message.substr(0, kAnswerMax);
    const Duration since = delivery.first ? now.wall - *delivery.first : Duration();
    const auto pause = hook_pause(delivery.attempts + 1, since, service_.random_);
    count(&Counters::failed);
    if (pause) {
      (void)service_.store_.write([&](store::Database& db) {
        return store::webhooks::failed(db, webhook_.id, position, answer, now.wall, now.wall + *pause);
      });
      return;
    }
    count(&Counters::given_up);
    log::error("hook.given_up", {{"hook", webhook_.id}, {"event", delivery.event.event_id}, {"type", delivery.event.type}});
    (void)service_.store_.write([&](store::Database& db) { return store::webhooks::given_up(db, webhook_.id, position, answer, now.wall); });
  }

  std::vector<std::pair<std::string, std::string>> extra(const store::OutboxEvent& event) const {
    if (!event.type.starts_with("recording.")) return {};
    return {{"playbackURL", service_.options_.public_url + "/recording/" + wire::percent_encode(event.meeting_id)}};
  }

  Result<void> post(const store::OutboxEvent& event) {
    auto secret = service_.sealer_.unseal("webhooks/" + webhook_.id, webhook_.secret_sealed);
    if (!secret) return tl::unexpected(secret.error());
    auto allowed = service_.store_.read([](store::Database& db) { return store::parameters::get_or(db, "webhookAllowPrivate", "false"); });
    if (!allowed) return tl::unexpected(allowed.error());
    // One that was added while plain addresses were allowed, and they are not any more.
    if (auto fine = check_hook_url(webhook_.url, *allowed == "true"); !fine) return fine;
    const std::string body = hook_body(event, extra(event));
    const std::int64_t seconds = service_.clock_().wall.unix_ms() / 1000;
    net::HttpClientRequest request{"POST", webhook_.url,
                                   {{"content-type", "application/json"},
                                    {"user-agent", "Upcall"},
                                    {"webhook-id", event.event_id},
                                    {"webhook-timestamp", std::to_string(seconds)},
                                    {"webhook-signature", hook_signature(*secret, event.event_id, seconds, body)}},
                                   body};
    net::HttpClientOptions options;
    options.timeout = service_.options_.timeout;
    options.max_body_bytes = 64 << 10;
    options.public_only = *allowed != "true";
    {
      const std::lock_guard lock(mutex_);
      client_ = std::make_unique<net::HttpClient>(options);
      if (stop_) client_->cancel();
    }
    const auto response = client_->send(request);
    {
      const std::lock_guard lock(mutex_);
      client_.reset();
    }
    if (!response) return tl::unexpected(response.error());
    if (response->status / 100 == 2) return {};
    return fail(ErrorCode::unavailable, "answered " + std::to_string(response->status));
  }

  Result<void> run_command(const store::OutboxEvent& event) {
    auto more = extra(event);
    if (event.type == "recording.stored" && service_.options_.film_address) {
      const auto body = json::parse_object(event.body);
      if (body) more.emplace_back("recordingURL", service_.options_.film_address(json::text_or(*body, "recordingId")));
    }
    const int input = memory_file(hook_body(event, more));
    if (input < 0) return fail(ErrorCode::unavailable, "no memory for the message");
    process::ChildOptions options;
    options.program = webhook_.url.substr(kCommandScheme.size());
    options.environment = {{"PATH", "/usr/local/bin:/usr/bin:/bin"}, {"UPCALL_EVENT_ID", event.event_id}, {"UPCALL_EVENT_TYPE", event.type}};
    options.descriptors = {{input, 0}, {-1, 1}};
    options.nice = 10;
    auto child = service_.children_.spawn(std::move(options));
    ::close(input);
    if (!child) return tl::unexpected(child.error());
    const Instant deadline = service_.clock_().mono + service_.options_.command_timeout;
    std::optional<process::ChildExit> exit;
    while (!exit && !stop_ && service_.clock_().mono < deadline) exit = (*child)->wait(Duration::ms(100));
    if (!exit) return fail(ErrorCode::unavailable, "the command did not end in time");
    if (!exit->ok()) return fail(ErrorCode::unavailable, (exit->signaled ? "the command died by signal " : "the command ended with ") + std::to_string(exit->code));
    return {};
  }

  void count(std::uint64_t Counters::* which) {
    const std::lock_guard lock(service_.mutex_);
    ++(service_.counters_.*which);
  }

  HookService& service_;
  const store::Webhook webhook_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool woken_ = false;
  std::atomic<bool> stop_{false};
  std::unique_ptr<net::HttpClient> client_;
  std::thread thread_;
};

HookService::HookService(HookServiceOptions options, store::Store& store, store::Sealer& sealer, RandomSource& random, std::function<Now()> clock)
    : options_(std::move(options)), store_(store), sealer_(sealer), random_(random), clock_(std::move(clock)) {}

HookService::~HookService() {
  std::map<std::string, std::unique_ptr<Hook>> hooks;
  {
    const std::lock_guard lock(mutex_);
    hooks.swap(hooks_);
  }
  hooks.clear();
}

Result<void> HookService::reload() {
  auto wanted = store_.read([](store::Database& db) { return store::webhooks::all(db); });
  if (!wanted) return tl::unexpected(wanted.error());
  std::map<std::string, std::unique_ptr<Hook>> gone;
  {
    const std::lock_guard lock(mutex_);
    gone.swap(hooks_);
    for (store::Webhook& webhook : *wanted) {
      if (webhook.disabled) continue;
      const auto running = gone.find(webhook.id);
      if (running != gone.end()) {
        hooks_.insert(gone.extract(running));
      } else {
        const std::string id = webhook.id;
        hooks_[id] = std::make_unique<Hook>(*this, std::move(webhook));
      }
    }
  }
  gone.clear();  // ends their threads, outside the lock that they take
  return {};
}

void HookService::notify() {
  const std::lock_guard lock(mutex_);
  for (auto& [id, hook] : hooks_) hook->notify();
}

HookService::Counters HookService::counters() const {
  const std::lock_guard lock(mutex_);
  return counters_;
}

}  // namespace upcall::service
