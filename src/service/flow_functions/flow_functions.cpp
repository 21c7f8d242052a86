#include "service/flow_functions/flow_functions.hpp"

#include <algorithm>

#include "contact/flow_answer.hpp"
#include "io/net/http_client.hpp"
#include "io/store/flow_repository.hpp"
#include "io/store/parameter_repository.hpp"
#include "service/hooks/hook_message.hpp"

namespace upcall::service {

namespace {

contact::FlowAnswer no_answer(const contact::FlowCallRequest& r, std::string why) { return {r.contact_id, r.call_id, false, std::move(why)}; }

}  // namespace

FlowFunctions::FlowFunctions(FlowFunctionsOptions options, store::Store& store, store::Sealer& sealer, std::function<Now()> clock, Answer answer)
    : options_(std::move(options)), store_(store), sealer_(sealer), clock_(std::move(clock)), answer_(std::move(answer)) {
  for (std::size_t i = 0; i < options_.threads; ++i) threads_.emplace_back([this] { run(); });
}

FlowFunctions::~FlowFunctions() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
    for (net::HttpClient* client : clients_) client->cancel();
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void FlowFunctions::call(contact::FlowCallRequest request) {
  {
    const std::lock_guard lock(mutex_);
    if (jobs_.size() < options_.waiting) {
      const Instant deadline = clock_().mono + request.limit;
      jobs_.push_back({std::move(request), deadline});
      wake_.notify_one();
      return;
    }
    ++counters_.refused;
  }
  answer_(no_answer(request, "too many functions are called at the moment"));
}

std::optional<FlowFunctions::Job> FlowFunctions::take() {
  for (auto it = jobs_.begin(); it != jobs_.end(); ++it) {
    std::size_t& busy = busy_[it->request.function];
    if (busy >= options_.of_one_function) continue;
    ++busy;
    Job job = std::move(*it);
    jobs_.erase(it);
    return job;
  }
  return std::nullopt;
}

void FlowFunctions::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    std::optional<Job> job;
    wake_.wait(lock, [&] { return stop_ || (job = take()).has_value(); });
    if (stop_) return;
    lock.unlock();
    const auto answered = post(*job);
    const contact::FlowCallRequest& r = job->request;
    answer_(answered ? contact::FlowAnswer{r.contact_id, r.call_id, true, *answered} : no_answer(r, answered.error().message));
    lock.lock();
    ++(answered ? counters_.answered : counters_.failed);
    const auto busy = busy_.find(r.function);
    if (--busy->second == 0) busy_.erase(busy);
    // One that waited for this function may be taken now, by a thread that saw nothing to do.
    wake_.notify_one();
  }
}

Result<std::string> FlowFunctions::post(const Job& job) {
  struct Known {
    std::optional<store::FlowFunction> function;
    bool private_allowed = false;
  };
  const contact::FlowCallRequest& r = job.request;
  auto known = store_.read([&](store::Database& db) -> Result<Known> {
    Known out;
    for (const std::string& name : {r.function, r.name}) {
      if (name.empty() || out.function) continue;
      auto found = store::flow_functions::find(db, name);
      if (!found) return tl::unexpected(found.error());
      out.function = std::move(*found);
    }
    auto allowed = store::parameters::get_or(db, "webhookAllowPrivate", "false");
    if (!allowed) return tl::unexpected(allowed.error());
    out.private_allowed = *allowed == "true";
    return out;
  });
  if (!known) return tl::unexpected(known.error());
  if (!known->function) return fail(ErrorCode::not_found, "no such function is registered");
  if (auto fine = check_hook_url(known->function->url, known->private_allowed); !fine) return tl::unexpected(fine.error());
  auto secret = sealer_.unseal("flow_functions/" + known->function->id, known->function->secret_sealed);
  if (!secret) return tl::unexpected(secret.error());

  const Duration left = job.deadline - clock_().mono;
  if (left <= Duration()) return fail(ErrorCode::unavailable, "others of this function took all the time");
  const std::int64_t seconds = clock_().wall.unix_ms() / 1000;
  net::HttpClientRequest request{"POST", known->function->url,
                                 {{"content-type", "application/json"},
                                  {"user-agent", "Upcall"},
                                  {"webhook-id", r.call_id},
                                  {"webhook-timestamp", std::to_string(seconds)},
                                  {"webhook-signature", hook_signature(*secret, r.call_id, seconds, r.event)}},
                                 r.event};
  request.total = left;
  net::HttpClientOptions options;
  options.timeout = left;
  options.max_body_bytes = contact::kFlowAnswerMax;
  options.public_only = !known->private_allowed;
  options.ca_pem = options_.ca_pem;
  net::HttpClient client(options);
  {
    const std::lock_guard lock(mutex_);
    clients_.insert(&client);
    if (stop_) client.cancel();
  }
  auto response = client.send(request);
  {
    const std::lock_guard lock(mutex_);
    clients_.erase(&client);
  }
  if (!response) {
    // The words of a trace: what is wrong, and no address.
    switch (response.error().code) {
      case ErrorCode::forbidden: return fail(ErrorCode::forbidden, "the function's address is private");
      case ErrorCode::too_large: return fail(ErrorCode::too_large, "the answer is too large");
      default: return fail(response.error().code, client.fault() == net::HttpFault::time_out ? "no answer in time" : "the function cannot be reached");
    }
  }
  if (response->status / 100 != 2) return fail(ErrorCode::unavailable, "answered " + std::to_string(response->status));
  return std::move(response->body);
}

FlowFunctions::Counters FlowFunctions::counters() const {
  const std::lock_guard lock(mutex_);
  return counters_;
}

}  // namespace upcall::service
