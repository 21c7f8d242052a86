#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <array>

#include "io/clock/system_clock.hpp"
#include "io/process/child_process.hpp"
#include "server/keys/master_keys.hpp"

namespace upcall::server {

namespace {

constexpr Duration kLimit = Duration::s(10);

struct Wiped {
  std::array<char, 256> bytes{};
  std::size_t size = 0;
  ~Wiped() { crypto::wipe(MutBytes(reinterpret_cast<std::uint8_t*>(bytes.data()), bytes.size())); }
};

}  // namespace

Result<store::MasterKey> master_key_from_command(const std::string& program) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return fail(ErrorCode::unavailable, "the master key's command cannot be run: no pipe");
  process::ChildHost host;
  process::ChildOptions options;
  options.program = program;
  options.environment = {{"PATH", "/usr/local/bin:/usr/bin:/bin"}};
  options.descriptors = {{ends[1], 1}};
  auto child = host.spawn(std::move(options));
  ::close(ends[1]);
  if (!child) {
    ::close(ends[0]);
    return fail(child.error().code, "the master key's command cannot be run: " + child.error().message);
  }
  Wiped out;
  const Instant deadline = system_now().mono + kLimit;
  bool ended = false;
  while (!ended && out.size < out.bytes.size()) {
    const Duration left = deadline - system_now().mono;
    pollfd ready{ends[0], POLLIN, 0};
    if (left <= Duration() || ::poll(&ready, 1, static_cast<int>(left.ms()) + 1) <= 0) break;
    const ssize_t got = ::read(ends[0], out.bytes.data() + out.size, out.bytes.size() - out.size);
    if (got > 0) out.size += static_cast<std::size_t>(got);
    ended = got <= 0;
  }
  ::close(ends[0]);
  const auto exit = ended ? (*child)->wait(deadline - system_now().mono) : std::nullopt;
  child->reset();  // kills what still runs
  if (!ended && out.size == out.bytes.size()) return fail(ErrorCode::corrupt, "the master key's command printed more than a key");
  if (!exit) return fail(ErrorCode::unavailable, "the master key's command did not end within 10 seconds");
  if (!exit->ok()) return fail(ErrorCode::unavailable, "the master key's command failed");
  auto key = store::parse_master_key(std::string_view(out.bytes.data(), out.size));
  if (!key) return fail(ErrorCode::corrupt, "the master key's command must print 32 bytes as hex or base64");
  return std::move(*key);
}

}  // namespace upcall::server
