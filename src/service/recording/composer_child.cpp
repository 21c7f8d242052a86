#include "service/recording/composer_child.hpp"

#include <algorithm>
#include <cerrno>

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/json.hpp>

#include "crypto/secret.hpp"
#include "recording/admission.hpp"
#include "service/recording/backoff.hpp"
#include "wire/child_control.hpp"

namespace upcall::service {

namespace {

namespace json = boost::json;
using wire::ChildMessage;

// Composing 1080p with lookahead takes some 300 MiB; beyond this the child is broken, not busy.
constexpr std::uint64_t kMemoryLimit = 3ull << 30;
constexpr int kControlNumber = 3;

Result<void> write_all(int fd, Bytes bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return fail(ErrorCode::unavailable, "the composer does not take its orders");
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
  return {};
}

Result<void> send_frame(int fd, ChildMessage type, std::string_view body) {
  std::uint8_t head[5];
  wire::encode_child_head(type, body.size(), head);
  if (auto r = write_all(fd, head); !r) return r;
  return write_all(fd, as_bytes(body));
}

class Conversation {
 public:
  Conversation(const ComposerOrder& order, film_spool::FilmSpool& film, const ComposerHooks& hooks, int fd)
      : order_(order), film_(film), hooks_(hooks), fd_(fd) {}

  std::int64_t resumed_from_ms() const { return resumed_from_ms_; }

  Result<void> conduct() {
    if (auto sent = send_order(); !sent) return sent;
    wire::ChildFrameSplitter splitter;
    for (;;) {
      if (!hooks_.pause(Duration())) return fail(ErrorCode::unavailable, "the server is stopping");
      pollfd poll_fd{fd_, POLLIN, 0};
      const int ready = ::poll(&poll_fd, 1, 100);
      if (ready < 0 && errno != EINTR) return fail(ErrorCode::unavailable, "the composer's socket failed");
      if (ready <= 0) continue;
      const MutBytes room = splitter.room(256 << 10);
      const ssize_t got = ::recv(fd_, room.data(), room.size(), 0);
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) return fail(ErrorCode::unavailable, "the composer died");
      splitter.added(static_cast<std::size_t>(got));
      for (;;) {
        auto frame = splitter.next();
        if (!frame) return fail(ErrorCode::internal, "the composer said something that is no message");
        if (!*frame) break;
        auto over = take((*frame)->type, (*frame)->body);
        if (!over) return tl::unexpected(over.error());
        if (*over) return {};
      }
    }
  }

