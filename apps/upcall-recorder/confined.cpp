#include "confined.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "crypto/hash.hpp"

namespace upcall::recorder {

namespace {

constexpr int kEscaped = 77;

bool escaped(std::string_view way) {
  if (way == "socket") return ::socket(AF_INET, SOCK_STREAM, 0) >= 0;
  if (way == "program") return ::execl("/bin/true", "true", nullptr) == 0;
  if (way == "process") return ::fork() >= 0;
  if (way == "trace") return ::ptrace(PTRACE_ATTACH, ::getppid(), nullptr, nullptr) == 0;
  if (way == "write") return ::open("/tmp", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600) >= 0;
  if (way == "code") return ::mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED;
  if (way == "open") return ::open("/etc/passwd", O_RDONLY | O_CLOEXEC) >= 0;
  return false;
}

}  // namespace

sandbox::Confinement confine(sandbox::ReadableFiles readable) {
  // OpenSSL reads its configuration at the first use, and takes a refusal worse than an absence.
  crypto::sha256({});
  readable.files.emplace_back("/sys/devices/system/cpu/online");   // how many threads are worth it
  auto done = sandbox::confine(readable);
  if (!done.lacking.empty()) std::fprintf(stderr, "upcall-recorder: decodes less confined than it could be: %s\n", done.lacking.c_str());
  return done;
}

void try_to_escape() {
  static const char* way = std::getenv("UPCALL_RECORDER_ESCAPE");
  if (way == nullptr) return;
  if (escaped(way)) ::_exit(kEscaped);
  way = nullptr;
}

}  // namespace upcall::recorder
