#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/clock.h"
#include "journal/journal.h"
#include "journal/row.h"

namespace soci {
class session;
}

/// The journal's SQL, one statement or two per function, portable over the supported databases.
/// Everything here throws soci::soci_error; SqlStore turns that into base::Error.
namespace tocsin::journal::tables {

/// The highest sequence that was ever used, whatever has become of its record.
std::uint64_t last_sequence(soci::session& session);

void insert(soci::session& session, const std::vector<Row>& rows);

/// Rows after a sequence, in order, unchecked.
std::vector<Row> rows_after(soci::session& session, std::uint64_t sequence);
std::vector<Row> rows_matching(soci::session& session, const RecordQuery& query);

/// Moves rows, as they are, out of the way into the table `damaged`.
void set_aside(soci::session& session, std::span<const Row> rows);
/// How many sequences of [first, last] have been set aside.
std::uint64_t count_set_aside(soci::session& session, std::uint64_t first, std::uint64_t last);

/// Empties the payload of one record; false when there is none.
bool redact(soci::session& session, std::uint64_t sequence);

/// Erases at most `limit` expirable records that are older and that every snapshot covers.
std::uint64_t erase_expirable(soci::session& session, base::WallTime before, std::uint64_t limit);

/// Replaces what was at or after its sequence; keeps it and the one before.
void insert_snapshot(soci::session& session, const StoredSnapshot& snapshot);
/// The newest one whose checksum is right.
std::optional<StoredSnapshot> newest_sound_snapshot(soci::session& session);

}  // namespace tocsin::journal::tables
