#include "sources/manager.h"

#include <algorithm>
#include <exception>
#include <set>
#include <utility>

#include "async/deadline.h"

namespace tocsin::sources {

namespace {

// A source that ignores its deadline is cut off this much later.
constexpr base::Duration kGrace = std::chrono::milliseconds(500);

using BatchSlot = std::shared_ptr<std::optional<Batch>>;

/// Runs one poll; sources must not throw, and one that does has failed.
async::Task<> guarded_poll(std::shared_ptr<Source> source, PollContext context, BatchSlot into) {
  std::string what;
  try {
    Batch batch = co_await source->poll(context);
    into->emplace(std::move(batch));
  } catch (const std::exception& error) {
    what = error.what();
  }
  if (!into->has_value()) {
    into->emplace();
    (*into)->error = "internal error: " + what;
  }
}

}  // namespace

/// One target and the task that polls it.
struct Manager::Loop {
  Loop(Target polled, series::Origin number, Schedule rhythm, boost::asio::any_io_executor executor)
      : target(std::move(polled)),
        origin(number),
        schedule(rhythm),
        tasks(std::move(executor), {}) {}

  Target target;
  series::Origin origin;
  Schedule schedule;
  bool retired = false;
  async::TaskGroup tasks;  // last: its task uses what stands above
};

Manager::Manager(Dependencies dependencies)
    : dependencies_(std::move(dependencies)), started_(dependencies_.clock.monotonic_now()) {}

Manager::~Manager() = default;

series::Origin Manager::origin_of(const std::string& id) {
  // 0 means nobody in particular.
  const auto next = static_cast<series::Origin>(origins_.size() + 1);
  return origins_.emplace(id, next).first->second;
}

void Manager::set_targets(std::vector<Target> targets) {
  if (stopping_) {
    return;
  }
  reap();
  std::set<std::string> wanted;
  std::vector<Target> chosen;
  for (Target& target : targets) {
    if (wanted.insert(target.spec.id).second) {
      chosen.push_back(std::move(target));
    }
  }
  for (auto it = loops_.begin(); it != loops_.end();) {
    if (wanted.contains(it->first)) {
      ++it;
      continue;
    }
    const series::Origin origin = it->second->origin;
    retire(std::move(it->second));
    it = loops_.erase(it);
    dependencies_.sink.target_removed(origin);
  }
  for (Target& target : chosen) {
    start(std::move(target));
  }
}

void Manager::start(Target target) {
  const series::Origin origin = origin_of(target.spec.id);
  const auto known = loops_.find(target.spec.id);
  if (known != loops_.end()) {
    Loop& loop = *known->second;
    const bool same_rhythm = loop.target.spec.interval == target.spec.interval;
    if (loop.target.spec != target.spec) {
      dependencies_.sink.target_added(origin, target.spec);
    }
    if (same_rhythm) {
      loop.target = std::move(target);
      return;
    }
    retire(std::move(known->second));
    loops_.erase(known);
  } else {
    dependencies_.sink.target_added(origin, target.spec);
  }
  const std::string id = target.spec.id;
  const Schedule schedule = Schedule::of(started_, target.spec.interval, id);
  auto loop = std::make_unique<Loop>(std::move(target), origin, schedule, dependencies_.executor);
  Loop* running = loop.get();
  loops_.emplace(id, std::move(loop));
  running->tasks.spawn("poll " + id, run(running));
}

void Manager::retire(std::unique_ptr<Loop> loop) {
  loop->retired = true;
  loop->tasks.cancel();
  if (loop->tasks.size() > 0) {
    retired_.push_back(std::move(loop));
  }
}

void Manager::reap() {
  std::erase_if(retired_, [](const auto& loop) { return loop->tasks.size() == 0; });
}

async::Task<> Manager::run(Loop* loop) {
  base::MonotonicTime regular = loop->schedule.first(dependencies_.clock.monotonic_now());
  base::MonotonicTime due = regular;
  while (!loop->retired) {
    const base::Status slept = co_await dependencies_.timers.sleep_until(due);
    if (!slept || loop->retired) {
      co_return;
    }
    const base::MonotonicTime began = dependencies_.clock.monotonic_now();
    Batch batch = co_await poll_once(loop);
    const bool cancelled = co_await async::is_cancelled();
    if (cancelled || loop->retired) {
      co_return;
    }
    ++stats_.polls;
    stats_.failed += batch.up ? 0 : 1;
    dependencies_.sink.batch_arrived(loop->origin, std::move(batch));
    const base::MonotonicTime now = dependencies_.clock.monotonic_now();
    stats_.extra += due < regular ? 1 : 0;
    if (due == regular || regular <= now) {
      const Schedule::Next next = loop->schedule.next(regular, now);
      // A regular poll that an extra one has left no room for is missed.
      stats_.missed += next.missed + (due == regular ? 0 : 1);
      regular = next.when;
    }
    due = next_due(*loop, began, regular, now);
  }
}

base::MonotonicTime Manager::next_due(const Loop& loop, base::MonotonicTime began,
                                      base::MonotonicTime regular, base::MonotonicTime now) const {
  if (dependencies_.sharpening == nullptr) {
    return regular;
  }
  return dependencies_.sharpening->extra_poll(loop.origin, began, regular, now).value_or(regular);
}

async::Task<Batch> Manager::poll_once(Loop* loop) {
  const base::Clock& clock = dependencies_.clock;
  const base::MonotonicTime began = clock.monotonic_now();
  const base::Duration timeout = loop->target.spec.timeout;
  const PollContext context{.started = clock.wall_now(), .deadline = began + timeout};
  auto slot = std::make_shared<std::optional<Batch>>();
  async::Task<> work = guarded_poll(loop->target.source, context, slot);
  const async::RaceEnd end = co_await async::race_deadline(
      dependencies_.timers, context.deadline + kGrace, std::move(work));
  Batch batch;
  if (slot->has_value()) {
    batch = std::move(**slot);
  }
  if (end == async::RaceEnd::kTimedOut) {
    ++stats_.overrun;
    batch = Batch{};
    batch.error = "the poll did not end within " + base::format_duration(timeout);
  }
  batch.started = context.started;
  if (batch.arrived == base::MonotonicTime{}) {
    batch.arrived = clock.monotonic_now();
  }
  if (batch.duration_seconds == 0) {
    const auto took = clock.monotonic_now() - began;
    batch.duration_seconds = std::chrono::duration<double>(took).count();
    batch.duration = std::chrono::duration_cast<base::Duration>(took);
  }
  co_return batch;
}

async::Task<> Manager::stop(base::Duration limit) {
  stopping_ = true;
  for (auto& [id, loop] : loops_) {
    retire(std::move(loop));
  }
  loops_.clear();
  for (const auto& loop : retired_) {
    loop->tasks.cancel();
  }
  const base::MonotonicTime until = dependencies_.clock.monotonic_now() + limit;
  for (const auto& loop : retired_) {
    const auto left =
        std::chrono::duration_cast<base::Duration>(until - dependencies_.clock.monotonic_now());
    const base::Duration patience = std::max<base::Duration>(left, base::Duration(0));
    co_await loop->tasks.stop(dependencies_.timers, dependencies_.clock, patience);
  }
  reap();
}

}  // namespace tocsin::sources
