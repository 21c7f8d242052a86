#include "io/git/git_backend.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "io/clock/system_clock.hpp"
#include "io/git/git_command.hpp"
#include "wire/cgi.hpp"

namespace upcall::git {

// Process groups that are alive, for drain().
struct Backend::Running {
  std::mutex mutex;
  std::set<pid_t> groups;
  bool draining = false;
};

namespace {

constexpr int kPollMs = 250;                       // as wire::BodyStream promises
constexpr Duration kHeadWithin = Duration::s(30);  // git prints it before it works
constexpr Duration kFarewell = Duration::s(2);     // git removes its lock files when it is asked to end
constexpr int kDrainSignal = SIGWINCH;             // whoever does not know of it ignores it: git, the shell of a hook
constexpr off_t kComplaintsMax = 1 << 20;

class SpooledBody final : public wire::BodySink {
 public:
  explicit SpooledBody(int fd) : fd_(fd) {}
  ~SpooledBody() override { ::close(fd_); }
  bool write(Bytes piece) override {
    while (!piece.empty()) {
      const ssize_t n = ::write(fd_, piece.data(), piece.size());
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return false;
      piece = piece.subspan(static_cast<std::size_t>(n));
      size_ += static_cast<std::uint64_t>(n);
    }
    return true;
  }
  int rewound() const {
    ::lseek(fd_, 0, SEEK_SET);
    return fd_;
  }
  std::uint64_t size() const { return size_; }

 private:
  int fd_;
  std::uint64_t size_ = 0;
};

// One http-backend and its pipe.
class Process final : public wire::BodyStream {
 public:
  Process(std::shared_ptr<Backend::Running> running, std::shared_ptr<wire::BodySink> body, Instant end) : running_(std::move(running)), body_(std::move(body)), end_(end) {}
  ~Process() override {
    if (child) {
      if (!child->wait(Duration())) {
        ::kill(-child->pid(), SIGTERM);
        (void)child->wait(kFarewell);
      }
      const pid_t group = child->pid();
      child.reset();
      const std::lock_guard lock(running_->mutex);
      running_->groups.erase(group);
    }
    if (pipe >= 0) ::close(pipe);
  }
  Result<Piece> read(MutBytes out) override {
    if (!early.empty()) {
      const std::size_t n = std::min(early.size(), out.size());
      std::copy_n(early.begin(), n, out.begin());
      early.erase(0, n);
      return Piece{n, false};
    }
    if (system_now().mono >= end_) return fail(ErrorCode::unavailable, "git took too long");
    pollfd wait{pipe, POLLIN, 0};
    if (::poll(&wait, 1, kPollMs) <= 0) return Piece{};
    const ssize_t n = ::read(pipe, out.data(), out.size());
    if (n > 0) return Piece{static_cast<std::size_t>(n), false};
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) return Piece{};
    const auto exit = child->wait(kFarewell);
    if (n < 0 || !exit || !exit->ok()) return fail(ErrorCode::unavailable, "git failed");
    return Piece{0, true};
  }

  std::unique_ptr<process::ChildProcess> child;
  int pipe = -1;
  std::string early;  // of the body, read with the head

