#include <gtest/gtest.h>

#include <bit>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "promql/query.h"
#include "unit/promql/world.h"

/// Subqueries and range queries take over the values of a step when nothing has changed since the
/// step before. They must say the same as an evaluation of its own at each step.
namespace tocsin::promql {
namespace {

constexpr std::int64_t kStart = 0;
constexpr std::int64_t kEnd = 150;  // seconds

// Bits of the values by time and labels.
using Values = std::map<std::pair<std::int64_t, std::string>, std::uint64_t>;

World gaps_and_ends() {
  World world;
  world.options.lookback = std::chrono::seconds(25);
  world.load("m{i=\"1\"} 0+1x3 _ _ _ _ 9 stale _ 4 4 4");
  world.load("m{i=\"2\"} _ _ 7 stale 8 _ _ NaN NaN");
  world.load("n{i=\"1\", k=\"a\"} 1 stale _ _ 2 3 3 _ _ _ 3 3");
  world.load("h_bucket{le=\"1\"} 0+1x4 _ _ _ _ 9").load("h_bucket{le=\"+Inf\"} 0+2x4 _ _ _ _ 20");
  return world;
}

Values one_by_one(const World& world, const std::string& text) {
  Values values;
  for (std::int64_t at = kStart; at <= kEnd; ++at) {
    const auto result = world.evaluate(text, at);
    EXPECT_TRUE(result) << text << " at " << at;
    if (!result) {
      continue;
    }
    if (const auto* scalar = std::get_if<Scalar>(&result->value)) {
      values[{at, "{}"}] = std::bit_cast<std::uint64_t>(scalar->value);
      continue;
    }
    for (const VectorElement& element : std::get<Vector>(result->value)) {
      values[{at, element.labels.to_string()}] = std::bit_cast<std::uint64_t>(element.value);
    }
  }
  return values;
}

Values of_matrix(const base::Result<Evaluation>& result) {
  Values values;
  EXPECT_TRUE(result);
  if (!result) {
    return values;
  }
  for (const MatrixSeries& series : std::get<Matrix>(result->value)) {
    for (const model::Sample& sample : series.samples) {
      values[{sample.time_ms / 1000, series.labels.to_string()}] =
          std::bit_cast<std::uint64_t>(sample.value);
    }
  }
  return values;
}

class Steps : public ::testing::TestWithParam<std::string> {};

TEST_P(Steps, OfARangeQueryAreThoseOfInstants) {
  const World world = gaps_and_ends();
  const RangeTimes times{base::from_millis(kStart * 1000), base::from_millis(kEnd * 1000),
                         std::chrono::seconds(1)};
  EXPECT_EQ(of_matrix(world.range(GetParam(), times)), one_by_one(world, GetParam()));
}

TEST_P(Steps, OfASubqueryAreThoseOfInstants) {
  const auto query = parse(GetParam(), ParseOptions::all());
  ASSERT_TRUE(query);
  // Subqueries are for vectors.
  const bool scalar = query->type() == ValueType::kScalar;
  const std::string vector = scalar ? "vector(" + GetParam() + ")" : "(" + GetParam() + ")";
  const World world = gaps_and_ends();
  EXPECT_EQ(of_matrix(world.evaluate(vector + "[151s:1s]", kEnd)), one_by_one(world, GetParam()));
}

INSTANTIATE_TEST_SUITE_P(
    Evaluate, Steps,
    ::testing::Values(
        "m", "nothing", "vector(1)", "1 + 1", "time()", "vector(time())", "minute()",
        "timestamp(m)", "timestamp(-m)", "m offset 7s", "m offset -7s", "m @ 30",
        "m @ 30 offset 5s", "timestamp(m @ 30)", "-m", "m * 2", "m > 3", "3 > m", "m > time() / 30",
        "n != 3", "m > bool 3", "m == on(i) n", "m + on(i) group_left(k) n", "m * ignoring(k) n",
        "m unless on(i) n", "m and on(i) n", "m or n", "m or on() vector(7)", "m > ignoring(k) n",
        "m + m", "absent(m)", "absent_over_time(n[9s])", "sum(m)", "count by (i) ({i=~\".+\"})",
        "topk(1, m)", "count_values(\"v\", m)", "sum without (i) (m)", "scalar(n)", "rate(m[15s])",
        "rate(n[9s] offset 3s)", "count_over_time(n[9s])", "last_over_time(m[30s] @ 40)",
        "predict_linear(m[30s] @ 40, 10)", "max_over_time(m[20s:3s])",
        "max_over_time(m[20s:3s] @ 40)", "abs(m)", "clamp_max(m, 3)", "clamp(m, 1, 3)",
        "clamp(m, 1, 2 - time() % 3)", "histogram_fraction(0, 0.5, h_bucket)",
        "histogram_fraction(scalar(n), time() / 40, h_bucket)",
        "histogram_quantile(time() % 3 / 2, h_bucket)", "sum_over_time(m[30s])",
        "avg_over_time(m[30s])", "min_over_time(m[30s] offset 3s)", "changes(m[30s])",
        "resets(m[30s])", "quantile_over_time(0.3, m[30s])",
        "quantile_over_time(time() % 5 / 5, m[30s])", "round(m, time())",
        "histogram_quantile(0.5, h_bucket)", "label_replace(m, \"j\", \"$1\", \"i\", \"(.*)\")",
        "sum(rate(m[15s])) / count(n)", "max_over_time((m + on(i) group_left(k) n)[20s:1s])"));

}  // namespace
}  // namespace tocsin::promql
