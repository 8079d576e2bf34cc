#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
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

TEST(Stats, KnowTheMostSamplesHeld) {
  const World world = two_series();
  EXPECT_EQ(world.evaluate("m", 90)->stats.peak_samples, 2U);
  EXPECT_GE(world.evaluate("max_over_time(m[30s:5s])", 60)->stats.peak_samples, 6U);
}

std::size_t peak(const World& world, const std::string& text) {
  const auto result = world.range(text, seconds(0, 200, 10));
  EXPECT_TRUE(result) << text;
  return result ? result->stats.peak_samples : 0;
}

TEST(Budget, GetsBackWhatNobodyReadsAnyMore) {
  World world;
  for (const char* series : {"a{i=\"1\"}", "a{i=\"2\"}", "b{i=\"1\"}", "b{i=\"2\"}"}) {
    world.load(std::string(series) + " 0+1x20");
  }
  // A sum is 21 numbers, what it is made of twice 42.
  for (const std::string part : {"sum(X * 2 + X * 2)", "sum(sort_by_label(X * 3, \"i\"))",
                                 "sum(topk(2, X) + topk(2, X))", "sum(count_values(\"v\", X))"}) {
    const auto of = [&part](char name) {
      std::string text = part;
      std::replace(text.begin(), text.end(), 'X', name);
      return text;
    };
    const std::size_t one = peak(world, of('a'));
    EXPECT_GE(one, 63U) << part;
    EXPECT_LE(peak(world, of('a') + " + " + of('b')), one + 63) << part;
  }
}

TEST(Budget, BoundsWhatIsCountedByValue) {
  World world = two_series();
  world.options.max_samples = 100;
  const auto result = world.range("count_values(\"v\", m)", seconds(0, 200, 10));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code(), base::ErrorCode::kLimitExceeded);
}

}  // namespace
}  // namespace tocsin::promql