 private:
  std::shared_ptr<Backend::Running> running_;
  std::shared_ptr<wire::BodySink> body_;
  Instant end_;
};

wire::HttpResponse plain(int status, std::string_view text) {
  wire::HttpResponse out;
  out.status = status;
  out.set("content-type", "text/plain; charset=utf-8");
  out.body = text;
  return out;
}

// What git has to say to nobody: kept for whoever looks after it, and bounded.
int complaints_file(const std::string& project_root) {
  const int fd = ::open((project_root + "/git-errors.log").c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  struct stat found {};
  if (fd >= 0 && ::fstat(fd, &found) == 0 && found.st_size > kComplaintsMax) (void)!::ftruncate(fd, 0);
  return fd;
}

}  // namespace

Backend::Backend(BackendOptions options) : options_(std::move(options)), running_(std::make_shared<Running>()) {}
Backend::~Backend() = default;

Result<std::shared_ptr<wire::BodySink>> Backend::spool() const {
  const int fd = ::open(options_.project_root.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (fd < 0) return fail(ErrorCode::unavailable, "the repository's directory takes no files");
  return std::make_shared<SpooledBody>(fd);
}

wire::HttpResponse Backend::serve(const wire::HttpRequest& request, const std::string& path, const std::string& user) {
  process::ChildOptions options;
  options.program = program();
  if (options.program.empty()) return plain(503, "The program git is not installed on the server.\n");
  options.arguments = {"http-backend"};
  options.environment = environment(options_.project_root);
  const auto set = [&options](const char* name, std::string value) { options.environment.emplace_back(name, std::move(value)); };
  set("GIT_PROJECT_ROOT", options_.project_root);
  set("GIT_HTTP_EXPORT_ALL", "1");
  set("REQUEST_METHOD", request.method);
  set("PATH_INFO", path);
  const std::size_t query = request.target.find('?');
  set("QUERY_STRING", query == std::string::npos ? "" : request.target.substr(query + 1));
  set("REMOTE_USER", user);
  set("REMOTE_ADDR", "");
  set("SERVER_PROTOCOL", "HTTP/1.1");
  set("GATEWAY_INTERFACE", "CGI/1.1");
  set("UPCALL_PROGRAM", options_.program);
  set("UPCALL_DATA_DIR", options_.data_dir);
  if (const auto type = request.header("content-type")) set("CONTENT_TYPE", std::string(*type));
  if (const auto encoding = request.header("content-encoding")) set("HTTP_CONTENT_ENCODING", std::string(*encoding));
  if (const auto protocol = request.header("git-protocol")) set("GIT_PROTOCOL", std::string(*protocol));
  const auto* body = dynamic_cast<const SpooledBody*>(request.body_sink.get());
  if (body != nullptr) set("CONTENT_LENGTH", std::to_string(body->size()));

  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return plain(503, "The server is busy.\n");
  auto process = std::make_shared<Process>(running_, request.body_sink, system_now().mono + options_.time_limit);
  process->pipe = ends[0];
  const int complaints = complaints_file(options_.project_root);
  options.descriptors = {{body != nullptr ? body->rewound() : -1, 0}, {ends[1], 1}, {complaints, 2}};
  {
    const std::lock_guard lock(running_->mutex);
    const bool full = running_->draining || running_->groups.size() >= options_.at_once;
    auto child = full ? Result<std::unique_ptr<process::ChildProcess>>(fail(ErrorCode::exhausted, "")) : host_.spawn(std::move(options));
    ::close(ends[1]);
    if (complaints >= 0) ::close(complaints);
    if (!child) {
      auto out = plain(503, "The repository is busy; try again in a moment.\n");
      out.set("retry-after", "5");
      return out;
    }
    process->child = std::move(*child);
    running_->groups.insert(process->child->pid());
  }

  std::string text;
  const Instant end = system_now().mono + kHeadWithin;
  for (;;) {
    auto head = wire::parse_cgi_head(text);
    if (head) {
      process->early = text.substr(head->body_begin);
      head->response.stream = std::move(process);
      return std::move(head->response);
    }
    pollfd wait{process->pipe, POLLIN, 0};
    const Duration left = end - system_now().mono;
    char piece[4096];
    const bool waiting = head.error() == ParseError::truncated && left > Duration() && ::poll(&wait, 1, static_cast<int>(left.ms() + 1)) > 0;
    const ssize_t n = waiting ? ::read(process->pipe, piece, sizeof piece) : 0;
    if (n <= 0) return plain(502, "git failed.\n");
    text.append(piece, static_cast<std::size_t>(n));
  }
}

void Backend::drain() {
  const std::lock_guard lock(running_->mutex);
  running_->draining = true;
  for (const pid_t group : running_->groups) ::kill(-group, kDrainSignal);
}

}  // namespace upcall::git
