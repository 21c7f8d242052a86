#include "io/process/host_load.hpp"

#include <algorithm>
#include <charconv>

#include <fcntl.h>
#include <unistd.h>

namespace upcall::process {

namespace {

// Pseudo files: small, and of no size until they are read.
std::string read_file(const std::string& path) {
  std::string out;
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return out;
  char buffer[4096];
  for (ssize_t n; (n = ::read(fd, buffer, sizeof buffer)) > 0 && out.size() < (1u << 20);) out.append(buffer, static_cast<std::size_t>(n));
  ::close(fd);
  return out;
}

std::string_view next_word(std::string_view& rest) {
  rest.remove_prefix(std::min(rest.find_first_not_of(" \t"), rest.size()));
  const std::string_view word = rest.substr(0, rest.find_first_of(" \t\n"));
  rest.remove_prefix(word.size());
  return word;
}

bool number(std::string_view word, std::int64_t& out) {
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), out);
  return error == std::errc() && end == word.data() + word.size();
}

}  // namespace

// "cpu  user nice system idle iowait irq softirq steal …", then a line for each core.
ParseResult<CpuTicks> parse_cpu(std::string_view text) {
  CpuTicks out;
  if (!text.starts_with("cpu ")) return fail(ParseError::malformed);
  std::string_view line = text.substr(4, text.find('\n') - 4);
  for (int field = 0; field < 8; ++field) {
    std::int64_t ticks = 0;
    if (!number(next_word(line), ticks)) return fail(ParseError::malformed);
    if (field != 3 && field != 4) out.busy += ticks;
  }
  for (std::size_t at = text.find("\ncpu"); at != std::string_view::npos; at = text.find("\ncpu", at + 4)) ++out.cores;
  if (out.cores == 0) return fail(ParseError::malformed);
  return out;
}

ParseResult<std::uint64_t> parse_available(std::string_view text) {
  constexpr std::string_view kName = "MemAvailable:";
  const std::size_t at = text.find(kName);
  if (at == std::string_view::npos) return fail(ParseError::malformed);
  std::string_view rest = text.substr(at + kName.size());
  std::int64_t kib = 0;
  if (!number(next_word(rest), kib) || kib < 0) return fail(ParseError::malformed);
  return static_cast<std::uint64_t>(kib) * 1024;
}

// The name may hold blanks and brackets: what counts begins behind the last one. utime and stime are fields 14 and 15.
ParseResult<std::int64_t> parse_process_ticks(std::string_view text) {
  const std::size_t end = text.rfind(')');
  if (end == std::string_view::npos) return fail(ParseError::malformed);
  std::string_view rest = text.substr(end + 1);
  for (int field = 3; field < 14; ++field) next_word(rest);
  std::int64_t user = 0, system = 0;
  if (!number(next_word(rest), user) || !number(next_word(rest), system)) return fail(ParseError::malformed);
  return user + system;
}

Result<HostSample> HostSampler::sample(Instant now, std::span<const pid_t> own) {
  const auto cpu = parse_cpu(read_file("/proc/stat"));
  const auto memory = parse_available(read_file("/proc/meminfo"));
  if (!cpu || !memory) return fail(ErrorCode::unavailable, "/proc does not say what this host is doing");
  HostSample out;
  out.cores = cpu->cores;
  out.memory_available = *memory;
  std::vector<Own> mine;
  std::int64_t own_ticks = 0;
  for (const pid_t pid : own) {
    const auto ticks = parse_process_ticks(read_file("/proc/" + std::to_string(pid) + "/stat"));
    if (!ticks) continue;
    mine.push_back({pid, *ticks});
    const auto before = std::find_if(last_own_.begin(), last_own_.end(), [&](const Own& o) { return o.pid == pid; });
    own_ticks += *ticks - (before == last_own_.end() ? 0 : before->ticks);
  }
  const double per_core = static_cast<double>(::sysconf(_SC_CLK_TCK));
  if (!last_at_.is_never() && now > last_at_) {
    const double seconds = (now - last_at_).seconds();
    out.busy_cores = std::clamp(static_cast<double>(cpu->busy - last_busy_) / per_core / seconds, 0.0, out.cores);
    out.own_cores = std::clamp(static_cast<double>(own_ticks) / per_core / seconds, 0.0, out.busy_cores);
  }
  last_at_ = now;
  last_busy_ = cpu->busy;
  last_own_ = std::move(mine);
  return out;
}

}  // namespace upcall::process
