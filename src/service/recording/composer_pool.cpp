#include "service/recording/composer_pool.hpp"

#include <algorithm>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/log/log.hpp"
#include "service/recording/composer_child.hpp"
#include "wire/child_control.hpp"

namespace upcall::service {

namespace {

constexpr Duration kLongestPause = Duration::s(30);
constexpr int kTurnMs = 1000;   // between two looks at the host

// Has this process said that it is warm? Nothing: it says nothing yet; false: it has died, or talks nonsense.
std::optional<bool> heard_warm(int fd) {
  std::uint8_t head[5];
  const ssize_t seen = ::recv(fd, head, sizeof head, MSG_PEEK | MSG_DONTWAIT);
  if (seen < 0) return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? std::nullopt : std::optional(false);
  if (seen == 0) return false;
  if (static_cast<std::size_t>(seen) < sizeof head) return std::nullopt;
  std::uint8_t expected[5];
  wire::encode_child_head(wire::ChildMessage::warm, 0, expected);
  if (!std::equal(std::begin(head), std::end(head), std::begin(expected))) return false;
  return ::recv(fd, head, sizeof head, MSG_DONTWAIT) == static_cast<ssize_t>(sizeof head);
}

}  // namespace

ComposerPool::ComposerPool(ComposerPoolOptions options, process::ChildHost& children, std::function<Now()> clock, std::function<void()> changed)
    : options_(std::move(options)),
      children_(children),
      clock_(std::move(clock)),
      changed_(std::move(changed)),
      wake_fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      provider_(options_.capacity) {
  // Until it is measured the host counts as idle.
  load_.memory_available = UINT64_MAX / 2;
  load_.cores = 1e6;
  thread_ = std::thread([this] { run(); });
}

ComposerPool::~ComposerPool() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake();
  thread_.join();
  workers_.clear();
  ::close(wake_fd_);
}

void ComposerPool::wake() {
  const std::uint64_t one = 1;
  (void)!::write(wake_fd_, &one, sizeof one);
}

void ComposerPool::run() {
  for (;;) {
    std::vector<pid_t> own;
    {
      const std::lock_guard lock(mutex_);
      if (stop_) return;
      for (const Worker& w : workers_) {
        for (const Slot& s : w.slots) {
          if (s.running > 0) own.push_back(s.running);
        }
      }
    }
    const Instant now = clock_().mono;
    if (options_.measure_host) {
      if (const auto seen = sampler_.sample(now, own)) {
        const std::lock_guard lock(mutex_);
        load_ = {seen->cores, std::max(0.0, seen->busy_cores - seen->own_cores), seen->memory_available};
      }
    }
    bool tell = false;
    {
      const std::lock_guard lock(mutex_);
      tell = scale(now);
      tell = look_after(now) || tell;
      // One that waits for CPU or memory asks again as the host changes.
      tell = tell || waiting_ > 0;
    }
    if (tell) changed_();
    listen(kTurnMs);
  }
}

std::vector<recording::WorkerView> ComposerPool::view() const {
  std::vector<recording::WorkerView> out;
  for (const Worker& w : workers_) {
    const auto taken = std::count_if(w.slots.begin(), w.slots.end(), [](const Slot& s) { return s.taken; });
    out.push_back({w.id, w.was_warm, static_cast<int>(taken)});
  }
  return out;
}

bool ComposerPool::scale(Instant now) {
  const recording::CapacityPlan plan = provider_.step(now, view(), waiting_);
  counters_.desired = plan.desired;
  for (int i = 0; i < plan.start; ++i) {
    Worker worker;
    worker.id = next_worker_++;
    worker.slots.resize(static_cast<std::size_t>(provider_.options().slots_per_worker));
    workers_.push_back(std::move(worker));
    ++counters_.started;
  }
  for (const std::uint32_t id : plan.stop) {
    std::erase_if(workers_, [&](const Worker& w) { return w.id == id; });
    ++counters_.stopped;
  }
  if (plan.start > 0 || !plan.stop.empty()) {
    log::info("composers.scaled", {{"workers", workers_.size()}, {"started", plan.start}, {"stopped", plan.stop.size()}, {"waiting", waiting_}});
  }
  return plan.start > 0;
}

// Starts the processes of free places and hears which of them are warm.
bool ComposerPool::look_after(Instant now) {
  bool news = false;
  for (Worker& w : workers_) {
    for (Slot& s : w.slots) {
      if (s.taken) continue;
      if (s.child) {
        const auto warm = heard_warm(s.child->control_fd());
        if (warm && *warm && !s.warm) {
          s.warm = true;
          s.pause = Duration::ms(500);
          news = true;
        } else if ((warm && !*warm) || (!s.warm && now - s.since > options_.warm_limit)) {
          s.child.reset();
          s.warm = false;
          s.retry_at = now + s.pause;
          s.pause = std::min(s.pause * 2, kLongestPause);
          ++counters_.died;
        }
      }
      if (!s.child && now >= s.retry_at) {
        auto child = spawn_composer(children_, options_.program);
        s.since = now;
        if (child) {
          s.child = std::move(*child);
        } else {
          s.retry_at = now + s.pause;
          s.pause = std::min(s.pause * 2, kLongestPause);
        }
      }
    }
    if (!w.was_warm && std::all_of(w.slots.begin(), w.slots.end(), [](const Slot& s) { return s.warm || s.taken; })) w.was_warm = true;
  }
  return news;
}

