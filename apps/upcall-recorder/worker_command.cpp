// "worker": one film for a server, over wire/child_control.hpp. Lowest priority, bounded memory, dies with its parent;
// losing it loses no media, a new worker goes on where the film ends that the server has.
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cmath>
#include <csignal>

#include <boost/json.hpp>

#include "commands.hpp"
#include "confined.hpp"
#include "crypto/secret.hpp"
#include "facts_json.hpp"
#include "io/film/label_painter.hpp"
#include "io/film/warm_up.hpp"
#include "wire/child_control.hpp"

namespace upcall::recorder {

namespace {

namespace json = boost::json;
using wire::ChildMessage;

constexpr rlim_t kAddressSpace = rlim_t{3} << 30;
constexpr int kWaitMs = 40;   // live: how often a journal that has nothing new is looked at

// The server's end of the socket, blocking writes, reads when poll says so.
class Control {
 public:
  explicit Control(int fd) : fd_(fd) {}

  bool send(ChildMessage type, Bytes body, Bytes prefix = {}) {
    std::uint8_t head[5];
    wire::encode_child_head(type, prefix.size() + body.size(), head);
    return write_all(head) && write_all(prefix) && write_all(body);
  }
  bool send(ChildMessage type, const json::object& body) { return send(type, as_bytes(json::serialize(body))); }

  // Waits up to wait_ms for orders. False: the server is gone or talks nonsense.
  bool receive(int wait_ms) {
    pollfd p{fd_, POLLIN, 0};
    const int ready = ::poll(&p, 1, wait_ms);
    if (ready <= 0) return ready == 0 || errno == EINTR;
    const MutBytes room = splitter_.room();
    const ssize_t n = ::read(fd_, room.data(), room.size());
    if (n <= 0) return n < 0 && errno == EINTR;
    splitter_.added(static_cast<std::size_t>(n));
    return true;
  }
  ParseResult<std::optional<wire::ChildFrame>> next() { return splitter_.next(); }

 private:
  bool write_all(Bytes bytes) {
    while (!bytes.empty()) {
      const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return false;
      bytes = bytes.subspan(static_cast<std::size_t>(n));
    }
    return true;
  }
  int fd_;
  wire::ChildFrameSplitter splitter_;
};

void lower_ourselves() {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  ::setpriority(PRIO_PROCESS, 0, 19);
  const rlimit memory{kAddressSpace, kAddressSpace}, none{0, 0};
  ::setrlimit(RLIMIT_AS, &memory);
  ::setrlimit(RLIMIT_CORE, &none);
  if (const int fd = ::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC); fd >= 0) {
    // First to go when memory runs out; failing to say so changes nothing.
    [[maybe_unused]] const ssize_t n = ::write(fd, "1000", 4);
    ::close(fd);
  }
  ::prctl(PR_SET_DUMPABLE, 0);   // the key lies in our memory (last: it takes /proc/self away from us)
}

// The order, checked field by field: nothing of it is trusted to have the right type.
Result<film::FilmJobOptions> parse_order(Bytes body) {
  boost::system::error_code error;
  const json::value value = json::parse(as_text(body), error);
  const json::object* o = error ? nullptr : value.if_object();
  if (!o) return fail(ErrorCode::invalid_argument, "the order is no JSON object");
  const auto text = [&](const char* name) -> std::string {
    const json::value* v = o->if_contains(name);
    return v && v->is_string() ? std::string(v->get_string()) : std::string();
  };
  const auto number = [&](const char* name, std::int64_t otherwise) {
    const json::value* v = o->if_contains(name);
    return v && v->is_int64() ? v->get_int64() : otherwise;
  };
  if (number("version", 0) != 2) return fail(ErrorCode::invalid_argument, "the order has another version");
  film::FilmJobOptions out;
  out.journal_directory = text("journal");
  auto key = from_hex(text("key"));
  if (!key || key->size() != journal::kKeySize) return fail(ErrorCode::invalid_argument, "the order has no valid key");
  out.key = std::move(*key);
  out.composer.width = static_cast<int>(number("width", 1920));
  out.composer.height = static_cast<int>(number("height", 1080));
  out.composer.fps = static_cast<int>(number("fps", 30));
  out.composer.title = text("title");
  const auto layout = compose::layout_kind(o->contains("layout") ? text("layout") : "auto");
  if (!layout) return fail(ErrorCode::invalid_argument, "the order names no layout that there is");
  out.composer.layout = *layout;
  const json::value* constant = o->if_contains("constantRate");
  out.composer.constant_rate = constant && constant->is_bool() && constant->get_bool();
  const json::value* live = o->if_contains("live");
  out.live = live && live->is_bool() && live->get_bool();
  const auto forget_s = number("forgetSeconds", 0);
  if (forget_s < 0 || forget_s > 3600) return fail(ErrorCode::invalid_argument, "the order lets a film trail for too long");
  out.forget_s = static_cast<int>(forget_s);
  // Live: cheap enough for the machine that also carries the calls. One thread keeps up with ease (three times real time
  // and more), and further ones would cost CPU that other composers need.
  out.film.video.preset = text("preset").empty() ? std::string(out.live ? film::kLivePreset : "veryfast") : text("preset");
  const auto crf = number("crf", out.live ? film::kLiveCrf : 23);
  out.film.video.crf = static_cast<double>(crf);
  out.film.video.threads = static_cast<int>(number("threads", out.live ? 1 : 2));
  if (out.film.video.threads < 1 || out.film.video.threads > 16 || crf < 10 || crf > 45) {
    return fail(ErrorCode::invalid_argument, "the order's encoder settings are out of range");
  }
  if (o->contains("resume")) {
    const auto bytes = from_base64(text("resume"));
    auto resume = bytes ? wire::parse_film_resume(*bytes) : tl::unexpected(bytes.error());
    if (!resume) return fail(ErrorCode::invalid_argument, "the order does not say where to go on");
    out.resume = std::move(*resume);
  }
  return out;
}

int failed(Control& control, const Error& error) {
  // Another encoder than the film was begun with: after an upgrade. Only a new film helps.
  const bool restart = error.code == ErrorCode::conflict;
  control.send(ChildMessage::failed, json::object{{"message", error.message}, {"restart", restart}});
  return 1;
}

// Sends the film's pieces on.
class ControlSink final : public film::FilmSink {
 public:
  explicit ControlSink(Control& control) : control_(control) {}
  Result<void> header(const wire::FilmHeader& header) override {
    return sent(control_.send(ChildMessage::header, header.boxes, wire::encode_head(header)));
  }
  Result<void> fragment(const wire::FilmFragment& fragment) override {
    return sent(control_.send(ChildMessage::fragment, fragment.boxes, wire::encode_head(fragment)));
  }
  bool connected() const { return connected_; }

