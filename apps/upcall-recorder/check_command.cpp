// "check": is a film what the call was? By hand with a file, or for a server over an inherited descriptor.
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <vector>

#include "commands.hpp"
#include "confined.hpp"
#include "io/film/film_check.hpp"
#include "wire/child_control.hpp"

namespace upcall::recorder {

namespace {

constexpr std::size_t kPiece = 256 << 10;
constexpr int kUnwell = 4;

int complain(const std::string& message) {
  std::fprintf(stderr, "upcall-recorder: %s\n", message.c_str());
  return 1;
}

bool has_alarm(const std::vector<recording::HealthFinding>& findings) {
  for (const auto& f : findings) {
    if (f.severity == recording::HealthSeverity::alarm) return true;
  }
  return false;
}

// The answer, as one message. False: the server is gone.
bool answer(int fd, std::string_view body) {
  std::uint8_t head[5];
  wire::encode_child_head(wire::ChildMessage::checked, body.size(), head);
  std::string all(as_text(head));
  all += body;
  for (std::size_t at = 0; at < all.size();) {
    const ssize_t n = ::send(fd, all.data() + at, all.size() - at, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    at += static_cast<std::size_t>(n);
  }
  return true;
}

}  // namespace

int run_check(const CheckCommand& c) {
  recording::FilmExpectation expected;
  if (!c.facts.empty()) {
    std::ifstream in(c.facts, std::ios::binary);
    if (!in) return complain("cannot read " + c.facts);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    auto read = film::read_expectation(text);
    if (!read) return complain(read.error().message);
    expected = std::move(*read);
  }
  const int fd = ::open(c.film.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return complain("cannot read " + c.film + ": " + std::strerror(errno));
  film::FilmCheck check;
  ByteVector piece(kPiece);
  for (;;) {
    const ssize_t n = ::read(fd, piece.data(), piece.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return complain("cannot read " + c.film + ": " + std::strerror(errno));
    if (n == 0) break;
    check.feed(Bytes(piece).first(static_cast<std::size_t>(n)));
  }
  ::close(fd);
  const recording::FilmFacts facts = check.finish();
  const auto findings = recording::judge(facts, expected);
  if (c.json) {
    std::printf("%s\n", film::to_json(facts, expected, findings, usage().cpu_seconds).c_str());
  } else {
    for (const auto& f : findings) {
      std::printf("%s: %s, %g from %.1f s on\n", std::string(to_string(f.severity)).c_str(), std::string(to_string(f.kind)).c_str(),
                  f.value, static_cast<double>(f.at_ms) / 1000);
    }
    std::printf("%.1f s, %llu pictures looked at, %zu findings\n", static_cast<double>(facts.video.end_ms) / 1000,
                static_cast<unsigned long long>(facts.pictures), findings.size());
  }
  return has_alarm(findings) ? kUnwell : 0;
}

int run_check_for_server(int control_fd) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  ::prctl(PR_SET_DUMPABLE, 0);   // the film lies in our memory
  confine({});
  wire::ChildFrameSplitter splitter;
  film::FilmCheck check;
  recording::FilmExpectation expected;
  for (;;) {
    const MutBytes room = splitter.room(kPiece);
    const ssize_t n = ::recv(control_fd, room.data(), room.size(), 0);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return 1;
    splitter.added(static_cast<std::size_t>(n));
    for (;;) {
      auto frame = splitter.next();
      if (!frame) return 1;
      if (!*frame) break;
      switch ((*frame)->type) {
        case wire::ChildMessage::check: {
          auto read = film::read_expectation(as_text((*frame)->body));
          if (!read) return complain(read.error().message);
          expected = std::move(*read);
          break;
        }
        case wire::ChildMessage::film: check.feed((*frame)->body); break;
        case wire::ChildMessage::stop: {
          const recording::FilmFacts facts = check.finish();
          const auto findings = recording::judge(facts, expected);
          return answer(control_fd, film::to_json(facts, expected, findings, usage().cpu_seconds)) ? 0 : 1;
        }
        default: return 1;
      }
    }
  }
}

}  // namespace upcall::recorder
