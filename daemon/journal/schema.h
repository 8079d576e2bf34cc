#pragma once

#include "base/result.h"

namespace soci {
class session;
}

namespace tocsin::journal {

/// The newest layout that this program knows; each number is one migration.
inline constexpr int kSchemaVersion = 1;

/// The layout version of an open database; 0 for an empty one. kUnsupported when it is newer than
/// kSchemaVersion, kInvalidInput when it holds tables but none of ours. Changes nothing.
base::Result<int> schema_version(soci::session& session);

/// Brings the database from `version` to kSchemaVersion, each step in its own transaction.
base::Status migrate(soci::session& session, int version);

}  // namespace tocsin::journal
