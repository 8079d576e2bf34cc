// The keeper's clockwork: the log, sealing, retention, the limit on memory.
#include <algorithm>
#include <utility>

#include "async/deadline.h"
#include "base/duration.h"
#include "blocks/internal.h"
#include "blocks/keeper.h"
#include "blocks/shared.h"
#include "series/log.h"

namespace tocsin::blocks {
namespace {

constexpr base::Duration kRetrySeal = std::chrono::seconds(30);
constexpr base::Duration kHousekeeping = std::chrono::seconds(60);
constexpr base::Duration kLookAtMemory = std::chrono::seconds(1);
// Once the window is as short as it may be.
constexpr base::Duration kBoundAgain = std::chrono::seconds(30);
// Some milliseconds of expiry, then the loop has its turn.
constexpr std::uint32_t kExpireAtOnce = 16'384;
constexpr base::Duration kPause = std::chrono::milliseconds(5);
// A file that SQLite finds damaged so often is given up: it does not mend itself.
constexpr int kDamageSeen = 3;
constexpr base::Duration kTaskLimit = std::chrono::seconds(1);

}  // namespace

async::Task<> Keeper::flush_loop() {
  base::MonotonicTime next = parts_.clock.monotonic_now();
  while (true) {
    next += options_.flush_every;
    // After a pause of the machine there is nothing to catch up with.
    next = std::max(next, parts_.clock.monotonic_now());
    const base::Status slept = co_await parts_.timers.sleep_until(next);
    if (!slept) {
      co_return;
    }
    const base::Status flushed = co_await flush();
    if (!flushed && flushed.error().code() == base::ErrorCode::kCancelled) {
      co_return;
    }
  }
}

// Apart from the log, so that a disk that does not answer does not cost the bound.
async::Task<> Keeper::memory_loop() {
  while (true) {
    const base::Status slept =
        co_await parts_.timers.sleep_until(parts_.clock.monotonic_now() + kLookAtMemory);
    if (!slept) {
      co_return;
    }
    if (flushing_ && parts_.clock.monotonic_now() - flush_begun_ > options_.patience) {
      note_write(base::Error(base::ErrorCode::kUnavailable, "the disk does not answer"));
    }
    co_await bound_memory();
  }
}

async::Task<base::Status> Keeper::flush() {
  while (flushing_) {
    const base::Status waited = co_await flushed_.wait();
    if (!waited) {
      co_return waited;
    }
  }
  if (!open_) {
    co_return base::Status{};
  }
  flushing_ = true;
  flush_begun_ = parts_.clock.monotonic_now();
  if (damage_seen_ >= kDamageSeen && !sealing_) {
    co_await begin_anew();
  }
  base::Status written = co_await write_pending();
  flushing_ = false;
  flushed_.notify();
  co_return written;
}

async::Task<base::Status> Keeper::write_pending() {
  series::LogBatch fresh = parts_.store.take_log();
  if (pending_->empty()) {
    *pending_ = std::move(fresh);
  } else {
    pending_->add(std::move(fresh));
  }
  const std::int64_t shift_ms = parts_.store.shift().count();
  if (pending_->empty() && shift_ms == stored_shift_ms_) {
    co_return base::Status{};
  }
  auto batch = std::make_shared<series::LogBatch>(std::exchange(*pending_, {}));
  // Kept times go on when the clock is set back: one that nobody has seen yet shows at a start.
  const std::int64_t written_ms = base::to_millis(parts_.clock.wall_now()) - shift_ms;
  auto job = [shared = shared_, batch, shift_ms, written_ms,
              shifted = shift_ms != stored_shift_ms_]() -> base::Result<LogWritten> {
    return shared->with([&](SeriesFile& file) -> base::Result<LogWritten> {
      if (base::Status noted = file.note_written(written_ms); !noted) {
        return noted.error();
      }
      if (shifted) {
        if (base::Status set = file.set_shift_ms(shift_ms); !set) {
          return set.error();
        }
      }
      return write_log(file, *batch);
    });
  };
  const auto written = co_await thread_->run(std::move(job));
  if (!written) {
    // Again at the next turn. What a part of it had reached the disk is known twice then, which a
    // replay does not mind. A job that was left behind may still be reading its batch.
    *pending_ = *batch;
    give_up_old();
    if (written.error().code() != base::ErrorCode::kCancelled) {
      note_write(written.error());
    }
    co_return written.error();
  }
  stored_shift_ms_ = shift_ms;
  stats_.log_bytes += written->bytes;
  next_log_row_ = std::max(next_log_row_, written->last_row + 1);
  note_write({});
  if (stats_.log_bytes > options_.seal_log_bytes) {
    seal_now_.notify();
  }
  co_return base::Status{};
}

void Keeper::give_up_old() {
  stats_.given_up_samples_total += pending_->shorten(options_.max_backlog);
}

void Keeper::note_write(const base::Status& status) {
  note_damage(status);
  if (!status) {
    ++stats_.write_failures_total;
    if (std::exchange(stats_.writable, false) && hooks_.error) {
      hooks_.error("samples cannot be written; detection goes on from memory",
                   status.error().message());
    }
  } else if (!std::exchange(stats_.writable, true)) {
    warn("samples are written again",
         "given up: " + std::to_string(stats_.given_up_samples_total) + " samples of the log");
  }
}

async::Task<> Keeper::seal_loop() {
  while (true) {
    const base::MonotonicTime next =
        std::min(parts_.clock.monotonic_now() + kHousekeeping, sealed_at_ + options_.seal_every);
    async::Task<base::Status> asked = seal_now_.wait();
    const base::Status woken = co_await async::with_deadline(
        parts_.timers, std::max(next, parts_.clock.monotonic_now() + kLookAtMemory),
        std::move(asked));
    if (!woken && woken.error().code() == base::ErrorCode::kCancelled) {
      co_return;
    }
    const bool due = parts_.clock.monotonic_now() - sealed_at_ >= options_.seal_every;
    if (due || woken) {
      const base::Status sealed = co_await seal();
      if (!sealed && sealed.error().code() == base::ErrorCode::kCancelled) {
        co_return;
      }
      if (!sealed) {
        const base::Status slept =
            co_await parts_.timers.sleep_until(parts_.clock.monotonic_now() + kRetrySeal);
        if (!slept) {
          co_return;
        }
      }
    }
    const base::Status dropped = co_await drop_old();
    if (!dropped && dropped.error().code() == base::ErrorCode::kCancelled) {
      co_return;
    }
  }
}

async::Task<base::Status> Keeper::seal() {
  if (!open_ || sealing_) {
    co_return base::Status{};
  }
  // What is in the log so far is in memory too, and so in the blocks that follow.
  base::Status flushed = co_await flush();
  if (!flushed) {
    co_return flushed;
  }
  sealing_ = true;
  parts_.store.begin_sealing();
  base::Status sealed = co_await seal_ranges();
  parts_.store.end_sealing();
  sealing_ = false;
  if (!sealed) {
    if (sealed.error().code() != base::ErrorCode::kCancelled) {
      note_write(sealed);
    }
    co_return sealed;
  }
  sealed_at_ = parts_.clock.monotonic_now();
  co_return base::Status{};
}

async::Task<base::Result<SealedRange>> Keeper::seal_one(std::uint32_t from, std::uint64_t id) {
  auto job = [shared = shared_, &store = parts_.store, from, to = from + options_.slots_per_block,
              id] {
    return shared->with([&](SeriesFile& file) { return seal_range(file, store, from, to, id); });
  };
  co_return co_await thread_->run(std::move(job));
}

async::Task<base::Status> Keeper::seal_ranges() {
  const SealPoint point{
      .first_block = next_block_, .log_from = next_log_row_, .last_id = parts_.store.last_id()};
  const std::uint64_t log_bytes = stats_.log_bytes;
  const std::uint32_t slots = parts_.store.slots();
  for (std::uint32_t from = 0; from < slots; from += options_.slots_per_block) {
    const std::uint64_t id = next_block_++;
    const auto range = co_await seal_one(from, id);
    if (!range) {
      co_return range.error();
    }
    if (range->block) {
      parts_.store.history().add(*range->block);
      parts_.store.sealed(range->series);
      ++stats_.sealed_blocks_total;
    }
  }
  auto job = [shared = shared_, point]() -> base::Status {
    return shared->with([&](SeriesFile& file) { return file.set_seal_point(point); });
  };
  base::Status done = co_await thread_->run(std::move(job));
  if (done) {
    first_needed_block_ = point.first_block;
    stats_.log_bytes -= std::min(stats_.log_bytes, log_bytes);
  }
  co_return done;
}

async::Task<base::Status> Keeper::drop_old() {
  if (!open_) {
    co_return base::Status{};
  }
  const std::int64_t before_ms =
      base::to_millis(parts_.clock.wall_now() - options_.retention) - parts_.store.shift().count();
  std::vector<series::BlockInfo> blocks = parts_.store.history().blocks();
  std::uint64_t bytes = 0;
  for (const series::BlockInfo& block : blocks) {
    bytes += block.bytes;
  }
  std::ranges::stable_sort(blocks, {}, &series::BlockInfo::max_time_ms);
  bool any = false;
  for (const series::BlockInfo& block : blocks) {
    const bool large = options_.retention_bytes > 0 && bytes > options_.retention_bytes;
    if (block.max_time_ms >= before_ms && !large) {
      break;
    }
    if (block.id >= first_needed_block_) {
      continue;
    }
    base::Status dropped = co_await drop_block(block);
    if (!dropped) {
      note_damage(dropped);
      co_return dropped;
    }
    bytes -= block.bytes;
    any = true;
  }
  if (any) {
    auto job = [shared = shared_]() -> base::Status {
      return shared->with([](SeriesFile& file) { return file.vacuum(); });
    };
    base::Status smaller = co_await thread_->run(std::move(job));
    note_damage(smaller);
    co_return smaller;
  }
  co_return base::Status{};
}

async::Task<> Keeper::bound_memory() {
  if (options_.memory_bytes == 0) {
    co_return;
  }
  series::Store& store = parts_.store;
  const auto used = [&store] { return store.stats().bytes + store.history().bytes(); };
  if (used() <= options_.memory_bytes) {
    if (stats_.memory_short && used() < options_.memory_bytes / 10 * 7) {
      relax();
    }
    co_return;
  }
  // What can be read again goes first, then the oldest samples, once they are in blocks.
  store.history().set_limit(0);
  store.history().set_limit(options_.history_bytes);
  const base::MonotonicTime now = parts_.clock.monotonic_now();
  if (!cut_window(used()) && now - bounded_at_ < kBoundAgain) {
    co_return;
  }
  bounded_at_ = now;
  if (!open_) {
    store.set_retention(stats_.window);
  } else if (stats_.writable) {
    const base::Status sealed = co_await seal();
    if (!sealed) {
      give_up_unsealed();
    }
  } else {
    give_up_unsealed();
  }
  while (!store.expire_some(parts_.clock.wall_now(), kExpireAtOnce)) {
    const base::Status slept =
        co_await parts_.timers.sleep_until(parts_.clock.monotonic_now() + kPause);
    if (!slept) {
      co_return;
    }
  }
  if (used() > options_.memory_bytes && stats_.window == options_.min_window) {
    // New series only: those that are known go on, and so do the rules that read them. What rules
    // have made since does not raise the limit, or it would never end.
    series_limit_ = std::min(series_limit_, store.stats().series);
    store.set_max_series(series_limit_);
  }
}

void Keeper::relax() {
  series::Store& store = parts_.store;
  stats_.window = std::min(options_.window, 2 * stats_.window);
  store.set_window(stats_.window);
  series_limit_ = options_.max_series;
  store.set_max_series(series_limit_);
  store.set_max_unsealed(options_.max_unsealed);
  store.set_accept_late(options_.accept_late);
  if (!open_) {
    store.set_retention(stats_.window);
  }
  stats_.memory_short = stats_.window < options_.window;
}

// The disk does not take them, and memory is needed for what is detected now.
void Keeper::give_up_unsealed() { parts_.store.set_max_unsealed(stats_.window); }

bool Keeper::cut_window(std::uint64_t bytes) {
  if (!std::exchange(stats_.memory_short, true)) {
    warn("series take more memory than storage.memory allows; the oldest samples leave memory",
         std::to_string(bytes) + " bytes");
  }
  const base::Duration window = std::max(options_.min_window, stats_.window / 2);
  const bool cut = window != stats_.window;
  stats_.window = window;
  parts_.store.set_window(window);
  parts_.store.set_accept_late(window);
  return cut;
}

async::Task<> Keeper::load_wanted() {
  while (true) {
    while (wanted_.empty()) {
      const base::Status woken = co_await wanted_event_.wait();
      if (!woken) {
        co_return;
      }
    }
    std::vector<series::Selection> selections = std::exchange(wanted_, {});
    const auto loaded = co_await load(std::move(selections));
    if (!loaded && loaded.error().code() == base::ErrorCode::kCancelled) {
      co_return;
    }
    if (!loaded) {
      warn("blocks that rules read could not be read", loaded.error().message());
    }
  }
}

async::Task<base::Status> Keeper::stop(base::MonotonicTime deadline) {
  co_await tasks_.stop(parts_.timers, parts_.clock, kTaskLimit);
  // A task that was cancelled within flush() or seal() has left these as they were.
  flushing_ = false;
  async::Task<base::Status> last = flush();
  base::Status flushed = co_await async::with_deadline(parts_.timers, deadline, std::move(last));
  open_ = false;
  parts_.store.set_durable(false);
  // A disk that does not answer may hold the thread for ever: the rest of the daemon has to end.
  auto job = [shared = shared_] { shared->file.reset(); };
  async::Task<base::Status> closing = thread_->run(std::move(job));
  const base::Status closed =
      co_await async::with_deadline(parts_.timers, deadline, std::move(closing));
  const base::Status ended = co_await thread_->shutdown(parts_.timers, deadline);
  co_return !flushed ? flushed : !closed ? closed : ended;
}

}  // namespace tocsin::blocks
