// Structured logs: one JSON object a line, {"time","level","event", fields…}, written by a thread of its own.
//
//   log::info("recording.started", {{"recordingId", id}, {"takenMs", 12}, {"key", log::Redacted(key)}});
//
// Events are dotted names, not sentences; what varies goes into fields. Secrets and addresses never do: Redacted<T>
// prints "[redacted]" whatever it holds, and there is no field of a NetAddress. Any thread; a call below the level costs
// one load. The queue holds 8192 lines; when it is full the oldest is dropped (dropped() counts), nobody waits for a
// disk. Not for the media path below `warn`.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "base/net_address.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

namespace upcall::log {

enum class Level : std::uint8_t { debug, info, warn, error, off };

ParseResult<Level> parse_level(std::string_view text);

// A value that must not be printed, wrapped where it is handed over, so that a reader sees that it was meant.
template <class T>
struct Redacted {
  explicit Redacted(const T&) {}
};

struct Field {
  Field(std::string_view n, std::string_view v) : name(n), value(v) {}
  Field(std::string_view n, const char* v) : name(n), value(std::string_view(v)) {}
  Field(std::string_view n, const std::string& v) : name(n), value(std::string_view(v)) {}
  Field(std::string_view n, bool v) : name(n), value(v) {}
  template <std::signed_integral T>
  Field(std::string_view n, T v) : name(n), value(static_cast<std::int64_t>(v)) {}
  template <std::unsigned_integral T>
    requires(!std::same_as<T, bool>)
  Field(std::string_view n, T v) : name(n), value(static_cast<std::uint64_t>(v)) {}
  Field(std::string_view n, double v) : name(n), value(v) {}
  Field(std::string_view n, Duration v) : name(n), value(v.seconds() * 1000.0) {}  // milliseconds: name it …Ms
  // The message of an Error is written for people and holds neither secrets nor addresses (base/result.hpp).
  Field(std::string_view n, const Error& v) : name(n), value(std::string_view(v.message)) {}
  template <class T>
  Field(std::string_view n, const Redacted<T>&) : name(n), value(std::string_view("[redacted]")) {}
  Field(std::string_view n, const NetAddress&) = delete;

  std::string_view name;
  std::variant<std::int64_t, std::uint64_t, double, bool, std::string_view> value;
};

using Fields = std::initializer_list<Field>;

// One line, without its end. Invalid UTF-8 and control characters become escapes: a value cannot forge a line. Texts
// are cut after 2 KiB.
std::string format_line(WallTime time, Level level, std::string_view event, Fields fields);

struct Options {
  Level level = Level::info;
  std::string file;  // empty: standard error
};

// Starts the writer; before it (and after stop) only warnings and errors are written, straight to standard error.
// Call once, before other threads log. Errors: unavailable when the file cannot be opened.
Result<void> start(const Options& options);
// Opens the log file anew by its name, after somebody moved the old one away; lines that are queued go into the new one.
// Errors: unavailable when it cannot be opened: the old one is written on.
Result<void> reopen();
// Writes what is queued and ends the writer.
void stop();
void set_level(Level level);
std::uint64_t dropped();

bool enabled(Level level);
void write(Level level, std::string_view event, Fields fields);

inline void debug(std::string_view event, Fields fields = {}) { if (enabled(Level::debug)) write(Level::debug, event, fields); }
inline void info(std::string_view event, Fields fields = {}) { if (enabled(Level::info)) write(Level::info, event, fields); }
inline void warn(std::string_view event, Fields fields = {}) { if (enabled(Level::warn)) write(Level::warn, event, fields); }
inline void error(std::string_view event, Fields fields = {}) { if (enabled(Level::error)) write(Level::error, event, fields); }

}  // namespace upcall::log
