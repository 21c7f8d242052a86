#include "io/pipeline_runs/run_store.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>

namespace upcall::pipeline {

namespace fs = std::filesystem;

namespace {

struct File {
  explicit File(int f) : fd(f) {}
  ~File() {
    if (fd >= 0) ::close(fd);
  }
  File(const File&) = delete;
  int fd;
};

std::optional<std::int64_t> number_of(std::string_view name) {
  std::int64_t out = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), out);
  if (error != std::errc() || end != name.data() + name.size() || out <= 0) return std::nullopt;
  return out;
}

std::vector<std::int64_t> numbers_in(const fs::path& directory) {
  std::vector<std::int64_t> out;
  std::error_code error;
  for (fs::directory_iterator at(directory, error), end; !error && at != end; at.increment(error)) {
    if (const auto number = number_of(at->path().filename().string())) out.push_back(*number);
  }
  std::sort(out.begin(), out.end());
  return out;
}

tl::unexpected<Error> cannot(const std::string& what) { return fail(ErrorCode::unavailable, what + ": " + std::strerror(errno)); }

void sync_directory(const std::string& directory) {
  const File at(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (at.fd >= 0) (void)::fsync(at.fd);
}

}  // namespace

Result<void> write_whole(const std::string& file, std::string_view text) {
  const std::string fresh = file + ".new" + std::to_string(::getpid());
  const fs::path parent = fs::path(file).parent_path();
  {
    const File out(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (out.fd < 0) return cannot("cannot write " + file);
    for (std::string_view rest = text; !rest.empty();) {
      const ssize_t n = ::write(out.fd, rest.data(), rest.size());
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) {
        auto failed = cannot("cannot write " + file);
        ::unlink(fresh.c_str());
        return failed;
      }
      rest.remove_prefix(static_cast<std::size_t>(n));
    }
    if (::fsync(out.fd) != 0) return cannot("cannot write " + file);
  }
  if (::rename(fresh.c_str(), file.c_str()) != 0) return cannot("cannot write " + file);
  sync_directory(parent.string());
  return {};
}