void ComposerPool::listen(int timeout_ms) {
  std::vector<pollfd> fds{{wake_fd_, POLLIN, 0}};
  {
    const std::lock_guard lock(mutex_);
    for (const Worker& w : workers_) {
      for (const Slot& s : w.slots) {
        // A descriptor that is closed meanwhile, because its place was taken, only ends this wait early.
        if (s.child && !s.taken) fds.push_back({s.child->control_fd(), static_cast<short>(s.warm ? POLLRDHUP : POLLIN | POLLRDHUP), 0});
      }
    }
  }
  ::poll(fds.data(), fds.size(), timeout_ms);
  std::uint64_t count = 0;
  (void)!::read(wake_fd_, &count, sizeof count);
}

ComposerPool::Worker* ComposerPool::find(std::uint32_t id) {
  const auto at = std::find_if(workers_.begin(), workers_.end(), [&](const Worker& w) { return w.id == id; });
  return at == workers_.end() ? nullptr : &*at;
}

std::optional<ComposerPool::Place> ComposerPool::take() {
  const std::lock_guard lock(mutex_);
  // Places whose next process is not warm yet do not count.
  std::vector<recording::WorkerView> usable;
  int running = 0;
  for (const Worker& w : workers_) {
    const int slots = static_cast<int>(w.slots.size());
    const auto taken = static_cast<int>(std::count_if(w.slots.begin(), w.slots.end(), [](const Slot& s) { return s.taken; }));
    const auto ready = static_cast<int>(std::count_if(w.slots.begin(), w.slots.end(), [](const Slot& s) { return !s.taken && s.warm; }));
    running += taken;
    if (ready > 0) usable.push_back({w.id, true, std::min(taken, slots - 1)});
  }
  counters_.admission = recording::admit(load_, cost_, options_.admission, running);
  if (counters_.admission != recording::Admission::admit) return std::nullopt;
  const auto id = provider_.place(usable);
  if (!id) return std::nullopt;
  Worker* worker = find(*id);
  for (std::size_t i = 0; i < worker->slots.size(); ++i) {
    Slot& slot = worker->slots[i];
    if (slot.taken || !slot.warm) continue;
    slot.taken = true;
    wake();
    return Place{*id, i};
  }
  return std::nullopt;
}

void ComposerPool::set_waiting(int compositions) {
  {
    const std::lock_guard lock(mutex_);
    if (waiting_ == compositions) return;
    waiting_ = compositions;
  }
  wake();
}

Result<std::unique_ptr<process::ChildProcess>> ComposerPool::child(const Place& place) {
  {
    const std::lock_guard lock(mutex_);
    Worker* worker = find(place.worker);
    if (worker != nullptr) {
      Slot& slot = worker->slots[place.slot];
      slot.warm = false;
      if (slot.child) return std::move(slot.child);
    }
  }
  // The one before has died at its work: the next warms itself and takes its order when it has.
  return spawn_composer(children_, options_.program);
}

void ComposerPool::running_as(const Place& place, pid_t pid) {
  const std::lock_guard lock(mutex_);
  if (Worker* worker = find(place.worker)) worker->slots[place.slot].running = pid;
}

void ComposerPool::give_back(const Place& place) {
  std::unique_ptr<process::ChildProcess> unused;
  {
    const std::lock_guard lock(mutex_);
    if (Worker* worker = find(place.worker)) {
      Slot& slot = worker->slots[place.slot];
      slot.taken = false;
      slot.running = -1;
      unused = std::move(slot.child);
      slot.warm = false;
      slot.retry_at = Instant();
    }
  }
  wake();
}

void ComposerPool::learn(double cpu_seconds, double film_seconds, double peak_rss_mib) {
  const std::lock_guard lock(mutex_);
  cost_ = recording::learned(cost_, cpu_seconds, film_seconds, static_cast<std::uint64_t>(std::max(0.0, peak_rss_mib) * (1 << 20)));
}

void ComposerPool::set_capacity(const recording::CapacityOptions& capacity) {
  {
    const std::lock_guard lock(mutex_);
    // Workers keep the places that they have; the new number is that of those which follow.
    provider_.set_options(capacity);
  }
  wake();
}

ComposerPool::Counters ComposerPool::counters() const {
  const std::lock_guard lock(mutex_);
  Counters out = counters_;
  out.workers = static_cast<int>(workers_.size());
  out.waiting = waiting_;
  out.cost = cost_;
  for (const Worker& w : workers_) {
    out.slots += static_cast<int>(w.slots.size());
    for (const Slot& s : w.slots) {
      out.warm += s.warm && !s.taken;
      out.running += s.taken;
    }
  }
  return out;
}

}  // namespace upcall::service