 private:
  Result<void> sent(bool ok) {
    connected_ = ok;
    if (!ok) return fail(ErrorCode::unavailable, "the server is gone");
    return {};
  }
  Control& control_;
  bool connected_ = true;
};

}  // namespace

int run_worker(int control_fd) {
  const pid_t parent = ::getppid();
  lower_ourselves();
  if (::getppid() != parent) return 1;  // it died before we asked to hear of it
  Control control(control_fd);
  if (auto warm = film::warm_up(); !warm) return failed(control, warm.error());
  if (!control.send(ChildMessage::warm, Bytes())) return 1;

  std::optional<film::FilmJobOptions> order;
  while (!order) {
    auto frame = control.next();
    if (!frame) return 1;
    if (*frame) {
      if ((*frame)->type != ChildMessage::compose) return failed(control, {ErrorCode::invalid_argument, "the first message must be the order"});
      auto parsed = parse_order((*frame)->body);
      if (!parsed) return failed(control, parsed.error());
      order = std::move(*parsed);
    } else if (!control.receive(-1)) {
      return 1;
    }
  }
  const int width = order->composer.width, height = order->composer.height;
  ControlSink sink(control);
  const auto begun = std::chrono::steady_clock::now();
  const auto confined = confine({.folders = {order->journal_directory}, .files = {film::kFontFile}});
  auto job = film::FilmJob::open(std::move(*order), sink);
  if (!job) return failed(control, job.error());
  if (!control.send(ChildMessage::ready, json::object{{"version", 2}, {"filesConfined", confined.files}, {"systemCallsConfined", confined.system_calls}})) return 1;

  auto last_progress = begun;
  std::int64_t replay_ms = (*job)->replaying() ? -1 : 0;
  int wait_ms = 0;
  while (true) {
    if (!control.receive(wait_ms)) return 1;
    while (true) {
      auto frame = control.next();
      if (!frame) return 1;
      if (!*frame) break;
      if ((*frame)->type == ChildMessage::stop) (*job)->stop_waiting();
    }
    auto step = (*job)->step();
    if (!step) return sink.connected() ? failed(control, step.error()) : 1;
    try_to_escape();
    if (*step == film::FilmJob::Step::done) break;
    wait_ms = *step == film::FilmJob::Step::waiting ? kWaitMs : 0;
    const auto now = std::chrono::steady_clock::now();
    if (replay_ms < 0 && !(*job)->replaying()) {
      replay_ms = std::chrono::duration_cast<std::chrono::milliseconds>(now - begun).count();
    }
    if (now - last_progress >= std::chrono::seconds(1)) {
      last_progress = now;
      if (!control.send(ChildMessage::progress, json::object{{"composed_ms", (*job)->composed_us() / 1000},
                                                             {"lag_ms", (*job)->lag_us() / 1000},
                                                             {"cpu_ms", static_cast<std::int64_t>(usage().cpu_seconds * 1000)}})) {
        return 1;
      }
    }
  }
  const film::FilmSummary& s = (*job)->summary();
  const Usage u = usage();
  json::object done = facts_json(s);
  done["fragments"] = s.fragments;
  done["width"] = width;
  done["height"] = height;
  done["cpu_core_seconds"] = std::round(u.cpu_seconds * 1000) / 1000;
  done["peak_rss_mib"] = std::round(u.peak_rss_mib * 10) / 10;
  done["replay_ms"] = replay_ms;
  return control.send(ChildMessage::done, done) ? 0 : 1;
}

}  // namespace upcall::recorder