 private:
  Result<void> send_order() {
    auto view = film_.view();
    // A header without a fragment is nothing to go on with.
    if (view.index.begun() && view.index.fragments().empty()) {
      if (auto done = film_.discard(); !done) return done;
      view = film_.view();
    }
    json::object order{{"version", 2}, {"journal", order_.journal_directory}, {"key", to_hex(order_.key)},
                       {"width", order_.settings.width}, {"height", order_.settings.height},
                       {"fps", order_.settings.fps}, {"layout", order_.settings.layout},
                       {"constantRate", order_.settings.constant_rate}, {"title", order_.title}, {"live", order_.live}, {"forgetSeconds", order_.settings.forget_s}};
    if (view.index.begun()) {
      order["resume"] = to_base64(wire::encode(view.index.resume()));
      resumed_from_ms_ = view.index.duration_ms();
    }
    std::string text = json::serialize(order);
    auto sent = send_frame(fd_, ChildMessage::compose, text);
    crypto::wipe({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
    return sent;
  }

  // True: the film is complete.
  Result<bool> take(ChildMessage type, Bytes body) {
    switch (type) {
      case ChildMessage::header: {
        const auto header = wire::parse_film_header(body);
        if (!header) return fail(ErrorCode::internal, "the composer sent a header that cannot be read");
        return stored([&] { return film_.put_header(*header); });
      }
      case ChildMessage::fragment: {
        const auto fragment = wire::parse_film_fragment(body);
        if (!fragment) return fail(ErrorCode::internal, "the composer sent a fragment that cannot be read");
        return stored([&] { return film_.put_fragment(*fragment); });
      }
      case ChildMessage::progress: {
        const auto facts = object_in(body);
        if (!facts) return false;
        const std::int64_t composed_ms = integer(*facts, "composed_ms");
        hooks_.composed_ms(composed_ms);
        const auto pace = meter_.progressed(static_cast<double>(integer(*facts, "cpu_ms")) / 1000, static_cast<double>(composed_ms) / 1000);
        if (pace && hooks_.pace) hooks_.pace(pace->cpu_seconds, pace->film_seconds);
        return false;
      }
      case ChildMessage::failed: {
        const auto facts = object_in(body);
        std::string why = "composing failed";
        if (facts) {
          if (const auto* m = facts->if_contains("message"); m && m->is_string()) why = std::string(m->get_string());
          if (const auto* r = facts->if_contains("restart"); r && r->is_bool() && r->get_bool()) {
            if (auto done = film_.discard(); !done) return tl::unexpected(done.error());
          }
        }
        return fail(ErrorCode::internal, why);
      }
      case ChildMessage::done: {
        const auto facts = object_in(body);
        if (!facts) return fail(ErrorCode::internal, "the composer's last word cannot be read");
        if (static_cast<std::uint64_t>(integer(*facts, "fragments")) != film_.progress().fragments) {
          return fail(ErrorCode::internal, "the composer has made another film than was received");
        }
        auto ended = stored([&] { return film_.finish(as_text(body)); });
        if (!ended) return ended;
        return true;
      }
      default: return false;  // warm, ready, and what a newer child may say
    }
  }

  // A full disk is waited for: nothing that was composed is lost by it.
  template <class F>
  Result<bool> stored(F&& put) {
    Backoff backoff(Duration::ms(500), Duration::s(10));
    for (;;) {
      auto done = put();
      if (done) return false;
      if (done.error().code != ErrorCode::exhausted && done.error().code != ErrorCode::unavailable) {
        return tl::unexpected(done.error());
      }
      if (!hooks_.pause(backoff.next())) return fail(ErrorCode::unavailable, "the server is stopping");
    }
  }

  static std::optional<json::object> object_in(Bytes body) {
    boost::system::error_code error;
    json::value value = json::parse(as_text(body), error);
    if (error || !value.is_object()) return std::nullopt;
    return std::move(value.get_object());
  }
  static std::int64_t integer(const json::object& o, std::string_view name) {
    const auto* v = o.if_contains(name);
    if (v == nullptr) return 0;
    if (v->is_int64()) return v->get_int64();
    return v->is_uint64() ? static_cast<std::int64_t>(v->get_uint64()) : 0;
  }

  const ComposerOrder& order_;
  film_spool::FilmSpool& film_;
  const ComposerHooks& hooks_;
  int fd_;
  std::int64_t resumed_from_ms_ = -1;
  recording::PaceMeter meter_;
};

}  // namespace

Result<std::unique_ptr<process::ChildProcess>> spawn_composer(process::ChildHost& host, const std::string& program) {
  process::ChildOptions options;
  options.program = program;
  options.arguments = {"worker", "--control-fd", std::to_string(kControlNumber)};
  options.control_number = kControlNumber;
  options.nice = 19;
  options.memory_limit = kMemoryLimit;
  return host.spawn(std::move(options));
}

ComposerExit run_composer_child(const ComposerOrder& order, film_spool::FilmSpool& film, std::unique_ptr<process::ChildProcess> child,
                                const ComposerHooks& hooks) {
  ComposerExit out;
  hooks.pid(child->pid());
  Conversation conversation(order, film, hooks, child->control_fd());
  out.composed = conversation.conduct();
  out.resumed_from_ms = conversation.resumed_from_ms();
  if (!out.composed) child->kill_group();
  if (const auto exit = child->wait(Duration::s(5))) {
    out.cpu_core_seconds = exit->user_cpu.seconds() + exit->system_cpu.seconds();
    out.peak_rss_mib = static_cast<double>(exit->peak_rss) / (1 << 20);
  }
  hooks.pid(-1);
  return out;
}

}  // namespace upcall::service
