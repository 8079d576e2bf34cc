#include <gtest/gtest.h>

#include <memory>
#include <utility>
#include <vector>

#include "promql/query.h"
#include "unit/promql/world.h"

/// What an evaluation may take, how it is stopped, and what it says that it took.
namespace tocsin::promql {
namespace {

World two_series() {
  World world;
  world.load("m{i=\"1\"} 0+1x20").load("m{i=\"2\"} 0+1x9 stale");
  return world;
}

RangeTimes seconds(std::int64_t from, std::int64_t to, std::int64_t step) {
  return {base::from_millis(from * 1000), base::from_millis(to * 1000), std::chrono::seconds(step)};
}

TEST(Interrupt, EndsAnEvaluation) {
  World world = two_series();
  auto interrupt = std::make_shared<Interrupt>();
  world.options.interrupt = interrupt;
  EXPECT_TRUE(world.evaluate("sum(m)"));
  interrupt->cancel();
  for (const char* text : {"sum(m)", "rate(m[1m])", "max_over_time(m[1m:1s])"}) {
    const auto instant = world.evaluate(text);
    ASSERT_FALSE(instant) << text;
    EXPECT_EQ(instant.error().code(), base::ErrorCode::kCancelled);
    const auto range = world.range(text, seconds(0, 200, 1));
    ASSERT_FALSE(range) << text;
    EXPECT_EQ(range.error().code(), base::ErrorCode::kCancelled);
  }
  interrupt->time_out();  // too late: the first reason stays
  EXPECT_EQ(world.evaluate("sum(m)").error().code(), base::ErrorCode::kCancelled);
}

TEST(Interrupt, SaysWhenTheTimeIsOver) {
  World world = two_series();
  auto interrupt = std::make_shared<Interrupt>();
  interrupt->time_out();
  world.options.interrupt = interrupt;
  const auto result = world.evaluate("m");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code(), base::ErrorCode::kTimeout);
  EXPECT_EQ(result.error().message(), "query timed out in expression evaluation");
}

TEST(Stats, CountSamplesThatWereLookedAt) {
  const World world = two_series();
  EXPECT_EQ(world.evaluate("m", 90)->stats.total_samples, 2U);
  EXPECT_EQ(world.evaluate("m", 150)->stats.total_samples, 1U);
  EXPECT_EQ(world.evaluate("sum(m) / count(m)", 90)->stats.total_samples, 4U);
  EXPECT_EQ(world.evaluate("rate(m[30s])", 60)->stats.total_samples, 6U);
  EXPECT_EQ(world.evaluate("m[30s]", 60)->stats.total_samples, 6U);
  EXPECT_EQ(world.evaluate("vector(1)")->stats.total_samples, 0U);
  EXPECT_EQ(world.evaluate("max_over_time(m[30s:5s])", 60)->stats.total_samples, 12U);
}

TEST(Stats, CountEachStepWhenAsked) {
  World world = two_series();
  EXPECT_TRUE(world.range("m", seconds(80, 110, 10))->stats.per_step.empty());
  world.options.per_step_stats = true;
  using Steps = std::vector<std::pair<std::int64_t, std::uint64_t>>;
  const auto stats = world.range("m", seconds(80, 110, 10))->stats;
  EXPECT_EQ(stats.per_step, (Steps{{80'000, 2}, {90'000, 2}, {100'000, 1}, {110'000, 1}}));
  EXPECT_EQ(stats.total_samples, 6U);
  EXPECT_EQ(world.range("rate(m[20s])", seconds(0, 10, 5))->stats.per_step,
            (Steps{{0, 2}, {5'000, 2}, {10'000, 4}}));
  EXPECT_EQ(world.evaluate("m", 90)->stats.per_step, (Steps{{90'000, 2}}));
}

TEST(Stats, AreThoseOfEachStepInAll) {
  World world = two_series();
  for (const char* text :
       {"rate(m[20s])", "m > 3", "quantile_over_time(0.5, m[30s])", "clamp(m, 1, 2)"}) {
    world.options.per_step_stats = false;
    const auto total = world.range(text, seconds(0, 150, 5))->stats.total_samples;
    world.options.per_step_stats = true;
    const auto stats = world.range(text, seconds(0, 150, 5))->stats;
    std::uint64_t sum = 0;
    for (const auto& [time_ms, samples] : stats.per_step) {
      sum += samples;
    }
    EXPECT_GT(sum, 0U) << text;
    EXPECT_EQ(stats.total_samples, sum) << text;
    EXPECT_EQ(total, sum) << text;
  }
  world.options.per_step_stats = false;
  EXPECT_EQ(world.evaluate("m > 1e9", 90)->stats.total_samples, 2U);
}

TEST(Stats, KnowTheMostSamplesHeld) {
  const World world = two_series();
  EXPECT_EQ(world.evaluate("m", 90)->stats.peak_samples, 2U);
  EXPECT_GE(world.evaluate("max_over_time(m[30s:5s])", 60)->stats.peak_samples, 6U);
}

}  // namespace
}  // namespace tocsin::promql
