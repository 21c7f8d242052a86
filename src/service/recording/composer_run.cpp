#include "service/recording/composer_run.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <chrono>
#include <cstring>

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/json.hpp>

#include "crypto/secret.hpp"
#include "wire/child_control.hpp"

namespace upcall::service {

namespace {

namespace json = boost::json;

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

Result<void> send_frame(int fd, wire::ChildMessage type, std::string_view body) {
  std::uint8_t head[5];
  wire::encode_child_head(type, body.size(), head);
  if (auto r = write_all(fd, head); !r) return r;
  return write_all(fd, as_bytes(body));
}

std::int64_t integer(const json::object& o, std::string_view name) {
  const auto* v = o.if_contains(name);
  if (v == nullptr) return 0;
  if (v->is_int64()) return v->as_int64();
  if (v->is_uint64()) return static_cast<std::int64_t>(v->as_uint64());
  return v->is_double() ? static_cast<std::int64_t>(v->as_double()) : 0;
}

}  // namespace

ComposerRun::ComposerRun(ComposerOptions options, process::ChildHost& host, objects::ObjectStore& store,
                         std::function<Now()> clock, std::function<void(Result<ComposerOutcome>)> done)
    : options_(std::move(options)), host_(host), store_(store), clock_(std::move(clock)), done_(std::move(done)) {
  thread_ = std::thread([this] { run(); });
}

ComposerRun::~ComposerRun() {
  stop_.store(true, std::memory_order_release);
  if (thread_.joinable()) thread_.join();
  crypto::wipe(options_.key);
}

void ComposerRun::run() {
  Result<ComposerOutcome> outcome = fail(ErrorCode::unavailable, "the composer was not started");
  for (int attempt_no = 1; attempt_no <= options_.attempts && !stop_; ++attempt_no) {
    outcome = attempt();
    if (outcome) {
      outcome->attempts = attempt_no;
      outcome->cpu_core_seconds = cpu_core_seconds_;
      outcome->peak_rss_mib = peak_rss_mib_;
      break;
    }
    // A full disk or a dead store does not mend in a moment: 0.2, 0.4, 0.8 … s.
    for (int waited_ms = 0; waited_ms < (100 << attempt_no) && !stop_; waited_ms += 20) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }
  if (stop_ && !outcome) outcome = fail(ErrorCode::unavailable, "the server is stopping");
  done_(std::move(outcome));
}

Result<ComposerOutcome> ComposerRun::attempt() {
  auto upload = store_.begin_upload(options_.object_key, "video/mp4");
  if (!upload) return tl::unexpected(upload.error());
  process::ChildOptions child_options;
  child_options.program = options_.program;
  child_options.arguments = {"worker", "--control-fd", std::to_string(kControlNumber)};
  child_options.control_number = kControlNumber;
  child_options.nice = 19;
  child_options.memory_limit = kMemoryLimit;
  auto child = host_.spawn(std::move(child_options));
  if (!child) return tl::unexpected(child.error());
  pid_.store((*child)->pid(), std::memory_order_relaxed);
  const int fd = (*child)->control_fd();

  const auto conduct = [&]() -> Result<ComposerOutcome> {
    std::string order = json::serialize(json::object{{"version", 1}, {"journal", options_.journal_directory},
                                                     {"key", to_hex(options_.key)}, {"width", options_.width},
                                                     {"height", options_.height}, {"fps", options_.fps},
                                                     {"title", options_.title}, {"live", options_.live}});
    auto sent = send_frame(fd, wire::ChildMessage::compose, order);
    crypto::wipe({reinterpret_cast<std::uint8_t*>(order.data()), order.size()});
    if (!sent) return tl::unexpected(sent.error());
    wire::ChildFrameSplitter splitter;
    for (;;) {
      if (stop_) return fail(ErrorCode::unavailable, "the server is stopping");
      pollfd poll_fd{fd, POLLIN, 0};
      const int ready = ::poll(&poll_fd, 1, 100);
      if (ready < 0 && errno != EINTR) return fail(ErrorCode::unavailable, "the composer's socket failed");
      if (ready <= 0) continue;
      const MutBytes room = splitter.room(256 << 10);
      const ssize_t got = ::recv(fd, room.data(), room.size(), 0);
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) return fail(ErrorCode::unavailable, "the composer died");
      splitter.added(static_cast<std::size_t>(got));
      for (;;) {
        auto frame = splitter.next();
        if (!frame) return fail(ErrorCode::internal, "the composer said something that is no message");
        if (!*frame) break;
        const Bytes body = (*frame)->body;
        switch ((*frame)->type) {
          case wire::ChildMessage::part: {
            Reader in(body);
            const std::uint32_t number = in.u32();
            if (!in.ok()) return fail(ErrorCode::internal, "the composer sent a part without a number");
            if (auto put = (*upload)->put_part(number, in.rest()); !put) return tl::unexpected(put.error());
            break;
          }
          case wire::ChildMessage::progress: {
            boost::system::error_code error;
            const json::value value = json::parse(as_text(body), error);
            if (!error && value.is_object()) composed_ms_.store(integer(value.as_object(), "composed_ms"), std::memory_order_relaxed);
            break;
          }
          case wire::ChildMessage::failed: {
            boost::system::error_code error;
            const json::value value = json::parse(as_text(body), error);
            std::string why = "composing failed";
            if (!error && value.is_object()) {
              if (const auto* m = value.as_object().if_contains("message"); m != nullptr && m->is_string()) why = std::string(m->as_string());
            }
            return fail(ErrorCode::internal, why);
          }
          case wire::ChildMessage::done: {
            boost::system::error_code error;
            const json::value value = json::parse(as_text(body), error);
            if (error || !value.is_object()) return fail(ErrorCode::internal, "the composer's last word cannot be read");
            const json::object& facts = value.as_object();
            auto stored = (*upload)->complete(clock_().wall);
            if (!stored) return tl::unexpected(stored.error());
            // Local data may only go when the store really has the whole file.
            auto seen = store_.stat(options_.object_key);
            if (!seen) return tl::unexpected(seen.error());
            if (seen->size != static_cast<std::uint64_t>(integer(facts, "bytes")) || seen->etag != stored->etag) {
              return fail(ErrorCode::corrupt, "the stored file is not what was composed");
            }
            ComposerOutcome out;
            out.object = *seen;
            out.duration_ms = integer(facts, "duration_ms");
            out.video_frames = static_cast<std::uint64_t>(integer(facts, "video_frames"));
            out.width = static_cast<int>(integer(facts, "width"));
            out.height = static_cast<int>(integer(facts, "height"));
            if (const auto* w = facts.if_contains("warning"); w != nullptr && w->is_string()) out.warning = std::string(w->as_string());
            return out;
          }
          default: break;  // ready, and what a newer child may say
        }
      }
    }
  };
  auto outcome = conduct();
  if (!outcome) {
    (*upload)->abort();
    (*child)->kill_group();
  }
  if (const auto exit = (*child)->wait(Duration::s(5))) {
    cpu_core_seconds_ += exit->user_cpu.seconds() + exit->system_cpu.seconds();
    peak_rss_mib_ = std::max(peak_rss_mib_, static_cast<double>(exit->peak_rss) / (1 << 20));
  }
  pid_.store(-1, std::memory_order_relaxed);
  return outcome;
}

}  // namespace upcall::service
