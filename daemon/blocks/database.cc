#include "blocks/database.h"

#include <sqlite3.h>

#include <utility>

#include "base/file_system.h"

namespace tocsin::blocks {
namespace {

/// A restart may overlap with the end of the daemon before it, so wait a little for the lock.
constexpr int kBusyTimeoutMs = 2000;

base::Error describe(int code) {
  using base::ErrorCode;
  switch (code & 0xff) {
    case SQLITE_FULL:
      return {ErrorCode::kUnavailable, "the disk is full"};
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {ErrorCode::kUnavailable, "the file is in use by another process"};
    case SQLITE_IOERR:
      return {ErrorCode::kUnavailable, "reading or writing the disk failed"};
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_CANTOPEN:
      return {ErrorCode::kDenied, "the file cannot be opened or created for writing"};
    case SQLITE_NOMEM:
      return {ErrorCode::kUnavailable, "the database has no memory left"};
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return {ErrorCode::kCorrupt, "the file is no sound database"};
    case SQLITE_CONSTRAINT:
      return {ErrorCode::kAlreadyExists, "the row exists"};
    default:
      return {ErrorCode::kInternal, std::string("the database refused: ") + sqlite3_errstr(code)};
  }
}

}  // namespace

Statement::Statement(sqlite3* database, const char* sql) : database_(database) {
  sqlite3_stmt* statement = nullptr;
  note(sqlite3_prepare_v2(database_, sql, -1, &statement, nullptr));
  statement_.reset(statement);
}

void Statement::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

void Statement::note(int code) {
  if (code != SQLITE_OK && code != SQLITE_ROW && code != SQLITE_DONE && status_) {
    status_ = describe(code);
  }
}

Statement& Statement::bind(std::int64_t value) {
  if (status_) {
    note(sqlite3_bind_int64(statement_.get(), next_++, value));
  }
  return *this;
}

Statement& Statement::bind(std::uint64_t value) { return bind(static_cast<std::int64_t>(value)); }

Statement& Statement::bind(std::string_view blob) {
  if (status_) {
    // An empty blob is no null.
    const char* bytes = blob.empty() ? "" : blob.data();
    note(sqlite3_bind_blob64(statement_.get(), next_++, bytes, blob.size(), SQLITE_STATIC));
  }
  return *this;
}

bool Statement::step() {
  if (!status_) {
    return false;
  }
  const int code = sqlite3_step(statement_.get());
  note(code);
  return code == SQLITE_ROW;
}

base::Status Statement::run() {
  while (step()) {
  }
  return status_;
}

std::int64_t Statement::number(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

std::uint64_t Statement::unsigned_number(int column) const {
  return static_cast<std::uint64_t>(number(column));
}

std::string_view Statement::blob(int column) const {
  const void* bytes = sqlite3_column_blob(statement_.get(), column);
  const int size = sqlite3_column_bytes(statement_.get(), column);
  return bytes == nullptr
             ? std::string_view()
             : std::string_view(static_cast<const char*>(bytes), static_cast<std::size_t>(size));
}

void Database::Close::operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }

namespace {

base::Result<bool> has_no_page(const Database& database) {
  Statement pages = database.prepare("pragma page_count");
  const bool none = pages.step() && pages.number(0) == 0;
  if (base::Status asked = pages.run(); !asked) {
    return asked.error();
  }
  return none;
}

}  // namespace

base::Result<Database> Database::open(const std::string& path) {
  sqlite3* handle = nullptr;
  const int code =
      sqlite3_open_v2(path.c_str(), &handle,
                      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
  Database database;
  database.handle_.reset(handle);
  if (code != SQLITE_OK) {
    return describe(code).context(path);
  }
  sqlite3_extended_result_codes(handle, 1);
  sqlite3_busy_timeout(handle, kBusyTimeoutMs);
  // One process alone: SQLite then keeps the index of its log in private memory. Space that blocks
  // leave goes back to the disk in small steps. Full synchronisation would cost a wait for the disk
  // twice a second; without it a power cut, not a kill, takes the last commits. A new file is not
  // waited for at all: an empty one is soon made again. One
  // that is there is not written to before it has to be: the disk may be full. Its mode of
  // vacuum cannot change any more either.
  if (base::Status set = database.execute("pragma locking_mode = exclusive"); !set) {
    return std::move(set.error()).context(path);
  }
  const auto fresh = has_no_page(database);
  if (!fresh) {
    return base::Error(fresh.error()).context(path);
  }
  const char* vacuum = *fresh ? "pragma auto_vacuum = incremental" : "pragma auto_vacuum";
  for (const char* pragma :
       {"pragma synchronous = off", vacuum, "pragma journal_mode = wal",
        "pragma synchronous = normal", "pragma cache_size = -256",
        "pragma journal_size_limit = 8388608", "begin exclusive", "rollback"}) {
    if (base::Status set = database.execute(pragma); !set) {
      return std::move(set.error()).context(path);
    }
  }
  return database;
}

base::Status Database::execute(const char* sql) const { return prepare(sql).run(); }

void Database::roll_back() const {
  // Some failures have rolled back already; then this one is no news.
  const base::Status ignored = execute("rollback");
  static_cast<void>(ignored);
}

std::uint64_t Database::last_row() const {
  return static_cast<std::uint64_t>(sqlite3_last_insert_rowid(handle_.get()));
}

}  // namespace tocsin::blocks
