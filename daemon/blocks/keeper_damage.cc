// What the keeper does about damage: of single blocks, of the file at a start and while it runs.
#include <algorithm>
#include <limits>
#include <utility>

#include "blocks/internal.h"
#include "blocks/keeper.h"
#include "blocks/salvage.h"
#include "blocks/shared.h"

namespace tocsin::blocks {
namespace {

base::Status limit(SeriesFile& file, const KeeperOptions& options) {
  return options.max_file_bytes > 0 ? file.limit_bytes(options.max_file_bytes) : base::Status{};
}

base::Result<Filled> fill_from(SeriesFile& file, const KeeperOptions& options, series::Store& store,
                               base::WallTime now) {
  if (base::Status limited = limit(file, options); !limited) {
    return limited.error();
  }
  auto report = restore(file, store, options, now);
  if (!report) {
    return report.error();
  }
  const auto point = file.seal_point();
  const auto log_bytes = file.log_bytes();
  const auto last_row = file.last_log_row();
  const auto last_block = file.last_block();
  for (const auto* number : {&log_bytes, &last_row, &last_block}) {
    if (!*number) {
      return number->error();
    }
  }
  if (!point) {
    return point.error();
  }
  return Filled{*report, std::max(point->first_block, *last_block) + 1, *log_bytes, *last_row,
                point->first_block};
}

}  // namespace

base::Result<FilledFrom> fill(const KeeperOptions& options, series::Store& store,
                              base::WallTime now) {
  auto file = SeriesFile::open(options.path);
  base::Result<Filled> filled =
      file ? fill_from(*file, options, store, now) : base::Result<Filled>(file.error());
  if (filled) {
    return FilledFrom{*std::move(file), *std::move(filled)};
  }
  // A version of the format that is not known reads as "not to be written".
  const bool unreadable_head =
      !file && file.error().code() == base::ErrorCode::kDenied && head_is_damaged(options.path);
  if (!tells_of_damage(filled.error()) && !unreadable_head) {
    return filled.error();
  }
  {
    // Two connections must not meet.
    const base::Result<SeriesFile> closed = std::move(file);
  }
  auto saved = salvage(options.path);
  if (!saved) {
    return saved.error();
  }
  // What the first try has put there stays; it reads the same once more, and the rest.
  store.shift_times(-store.shift());
  filled = fill_from(saved->file, options, store, now);
  if (!filled) {
    return filled.error();
  }
  filled->report.moved_aside = true;
  filled->report.damaged_blocks += saved->lost_blocks;
  filled->report.damaged_log_rows += saved->lost_log_rows;
  return FilledFrom{std::move(saved->file), *std::move(filled)};
}

async::Task<> Keeper::set_aside(std::uint64_t block, base::Error error) {
  parts_.store.history().remove(block);
  ++stats_.damaged_total;
  if (hooks_.error) {
    hooks_.error("a block of samples is damaged and was set aside; the others serve",
                 error.message());
  }
  auto job = [shared = shared_, block]() -> base::Status {
    return shared->with([block](SeriesFile& file) { return file.quarantine(block); });
  };
  const base::Status status = co_await thread_->run(std::move(job));
  if (!status) {
    note_damage(status);
    warn("a damaged block could not be set aside", status.error().message());
  }
}

async::Task<base::Status> Keeper::drop_block(series::BlockInfo block) {
  auto job = [shared = shared_, id = block.id]() -> base::Status {
    return shared->with([id](SeriesFile& file) { return file.drop(id); });
  };
  base::Status dropped = co_await thread_->run(std::move(job));
  if (dropped) {
    parts_.store.history().remove(block.id);
    ++stats_.dropped_blocks_total;
  }
  co_return dropped;
}

void Keeper::note_damage(const base::Status& status) {
  if (!status && status.error().code() == base::ErrorCode::kCorrupt) {
    ++damage_seen_;
  }
}

async::Task<> Keeper::begin_anew() {
  struct Anew {
    std::vector<series::BlockInfo> blocks;
    std::uint64_t first_block = 0;
    std::uint64_t log_bytes = 0;
    std::uint64_t lost = 0;
  };
  auto job = [shared = shared_, options = options_, next = next_log_row_]() -> base::Result<Anew> {
    shared->file.reset();
    auto saved = salvage(options.path);
    if (!saved) {
      return saved.error();
    }
    SeriesFile& file = shared->file.emplace(std::move(saved->file));
    const base::Status limited = limit(file, options);
    const base::Status numbered = file.continue_log_at(next);
    auto blocks = file.list();
    const auto point = file.seal_point();
    const auto log_bytes = file.log_bytes();
    if (!limited || !numbered) {
      return !limited ? limited.error() : numbered.error();
    }
    if (!blocks || !point || !log_bytes) {
      return !blocks ? blocks.error() : !point ? point.error() : log_bytes.error();
    }
    return Anew{*std::move(blocks), point->first_block, *log_bytes,
                saved->lost_blocks + saved->lost_log_rows};
  };
  const auto anew = co_await thread_->run(std::move(job));
  if (!anew) {
    warn("no new file of samples could be begun", anew.error().message());
    co_return;
  }
  damage_seen_ = 0;
  stats_.damaged_total += std::max<std::uint64_t>(anew->lost, 1);
  if (hooks_.error) {
    hooks_.error("the file of samples is damaged and was moved aside; a new one was begun",
                 std::to_string(anew->blocks.size()) + " blocks could be read");
  }
  for (const series::BlockInfo& block : anew->blocks) {
    next_block_ = std::max(next_block_, block.id + 1);
  }
  parts_.store.history().set_blocks(anew->blocks);
  first_needed_block_ = anew->first_block;
  stats_.log_bytes = anew->log_bytes;
  stored_shift_ms_ = std::numeric_limits<std::int64_t>::min();  // to be written again
  // Who knows what of memory was in the blocks that are gone.
  parts_.store.unseal_all();
  seal_now_.notify();
}

}  // namespace tocsin::blocks
