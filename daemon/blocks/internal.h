#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "blocks/keeper.h"
#include "blocks/series_file.h"

namespace tocsin::blocks {

/// Fills a new store from the file. Blocking. The time is wall time.
base::Result<RestoreReport> restore(SeriesFile& file, series::Store& store,
                                    const KeeperOptions& options, base::WallTime now);

/// What sealing a range of slots made: nothing when there was nothing to seal.
struct SealedRange {
  std::optional<series::BlockInfo> block;
  std::vector<series::Sealed> series;
};

/// Seals the unsealed samples of a range of slots into the block `id`. Blocking.
base::Result<SealedRange> seal_range(SeriesFile& file, const series::Store& store,
                                     std::uint32_t from, std::uint32_t to, std::uint64_t id);

/// Writes a batch to the log, in rows of bounded size. Gives the bytes and the number of the last
/// row; 0 when there was nothing. Blocking.
struct LogWritten {
  std::uint64_t bytes = 0;
  std::uint64_t last_row = 0;
};
base::Result<LogWritten> write_log(SeriesFile& file, const series::LogBatch& batch);

}  // namespace tocsin::blocks
