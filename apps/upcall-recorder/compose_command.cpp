// "compose": a whole journal into a file.
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>

#include <boost/json.hpp>

#include "commands.hpp"
#include "compose/film_index.hpp"
#include "crypto/secret.hpp"
#include "facts_json.hpp"

namespace upcall::recorder {

namespace {

Result<ByteVector> read_key(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return fail(ErrorCode::not_found, "cannot read the key file " + file);
  std::string text{std::istreambuf_iterator<char>(in), {}};
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) text.pop_back();
  auto key = from_hex(text);
  crypto::wipe({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
  if (!key || key->size() != journal::kKeySize) {
    return fail(ErrorCode::invalid_argument, "the key file must hold 64 hex digits");
  }
  return std::move(*key);
}

// Grows as FILE.partial, which becomes FILE when everything is on the disk.
class FilmFile final : public film::FilmSink {
 public:
  explicit FilmFile(std::string path) : path_(std::move(path)) {
    fd_ = ::open((path_ + ".partial").c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  }
  ~FilmFile() override {
    if (fd_ >= 0) ::close(fd_);
    if (!done_ && fd_ >= 0) ::unlink((path_ + ".partial").c_str());
  }
  bool open() const { return fd_ >= 0; }
  std::uint64_t bytes() const { return index_.bytes(); }

  Result<void> header(const wire::FilmHeader& header) override {
    if (auto ok = index_.begin(header); !ok) return ok;
    if (auto ok = write(0, header.boxes); !ok) return ok;
    return write(header.boxes.size(), compose::reserved_box());
  }
  Result<void> fragment(const wire::FilmFragment& fragment) override {
    const std::uint64_t at = index_.bytes();
    if (auto ok = index_.add(fragment); !ok) return ok;
    return write(at, fragment.boxes);
  }
  Result<void> finish() {
    if (auto ok = write(index_.header_bytes(), index_.index()); !ok) return ok;
    if (::fsync(fd_) != 0 || ::rename((path_ + ".partial").c_str(), path_.c_str()) != 0) {
      return fail(ErrorCode::unavailable, std::string("cannot finish the film: ") + std::strerror(errno));
    }
    done_ = true;
    return {};
  }

 private:
  Result<void> write(std::uint64_t offset, Bytes bytes) {
    while (!bytes.empty()) {
      const ssize_t n = ::pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return fail(ErrorCode::unavailable, std::string("cannot write the film: ") + std::strerror(errno));
      offset += static_cast<std::uint64_t>(n);
      bytes = bytes.subspan(static_cast<std::size_t>(n));
    }
    return {};
  }
  std::string path_;
  int fd_ = -1;
  bool done_ = false;
  compose::FilmIndex index_;
};

int complain(const Error& error) {
  std::fprintf(stderr, "upcall-recorder: %s\n", error.message.c_str());
  return 1;
}

}  // namespace

Usage usage() {
  rusage r{};
  ::getrusage(RUSAGE_SELF, &r);
  const auto seconds = [](const timeval& t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6; };
  return {seconds(r.ru_utime) + seconds(r.ru_stime), static_cast<double>(r.ru_maxrss) / 1024};
}

int run_compose(const ComposeCommand& c) {
  const auto layout = compose::layout_kind(c.layout);
  if (!layout) return complain({ErrorCode::invalid_argument, "there is no layout '" + c.layout + "'"});
  auto key = read_key(c.key_file.empty() ? c.journal + "/key" : c.key_file);
  if (!key) return complain(key.error());
  FilmFile file(c.output);
  if (!file.open()) return complain({ErrorCode::unavailable, "cannot write " + c.output + ": " + std::strerror(errno)});
  film::FilmJobOptions o;
  o.journal_directory = c.journal;
  o.key = std::move(*key);
  o.composer.width = c.width;
  o.composer.height = c.height;
  o.composer.fps = c.fps;
  o.composer.title = c.title;
  o.composer.layout = *layout;
  o.composer.constant_rate = c.constant_rate;
  o.film.video.preset = c.preset;
  o.film.video.crf = c.crf;
  o.film.video.threads = c.threads;
  o.film.font_file = c.font;
  auto job = film::FilmJob::open(std::move(o), file);
  if (!job) return complain(job.error());
  const bool terminal = ::isatty(STDERR_FILENO) != 0;
  while (true) {
    auto step = (*job)->step();
    if (!step) return complain(step.error());
    if (terminal) std::fprintf(stderr, "\r%.1f s composed", static_cast<double>((*job)->composed_us()) / 1e6);
    if (*step == film::FilmJob::Step::done) break;
  }
  if (terminal) std::fputc('\n', stderr);
  if (auto done = file.finish(); !done) return complain(done.error());
  const film::FilmSummary& s = (*job)->summary();
  const Usage u = usage();
  if (!s.warning.empty()) std::fprintf(stderr, "upcall-recorder: %s\n", s.warning.c_str());
  if (c.json) {
    boost::json::object out = facts_json(s);
    out["file"] = c.output;
    out["bytes"] = file.bytes();
    out["width"] = c.width;
    out["height"] = c.height;
    out["fps"] = c.fps;
    out["layout"] = c.layout;
    out["cpu_core_seconds"] = std::round(u.cpu_seconds * 1000) / 1000;
    out["peak_rss_mib"] = std::round(u.peak_rss_mib * 10) / 10;
    std::printf("%s\n", boost::json::serialize(out).c_str());
  } else {
    std::printf("%s: %.1f s, %llu pictures, %.1f MiB, %.2f CPU seconds%s\n", c.output.c_str(),
                static_cast<double>(s.facts.duration_us) / 1e6, static_cast<unsigned long long>(s.facts.video_frames),
                static_cast<double>(file.bytes()) / (1 << 20), u.cpu_seconds,
                s.complete ? "" : " (the journal has no end: the call was cut)");
  }
  return s.warning.empty() ? 0 : 3;
}

}  // namespace upcall::recorder
