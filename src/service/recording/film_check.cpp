#include "service/recording/film_check.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cmath>

#include <poll.h>
#include <sys/socket.h>

#include "json/json.hpp"
#include "wire/child_control.hpp"

namespace upcall::service {

namespace {

namespace bj = boost::json;
using wire::ChildMessage;
using Clock = std::chrono::steady_clock;

constexpr std::uint64_t kMemoryLimit = 1ull << 30;
constexpr int kControlNumber = 3;
constexpr std::size_t kPiece = 256u << 10, kFactsMax = 8u << 20, kAnswerMax = 64u << 10;
constexpr std::chrono::seconds kShortest(60), kLongest(15 * 60);   // a quarter of the film's length between them

// The socket to a child that may do anything, also nothing.
class Line {
 public:
  Line(int fd, Clock::time_point deadline, std::function<bool()> stopping) : fd_(fd), deadline_(deadline), stopping_(std::move(stopping)) {}

  Result<void> send(ChildMessage type, Bytes body) {
    std::uint8_t head[5];
    wire::encode_child_head(type, body.size(), head);
    if (auto sent = write(head); !sent) return sent;
    return write(body);
  }
  Result<std::string> answer() {
    wire::ChildFrameSplitter splitter;
    for (;;) {
      if (auto ready = wait(POLLIN); !ready) return tl::unexpected(ready.error());
      const MutBytes room = splitter.room();
      const ssize_t got = ::recv(fd_, room.data(), room.size(), MSG_DONTWAIT);
      if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
      if (got <= 0) return fail(ErrorCode::unavailable, "the check died");
      splitter.added(static_cast<std::size_t>(got));
      auto frame = splitter.next();
      if (!frame || (*frame && (*frame)->type != ChildMessage::checked)) return fail(ErrorCode::internal, "the check said something else");
      if (*frame) return std::string(as_text((*frame)->body));
    }
  }

 private:
  Result<void> wait(short events) {
    for (;;) {
      if (stopping_()) return fail(ErrorCode::unavailable, "the server is stopping");
      if (Clock::now() >= deadline_) return fail(ErrorCode::unavailable, "the check took too long");
      pollfd p{fd_, events, 0};
      const int ready = ::poll(&p, 1, 100);
      if (ready < 0 && errno != EINTR) return fail(ErrorCode::unavailable, "the check's socket failed");
      if (ready > 0) return {};
    }
  }
  Result<void> write(Bytes bytes) {
    while (!bytes.empty()) {
      if (auto ready = wait(POLLOUT); !ready) return ready;
      const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (n < 0 && (errno == EINTR || errno == EAGAIN)) continue;
      if (n <= 0) return fail(ErrorCode::unavailable, "the check died");
      bytes = bytes.subspan(static_cast<std::size_t>(n));
    }
    return {};
  }
  int fd_;
  Clock::time_point deadline_;
  std::function<bool()> stopping_;
};

}  // namespace

bool FilmHealth::alarm() const {
  return std::any_of(findings.begin(), findings.end(), [](const auto& f) { return f.severity == recording::HealthSeverity::alarm; });
}

FilmChecks::FilmChecks(process::ChildHost& children, std::string program, Done done)
    : children_(children), program_(std::move(program)), done_(std::move(done)) {
  thread_ = std::thread([this] { loop(); });
}

FilmChecks::~FilmChecks() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void FilmChecks::add(FilmCheckOrder order) {
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(order));
  }
  wake_.notify_all();
}

FilmChecks::Counters FilmChecks::counters() const {
  const std::lock_guard lock(mutex_);
  return counters_;
}

bool FilmChecks::stopping() const {
  const std::lock_guard lock(mutex_);
  return stop_;
}

void FilmChecks::loop() {
  for (;;) {
    FilmCheckOrder order;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return stop_ || !waiting_.empty(); });
      if (stop_) return;
      order = std::move(waiting_.front());
      waiting_.pop_front();
    }
    auto health = check(order);
    {
      const std::lock_guard lock(mutex_);
      if (stop_) return;
      ++(health ? counters_.checked : counters_.failed);
      for (const auto& f : health ? health->findings : std::vector<recording::HealthFinding>{}) {
        if (f.severity == recording::HealthSeverity::alarm) ++counters_.alarms[static_cast<std::size_t>(f.kind)];
      }
    }
    done_(order, std::move(health));
  }
}

