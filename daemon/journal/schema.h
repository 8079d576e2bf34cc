#pragma once

#include <string>

#include "base/result.h"

namespace soci {
class session;
}

namespace tocsin::journal {

/// The newest layout that this program knows; each number is one migration.
inline constexpr int kSchemaVersion = 1;

/// Whether the database may be opened at all, as far as its file can tell without a trace beside
/// it: errors as schema_version().
base::Status check_untouched(const std::string& path);

/// The layout version of an open database; 0 for an empty one. kUnsupported when it is newer than
/// kSchemaVersion, kInvalidInput when it holds tables but none of ours. Changes nothing.
base::Result<int> schema_version(soci::session& session);

/// Brings the database from `version` to kSchemaVersion, each step in its own transaction.
base::Status migrate(soci::session& session, int version);

}  // namespace tocsin::journal
