// One SQLite connection: typed parameters in, typed rows out, prepared statements kept by their text.
//
// Threads: a Database is used by one thread at a time. Rows are valid inside the callback only.
// Errors: Result; a uniqueness, foreign-key or check violation is ErrorCode::conflict, a full disk `exhausted`, a busy
// or unreadable file `unavailable`, a damaged one `corrupt`. Messages name no values, so they hold no secrets.
// SQL stays in the subset that PostgreSQL shares (docs/adr/0001-store-layer.md).
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace upcall::store {

// A value to bind. Texts and blobs are views: they must live until the call returns.
class Param {
 public:
  Param(std::nullptr_t) {}                                         // NOLINT: implicit on purpose, as all of these
  Param(std::nullopt_t) {}
  Param(bool v) : value_(std::int64_t{v}) {}
  Param(int v) : value_(std::int64_t{v}) {}
  Param(std::uint32_t v) : value_(std::int64_t{v}) {}
  Param(std::int64_t v) : value_(v) {}
  Param(std::uint64_t v) : value_(static_cast<std::int64_t>(v)) {}
  Param(double v) : value_(v) {}
  Param(WallTime v) : value_(v.unix_ms()) {}
  Param(const char* v) : value_(std::string_view(v)) {}
  Param(std::string_view v) : value_(v) {}
  Param(const std::string& v) : value_(std::string_view(v)) {}
  Param(Bytes v) : value_(v) {}
  Param(const ByteVector& v) : value_(Bytes(v)) {}
  template <class T>
  Param(const std::optional<T>& v) {
    if (v) value_ = Param(*v).value_;
  }

 private:
  friend class Database;
  std::variant<std::monostate, std::int64_t, double, std::string_view, Bytes> value_;
};

// The present row of a running query; columns count from 0. A null reads as empty text, zero or no bytes.
class Row {
 public:
  bool is_null(int column) const;
  std::string text(int column) const;
  std::int64_t i64(int column) const;
  bool boolean(int column) const { return i64(column) != 0; }
  double real(int column) const;
  ByteVector blob(int column) const;
  WallTime wall(int column) const { return WallTime::from_unix_ms(i64(column)); }
  std::optional<std::string> optional_text(int column) const;
  std::optional<std::int64_t> optional_i64(int column) const;
  std::optional<WallTime> optional_wall(int column) const;

 private:
  friend class Database;
  explicit Row(sqlite3_stmt* statement) : statement_(statement) {}
  sqlite3_stmt* statement_;
};

class Database {
 public:
  enum class Mode { read_write, read_only };
  static Result<std::unique_ptr<Database>> open(const std::string& path, Mode mode);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // Runs one statement without rows; gives the number of rows it changed.
  template <class... P>
  Result<std::int64_t> run(std::string_view sql, const P&... params) {
    const std::array<Param, sizeof...(P)> list{Param(params)...};
    return execute(sql, list, {});
  }

  // The first row, made by `read`; nothing when there is none.
  template <class F, class... P>
  auto one(std::string_view sql, F read, const P&... params) -> Result<std::optional<decltype(read(std::declval<Row&>()))>> {
    std::optional<decltype(read(std::declval<Row&>()))> out;
    const std::array<Param, sizeof...(P)> list{Param(params)...};
    auto done = execute(sql, list, [&](Row& row) {
      out.emplace(read(row));
      return false;
    });
    if (!done) return tl::unexpected(done.error());
    return out;
  }

  template <class F, class... P>
  auto all(std::string_view sql, F read, const P&... params) -> Result<std::vector<decltype(read(std::declval<Row&>()))>> {
    std::vector<decltype(read(std::declval<Row&>()))> out;
    const std::array<Param, sizeof...(P)> list{Param(params)...};
    auto done = execute(sql, list, [&](Row& row) {
      out.push_back(read(row));
      return true;
    });
    if (!done) return tl::unexpected(done.error());
    return out;
  }

  // Several statements in one text, without parameters (migrations, pragmas).
  Result<void> script(std::string_view sql);

  // The whole database as of one moment, into a file of its own (SQLite's online backup), while others write. `path` must
  // not exist. Errors as above.
  Result<void> copy_to(const std::string& path);

 private:
  explicit Database(sqlite3* handle) : handle_(handle) {}
  // `on_row` answers whether more rows are wanted.
  Result<std::int64_t> execute(std::string_view sql, std::span<const Param> params, const std::function<bool(Row&)>& on_row);
  Result<sqlite3_stmt*> prepared(std::string_view sql);
  Error error(int code) const;

  sqlite3* handle_;
  std::unordered_map<std::string, sqlite3_stmt*> statements_;
};

}  // namespace upcall::store
