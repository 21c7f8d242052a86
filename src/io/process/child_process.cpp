#include "io/process/child_process.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "base/invariant.hpp"
#include "io/process/fork_exec.hpp"

namespace upcall::process {

namespace {

constexpr int kSampleMs = 200;

Duration to_duration(const timeval& t) { return Duration::us(std::int64_t(t.tv_sec) * 1'000'000 + t.tv_usec); }

void close_if_open(int& fd) {
  if (fd >= 0) ::close(fd);
  fd = -1;
}

}  // namespace

struct ChildProcess::State {
  ~State() {
    close_if_open(forked.pidfd);
    close_if_open(control);
  }
  Forked forked;
  int control = -1;
  ChildHost::OnExit on_exit;
  std::uint64_t sampled_rss = 0;  // the host's thread only

  std::mutex mutex;  // guards what follows
  std::condition_variable changed;
  bool reaped = false;
  std::optional<ChildExit> exit;  // set after the callback
};

struct ChildHost::Impl {
  struct Order {
    ChildOptions options;
    OnExit on_exit;
    std::optional<Result<std::shared_ptr<ChildProcess::State>>> result;
  };

  void run();
  Result<std::shared_ptr<ChildProcess::State>> start(Order& order);
  // True when it has ended.
  bool reap(ChildProcess::State& child);
  void wake() const {
    const std::uint64_t one = 1;
    (void)!::write(event, &one, sizeof one);
  }

  int event = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  std::vector<std::shared_ptr<ChildProcess::State>> children;  // the thread's own

  std::mutex mutex;  // guards what follows
  std::condition_variable done;
  std::deque<Order*> orders;
  bool stopping = false;
  std::thread thread;
};

Result<std::shared_ptr<ChildProcess::State>> ChildHost::Impl::start(Order& order) {
  auto state = std::make_shared<ChildProcess::State>();
  int pair[2] = {-1, -1};
  if (order.options.control_number >= 0 && ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
    return fail(ErrorCode::unavailable, "no descriptor for a child's control socket");
  }
  state->control = pair[0];
  auto forked = fork_exec(order.options, pair[1]);
  close_if_open(pair[1]);
  if (!forked) return tl::unexpected(forked.error());
  state->forked = *forked;
  state->on_exit = std::move(order.on_exit);
  children.push_back(state);
  return state;
}

bool ChildHost::Impl::reap(ChildProcess::State& child) {
  int status = 0;
  rusage usage{};
  {
    // kill_group() looks at `reaped` under the same lock: the number cannot belong to somebody else by then.
    const std::lock_guard lock(child.mutex);
    pid_t got;
    do got = ::wait4(child.forked.pid, &status, WNOHANG, &usage);
    while (got < 0 && errno == EINTR);
    if (got == 0) return false;
    UPCALL_INVARIANT(got == child.forked.pid, "a child was reaped by somebody else");
    child.reaped = true;
  }
  ChildExit exit;
  exit.signaled = WIFSIGNALED(status);
  exit.code = exit.signaled ? WTERMSIG(status) : WEXITSTATUS(status);
  exit.user_cpu = to_duration(usage.ru_utime);
  exit.system_cpu = to_duration(usage.ru_stime);
  const std::uint64_t reported = static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
  // A little above is still the parent's pages: the child touched some before exec.
  const bool own = reported > child.forked.rss_at_fork + (1 << 20) || child.sampled_rss == 0;
  exit.peak_rss = own ? reported : child.sampled_rss;
  if (child.on_exit) child.on_exit(exit);
  const std::lock_guard lock(child.mutex);
  child.on_exit = nullptr;
  child.exit = exit;
  child.changed.notify_all();
  return true;
}

void ChildHost::Impl::run() {
  for (;;) {
    std::vector<pollfd> waits{{event, POLLIN, 0}};
    for (const auto& child : children) waits.push_back({child->forked.pidfd, POLLIN, 0});
    (void)::poll(waits.data(), waits.size(), children.empty() ? -1 : kSampleMs);
    std::uint64_t drained;
    (void)!::read(event, &drained, sizeof drained);
    for (const auto& child : children) {
      child->sampled_rss = std::max(child->sampled_rss, memory_field(child->forked.pid, "VmHWM"));
    }
    std::erase_if(children, [this](const auto& child) { return reap(*child); });
    for (;;) {
      Order* order = nullptr;
      {
        const std::lock_guard lock(mutex);
        if (stopping && children.empty()) return;
        if (orders.empty()) break;
        order = orders.front();
        orders.pop_front();
      }
      auto result = start(*order);
      const std::lock_guard lock(mutex);
      order->result = std::move(result);
      done.notify_all();
    }
  }
}

ChildHost::ChildHost() : impl_(std::make_unique<Impl>()) {
  UPCALL_INVARIANT(impl_->event >= 0, "no descriptor is left to watch child processes");
  impl_->thread = std::thread([raw = impl_.get()] { raw->run(); });
}

ChildHost::~ChildHost() {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->stopping = true;
  }
  impl_->wake();
  impl_->thread.join();
  ::close(impl_->event);
}

Result<std::unique_ptr<ChildProcess>> ChildHost::spawn(ChildOptions options, OnExit on_exit) {
  UPCALL_INVARIANT(std::this_thread::get_id() != impl_->thread.get_id(), "a child is started from an exit callback");
  Impl::Order order{std::move(options), std::move(on_exit), {}};
  std::unique_lock lock(impl_->mutex);
  impl_->orders.push_back(&order);
  impl_->wake();
  impl_->done.wait(lock, [&order] { return order.result.has_value(); });
  lock.unlock();
  if (!*order.result) return tl::unexpected(order.result->error());
  return std::unique_ptr<ChildProcess>(new ChildProcess(std::move(**order.result)));
}

ChildProcess::ChildProcess(std::shared_ptr<State> state) : state_(std::move(state)) {}

ChildProcess::~ChildProcess() {
  kill_group();
  std::unique_lock lock(state_->mutex);
  state_->changed.wait(lock, [this] { return state_->exit.has_value(); });
}

pid_t ChildProcess::pid() const { return state_->forked.pid; }
int ChildProcess::control_fd() const { return state_->control; }
int ChildProcess::release_control_fd() { return std::exchange(state_->control, -1); }

bool ChildProcess::signal(int number) { 
  // glibc 2.36 declares pidfd_send_signal without C linkage: the call itself.
  return ::syscall(SYS_pidfd_send_signal, state_->forked.pidfd, number, nullptr, 0) == 0;
 }

void ChildProcess::kill_group() {
  const std::lock_guard lock(state_->mutex);
  if (!state_->reaped) ::kill(-state_->forked.pid, SIGKILL);
}

std::optional<ChildExit> ChildProcess::wait(Duration timeout) {
  std::unique_lock lock(state_->mutex);
  state_->changed.wait_for(lock, std::chrono::nanoseconds(timeout.ns()), [this] { return state_->exit.has_value(); });
  return state_->exit;
}

}  // namespace upcall::process