Result<FilmHealth> FilmChecks::check(const FilmCheckOrder& order) {
  process::ChildOptions options;
  options.program = program_;
  options.arguments = {"check", "--control-fd", std::to_string(kControlNumber)};
  options.control_number = kControlNumber;
  options.nice = 19;
  options.memory_limit = kMemoryLimit;
  auto child = children_.spawn(std::move(options));
  if (!child) return tl::unexpected(child.error());
  auto health = converse(order, (*child)->control_fd());
  if (!health) (*child)->kill_group();
  const auto exit = (*child)->wait(Duration::s(5));
  if (health && exit) health->cpu_core_seconds = exit->user_cpu.seconds() + exit->system_cpu.seconds();
  return health;
}

Result<FilmHealth> FilmChecks::converse(const FilmCheckOrder& order, int fd) {
  const auto view = order.film->view();
  auto facts = json::parse_object(view.facts, kFactsMax);
  if (!facts) return fail(ErrorCode::internal, "the composer's last word cannot be read");
  if (order.session_ms) (*facts)["session_ms"] = *order.session_ms;
  const std::chrono::milliseconds quarter(view.index.duration_ms() / 4);
  Line line(fd, Clock::now() + std::clamp<std::chrono::milliseconds>(quarter, kShortest, kLongest), [this] { return stopping(); });
  if (auto sent = line.send(ChildMessage::check, as_bytes(bj::serialize(*facts))); !sent) return tl::unexpected(sent.error());
  const auto film = order.film->source();
  ByteVector piece(kPiece);
  for (std::uint64_t at = 0; at < film->size();) {
    const auto got = film->read(at, piece);
    if (!got) return tl::unexpected(got.error());
    if (*got == 0) break;
    if (auto sent = line.send(ChildMessage::film, Bytes(piece).first(*got)); !sent) return tl::unexpected(sent.error());
    at += *got;
  }
  if (auto sent = line.send(ChildMessage::stop, {}); !sent) return tl::unexpected(sent.error());
  const auto answer = line.answer();
  if (!answer) return tl::unexpected(answer.error());
  auto health = parse_film_health(*answer);
  if (!health) return fail(ErrorCode::internal, "the check's answer cannot be read");
  return std::move(*health);
}

ParseResult<FilmHealth> parse_film_health(std::string_view text) {
  const auto o = json::parse_object(text, kAnswerMax);
  if (!o) return tl::unexpected(o.error());
  const bj::array* list = json::array_at(*o, "findings");
  if (!list || list->size() > recording::kHealthKinds) return fail(ParseError::malformed);
  FilmHealth out;
  for (const bj::value& v : *list) {
    const bj::object* f = v.if_object();
    if (!f) return fail(ParseError::malformed);
    const auto kind = recording::health_kind(json::text_or(*f, "kind"));
    const std::string severity = json::text_or(*f, "severity");
    const bj::value* value = f->if_contains("value");
    const auto at = json::integer_at(*f, "at_ms");
    if (!kind || (severity != "alarm" && severity != "warning") || !value || !value->is_number() || !at) return fail(ParseError::malformed);
    out.findings.push_back({*kind, severity == "alarm" ? recording::HealthSeverity::alarm : recording::HealthSeverity::warning,
                            value->to_number<double>(), *at});
  }
  out.skew_ms = json::integer_at(*o, "skew_ms");
  out.heard_offset_ms = json::integer_at(*o, "heard_offset_ms");
  return out;
}

std::string health_json(const Result<FilmHealth>& health) {
  if (!health) return bj::serialize(bj::object{{"error", health.error().message}});
  bj::array list;
  for (const auto& f : health->findings) {
    list.push_back(bj::object{{"kind", recording::to_string(f.kind)}, {"severity", recording::to_string(f.severity)}, {"value", f.value}, {"atMs", f.at_ms}});
  }
  bj::object out{{"findings", std::move(list)}, {"cpu_core_seconds", std::round(health->cpu_core_seconds * 1000) / 1000}};
  if (health->skew_ms) out["skew_ms"] = *health->skew_ms;
  if (health->heard_offset_ms) out["heard_offset_ms"] = *health->heard_offset_ms;
  return bj::serialize(out);
}

}  // namespace upcall::service
