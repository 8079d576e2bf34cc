#include <algorithm>
#include <limits>
#include <memory>
#include <utility>

#include "blocks/internal.h"
#include "blocks/recall.h"
#include "series/block.h"
#include "series/log.h"

namespace tocsin::blocks {
namespace {

/// The blocks that a start reads: those that name the live series, and as many before them as the
/// window in memory asks for and the limit allows. Sets from which time on memory is whole. Times
/// are kept ones.
std::vector<series::BlockInfo> choose(const std::vector<series::BlockInfo>& blocks,
                                      const SealPoint& point, const KeeperOptions& options,
                                      std::int64_t now_ms, series::Store& store) {
  const std::int64_t window_from_ms = now_ms - options.window.count();
  std::vector<series::BlockInfo> chosen;
  std::int64_t floor_ms = std::numeric_limits<std::int64_t>::min();
  std::uint64_t more = 0;
  bool full = false;
  for (auto block = blocks.rbegin(); block != blocks.rend(); ++block) {
    bool take = block->id >= point.first_block;
    if (!take && !full && block->max_time_ms >= window_from_ms) {
      more += block->bytes;
      // One after the other without a gap, so that memory is whole from some time on.
      full = more > options.restore_bytes;
      take = !full;
    }
    if (take) {
      chosen.push_back(*block);
    } else {
      floor_ms = std::max(floor_ms, block->max_time_ms + 1);
    }
  }
  // Targets may state times of the future; what comes now must not be older than the floor.
  store.set_memory_floor(std::min(floor_ms, now_ms));
  // Seals overlap with the gap: what lies before it need not be read.
  std::erase_if(chosen, [&](const series::BlockInfo& block) {
    return block.id < point.first_block && block.max_time_ms < floor_ms;
  });
  std::ranges::reverse(chosen);
  return chosen;
}

base::Result<series::Block> read(SeriesFile& file, std::uint64_t id) {
  auto blob = file.get(id);
  if (!blob) {
    return blob.error();
  }
  return series::Block::parse(std::make_shared<const std::string>(*std::move(blob)));
}

}  // namespace

base::Result<RestoreReport> restore(SeriesFile& file, series::Store& store,
                                    const KeeperOptions& options, base::WallTime now) {
  const auto shift_ms = file.shift_ms();
  const auto written_ms = file.written_ms();
  const auto point = file.seal_point();
  auto blocks = file.list();
  for (const auto* answer : {&shift_ms, &written_ms}) {
    if (!*answer) {
      return answer->error();
    }
  }
  if (!point || !blocks) {
    return !point ? point.error() : blocks.error();
  }
  RestoreReport report;
  // The clock was set back while nobody was here: what is stored moves along, as it does at run
  // time, or every new sample would be out of order. Samples do not tell: targets and pushes may
  // state times of the future.
  if (const base::WallTime written = base::from_millis(*written_ms + *shift_ms); written > now) {
    report.shifted = now - written;
  }
  store.shift_times(base::Duration(*shift_ms) + report.shifted);
  store.set_last_id(point->last_id);
  const std::int64_t now_ms = base::to_millis(now) - store.shift().count();
  series::RestoredRefs refs;
  for (const series::BlockInfo& info : choose(*blocks, *point, options, now_ms, store)) {
    const auto block = read(file, info.id);
    if (block) {
      store.restore(*block, info.id >= point->first_block, refs);
      ++report.blocks_read;
      continue;
    }
    if (block.error().code() == base::ErrorCode::kNotFound) {
      return base::Error(base::ErrorCode::kCorrupt, "the list names a block that is not there");
    }
    if (block.error().code() != base::ErrorCode::kCorrupt) {
      return block.error();
    }
    ++report.damaged_blocks;
    if (base::Status aside = file.quarantine(info.id); !aside) {
      return aside.error();
    }
    std::erase(*blocks, info);
  }
  Recall recall(file, *blocks);
  store.history().set_blocks(*std::move(blocks));
  // Damage may have reset the numbers of rows: what is before the seal is not read any more.
  if (base::Status numbered = file.continue_log_at(point->log_from); !numbered) {
    return numbered.error();
  }
  std::uint64_t undecodable = 0;
  const auto damaged = file.read_log(point->log_from, [&](std::uint64_t, std::string_view bytes) {
    const auto batch = series::decode_log(bytes);
    if (!batch) {
      ++undecodable;
      return;
    }
    std::size_t unknown = store.replay(*batch, refs);
    if (unknown > 0) {
      if (const auto named = recall.find(*batch, refs); !named.empty()) {
        store.recall(named, refs);
        unknown = store.replay(*batch, refs);
      }
    }
    report.unknown_samples += unknown;
    ++report.log_rows;
  });
  if (!damaged) {
    return damaged.error();
  }
  report.damaged_log_rows = *damaged + undecodable;
  const series::StoreStats stats = store.stats();
  report.series = stats.series;
  report.samples = stats.samples;
  return report;
}

}  // namespace tocsin::blocks
