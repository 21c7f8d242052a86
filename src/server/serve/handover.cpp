// Handing over to another release: the old side. What this process gives away, and in which order, is in takeover.hpp.
#include <unistd.h>

#include "json/json.hpp"
#include "server/serve/server_parts.hpp"
#include "server/serve/takeover.hpp"

namespace upcall::server {

namespace {
constexpr Duration kPrepare = Duration::s(30), kStart = Duration::s(60), kRequests = Duration::s(2);
}  // namespace

// Requests end, people's sockets close (they reconnect and find the next one), calls stay.
Result<void> Server::Parts::retire_front() {
  admin->leave_path();
  if (operations) operations->stop();
  // A push follows its run to the end, also over the handover that it causes.
  http->retire([](std::string_view path) { return path.starts_with("/control/") || path.starts_with("/git/"); }, kRequests);
  copies.reset();
  retention.reset();
  close_events();
  close_front();
  recordings->adopt_nothing_more();
  DrainHostOptions draining;
  draining.data_dir = options.data_dir;
  draining.instance = instance;
  draining.longest = options.drain_longest;
  draining.busy = [this] { return http->counters().open > 0; };
  draining.over = [this] {
    if (options.over) options.over(true);
  };
  auto started = DrainHost::start(std::move(draining), *store, *runtime, *recordings, random);
  if (!started) return tl::unexpected(started.error());
  host = std::move(*started);
  return {};
}

// `again`: nobody serves, whatever was wrong with the one before.
Result<std::string> Server::Parts::start_next(const std::string& program, bool again) {
  auto next = Successor::start(program, options.arguments);
  if (!next) return tl::unexpected(next.error());
  if (auto prepared = next->wait_prepared(kPrepare); !prepared) return tl::unexpected(prepared.error());
  const int listener = again ? waiting_listener : http->listener();
  if (!again) {
    waiting_listener = listener;
    log::info("handover.begun", {{"pid", next->pid()}});
    if (auto retired = retire_front(); !retired) log::warn("handover.calls_not_kept", {{"why", retired.error().message}});
  }
  auto serves = next->go(listener, store->lock_fd(), kStart);
  if (!serves) return serves;
  store->let_go_of_lock();
  ::close(std::exchange(waiting_listener, -1));
  handed_over = true;
  next_pid = next->pid();
  // Without its keeper nobody would see that a call has ended: better that all of them reconnect now.
  if (!host && options.over) options.over(true);
  log::info("handover.done", {{"pid", next->pid()}});
  return serves;
}

Result<bj::value> Server::Parts::hand_over(const std::string& program) {
  if (options.program.empty()) return fail(ErrorCode::unavailable, "this server was not started by a command line that it could repeat");
  const std::string next = program.empty() ? options.program : program;
  if (::access(next.c_str(), X_OK) != 0) return fail(ErrorCode::invalid_argument, next + " is no program that can be run; nothing was changed");
  if (peers->counters().peers + 1 >= kMediaPorts) {
    return fail(ErrorCode::exhausted, "calls still run on " + std::to_string(peers->counters().peers) + " servers of before, and the next one would find no media port; nothing was changed. "
                                      "Wait until they have ended, or restart the server: then they reconnect");
  }
  auto serves = start_next(next, false);
  if (serves) return bj::value(bj::object{{"url", *serves}, {"pid", static_cast<std::int64_t>(next_pid)}, {"program", next}});
  if (waiting_listener < 0) return fail(serves.error().code, "the new process did not start, and this one serves on: " + serves.error().message);
  // Its front is down: this very program takes it up again, as a new process.
  log::error("handover.failed", {{"why", serves.error().message}});
  auto back = start_next(options.program, true);
  if (back) return fail(ErrorCode::unavailable, "the new process did not start, and the release of before serves again: " + serves.error().message);
  log::error("handover.nobody_serves", {{"why", back.error().message}});
  if (options.over) options.over(false);
  return fail(ErrorCode::unavailable, "the new process did not start (" + serves.error().message + "), and the release of before does not start either (" +
                                          back.error().message + "): start upcall serve");
}

}  // namespace upcall::server