std::optional<std::string> read_whole(const std::string& file, std::size_t most) {
  const File in(::open(file.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  struct stat found {};
  if (in.fd < 0 || ::fstat(in.fd, &found) != 0 || !S_ISREG(found.st_mode)) return std::nullopt;
  std::string out;
  for (;;) {
    char piece[16384];
    const ssize_t n = ::read(in.fd, piece, sizeof piece);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return std::nullopt;
    if (n == 0) return out;
    out.append(piece, static_cast<std::size_t>(n));
    if (out.size() > most) return std::nullopt;
  }
}

std::string RunStore::run_directory(std::int64_t number) const { return directory_ + "/runs/" + std::to_string(number); }

Result<Run> RunStore::enqueue(Run run) const {
  std::error_code error;
  fs::create_directories(directory_, error);
  const File lock(::open((directory_ + "/enqueue.lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (lock.fd < 0 || ::flock(lock.fd, LOCK_EX) != 0) return cannot("cannot enqueue a run");
  return enqueue_locked(std::move(run));
}

Result<Run> RunStore::enqueue_tip(Run run) const {
  std::error_code error;
  fs::create_directories(directory_, error);
  const File lock(::open((directory_ + "/enqueue.lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (lock.fd < 0 || ::flock(lock.fd, LOCK_EX) != 0) return cannot("cannot enqueue a run");
  const std::string known = read_whole(directory_ + "/tip", 256).value_or("");
  const std::size_t blank = known.find(' ');
  if (blank != std::string::npos && known.substr(0, blank) == run.commit) {
    if (const auto number = number_of(std::string_view(known).substr(blank + 1))) {
      if (auto there = load(*number)) return there;
    }
  }
  auto made = enqueue_locked(std::move(run));
  if (!made) return made;
  if (auto done = write_whole(directory_ + "/tip", made->commit + " " + std::to_string(made->number)); !done) return tl::unexpected(done.error());
  return made;
}

Result<Run> RunStore::enqueue_locked(Run run) const {
  std::error_code error;
  fs::create_directories(directory_ + "/runs", error);
  fs::create_directories(directory_ + "/queue", error);
  const auto present = numbers_in(directory_ + "/runs");
  run.number = present.empty() ? 1 : present.back() + 1;
  if (::mkdir(run_directory(run.number).c_str(), 0700) != 0) return cannot("cannot make a run");
  if (auto done = save(run); !done) return tl::unexpected(done.error());
  const File mark(::open((directory_ + "/queue/" + std::to_string(run.number)).c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  if (mark.fd < 0) return cannot("cannot enqueue a run");
  sync_directory(directory_ + "/queue");
  return run;
}

std::string RunStore::tip() const {
  const std::string known = read_whole(directory_ + "/tip", 256).value_or("");
  return known.substr(0, known.find(' '));
}

Result<void> RunStore::set_tip(std::string_view commit) const {
  std::error_code error;
  fs::create_directories(directory_, error);
  return write_whole(directory_ + "/tip", std::string(commit) + " 0");
}

Result<void> RunStore::save(const Run& run) const { return write_whole(run_directory(run.number) + "/run.json", to_json(run)); }

Result<Run> RunStore::load(std::int64_t number) const {
  const auto text = read_whole(run_directory(number) + "/run.json", kRunTextMax);
  if (!text) return fail(ErrorCode::not_found, "there is no run " + std::to_string(number));
  auto run = parse_run(*text);
  if (!run || run->number != number) return fail(ErrorCode::corrupt, "what is kept of run " + std::to_string(number) + " cannot be read");
  return std::move(*run);
}

std::vector<std::int64_t> RunStore::numbers(std::int64_t before, std::size_t most) const {
  auto all = numbers_in(directory_ + "/runs");
  std::reverse(all.begin(), all.end());
  std::erase_if(all, [before](std::int64_t n) { return n >= before; });
  if (all.size() > most) all.resize(most);
  return all;
}

std::vector<std::int64_t> RunStore::queued() const { return numbers_in(directory_ + "/queue"); }
void RunStore::leave_queue(std::int64_t number) const { ::unlink((directory_ + "/queue/" + std::to_string(number)).c_str()); }

void RunStore::queue_forgotten() const {
  const auto there = queued();
  for (const std::int64_t number : numbers(INT64_MAX, 50)) {
    if (std::binary_search(there.begin(), there.end(), number)) continue;
    const auto run = load(number);
    if (!run || is_over(run->state)) continue;
    const File mark(::open((directory_ + "/queue/" + std::to_string(number)).c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  }
}

std::string RunStore::log_file(const Run& run, std::size_t stage) const {
  const std::string number = std::to_string(stage);
  return run_directory(run.number) + "/" + (number.size() < 2 ? "0" : "") + number + "-" + run.stages[stage].name + ".log";
}

Result<RunStore::LogPiece> RunStore::read_log(const Run& run, std::size_t stage, std::uint64_t from) const {
  if (stage >= run.stages.size()) return fail(ErrorCode::not_found, "this run has no such stage");
  LogPiece out;
  out.next = from;
  const File in(::open(log_file(run, stage).c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  struct stat found {};
  if (in.fd < 0 || ::fstat(in.fd, &found) != 0) return out;
  out.size = static_cast<std::uint64_t>(found.st_size);
  if (from >= out.size) return out;
  out.text.resize(static_cast<std::size_t>(std::min<std::uint64_t>(kLogPiece, out.size - from)));
  const ssize_t n = ::pread(in.fd, out.text.data(), out.text.size(), static_cast<off_t>(from));
  out.text.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
  // A line that is still being written comes with the next piece.
  const std::size_t end = out.text.rfind('\n');
  if (end != std::string::npos) out.text.resize(end + 1);
  else if (out.text.size() < kLogPiece) out.text.clear();
  out.next = from + out.text.size();
  return out;
}

Result<void> RunStore::ask_stop(std::int64_t number, std::string_view who) const {
  auto run = load(number);
  if (!run) return tl::unexpected(run.error());
  if (is_over(run->state)) return fail(ErrorCode::conflict, "run " + std::to_string(number) + " is over");
  return write_whole(run_directory(number) + "/stop", who);
}

std::optional<std::string> RunStore::stop_asked(std::int64_t number) const { return read_whole(run_directory(number) + "/stop", 256); }

std::string RunStore::definition() const { return read_whole(directory_ + "/definition.json", 1 << 20).value_or(""); }
Result<void> RunStore::install_definition(std::string_view text) const { return write_whole(directory_ + "/definition.json", text); }

void RunStore::prune(std::size_t runs, std::size_t releases) const {
  const auto waiting = queued();
  std::size_t at = 0;
  for (const std::int64_t number : numbers(INT64_MAX, SIZE_MAX)) {
    ++at;
    if (std::binary_search(waiting.begin(), waiting.end(), number)) continue;
    std::error_code error;
    if (at > runs) fs::remove_all(run_directory(number), error);
    else if (at > releases) fs::remove_all(run_directory(number) + "/release", error);
  }
}

}  // namespace upcall::pipeline
