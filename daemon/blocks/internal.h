#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "blocks/keeper.h"
#include "blocks/series_file.h"
#include "series/block.h"

namespace tocsin::blocks {

/// Fills a new store from the file. Blocking. The time is wall time.
base::Result<RestoreReport> restore(SeriesFile& file, series::Store& store,
                                    const KeeperOptions& options, base::WallTime now);

/// What a start knows of the file that it leaves open.
struct Filled {
  RestoreReport report;
  std::uint64_t next_block = 1;
  std::uint64_t log_bytes = 0;
  std::uint64_t last_log_row = 0;
  std::uint64_t first_block = 0;
};
struct FilledFrom {
  SeriesFile file;
  Filled filled;
};
/// Opens the file and fills a new store from it; one that is damaged is salvaged first. Blocking.
base::Result<FilledFrom> fill(const KeeperOptions& options, series::Store& store,
                              base::WallTime now);

/// What sealing a range of slots made: nothing when there was nothing to seal.
struct SealedRange {
  std::optional<series::BlockInfo> block;
  std::vector<series::Sealed> series;
};

/// Seals the unsealed samples of a range of slots into the block `id`. Blocking.
base::Result<SealedRange> seal_range(SeriesFile& file, const series::Store& store,
                                     std::uint32_t from, std::uint32_t to, std::uint64_t id);

/// What the list of blocks says of one.
series::BlockInfo describe_block(std::uint64_t id, const series::Block& block, std::uint64_t bytes);

/// Writes a batch to the log, in rows of bounded size. Gives the bytes and the number of the last
/// row; 0 when there was nothing. Blocking.
struct LogWritten {
  std::uint64_t bytes = 0;
  std::uint64_t last_row = 0;
};
base::Result<LogWritten> write_log(SeriesFile& file, const series::LogBatch& batch);

}  // namespace tocsin::blocks
