#include "io/log/log.hpp"

#include <fmt/format.h>
#include <spdlog/async.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/details/file_helper.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <atomic>
#include <cmath>
#include <cstdio>
#include <mutex>

#include "base/wall_text.hpp"
#include "io/clock/system_clock.hpp"

namespace upcall::log {

namespace {

constexpr std::size_t kTextMax = 2048;
constexpr std::size_t kQueue = 8192;

std::atomic<Level> g_level{Level::warn};

// spdlog's own file sink cannot open its file anew.
class FileSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit FileSink(std::string name) : name_(std::move(name)), file_(open(name_)) {}
  void reopen() {
    auto fresh = open(name_);
    const std::lock_guard lock(mutex_);
    file_->flush();
    file_ = std::move(fresh);
  }

 protected:
  void sink_it_(const spdlog::details::log_msg& line) override {
    spdlog::memory_buf_t text;
    formatter_->format(line, text);
    file_->write(text);
  }
  void flush_() override { file_->flush(); }

 private:
  static std::unique_ptr<spdlog::details::file_helper> open(const std::string& name) {
    auto file = std::make_unique<spdlog::details::file_helper>();
    file->open(name);
    return file;
  }
  const std::string name_;
  std::unique_ptr<spdlog::details::file_helper> file_;
};

// The writer, exchanged as a whole: a thread that logs while stop() runs keeps the old one alive for its line.
struct Writer {
  std::shared_ptr<spdlog::details::thread_pool> pool;
  std::shared_ptr<spdlog::async_logger> logger;
  std::shared_ptr<FileSink> file;  // none: standard error
};
std::mutex g_mutex;
std::shared_ptr<Writer> g_writer;

std::shared_ptr<Writer> writer() {
  const std::lock_guard lock(g_mutex);
  return g_writer;
}

std::string_view name_of(Level level) {
  switch (level) {
    case Level::debug: return "debug";
    case Level::info: return "info";
    case Level::warn: return "warn";
    case Level::error: return "error";
    case Level::off: break;
  }
  return "off";
}

// Length of the valid UTF-8 sequence at the beginning of `text`; 0 when there is none (RFC 3629 §4).
std::size_t utf8_length(std::string_view text) {
  const auto b = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const auto tail = [&](std::size_t i) { return (b(i) & 0xc0) == 0x80; };
  const unsigned c = b(0);
  if (c < 0x80) return 1;
  if (c >= 0xc2 && c <= 0xdf) return tail(1) ? 2 : 0;
  if (c >= 0xe0 && c <= 0xef) {
    const bool narrow = (c == 0xe0 && b(1) < 0xa0) || (c == 0xed && b(1) > 0x9f);
    return !narrow && tail(1) && tail(2) ? 3 : 0;
  }
  if (c >= 0xf0 && c <= 0xf4) {
    const bool narrow = (c == 0xf0 && b(1) < 0x90) || (c == 0xf4 && b(1) > 0x8f);
    return !narrow && tail(1) && tail(2) && tail(3) ? 4 : 0;
  }
  return 0;
}

void append_text(std::string& out, std::string_view text) {
  const bool cut = text.size() > kTextMax;
  if (cut) text = text.substr(0, kTextMax);
  out.push_back('"');
  while (!text.empty()) {
    const char c = text[0];
    const std::size_t length = utf8_length(text);
    if (length == 0) {
      out += "\\ufffd";
    } else if (c == '"' || c == '\\') {
      out += {'\\', c};
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  if (cut) out += "…";
  out.push_back('"');
}

}  // namespace

ParseResult<Level> parse_level(std::string_view text) {
  for (const Level level : {Level::debug, Level::info, Level::warn, Level::error, Level::off}) {
    if (text == name_of(level)) return level;
  }
  return fail(ParseError::malformed);
}

std::string format_line(WallTime time, Level level, std::string_view event, Fields fields) {
  std::string out = "{\"time\":\"" + to_iso8601(time) + "\",\"level\":\"";
  out += name_of(level);
  out += "\",\"event\":";
  append_text(out, event);
  for (const Field& field : fields) {
    out.push_back(',');
    append_text(out, field.name);
    out.push_back(':');
    std::visit(
        [&out](const auto& v) {
          using T = std::decay_t<decltype(v)>;
          if constexpr (std::is_same_v<T, std::string_view>) {
            append_text(out, v);
          } else if constexpr (std::is_same_v<T, bool>) {
            out += v ? "true" : "false";
          } else if constexpr (std::is_same_v<T, double>) {
            out += std::isfinite(v) ? fmt::format("{}", v) : "null";  // JSON has no infinities
          } else {
            out += fmt::format("{}", v);
          }
        },
        field.value);
  }
  out.push_back('}');
  return out;
}

Result<void> start(const Options& options) {
  // spdlog throws where a file cannot be opened; nothing of it leaves this file.
  try {
    spdlog::sink_ptr sink;
    std::shared_ptr<FileSink> file;
    if (options.file.empty()) {
      sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
    } else {
      sink = file = std::make_shared<FileSink>(options.file);
    }
    sink->set_pattern("%v");
    auto made = std::make_shared<Writer>();
    made->file = std::move(file);
    made->pool = std::make_shared<spdlog::details::thread_pool>(kQueue, 1);
    made->logger = std::make_shared<spdlog::async_logger>("upcall", std::move(sink), made->pool,
                                                          spdlog::async_overflow_policy::overrun_oldest);
    made->logger->set_level(spdlog::level::trace);
    made->logger->flush_on(spdlog::level::info);
    const std::lock_guard lock(g_mutex);
    g_writer = std::move(made);
  } catch (const std::exception&) {
    return fail(ErrorCode::unavailable, "the log file cannot be opened");
  }
  set_level(options.level);
  return {};
}

Result<void> reopen() {
  const auto now = writer();
  if (!now || !now->file) return {};
  try {
    now->file->reopen();
  } catch (const std::exception&) {
    return fail(ErrorCode::unavailable, "the log file cannot be opened again: let the user that runs the server write to its directory");
  }
  info("log.reopened");
  return {};
}

void stop() {
  std::shared_ptr<Writer> last;
  {
    const std::lock_guard lock(g_mutex);
    last = std::move(g_writer);
    g_writer.reset();
  }
  // The pool's destructor writes what is queued and joins.
  set_level(Level::warn);
}

void set_level(Level level) { g_level.store(level, std::memory_order_relaxed); }
bool enabled(Level level) { return level >= g_level.load(std::memory_order_relaxed); }

std::uint64_t dropped() {
  const auto now = writer();
  return now ? now->pool->overrun_counter() : 0;
}

void write(Level level, std::string_view event, Fields fields) {
  if (level >= Level::off) return;
  const std::string line = format_line(system_now().wall, level, event, fields);
  if (const auto now = writer()) {
    now->logger->log(spdlog::level::info, spdlog::string_view_t(line.data(), line.size()));
  } else if (level >= Level::warn) {
    std::fprintf(stderr, "%s\n", line.c_str());
  }
}

}  // namespace upcall::log
