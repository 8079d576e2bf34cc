#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "blocks/series_file.h"

namespace tocsin::blocks {

/// A new file with what could be read of a damaged one, and how much could not.
struct Salvage {
  SeriesFile file;
  std::uint64_t lost_blocks = 0;
  std::uint64_t lost_log_rows = 0;
};

/// Whether an error of a file that opened before tells of damage: SQLite finds fault with the file,
/// or a statement does not fit its tables.
bool tells_of_damage(const base::Error& error);

/// Whether the fixed part of the file's first bytes is not what SQLite and tocsin write there, so
/// that an error of opening it may come from that.
bool head_is_damaged(const std::string& path);

/// Moves the file at `path`, which nobody may have open, to `path`.damaged in place of an earlier
/// one, and begins a new one with every block and every row of the log that can still be reached
/// and whose checksum holds. When its first page cannot be read, which holds the tables' names and
/// places, that of a new file takes its place. Blocking. kUnavailable and the like when no new file
/// can be opened; the damaged one is back in its place then.
base::Result<Salvage> salvage(const std::string& path);

}  // namespace tocsin::blocks
