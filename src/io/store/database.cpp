#include "io/store/database.hpp"

#include <sqlite3.h>

#include "base/invariant.hpp"

namespace upcall::store {
namespace {

constexpr int kBusyTimeoutMs = 5'000;

ErrorCode code_of(int sqlite) {
  switch (sqlite & 0xff) {
    case SQLITE_CONSTRAINT: return ErrorCode::conflict;
    case SQLITE_FULL: return ErrorCode::exhausted;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_NOMEM: return ErrorCode::unavailable;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return ErrorCode::corrupt;
    default: return ErrorCode::internal;
  }
}

}  // namespace

bool Row::is_null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }

std::string Row::text(int column) const {
  const auto* text = sqlite3_column_text(statement_, column);
  if (text == nullptr) return {};
  return {reinterpret_cast<const char*>(text), static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

std::int64_t Row::i64(int column) const { return sqlite3_column_int64(statement_, column); }
double Row::real(int column) const { return sqlite3_column_double(statement_, column); }

ByteVector Row::blob(int column) const {
  const auto* data = static_cast<const std::uint8_t*>(sqlite3_column_blob(statement_, column));
  if (data == nullptr) return {};
  return {data, data + sqlite3_column_bytes(statement_, column)};
}

std::optional<std::string> Row::optional_text(int column) const {
  if (is_null(column)) return std::nullopt;
  return text(column);
}

std::optional<std::int64_t> Row::optional_i64(int column) const {
  if (is_null(column)) return std::nullopt;
  return i64(column);
}

std::optional<WallTime> Row::optional_wall(int column) const {
  if (is_null(column)) return std::nullopt;
  return wall(column);
}

Result<std::unique_ptr<Database>> Database::open(const std::string& path, Mode mode) {
  sqlite3* handle = nullptr;
  const int flags = (mode == Mode::read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE) |
                    SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  const int opened = sqlite3_open_v2(path.c_str(), &handle, flags, nullptr);
  std::unique_ptr<Database> database(new Database(handle));
  if (opened != SQLITE_OK) return tl::unexpected(database->error(opened));
  sqlite3_busy_timeout(handle, kBusyTimeoutMs);
  // FULL: an answered commit survives power loss (design §5); WAL makes it one fsync a group. Deleted rows are overwritten:
  // a recording's key must not be found in free pages (Store::scrub does the same for the WAL).
  auto set = database->script(mode == Mode::read_only
                                  ? "pragma query_only=on; pragma foreign_keys=on;"
                                  : "pragma journal_mode=wal; pragma synchronous=full; pragma foreign_keys=on; pragma secure_delete=on;");
  if (!set) return tl::unexpected(set.error());
  return database;
}

Database::~Database() {
  for (auto& [sql, statement] : statements_) sqlite3_finalize(statement);
  sqlite3_close(handle_);
}

Error Database::error(int code) const {
  // The library's text names tables and columns, never values.
  std::string message = "the database answered: ";
  message += handle_ != nullptr ? sqlite3_errmsg(handle_) : sqlite3_errstr(code);
  return Error{code_of(code), std::move(message)};
}

Result<sqlite3_stmt*> Database::prepared(std::string_view sql) {
  std::string key(sql);
  if (auto found = statements_.find(key); found != statements_.end()) return found->second;
  sqlite3_stmt* statement = nullptr;
  const int done = sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                                      &statement, nullptr);
  if (done != SQLITE_OK) return tl::unexpected(error(done));
  statements_.emplace(std::move(key), statement);
  return statement;
}

Result<std::int64_t> Database::execute(std::string_view sql, std::span<const Param> params,
                                       const std::function<bool(Row&)>& on_row) {
  auto statement = prepared(sql);
  if (!statement) return tl::unexpected(statement.error());
  sqlite3_stmt* s = *statement;
  UPCALL_INVARIANT(sqlite3_bind_parameter_count(s) == static_cast<int>(params.size()),
                   "a statement got another number of parameters than it names");
  UPCALL_INVARIANT(!sqlite3_stmt_busy(s), "a statement was used again from inside its own row callback");
  int at = 0;
  for (const Param& param : params) {
    ++at;
    if (const auto* i = std::get_if<std::int64_t>(&param.value_)) {
      sqlite3_bind_int64(s, at, *i);
    } else if (const auto* d = std::get_if<double>(&param.value_)) {
      sqlite3_bind_double(s, at, *d);
    } else if (const auto* t = std::get_if<std::string_view>(&param.value_)) {
      sqlite3_bind_text64(s, at, t->data() != nullptr ? t->data() : "", t->size(), SQLITE_STATIC, SQLITE_UTF8);
    } else if (const auto* b = std::get_if<Bytes>(&param.value_)) {
      sqlite3_bind_blob64(s, at, b->data() != nullptr ? static_cast<const void*>(b->data()) : "", b->size(), SQLITE_STATIC);
    } else {
      sqlite3_bind_null(s, at);
    }
  }
  Row row(s);
  int step = SQLITE_OK;
  while ((step = sqlite3_step(s)) == SQLITE_ROW) {
    if (on_row && !on_row(row)) break;
  }
  Result<std::int64_t> answer = std::int64_t{0};
  if (step == SQLITE_DONE || step == SQLITE_ROW) {
    answer = sqlite3_changes64(handle_);
  } else {
    answer = tl::unexpected(error(step));
  }
  sqlite3_reset(s);
  sqlite3_clear_bindings(s);
  return answer;
}

Result<void> Database::script(std::string_view sql) {
  const std::string text(sql);
  const int done = sqlite3_exec(handle_, text.c_str(), nullptr, nullptr, nullptr);
  if (done != SQLITE_OK) return tl::unexpected(error(done));
  return {};
}

Result<void> Database::copy_to(const std::string& path) {
  sqlite3* target = nullptr;
  const int opened = sqlite3_open_v2(path.c_str(), &target, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
  std::unique_ptr<Database> copy(new Database(target));
  if (opened != SQLITE_OK) return tl::unexpected(copy->error(opened));
  sqlite3_backup* work = sqlite3_backup_init(target, "main", handle_, "main");
  if (work == nullptr) return tl::unexpected(copy->error(sqlite3_errcode(target)));
  // All pages in one step: one snapshot of the WAL, which writers do not disturb.
  const int stepped = sqlite3_backup_step(work, -1);
  const int finished = sqlite3_backup_finish(work);
  if (stepped != SQLITE_DONE) return tl::unexpected(copy->error(finished == SQLITE_OK ? stepped : finished));
  return {};
}

}  // namespace upcall::store
