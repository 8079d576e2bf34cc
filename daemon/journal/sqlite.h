#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/result.h"

namespace soci {
class session;
class soci_error;
}  // namespace soci

namespace tocsin::journal {

/// Everything that only SQLite knows; the rest of this room is portable SQL.

/// Opens a database file, creates it when there is none, and locks it for this process alone.
/// Changes nothing in a file that exists. kUnavailable when another process holds it, kDenied or
/// kNotFound when the path cannot be opened, kCorrupt when it is no database.
base::Result<std::unique_ptr<soci::session>> open_sqlite(const std::string& path);

/// The number that a file answers a question with, without a trace beside it: no lock, no log.
/// Nothing when it cannot tell: there is no file, no such table, or a log that is not folded in.
std::optional<int> ask_sqlite_untouched(const std::string& path, const char* question);

/// Switches to write-ahead logging with full synchronisation and a small cache. Call once the
/// schema is known to be ours: it writes to the file.
base::Status tune_sqlite(soci::session& session);

/// Closes without touching a file that is not ours to change (no checkpoint of its log).
void abandon_sqlite(std::unique_ptr<soci::session> session);

/// Whether the path still leads to the file that is open.
bool sqlite_file_in_place(soci::session& session);

/// Whether there is anything at that path, as SQLite sees it.
bool sqlite_path_exists(const std::string& path);

/// The failure in one sentence without SQL text or bound values; kUnavailable for whatever may
/// pass (full, busy, disk error), kCorrupt for a broken file.
base::Error describe(const soci::soci_error& error);

/// Whether the connection is worth keeping after this failure.
bool connection_survives(const soci::soci_error& error);

}  // namespace tocsin::journal
