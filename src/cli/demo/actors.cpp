#include "cli/demo/actors.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cstdio>
#include <utility>

#include "base/percent.hpp"
#include "io/clock/system_clock.hpp"
#include "json/json.hpp"

namespace upcall::demo {

namespace bj = boost::json;

namespace {
const bj::object kNothing;
}  // namespace

const bj::object& ApiClient::Answer::data() const {
  const bj::object* data = json::object_at(body, "data");
  return data != nullptr ? *data : kNothing;
}

Result<ApiClient::Answer> ApiClient::call(const std::string& method, const std::string& path, const bj::object* body,
                                          const std::vector<std::pair<std::string, std::string>>& headers) {
  net::HttpClientRequest request;
  request.headers = headers;
  request.method = method;
  request.url = base_ + path;
  if (!authorization_.empty()) request.headers.emplace_back("authorization", authorization_);
  if (!amz_bearer_.empty()) request.headers.emplace_back("x-amz-bearer", amz_bearer_);
  if (body != nullptr) {
    request.headers.emplace_back("content-type", "application/json");
    request.body = bj::serialize(*body);
  }
  auto response = http_.send(request);
  if (!response) return tl::unexpected(response.error());
  Answer out;
  out.status = response->status;
  if (auto parsed = json::parse_object(response->body)) out.body = std::move(*parsed);
  return out;
}

Result<ApiClient::Answer> ApiClient::expect(int wanted, const std::string& method, const std::string& path, const bj::object* body) {
  auto answer = call(method, path, body);
  if (!answer) return answer;
  if (answer->status != wanted) {
    std::string why = json::text_or(answer->body, "message");
    if (why.empty()) why = json::text_or(answer->body, "Message");
    return fail(ErrorCode::internal, method + " " + path.substr(0, path.find('?')) + " answered " + std::to_string(answer->status) +
                                         " instead of " + std::to_string(wanted) + (why.empty() ? "" : ": " + why));
  }
  return answer;
}

Result<void> ApiClient::log_in(const std::string& username, const std::string& password) {
  net::HttpClientRequest request;
  request.method = "POST";
  request.url = base_ + "/oauth2/token";
  request.headers = {{"content-type", "application/x-www-form-urlencoded"}};
  request.body = "grant_type=password&username=" + percent_encode(username) + "&password=" + percent_encode(password);
  auto response = http_.send(request);
  if (!response) return tl::unexpected(response.error());
  auto body = json::parse_object(response->body);
  if (response->status != 200 || !body) return fail(ErrorCode::unauthenticated, "the log-in of " + username + " answered " + std::to_string(response->status));
  token_ = json::text_or(*body, "access_token");
  set_bearer(token_);
  return {};
}

Result<EventSocket> EventSocket::open(const std::string& url, std::vector<std::string> subprotocols) {
  net::WebSocketClientOptions options;
  options.url = url;
  options.subprotocols = std::move(subprotocols);
  auto socket = net::WebSocketClient::connect(std::move(options));
  if (!socket) return tl::unexpected(socket.error());
  return EventSocket(std::move(*socket));
}

bool EventSocket::send(const bj::object& message) { return socket_->send_text(bj::serialize(message)); }

Result<bj::object> EventSocket::wait_for(const std::function<bool(const bj::object&)>& wanted, Duration timeout) {
  for (auto at = kept_.begin(); at != kept_.end(); ++at) {
    if (!wanted(*at)) continue;
    bj::object out = std::move(*at);
    kept_.erase(at);
    return out;
  }
  const Instant deadline = system_now().mono + timeout;
  for (;;) {
    const Duration left = deadline - system_now().mono;
    if (left <= Duration()) return fail(ErrorCode::unavailable, "the expected event did not come in time");
    auto message = socket_->receive(left);
    if (!message) return tl::unexpected(message.error());
    auto parsed = json::parse_object(message->bytes);
    if (!parsed) continue;
    if (wanted(*parsed)) return std::move(*parsed);
    kept_.push_back(std::move(*parsed));
    if (kept_.size() > 1000) kept_.pop_front();
  }
}

Result<LineProcess> LineProcess::start(process::ChildHost& host, const std::string& program, std::vector<std::string> arguments) {
  int in[2], out[2];
  if (::pipe2(in, O_CLOEXEC) != 0) return fail(ErrorCode::unavailable, "no pipe");
  if (::pipe2(out, O_CLOEXEC) != 0) {
    ::close(in[0]);
    ::close(in[1]);
    return fail(ErrorCode::unavailable, "no pipe");
  }
  process::ChildOptions options;
  options.program = program;
  options.arguments = std::move(arguments);
  options.descriptors = {{in[0], 0}, {out[1], 1}};
  auto child = host.spawn(std::move(options));
  ::close(in[0]);
  ::close(out[1]);
  if (!child) {
    ::close(in[1]);
    ::close(out[0]);
    return tl::unexpected(child.error());
  }
  LineProcess p;
  p.child_ = std::move(*child);
  p.in_ = in[1];
  p.out_ = out[0];
  return p;
}

LineProcess::LineProcess(LineProcess&& o) noexcept
    : child_(std::move(o.child_)), in_(std::exchange(o.in_, -1)), out_(std::exchange(o.out_, -1)), buffer_(std::move(o.buffer_)), kept_(std::move(o.kept_)) {}
LineProcess& LineProcess::operator=(LineProcess&& o) noexcept {
  std::swap(child_, o.child_);
  std::swap(in_, o.in_);
  std::swap(out_, o.out_);
  std::swap(buffer_, o.buffer_);
  std::swap(kept_, o.kept_);
  return *this;
}
LineProcess::~LineProcess() {
  if (in_ >= 0) ::close(in_);
  if (out_ >= 0) ::close(out_);
}

Result<void> LineProcess::send(const bj::object& line) {
  const std::string text = bj::serialize(line) + "\n";
  if (::write(in_, text.data(), text.size()) != static_cast<ssize_t>(text.size())) return fail(ErrorCode::unavailable, "the attendee has ended");
  return {};
}

Result<std::string> LineProcess::wait_line(const std::function<bool(const std::string&)>& wanted, Duration timeout) {
  for (auto at = kept_.begin(); at != kept_.end(); ++at) {
    if (!wanted(*at)) continue;
    std::string out = std::move(*at);
    kept_.erase(at);
    return out;
  }
  const Instant deadline = system_now().mono + timeout;
  for (;;) {
    while (true) {
      const std::size_t end = buffer_.find('\n');
      if (end == std::string::npos) break;
      std::string line = buffer_.substr(0, end);
      buffer_.erase(0, end + 1);
      if (wanted(line)) return line;
      kept_.push_back(std::move(line));
    }
    const Duration left = deadline - system_now().mono;
    if (left <= Duration()) return fail(ErrorCode::unavailable, "the expected line did not come in time");
    pollfd fd{out_, POLLIN, 0};
    if (::poll(&fd, 1, static_cast<int>(left.ms() + 1)) <= 0) continue;
    char piece[4096];
    const ssize_t got = ::read(out_, piece, sizeof piece);
    if (got <= 0) return fail(ErrorCode::unavailable, "the process has ended");
    buffer_.append(piece, static_cast<std::size_t>(got));
  }
}

Result<bj::object> LineProcess::wait_for(const std::function<bool(const bj::object&)>& wanted, Duration timeout) {
  auto line = wait_line(
      [&](const std::string& text) {
        auto parsed = json::parse_object(text);
        return parsed && wanted(*parsed);
      },
      timeout);
  if (!line) return tl::unexpected(line.error());
  return json::parse_object(*line).value();
}

Duration LineProcess::cpu_time() const {
  std::FILE* file = std::fopen(("/proc/" + std::to_string(child_->pid()) + "/stat").c_str(), "r");
  if (file == nullptr) return {};
  char text[2048];
  const std::size_t n = std::fread(text, 1, sizeof text - 1, file);
  std::fclose(file);
  text[n] = 0;
  // utime and stime are the 14th and 15th fields; the second, in brackets, may hold blanks.
  const std::string_view all(text, n);
  std::size_t at = all.rfind(')');
  if (at == std::string_view::npos) return {};
  unsigned long user = 0, system = 0;
  if (std::sscanf(text + at + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) != 2) return {};
  return Duration::ms(static_cast<std::int64_t>(user + system) * 1000 / ::sysconf(_SC_CLK_TCK));
}

}  // namespace upcall::demo
