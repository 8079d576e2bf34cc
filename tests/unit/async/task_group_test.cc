#include "async/task_group.h"

#include <gtest/gtest.h>

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <stdexcept>

#include "async/deadline.h"
#include "support/simulation.h"

namespace tocsin::async {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using testing::Simulation;
using Names = std::vector<std::string>;

Task<> sleep_then_log(Simulation& simulation, seconds time, Names& log) {
  const base::MonotonicTime when = simulation.clock().monotonic_now() + time;
  const base::Status slept = co_await simulation.timers().sleep_until(when);
  log.push_back(slept ? "slept" : std::string(base::to_string(slept.error().code())));
}

Task<> fail_with(std::string what) {
  if (!what.empty()) {
    throw std::runtime_error(what);
  }
  co_return;
}

/// Goes on until it was asked `patience` times to stop.
Task<> stubborn(Simulation& simulation, seconds until, Names& log) {
  const base::MonotonicTime end = simulation.clock().monotonic_now() + until;
  const auto executor = co_await boost::asio::this_coro::executor;
  Event never(executor);
  while (simulation.clock().monotonic_now() < end) {
    // Not a wait of this room: it ignores that the task was cancelled before.
    co_await boost::asio::post(executor, boost::asio::use_awaitable);
    simulation.clock().advance(seconds(1));
  }
  log.push_back("gave in");
}

TEST(TaskGroup, TasksStartAfterSpawnAndLeaveWhenDone) {
  Simulation simulation;
  Names log;
  TaskGroup group(simulation.executor(), {});
  EXPECT_TRUE(group.spawn("one", sleep_then_log(simulation, seconds(1), log)));
  EXPECT_TRUE(group.spawn("two", sleep_then_log(simulation, seconds(2), log)));
  EXPECT_TRUE(simulation.timers().empty());
  EXPECT_EQ(group.running(), (Names{"one", "two"}));
  simulation.run_for(seconds(1));
  EXPECT_EQ(group.running(), (Names{"two"}));
  simulation.run_until_idle();
  EXPECT_EQ(group.size(), 0U);
  EXPECT_EQ(log, (Names{"slept", "slept"}));
}

TEST(TaskGroup, ReportsExceptions) {
  Simulation simulation;
  Names log;
  TaskGroup group(simulation.executor(), [&log](const std::string& task, const std::string& what) {
    log.push_back(task + ": " + what);
  });
  group.spawn("good", fail_with(""));
  group.spawn("bad", fail_with("bang"));
  simulation.settle();
  EXPECT_EQ(log, (Names{"bad: bang"}));
  EXPECT_EQ(group.size(), 0U);
}

TEST(TaskGroup, StopCancelsAndWaits) {
  Simulation simulation;
  Names log;
  TaskGroup group(simulation.executor(), {});
  for (int i = 0; i < 3; ++i) {
    group.spawn("sleeper", sleep_then_log(simulation, hours(1), log));
  }
  simulation.settle();
  const Names left =
      simulation.run(group.stop(simulation.timers(), simulation.clock(), seconds(5)));
  EXPECT_EQ(left, Names{});
  EXPECT_EQ(log, (Names{"cancelled", "cancelled", "cancelled"}));
  EXPECT_TRUE(group.stopping());
  EXPECT_FALSE(group.spawn("late", sleep_then_log(simulation, seconds(1), log)));
}

TEST(TaskGroup, ATaskThatIsCancelledBeforeItStartsNeverRuns) {
  Simulation simulation;
  Names log;
  TaskGroup group(simulation.executor(), {});
  group.spawn("early", sleep_then_log(simulation, seconds(1), log));
  group.cancel();
  simulation.run_until_idle();
  EXPECT_EQ(log, Names{});
  EXPECT_EQ(group.size(), 0U);
}

TEST(TaskGroup, WaitsAfterACancellationEndAtOnce) {
  Simulation simulation;
  Names log;
  TaskGroup group(simulation.executor(), {});
  const auto twice = [](Simulation& in, Names& out) -> Task<> {
    co_await sleep_then_log(in, hours(1), out);
    co_await sleep_then_log(in, hours(1), out);
  };
  group.spawn("twice", twice(simulation, log));
  simulation.settle();
  group.cancel();
  simulation.settle();
  EXPECT_EQ(log, (Names{"cancelled", "cancelled"}));
}

TEST(TaskGroup, SaysWhoIsStuckAndInsists) {
  Simulation simulation;
  Names log;
  Names stuck;
  // Holds on to a wait that does not listen for the first two requests.
  TaskGroup group(simulation.executor(), {});
  const auto deaf = [](Simulation& in, Names& out) -> Task<> {
    for (int i = 0; i < 3; ++i) {
      co_await boost::asio::this_coro::reset_cancellation_state();
      const base::MonotonicTime when = in.clock().monotonic_now() + hours(1);
      const base::Status slept = co_await in.timers().sleep_until(when);
      out.push_back(slept ? "slept" : "asked");
    }
    out.push_back("gave in");
  };
  group.spawn("deaf", deaf(simulation, log));
  simulation.settle();
  const Names left = simulation.run(group.stop(simulation.timers(), simulation.clock(), seconds(5),
                                               [&stuck](const Names& names) { stuck = names; }));
  EXPECT_EQ(stuck, (Names{"deaf"}));
  EXPECT_EQ(left, Names{});
  EXPECT_EQ(log, (Names{"asked", "asked", "asked", "gave in"}));
}

TEST(TaskGroup, StopIsBoundedAndNamesWhoStays) {
  Simulation simulation;
  Names log;
  TaskGroup group(simulation.executor(), {});
  Event release(simulation.executor());
  const auto deaf = [](Event& event) -> Task<> {
    while (true) {
      co_await boost::asio::this_coro::reset_cancellation_state();
      const base::Status woken = co_await event.wait();
      if (woken) {
        co_return;
      }
    }
  };
  group.spawn("deaf", deaf(release));
  simulation.settle();
  const base::MonotonicTime start = simulation.clock().monotonic_now();
  const Names left =
      simulation.run(group.stop(simulation.timers(), simulation.clock(), seconds(5)));
  EXPECT_EQ(left, (Names{"deaf"}));
  EXPECT_EQ(simulation.clock().monotonic_now() - start, seconds(10));
  release.notify();
  simulation.settle();
  EXPECT_EQ(group.size(), 0U);
}

TEST(TaskGroup, BusyTasksAreAwaited) {
  Simulation simulation;
  Names log;
  TaskGroup group(simulation.executor(), {});
  group.spawn("stubborn", stubborn(simulation, seconds(20), log));
  const Names left =
      simulation.run(group.stop(simulation.timers(), simulation.clock(), seconds(60)));
  EXPECT_EQ(left, Names{});
}

TEST(TaskGroupDeathTest, AbortsWhenTasksOutliveIt) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(
      {
        Simulation simulation;
        Names log;
        TaskGroup group(simulation.executor(), {});
        group.spawn("orphan", sleep_then_log(simulation, seconds(1), log));
      },
      "tasks outlive their group: orphan");
}

}  // namespace
}  // namespace tocsin::async
