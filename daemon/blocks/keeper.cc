#include "blocks/keeper.h"

#include <algorithm>
#include <map>
#include <utility>

#include "blocks/internal.h"
#include "blocks/shared.h"
#include "series/block.h"
#include "series/extract.h"
#include "series/log.h"

namespace tocsin::blocks {
namespace {

async::ThreadOptions thread_options(bool inline_jobs) {
  async::ThreadOptions options;
  options.name = "series";
  options.inline_jobs = inline_jobs;
  return options;
}

/// What one block gives to several needs.
using BlockAnswers = std::vector<series::Provision>;

base::Result<BlockAnswers> answer(SeriesFile& file, const std::vector<series::BlockNeed>& needs) {
  const std::uint64_t id = needs.front().block.id;
  auto blob = file.get(id);
  if (!blob) {
    return blob.error();
  }
  const auto block = series::Block::parse(std::make_shared<const std::string>(*std::move(blob)));
  if (!block) {
    return block.error();
  }
  BlockAnswers answers;
  for (const series::BlockNeed& need : needs) {
    answers.push_back({need.key, series::Extract::make(id, *block, need.matchers)});
  }
  return answers;
}

}  // namespace

Keeper::Keeper(Parts parts, KeeperOptions options, KeeperHooks hooks)
    : parts_(std::move(parts)),
      options_(std::move(options)),
      hooks_(std::move(hooks)),
      shared_(std::make_shared<Shared>()),
      thread_(std::make_unique<async::BlockingThread>(parts_.executor,
                                                      thread_options(options_.inline_jobs))),
      seal_now_(parts_.executor),
      flushed_(parts_.executor),
      wanted_event_(parts_.executor),
      pending_(std::make_unique<series::LogBatch>()),
      tasks_(parts_.executor, [this](const std::string& task, const std::string& what) {
        if (hooks_.error) {
          hooks_.error("a task of the series store failed", task + ": " + what);
        }
      }) {
  stats_.window = options_.window;
  // Pushes may come before the limits of a configuration do.
  parts_.store.begin(parts_.clock.wall_now());
}

Keeper::~Keeper() = default;

async::Task<base::Result<RestoreReport>> Keeper::open() {
  if (options_.path.empty()) {
    co_return base::Error(base::ErrorCode::kUnsupported, "there is no file to keep samples in");
  }
  auto job = [shared = shared_, options = options_, &store = parts_.store,
              now = parts_.clock.wall_now()]() -> base::Result<Filled> {
    auto filled = fill(options, store, now);
    if (!filled) {
      return filled.error();
    }
    shared->file = std::move(filled->file);
    return filled->filled;
  };
  const auto outcome = co_await thread_->run(std::move(job));
  if (!outcome) {
    parts_.store.set_durable(false);
    co_return outcome.error();
  }
  open_ = true;
  stats_.writable = true;
  parts_.store.set_durable(true);
  parts_.store.history().set_limit(options_.history_bytes);
  next_block_ = outcome->next_block;
  first_needed_block_ = outcome->first_block;
  next_log_row_ = outcome->last_log_row + 1;
  stored_shift_ms_ = parts_.store.shift().count() - outcome->report.shifted.count();
  stats_.log_bytes = outcome->log_bytes;
  stats_.damaged_total = outcome->report.damaged_blocks + outcome->report.damaged_log_rows;
  if (outcome->report.moved_aside) {
    stats_.damaged_total = std::max<std::uint64_t>(stats_.damaged_total, 1);
  }
  stats_.read_blocks_total = outcome->report.blocks_read;
  sealed_at_ = parts_.clock.monotonic_now();
  configure(options_);
  co_return outcome->report;
}

void Keeper::start() {
  tasks_.spawn("bound memory", memory_loop());
  if (open_) {
    tasks_.spawn("flush", flush_loop());
    tasks_.spawn("seal", seal_loop());
    tasks_.spawn("read blocks", load_wanted());
  }
}

void Keeper::configure(const KeeperOptions& options) {
  options_ = options;
  stats_.window = options_.window;
  stats_.memory_short = false;
  // What cannot be sealed is not kept for weeks.
  parts_.store.set_retention(open_ ? options_.retention : options_.window);
  parts_.store.begin(parts_.clock.wall_now());
  parts_.store.set_window(options_.window);
  parts_.store.set_max_unsealed(options_.max_unsealed);
  parts_.store.set_accept_late(options_.accept_late);
  series_limit_ = options_.max_series;
  parts_.store.set_max_series(series_limit_);
  parts_.store.history().set_limit(options_.history_bytes);
}

async::Task<base::Result<std::vector<series::Provision>>> Keeper::load(
    std::vector<series::Selection> selections) {
  std::vector<series::Provision> all;
  std::map<std::uint64_t, std::vector<series::BlockNeed>> by_block;
  for (series::BlockNeed& need : parts_.store.needs(selections)) {
    by_block[need.block.id].push_back(std::move(need));
  }
  std::uint64_t bytes = 0;
  for (auto& entry : by_block) {
    const std::uint64_t id = entry.first;
    auto job = [shared = shared_, wanted = std::move(entry.second)] {
      return shared->with([&wanted](SeriesFile& file) { return answer(file, wanted); });
    };
    auto answers = co_await thread_->run(std::move(job));
    if (!answers && answers.error().code() == base::ErrorCode::kCorrupt) {
      co_await set_aside(id, answers.error());
      continue;
    }
    if (!answers && answers.error().code() == base::ErrorCode::kNotFound) {
      continue;  // retention has dropped it meanwhile
    }
    if (!answers) {
      co_return answers.error();
    }
    ++stats_.read_blocks_total;
    for (series::Provision& provision : *answers) {
      bytes += provision.extract->bytes;
      all.push_back(std::move(provision));
    }
    if (bytes > options_.query_bytes) {
      co_return base::Error(base::ErrorCode::kLimitExceeded,
                            "the query reads more of stored blocks than fits in memory");
    }
  }
  parts_.store.history().provide(all);
  co_return all;
}

void Keeper::want(std::vector<series::Selection> selections) {
  if (open_ && wanted_.size() < 10'000) {
    std::ranges::move(selections, std::back_inserter(wanted_));
    wanted_event_.notify();
  }
}

KeeperStats Keeper::stats() const {
  KeeperStats stats = stats_;
  for (const series::BlockInfo& block : parts_.store.history().blocks()) {
    ++stats.blocks;
    stats.block_bytes += block.bytes;
  }
  stats.history_bytes = parts_.store.history().bytes();
  const series::StoreStats store = parts_.store.stats();
  stats.given_up_samples_total += store.unlogged_total;
  stats.unsealed_dropped_total = store.unsealed_dropped_total;
  return stats;
}

void Keeper::warn(const std::string& message, const std::string& detail) const {
  if (hooks_.warn) {
    hooks_.warn(message, detail);
  }
}

}  // namespace tocsin::blocks
