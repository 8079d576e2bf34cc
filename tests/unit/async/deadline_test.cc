#include "async/deadline.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

#include "async/task_group.h"
#include "support/simulation.h"

namespace tocsin::async {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using testing::Simulation;

Task<base::Result<std::string>> answer_after(Simulation& simulation, seconds delay,
                                             std::string text) {
  const base::MonotonicTime when = simulation.clock().monotonic_now() + delay;
  const base::Status slept = co_await simulation.timers().sleep_until(when);
  if (!slept) {
    co_return slept.error();
  }
  co_return base::Result<std::string>(std::move(text));
}

Task<base::Result<std::string>> failing(Simulation& simulation) {
  const base::MonotonicTime when = simulation.clock().monotonic_now() + seconds(1);
  const base::Status slept = co_await simulation.timers().sleep_until(when);
  throw std::runtime_error(slept ? "bang" : "cut");
}

Task<> limited(Simulation& simulation, Task<base::Result<std::string>> work, seconds limit,
               std::string& out) {
  const base::MonotonicTime deadline = simulation.clock().monotonic_now() + limit;
  const base::Result<std::string> result =
      co_await with_deadline(simulation.timers(), deadline, std::move(work));
  out = result ? *result : std::string(base::to_string(result.error().code()));
}

struct Case {
  seconds work;
  seconds limit;
  std::string expected;
  seconds elapsed;
};

TEST(WithDeadline, TheFirstToEndDecides) {
  const std::vector<Case> cases = {
      {seconds(1), seconds(5), "done", seconds(1)},
      {seconds(5), seconds(1), "timeout", seconds(1)},
      {seconds(0), seconds(5), "done", seconds(0)},
      {seconds(5), seconds(0), "timeout", seconds(0)},
  };
  for (const Case& test : cases) {
    Simulation simulation;
    const base::MonotonicTime start = simulation.clock().monotonic_now();
    std::string out;
    simulation.spawn(
        limited(simulation, answer_after(simulation, test.work, "done"), test.limit, out));
    EXPECT_TRUE(simulation.run_until_idle());
    EXPECT_EQ(out, test.expected);
    EXPECT_EQ(simulation.clock().monotonic_now() - start, test.elapsed);
    EXPECT_TRUE(simulation.timers().empty());
  }
}

TEST(WithDeadline, CancellingTheCallerCancelsTheWork) {
  Simulation simulation;
  std::string out;
  TaskGroup group(simulation.executor(), {});
  group.spawn("limited",
              limited(simulation, answer_after(simulation, seconds(5), "done"), seconds(9), out));
  simulation.settle();
  EXPECT_EQ(simulation.timers().size(), 2U);
  group.cancel();
  simulation.settle();
  EXPECT_EQ(out, "cancelled");
  EXPECT_EQ(group.size(), 0U);
  EXPECT_TRUE(simulation.timers().empty());
}

TEST(WithDeadline, ExceptionsOfTheWorkPassThrough) {
  Simulation simulation;
  std::string out;
  std::string error;
  TaskGroup group(
      simulation.executor(),
      [&error](const std::string& task, const std::string& what) { error = task + ": " + what; });
  group.spawn("limited", limited(simulation, failing(simulation), seconds(9), out));
  simulation.run_until_idle();
  EXPECT_EQ(error, "limited: bang");
  EXPECT_EQ(out, "");
}

TEST(WithDeadline, Nests) {
  Simulation simulation;
  std::string out;
  const base::MonotonicTime start = simulation.clock().monotonic_now();
  auto inner = with_deadline(simulation.timers(), start + seconds(9),
                             answer_after(simulation, seconds(20), "done"));
  simulation.spawn(limited(simulation, std::move(inner), seconds(2), out));
  simulation.run_until_idle();
  EXPECT_EQ(out, "timeout");
  EXPECT_EQ(simulation.clock().monotonic_now() - start, seconds(2));
}

Task<> log_after(Simulation& simulation, seconds delay, std::string text,
                 std::vector<std::string>& log) {
  const base::MonotonicTime when = simulation.clock().monotonic_now() + delay;
  const base::Status slept = co_await simulation.timers().sleep_until(when);
  log.push_back(slept ? text : text + " cancelled");
}

Task<> log_both(Simulation& simulation, std::vector<std::string>& log) {
  auto first = log_after(simulation, seconds(2), "first", log);
  auto second = log_after(simulation, seconds(1), "second", log);
  co_await both(std::move(first), std::move(second));
  const bool cancelled = co_await is_cancelled();
  log.push_back(cancelled ? "cut" : "both");
}

TEST(Both, RunsTwoAtOnceAndWaitsForBoth) {
  Simulation simulation;
  std::vector<std::string> log;
  const base::MonotonicTime start = simulation.clock().monotonic_now();
  simulation.spawn(log_both(simulation, log));
  simulation.run_until_idle();
  EXPECT_EQ(log, (std::vector<std::string>{"second", "first", "both"}));
  EXPECT_EQ(simulation.clock().monotonic_now() - start, seconds(2));
}

TEST(Both, CancellationReachesBoth) {
  Simulation simulation;
  std::vector<std::string> log;
  TaskGroup group(simulation.executor(), {});
  group.spawn("both", log_both(simulation, log));
  simulation.settle();
  group.cancel();
  simulation.settle();
  EXPECT_EQ(log, (std::vector<std::string>{"first cancelled", "second cancelled", "cut"}));
}

Task<> race_logged(Simulation& simulation, seconds work, seconds other,
                   std::vector<std::string>& log) {
  auto first = log_after(simulation, work, "work", log);
  auto second = log_after(simulation, other, "other", log);
  const bool won = co_await race(std::move(first), std::move(second));
  log.push_back(won ? "won" : "lost");
}

TEST(Race, TheLoserIsCancelledAndAwaited) {
  const std::vector<std::tuple<seconds, seconds, std::vector<std::string>>> cases = {
      {seconds(1), seconds(2), {"work", "other cancelled", "won"}},
      {seconds(2), seconds(1), {"other", "work cancelled", "lost"}},
  };
  for (const auto& [work, other, expected] : cases) {
    Simulation simulation;
    std::vector<std::string> log;
    simulation.spawn(race_logged(simulation, work, other, log));
    simulation.run_until_idle();
    EXPECT_EQ(log, expected);
  }
}

TEST(Race, CancellationReachesBoth) {
  Simulation simulation;
  std::vector<std::string> log;
  TaskGroup group(simulation.executor(), {});
  group.spawn("race", race_logged(simulation, seconds(1), seconds(2), log));
  simulation.settle();
  group.cancel();
  simulation.settle();
  EXPECT_EQ(log, (std::vector<std::string>{"work cancelled", "other cancelled", "won"}));
}

Task<> fail_at_once(std::string what) {
  if (!what.empty()) {
    throw std::runtime_error(what);
  }
  co_return;
}

Task<> fail_in_both(Simulation& simulation, bool first, std::vector<std::string>& log) {
  auto good = log_after(simulation, seconds(1), "good", log);
  auto bad = fail_at_once("bang");
  if (first) {
    co_await both(std::move(bad), std::move(good));
  } else {
    co_await both(std::move(good), std::move(bad));
  }
}

TEST(Both, ExceptionsPassThroughWhenBothHaveEnded) {
  for (const bool first : {true, false}) {
    Simulation simulation;
    std::vector<std::string> log;
    TaskGroup group(simulation.executor(),
                    [&log](const std::string&, const std::string& what) { log.push_back(what); });
    group.spawn("fail", fail_in_both(simulation, first, log));
    simulation.run_until_idle();
    EXPECT_EQ(log, (std::vector<std::string>{"good", "bang"}));
  }
}

Task<> clean_up_shielded(Simulation& simulation, std::vector<std::string>& log) {
  co_await log_after(simulation, seconds(60), "work", log);
  co_await shield(log_after(simulation, seconds(1), "clean-up", log));
  co_await log_after(simulation, seconds(60), "more", log);
}

TEST(Shield, CleanUpWaitsAlthoughTheTaskWasCancelled) {
  Simulation simulation;
  std::vector<std::string> log;
  TaskGroup group(simulation.executor(), {});
  group.spawn("task", clean_up_shielded(simulation, log));
  simulation.settle();
  group.cancel();
  simulation.settle();
  group.cancel();
  simulation.run_until_idle();
  EXPECT_EQ(log, (std::vector<std::string>{"work cancelled", "clean-up", "more cancelled"}));
}

Task<> tick(Simulation& simulation, std::string name, seconds period, int count,
            std::vector<std::string>& log) {
  base::MonotonicTime next = simulation.clock().monotonic_now();
  for (int i = 0; i < count; ++i) {
    next += period;
    const base::Status slept = co_await simulation.timers().sleep_until(next);
    if (!slept) {
      co_return;
    }
    log.push_back(name + std::to_string(i));
  }
}

TEST(Simulation, ADayOfTicksIsTheSameEachTime) {
  std::vector<std::vector<std::string>> logs(2);
  for (auto& log : logs) {
    Simulation simulation;
    simulation.spawn(tick(simulation, "a", seconds(15), 5760, log));
    simulation.spawn(tick(simulation, "b", seconds(5), 17280, log));
    simulation.run_for(hours(24));
    EXPECT_EQ(simulation.clock().wall_now().time_since_epoch(),
              testing::SimulatedClock().wall_now().time_since_epoch() + hours(24));
  }
  EXPECT_EQ(logs[0].size(), 5760U + 17280U);
  EXPECT_EQ(logs[0], logs[1]);
}

TEST(Simulation, RunGivesTheResultOfOneTask) {
  Simulation simulation;
  const base::Result<std::string> result =
      simulation.run(answer_after(simulation, seconds(60), "late"));
  ASSERT_TRUE(result);
  EXPECT_EQ(*result, "late");
}

}  // namespace
}  // namespace tocsin::async
