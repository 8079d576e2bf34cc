#include "journal/sqlite.h"

#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>

#include <utility>

#include "base/file_system.h"

namespace tocsin::journal {
namespace {

/// A restart may overlap with the end of the daemon before it, so wait a little for the lock.
constexpr int kBusyTimeoutMs = 2000;

sqlite_api::sqlite3* connection(soci::session& session) {
  return static_cast<soci::sqlite3_session_backend*>(session.get_backend())->conn_;
}

int result_code(const soci::soci_error& error) {
  const auto* sqlite = dynamic_cast<const soci::sqlite3_soci_error*>(&error);
  return sqlite == nullptr ? SQLITE_ERROR : sqlite->result() & 0xff;
}

/// SOCI takes `key=value` pairs; a value in double quotes may hold blanks.
std::string connect_string(const std::string& path) { return "dbname=\"" + path + "\""; }

/// A path within a URI.
std::string escaped(const std::string& path) {
  std::string text;
  for (const char c : path) {
    switch (c) {
      case '%':
        text += "%25";
        break;
      case '?':
        text += "%3f";
        break;
      case '#':
        text += "%23";
        break;
      default:
        text += c;
    }
  }
  return text;
}

base::Error cannot_open(const std::string& path) {
  if (!sqlite_path_exists(base::parent_folder(path))) {
    return {base::ErrorCode::kNotFound, path + ": the folder does not exist"};
  }
  return {base::ErrorCode::kDenied, path + ": cannot be opened or created for writing"};
}

base::Error open_failure(const soci::soci_error& error, const std::string& path) {
  switch (result_code(error)) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {base::ErrorCode::kUnavailable,
              path + " is in use by another process; is another tocsin running?"};
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return cannot_open(path);
    case SQLITE_NOTADB:
      return {base::ErrorCode::kCorrupt, path + " is not an SQLite database"};
    default:
      return describe(error).context(path);
  }
}

}  // namespace

base::Result<std::unique_ptr<soci::session>> open_sqlite(const std::string& path) {
  if (path.empty() || path.find('"') != std::string::npos) {
    return base::Error(base::ErrorCode::kInvalidInput,
                       "the database path must not be empty or hold a double quote");
  }
  auto session = std::make_unique<soci::session>();
  try {
    session->open(soci::sqlite3, connect_string(path));
  } catch (const soci::soci_error&) {
    return cannot_open(path);
  }
  try {
    sqlite_api::sqlite3* handle = connection(*session);
    sqlite_api::sqlite3_busy_timeout(handle, kBusyTimeoutMs);
    // The lock is taken by the first read and then kept; with it SQLite also keeps the index of
    // its log in private memory instead of a shared file.
    std::string mode;
    *session << "pragma locking_mode = exclusive", soci::into(mode);
    *session << "pragma foreign_keys = off";
    *session << "begin exclusive";
    *session << "rollback";
  } catch (const soci::soci_error& error) {
    base::Error failure = open_failure(error, path);
    abandon_sqlite(std::move(session));
    return failure;
  }
  return session;
}

std::optional<int> ask_sqlite_untouched(const std::string& path, const char* question) {
  if (!sqlite_path_exists(path) || sqlite_path_exists(path + "-wal") ||
      sqlite_path_exists(path + "-journal")) {
    return std::nullopt;
  }
  // Of what is said to be immutable SQLite takes no lock and opens no log.
  const std::string uri = "file:" + escaped(path) + "?immutable=1";
  sqlite_api::sqlite3* handle = nullptr;
  sqlite_api::sqlite3_stmt* statement = nullptr;
  std::optional<int> answer;
  if (sqlite_api::sqlite3_open_v2(uri.c_str(), &handle, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI,
                                  nullptr) == SQLITE_OK &&
      sqlite_api::sqlite3_prepare_v2(handle, question, -1, &statement, nullptr) == SQLITE_OK &&
      sqlite_api::sqlite3_step(statement) == SQLITE_ROW) {
    answer = sqlite_api::sqlite3_column_int(statement, 0);
  }
  sqlite_api::sqlite3_finalize(statement);
  sqlite_api::sqlite3_close_v2(handle);
  return answer;
}

base::Status tune_sqlite(soci::session& session) {
  try {
    std::string mode;
    session << "pragma journal_mode = wal", soci::into(mode);
    session << "pragma synchronous = full";
    session << "pragma secure_delete = on";  // what is redacted has to go from the file
    session << "pragma cache_size = -512";   // KiB
    // Folding the log into the file holds up the commit that does it by some milliseconds, and a
    // notice waits for its commit: so it happens for one of some hundred.
    session << "pragma wal_autocheckpoint = 4000";  // pages of 4 KiB
    session << "pragma journal_size_limit = 16777216";
    return {};
  } catch (const soci::soci_error& error) {
    return describe(error);
  }
}

void abandon_sqlite(std::unique_ptr<soci::session> session) {
  int value = 0;
  sqlite_api::sqlite3_db_config(connection(*session), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, &value);
  session.reset();
}

bool sqlite_file_in_place(soci::session& session) {
  int moved = 0;
  sqlite_api::sqlite3_file_control(connection(session), "main", SQLITE_FCNTL_HAS_MOVED, &moved);
  return moved == 0;
}

bool sqlite_path_exists(const std::string& path) {
  sqlite_api::sqlite3_vfs* files = sqlite_api::sqlite3_vfs_find(nullptr);
  int exists = 0;
  return files->xAccess(files, path.c_str(), SQLITE_ACCESS_EXISTS, &exists) == SQLITE_OK &&
         exists != 0;
}

base::Error describe(const soci::soci_error& error) {
  using base::ErrorCode;
  switch (result_code(error)) {
    case SQLITE_FULL:
      return {ErrorCode::kUnavailable, "the disk is full"};
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {ErrorCode::kUnavailable, "the database is locked by another process"};
    case SQLITE_IOERR:
      return {ErrorCode::kUnavailable, "reading or writing the disk failed"};
    case SQLITE_READONLY:
      return {ErrorCode::kUnavailable, "the database cannot be written to"};
    case SQLITE_CANTOPEN:
      return {ErrorCode::kUnavailable, "the database cannot be opened"};
    case SQLITE_NOMEM:
      return {ErrorCode::kUnavailable, "the database has no memory left"};
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return {ErrorCode::kCorrupt, "the database file is damaged"};
    default:
      return {ErrorCode::kInternal, "the database refused: " + error.get_error_message()};
  }
}

bool connection_survives(const soci::soci_error& error) {
  const int code = result_code(error);
  return code == SQLITE_FULL || code == SQLITE_BUSY || code == SQLITE_LOCKED ||
         code == SQLITE_CONSTRAINT;
}

}  // namespace tocsin::journal
