#include "io/net/admin_socket.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>
#include <thread>
#include <vector>

#include "io/clock/system_clock.hpp"

namespace upcall::net {

namespace {

constexpr std::size_t kMaxClients = 16;

class Fd {
 public:
  explicit Fd(int fd = -1) : fd_(fd) {}
  Fd(Fd&& o) noexcept : fd_(std::exchange(o.fd_, -1)) {}
  Fd& operator=(Fd&& o) noexcept {
    std::swap(fd_, o.fd_);
    return *this;
  }
  ~Fd() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_;
};

bool make_address(const std::string& path, sockaddr_un& out) {
  if (path.empty() || path.size() >= sizeof out.sun_path) return false;
  out = {};
  out.sun_family = AF_UNIX;
  std::memcpy(out.sun_path, path.data(), path.size());
  return true;
}

Fd connect_to(const sockaddr_un& address) {
  Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (fd && ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return Fd();
  return fd;
}

bool send_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

struct Client {
  Fd fd;
  std::string buffer;
};

}  // namespace

struct AdminSocketServer::Impl {
  void run();
  bool serve(Client& client);

  std::string path;
  Handler handler;
  Fd listener;
  Fd wake;
  std::thread thread;
};

// False: the client is done with.
bool AdminSocketServer::Impl::serve(Client& client) {
  char chunk[16 << 10];
  const ssize_t got = ::recv(client.fd.get(), chunk, sizeof chunk, MSG_DONTWAIT);
  if (got < 0) return errno == EINTR || errno == EAGAIN;
  if (got == 0) return false;
  client.buffer.append(chunk, static_cast<std::size_t>(got));
  for (std::size_t end; (end = client.buffer.find('\n')) != std::string::npos;) {
    std::string answer = handler(std::string_view(client.buffer).substr(0, end));
    client.buffer.erase(0, end + 1);
    std::replace(answer.begin(), answer.end(), '\n', ' ');
    answer.push_back('\n');
    if (!send_all(client.fd.get(), answer)) return false;
  }
  return client.buffer.size() <= kAdminLineMax;
}

void AdminSocketServer::Impl::run() {
  std::vector<Client> clients;
  for (;;) {
    std::vector<pollfd> waits{{wake.get(), POLLIN, 0}};
    // A full house waits in the kernel's backlog.
    waits.push_back({clients.size() < kMaxClients ? listener.get() : -1, POLLIN, 0});
    for (const Client& client : clients) waits.push_back({client.fd.get(), POLLIN, 0});
    if (::poll(waits.data(), waits.size(), -1) < 0 && errno != EINTR) return;
    if (waits[0].revents != 0) return;
    for (std::size_t i = clients.size(); i-- > 0;) {
      if (waits[i + 2].revents != 0 && !serve(clients[i])) {
        clients.erase(clients.begin() + static_cast<std::ptrdiff_t>(i));
      }
    }
    if (waits[1].revents == 0) continue;
    Fd fd(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!fd) continue;
    ucred peer{};
    socklen_t size = sizeof peer;
    const bool known = ::getsockopt(fd.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0;
    if (!known || (peer.uid != 0 && peer.uid != ::geteuid())) continue;
    // A client that does not take its answer must not hold up the others for long.
    const timeval limit{5, 0};
    ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    clients.push_back({std::move(fd), {}});
  }
}

AdminSocketServer::AdminSocketServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Result<std::unique_ptr<AdminSocketServer>> AdminSocketServer::start(std::string path, Handler handler) {
  sockaddr_un address;
  if (!make_address(path, address)) {
    return fail(ErrorCode::invalid_argument, "the path of the data directory is too long for its admin socket");
  }
  if (connect_to(address)) return fail(ErrorCode::conflict, "another server is running on this data directory");
  ::unlink(path.c_str());
  auto impl = std::make_unique<Impl>();
  impl->path = path;
  impl->handler = std::move(handler);
  impl->listener = Fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  impl->wake = Fd(::eventfd(0, EFD_CLOEXEC));
  // Nobody can connect before listen(), so the mode is right before the first client.
  const bool ok = impl->listener && impl->wake &&
                  ::bind(impl->listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
                  ::chmod(path.c_str(), 0600) == 0 && ::listen(impl->listener.get(), 32) == 0;
  if (!ok) return fail(ErrorCode::unavailable, std::string("the admin socket cannot be made: ") + std::strerror(errno));
  impl->thread = std::thread([raw = impl.get()] { raw->run(); });
  return std::unique_ptr<AdminSocketServer>(new AdminSocketServer(std::move(impl)));
}

AdminSocketServer::~AdminSocketServer() {
  const std::uint64_t one = 1;
  (void)!::write(impl_->wake.get(), &one, sizeof one);
  impl_->thread.join();
  leave_path();
}

void AdminSocketServer::leave_path() {
  if (!impl_->path.empty()) ::unlink(impl_->path.c_str());
  impl_->path.clear();
}

Result<std::string> admin_call(const std::string& path, std::string_view request, Duration timeout) {
  sockaddr_un address;
  if (!make_address(path, address)) return fail(ErrorCode::invalid_argument, "the admin socket's path is too long");
  const Fd fd = connect_to(address);
  if (!fd) return fail(ErrorCode::not_found, "no server answers on this data directory");
  std::string line(request);
  std::replace(line.begin(), line.end(), '\n', ' ');
  line.push_back('\n');
  if (!send_all(fd.get(), line)) return fail(ErrorCode::unavailable, "the server closed its admin socket");
  const Instant end = system_now().mono + timeout;
  std::string answer;
  for (;;) {
    const Duration left = end - system_now().mono;
    if (left <= Duration()) return fail(ErrorCode::unavailable, "the server did not answer in time");
    pollfd wait{fd.get(), POLLIN, 0};
    const int ready = ::poll(&wait, 1, static_cast<int>(std::min<std::int64_t>(left.ms() + 1, 60'000)));
    if (ready < 0 && errno != EINTR) return fail(ErrorCode::unavailable, "the admin socket failed");
    if (ready <= 0) continue;
    char chunk[16 << 10];
    const ssize_t got = ::recv(fd.get(), chunk, sizeof chunk, 0);
    if (got <= 0) return fail(ErrorCode::unavailable, "the server closed its admin socket");
    answer.append(chunk, static_cast<std::size_t>(got));
    if (const std::size_t newline = answer.find('\n'); newline != std::string::npos) {
      answer.resize(newline);
      return answer;
    }
    if (answer.size() > 64 * kAdminLineMax) return fail(ErrorCode::too_large, "the server's answer is too large");
  }
}

}  // namespace upcall::net
