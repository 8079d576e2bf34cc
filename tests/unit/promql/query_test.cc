#include "promql/query.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "unit/promql/world.h"

namespace tocsin::promql {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

Query parsed(std::string_view text) {
  auto query = parse(text);
  EXPECT_TRUE(query) << text;
  return *query;
}

TEST(Query, KnowsItsType) {
  EXPECT_EQ(parsed("1").type(), ValueType::kScalar);
  EXPECT_EQ(parsed("time() + 1").type(), ValueType::kScalar);
  EXPECT_EQ(parsed("up").type(), ValueType::kVector);
  EXPECT_EQ(parsed("up[5m]").type(), ValueType::kMatrix);
  EXPECT_EQ(parsed("'x'").type(), ValueType::kString);
  EXPECT_EQ(to_string(ValueType::kMatrix), "matrix");
}

TEST(Query, SelectionsHaveTheTimesThatAreRead) {
  // Of each selector the first and the last millisecond, relative to the evaluation's time.
  using Bounds = std::vector<std::pair<std::int64_t, std::int64_t>>;
  const std::int64_t now = 10'000'000;
  const std::vector<std::pair<std::string, Bounds>> cases = {
      {"1", {}},
      {"up", {{-299'999, 0}}},
      {"up offset 1m", {{-359'999, -60'000}}},
      {"up offset -1m", {{-239'999, 60'000}}},
      {"up[10m]", {{-599'999, 0}}},
      {"up @ 1000", {{-9'000'000 - 299'999, -9'000'000}}},
      {"up @ end() offset 1s", {{-300'999, -1000}}},
      {"a + b[1m:10s]", {}},
      {"sum_over_time(up[1m:10s])", {{-59'999 - 299'999, 0}}},
      {"sum_over_time(rate(up[2m])[1m:10s] offset 1m)", {{-119'999 - 119'999, -60'000}}},
      {"a or b offset 1m or rate(c[1m])", {{-299'999, 0}, {-359'999, -60'000}, {-59'999, 0}}},
  };
  for (const auto& [text, expected] : cases) {
    const auto query = parse(text);
    if (!query) {
      continue;
    }
    Bounds got;
    for (const auto& selection : selections(*query, base::from_millis(now), {})) {
      got.emplace_back(selection.min_time_ms - now, selection.max_time_ms - now);
    }
    EXPECT_EQ(got, expected) << text;
  }
}

TEST(Query, LongestReachAddsUp) {
  const std::vector<std::pair<std::string, base::Duration>> cases = {
      {"1", seconds(0)},
      {"up", minutes(5)},
      {"rate(up[1h])", hours(1)},
      {"rate(up[1h] offset 1d)", hours(25)},
      {"up offset -10m", seconds(0)},
      {"up @ 100", seconds(0)},
      {"max_over_time(rate(up[5m])[1h:1m] offset 1h)", hours(2) + minutes(5)},
      {"rate(a[5m]) / rate(b[30m])", minutes(30)},
  };
  for (const auto& [text, expected] : cases) {
    EXPECT_EQ(longest_reach(parsed(text), {}), expected) << text;
  }
}

TEST(Query, ListsSelectorsInOrder) {
  EXPECT_FALSE(reads_series(parsed("vector(1) + time()")));
  const Query query = parsed("sum(a{x=\"1\"}) / on() {y=~\"b.*\"}");
  EXPECT_TRUE(reads_series(query));
  const auto list = selectors(query);
  ASSERT_EQ(list.size(), 2U);
  ASSERT_EQ(list[0].size(), 2U);
  EXPECT_EQ(list[0][0].to_string(), "x=\"1\"");
  EXPECT_EQ(list[0][1].to_string(), "__name__=\"a\"");
  EXPECT_EQ(list[1][0].to_string(), "y=~\"b.*\"");
}

TEST(Query, RefusesAForeignSnapshot) {
  const auto result = evaluate(parsed("up"), base::from_millis(0), series::Snapshot(), {});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code(), base::ErrorCode::kInvalidInput);
}

TEST(Query, OutlivesItsText) {
  Query query = parsed(std::string("up") + "{a=\"b\"}");
  const Query copy = query;
  query = parsed("1");
  EXPECT_EQ(format(copy.root()), "up{a=\"b\"}");
  EXPECT_EQ(copy.text(), "up{a=\"b\"}");
}

}  // namespace
}  // namespace tocsin::promql
