// The pipeline's own clockwork: deadlines, housekeeping, shutdown.
#include <algorithm>
#include <utility>

#include "app/log.h"
#include "app/pipeline.h"
#include "async/deadline.h"

namespace tocsin::app {
namespace {

/// Rules whose distance to their threshold is looked at after one poll.
constexpr std::size_t kWatchesAtOnce = 64;

}  // namespace
namespace {

constexpr base::Duration kHousekeeping = std::chrono::minutes(1);

}  // namespace

std::optional<base::MonotonicTime> Pipeline::next_deadline() {
  const Moment moment = look();
  std::optional<base::MonotonicTime> next = next_expiry_;
  if (const auto wall = core_.next_deadline()) {
    next = std::min(*next, moment.mono + std::max(*wall - moment.wall, base::Duration{0}));
  }
  if (const auto rules = core_.engine().next_deadline(moment.wall, moment.mono)) {
    next = std::min(*next, *rules);
  }
  return next;
}

async::Task<> Pipeline::run_timers() {
  while (true) {
    due_ = next_deadline();
    async::Task<base::Status> woken = wake_.wait();
    const base::Status status =
        co_await async::with_deadline(parts_.timers, *due_, std::move(woken));
    const bool cancelled = co_await async::is_cancelled();
    if (cancelled) {
      co_return;
    }
    if (!status && status.error().code() == base::ErrorCode::kTimeout) {
      const Moment moment = look();
      commit(core_.on_tick(moment.wall), moment);
      run_rounds(moment);
      if (moment.mono >= next_expiry_) {
        next_expiry_ = moment.mono + kHousekeeping;
        tasks_.spawn("expire samples", expire_samples());
        commit(core_.on_housekeeping(moment.wall), moment);
        tasks_.spawn("expire records", expire_records());
      }
    }
  }
}

bool Pipeline::wants_sharper(series::Origin origin) {
  const std::vector<rules::Watch> watches = core_.engine().watches(origin);
  if (std::ranges::any_of(watches, [](const rules::Watch& watch) { return watch.pending > 0; })) {
    return true;
  }
  // Where many rules read one target, some are looked at now and the others after later polls.
  const base::WallTime now = look().wall;
  const std::size_t count = std::min(watches.size(), kWatchesAtOnce);
  for (std::size_t i = 0; i < count; ++i) {
    const rules::Watch& watch = watches[next_watch_++ % watches.size()];
    if (watch.near == nullptr) {
      continue;
    }
    const auto near = query(*watch.near, now);
    const auto* vector = near ? std::get_if<promql::Vector>(&near->value) : nullptr;
    if (vector != nullptr && vector->size() > watch.firing) {
      return true;
    }
  }
  return false;
}

bool Pipeline::is_late(base::Duration limit) const {
  return due_ && parts_.clock.monotonic_now() - *due_ > limit;
}

async::Task<> Pipeline::store_snapshot(journal::StoredSnapshot snapshot) {
  const base::Status status = co_await parts_.journal.save_snapshot(std::move(snapshot));
  if (!status && status.error().code() != base::ErrorCode::kCancelled) {
    log_warning("the snapshot could not be stored", {{"error", status.error().message()}});
  }
}

// In steps of a millisecond or so, with the loop free in between.
async::Task<> Pipeline::expire_samples() {
  constexpr std::uint32_t kSlots = 16'384;
  while (!parts_.store.expire_some(look().wall, kSlots)) {
    const base::Status slept = co_await parts_.timers.sleep_until(parts_.clock.monotonic_now() +
                                                                  std::chrono::milliseconds(5));
    if (!slept) {
      co_return;
    }
  }
}

async::Task<> Pipeline::expire_records() {
  const base::WallTime before = parts_.clock.wall_now() - options_.record_retention;
  const auto expired = co_await parts_.journal.expire(before);
  if (!expired && expired.error().code() != base::ErrorCode::kCancelled) {
    log_warning("old records could not be removed", {{"error", expired.error().message()}});
  }
}

async::Task<base::Status> Pipeline::stop(base::MonotonicTime deadline) {
  const base::Duration left =
      std::max(std::chrono::floor<base::Duration>(deadline - parts_.clock.monotonic_now()),
               base::Duration{0});
  const std::vector<std::string> stuck =
      co_await tasks_.stop(parts_.timers, parts_.clock, left / 4);
  for (const std::string& task : stuck) {
    log_warning("a task does not end", {{"task", task}});
  }
  running_ = false;
  const Moment moment = look();
  commit(core_.on_housekeeping(moment.wall), moment);
  const base::Status flushed = co_await committer_.stop(deadline);
  if (flushed && sequence_known_ && committer_.given_up() == 0 && records_since_snapshot_ > 0) {
    journal::StoredSnapshot snapshot{last_sequence_, core_.save()};
    const base::Status stored = co_await parts_.journal.save_snapshot(std::move(snapshot));
    if (!stored) {
      co_return stored;
    }
  }
  co_return flushed;
}

}  // namespace tocsin::app
