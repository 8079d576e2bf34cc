#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "unit/promql/world.h"

namespace tocsin::promql {
namespace {

using Cases = std::vector<std::pair<std::string, std::string>>;

void expect(const World& world, const Cases& cases) {
  for (const auto& [text, expected] : cases) {
    EXPECT_EQ(world.show(text), expected) << text;
  }
}

World shop() {
  World world;
  world.load("orders_total{shop=\"a\",zone=\"1\"} 0+10x10")
      .load("orders_total{shop=\"b\",zone=\"1\"} 0+20x10")
      .load("orders_total{shop=\"c\",zone=\"2\"} 0+40x10")
      .load("limit{zone=\"1\",owner=\"x\"} 5x10")
      .load("limit{zone=\"2\",owner=\"y\"} 7x10");
  return world;
}

TEST(Evaluate, Selectors) {
  World world;
  world.load("up{job=\"a\"} 1 2 3").load("up{job=\"b\"} 1 stale").load("up{job=\"c\"} 1x40");
  expect(world, {{"up", "up{job=\"a\"} 3, up{job=\"c\"} 1"},
                 {"up offset 95s", "up{job=\"a\"} 1, up{job=\"b\"} 1, up{job=\"c\"} 1"},
                 {"up offset -1h", ""},
                 {"up @ 10", "up{job=\"a\"} 2, up{job=\"c\"} 1"},
                 {"up{job=\"a\"}[25s] @ 20", "up{job=\"a\"} 1@0 2@10 3@20"},
                 {"up{job=\"a\"}[20s] @ 20", "up{job=\"a\"} 2@10 3@20"},
                 {"up{job=\"b\"}[1h]", "up{job=\"b\"} 1@0"},
                 {"\"text\"", "\"text\""},
                 {"up{job=\"a\"}[20s:10s] @ 20", "up{job=\"a\"} 2@10 3@20"},
                 {"{__name__=\"nothing\"}", ""}});
  // A sample exactly as old as the lookback is too old.
  EXPECT_EQ(world.show("up{job=\"a\"}", 319), "up{job=\"a\"} 3");
  EXPECT_EQ(world.show("up{job=\"a\"}", 320), "");
}

TEST(Evaluate, ScalarsAndVectors) {
  expect(shop(),
         {{"1 + 2", "3"},
          {"limit * 2", "{owner=\"x\", zone=\"1\"} 10, {owner=\"y\", zone=\"2\"} 14"},
          {"2 - limit", "{owner=\"x\", zone=\"1\"} -3, {owner=\"y\", zone=\"2\"} -5"},
          {"limit > 5", "limit{owner=\"y\", zone=\"2\"} 7"},
          {"5 < limit", "limit{owner=\"y\", zone=\"2\"} 7"},
          {"limit > bool 5", "{owner=\"x\", zone=\"1\"} 0, {owner=\"y\", zone=\"2\"} 1"},
          {"-limit", "{owner=\"x\", zone=\"1\"} -5, {owner=\"y\", zone=\"2\"} -7"},
          {"+limit", "limit{owner=\"x\", zone=\"1\"} 5, limit{owner=\"y\", zone=\"2\"} 7"}});
}

TEST(Evaluate, VectorMatching) {
  expect(shop(),
         {{"orders_total{zone=\"2\"} / on(zone) limit", "{zone=\"2\"} 57.142857142857146"},
          {"orders_total{zone=\"2\"} / ignoring(shop, owner) limit",
           "{zone=\"2\"} 57.142857142857146"},
          {"orders_total * on(zone) group_left(owner) limit",
           "{owner=\"x\", shop=\"a\", zone=\"1\"} 500, {owner=\"x\", shop=\"b\", zone=\"1\"} 1000, "
           "{owner=\"y\", shop=\"c\", zone=\"2\"} 2800"},
          {"limit * on(zone) group_right() orders_total",
           "{shop=\"a\", zone=\"1\"} 500, {shop=\"b\", zone=\"1\"} 1000, {shop=\"c\", zone=\"2\"} "
           "2800"},
          {"orders_total > on(zone) group_left() limit * 30",
           "orders_total{shop=\"b\", zone=\"1\"} 200, orders_total{shop=\"c\", zone=\"2\"} 400"},
          {"orders_total * on(zone) limit",
           "error: multiple matches for labels: many-to-one matching must be explicit "
           "(group_left/group_right)"},
          {"limit * on(zone) orders_total",
           "error: found duplicate series for the match group {zone=\"1\"} on the right hand-side "
           "of the operation: [orders_total{shop=\"b\", zone=\"1\"}, orders_total{shop=\"a\", "
           "zone=\"1\"}];many-to-many matching not allowed: matching labels must be unique on one "
           "side"},
          {"{zone=~\"1|2\",shop=\"\"} * on(owner) group_left(zone) limit",
           "{owner=\"x\", zone=\"1\"} 25, {owner=\"y\", zone=\"2\"} 49"},
          {"orders_total * on(zone) group_left(shop) limit",
           "error: multiple matches for labels: grouping labels must ensure unique matches"}});
}

TEST(Evaluate, SetOperators) {
  expect(shop(),
         {{"limit and on(zone) orders_total{shop=\"c\"}", "limit{owner=\"y\", zone=\"2\"} 7"},
          {"limit unless on(zone) orders_total{shop=\"c\"}", "limit{owner=\"x\", zone=\"1\"} 5"},
          {"limit{zone=\"2\"} or vector(1)", "limit{owner=\"y\", zone=\"2\"} 7, {} 1"},
          {"limit{zone=\"9\"} or vector(0)", "{} 0"},
          {"limit and nothing", ""}});
}

TEST(Evaluate, Aggregations) {
  expect(shop(),
         {{"sum(orders_total)", "{} 700"},
          {"sum by (zone) (orders_total)", "{zone=\"1\"} 300, {zone=\"2\"} 400"},
          {"avg without (shop) (orders_total)", "{zone=\"1\"} 150, {zone=\"2\"} 400"},
          {"count(orders_total > 100)", "{} 2"},
          {"min(orders_total)", "{} 100"},
          {"max(orders_total)", "{} 400"},
          {"group(orders_total)", "{} 1"},
          {"stdvar(orders_total{zone=\"1\"})", "{} 2500"},
          {"stddev(orders_total{zone=\"1\"})", "{} 50"},
          {"topk(1, orders_total)", "orders_total{shop=\"c\", zone=\"2\"} 400"},
          {"bottomk by (zone) (1, orders_total)",
           "orders_total{shop=\"a\", zone=\"1\"} 100, orders_total{shop=\"c\", zone=\"2\"} 400"},
          {"topk(0, orders_total)", ""},
          {"topk(NaN, orders_total)", "error: Parameter value is NaN"},
          {"topk(1e30, orders_total)", "error: Scalar value 1e+30 overflows int64"},
          {"quantile(0.5, orders_total)", "{} 200"},
          {"count_values(\"v\", limit * 0)", "{v=\"0\"} 2"},
          {"count_values(\"\", limit)", "error: invalid label name \"\""},
          {"sum(nothing)", ""},
          {"sum by (zone) (rate(orders_total[50s]))", "{zone=\"1\"} 3, {zone=\"2\"} 4"}});
}

TEST(Evaluate, ExtremesLeaveNanOut) {
  World world;
  world.load("m{i=\"1\"} NaNx20").load("m{i=\"2\"} 2x20").load("m{i=\"3\"} 3x20");
  expect(world, {{"max(m)", "{} 3"}, {"min(m)", "{} 2"}, {"sum(m)", "{} NaN"}});
  expect(world, {{"topk(1, m)", "m{i=\"3\"} 3"}, {"max(m{i=\"1\"})", "{} NaN"}});
}

TEST(Evaluate, NamesDropAtOnceByDefault) {
  World world;
  world.load("a_total{x=\"1\"} 0+1x20").load("b_total{x=\"1\"} 0+1x20");
  const std::string same = "error: vector cannot contain metrics with the same labelset";
  expect(world, {{"rate({x=\"1\"}[1m])", same},
                 {"-{x=\"1\"}", same},
                 {"abs({x=\"1\"})", same},
                 {"{x=\"1\"} + 1", same},
                 {"{x=\"1\"} > 100", ""},
                 {"sum by (__name__) (rate(a_total[1m]))", "{} 0.1"},
                 {"sum by (__name__) (a_total)", "a_total 10"},
                 {"label_replace(a_total, \"x\", \"\", \"\", \"\")", "a_total 10"},
                 {"label_replace({x=\"1\"}, \"__name__\", \"c\", \"\", \"\")", same},
                 {"last_over_time(a_total[1m])", "a_total{x=\"1\"} 10"},
                 {"topk(1, rate(a_total[1m]))", "{x=\"1\"} 0.1"},
                 {"a_total or on(y) b_total", "a_total{x=\"1\"} 10"}});
  world.options.delayed_name_removal = true;
  expect(world, {{"rate({x=\"1\"}[1m])", same},
                 {"sum by (__name__) (rate(a_total[1m]))", "{} 0.1"},
                 {"count(rate({x=\"1\"}[1m]))", "{} 2"}});
}

TEST(Evaluate, Subqueries) {
  World world;
  world.load("m 0+1x20");
  expect(world, {{"max_over_time(m[30s:10s])", "{} 10"},
                 {"sum_over_time(m[30s:10s])", "{} 27"},
                 {"count_over_time(m[5m:])", "{} 2"},
                 {"sum_over_time(sum_over_time(m[20s:10s])[20s:10s])", "{} 36"},
                 {"max_over_time((m > 8)[1m:10s])", "{} 10"},
                 {"max_over_time(m[30s:10s] offset 50s)", "{} 5"},
                 {"max_over_time(m[30s:10s] @ 60)", "{} 6"}});
}

TEST(Evaluate, AnnotatesWithPosition) {
  World world;
  world.load("m{le=\"x\"} 0+1x20");
  const auto infos = world.evaluate("sum(\n rate(m[1m]))");
  ASSERT_TRUE(infos);
  EXPECT_EQ(infos->infos,
            (std::vector<std::string>{"PromQL info: metric might not be a counter, name does not "
                                      "end in _total/_sum/_count/_bucket: \"m\" (2:7)"}));
  const auto quantile = world.evaluate("histogram_quantile(2, m)");
  ASSERT_TRUE(quantile);
  EXPECT_EQ(quantile->warnings,
            (std::vector<std::string>{
                "PromQL warning: quantile value should be between 0 and 1, got 2 (1:20)",
                "PromQL warning: bucket label \"le\" is missing or has a malformed value of \"x\" "
                "for metric name \"m\" (1:23)"}));
}

TEST(Evaluate, StopsAtTheSampleLimit) {
  World world;
  world.load("m{i=\"1\"} 0+1x20").load("m{i=\"2\"} 0+1x20");
  world.options.max_samples = 10;
  EXPECT_EQ(world.show("m + m"), "{i=\"1\"} 20, {i=\"2\"} 20");
  for (const char* text : {"m[5m]", "sum_over_time(m[1m:1s])", "rate(m[1m:1s])"}) {
    const auto result = world.evaluate(text);
    ASSERT_FALSE(result) << text;
    EXPECT_EQ(result.error().code(), base::ErrorCode::kLimitExceeded) << text;
  }
  world.options.max_samples = 1;
  EXPECT_EQ(world.evaluate("m").error().code(), base::ErrorCode::kLimitExceeded);
}

TEST(Evaluate, StopsAtTheStepLimit) {
  World world;
  world.options.max_steps = 1000;
  EXPECT_EQ(world.show("sum_over_time(nothing[1000s:1s])"), "");
  for (const char* text :
       {"sum_over_time(nothing[10y:1ms])", "sum_over_time(sum_over_time(a[400s:1s])[400s:1s])"}) {
    const auto result = world.evaluate(text);
    ASSERT_FALSE(result) << text;
    EXPECT_EQ(result.error().code(), base::ErrorCode::kLimitExceeded) << text;
  }
  const RangeTimes long_range{base::from_millis(0), base::from_millis(2'000), base::Duration(1)};
  EXPECT_EQ(world.range("a", long_range).error().code(), base::ErrorCode::kLimitExceeded);
}

TEST(Evaluate, RangeQueries) {
  World world;
  world.load("m{i=\"1\"} 0+1x3").load("m{i=\"0\"} _ 5");
  const RangeTimes times{base::from_millis(0), base::from_millis(20'000), base::Duration(10'000)};
  const auto show = [&](std::string_view text) {
    const auto result = world.range(text, times);
    return result ? World::print(result->value) : "error: " + result.error().message();
  };
  EXPECT_EQ(show("m"), "m{i=\"0\"} 5@10 5@20, m{i=\"1\"} 0@0 1@10 2@20");
  EXPECT_EQ(show("time()"), "{} 0@0 10@10 20@20");
  EXPECT_EQ(show("m{i=\"1\"} @ end()"), "m{i=\"1\"} 2@0 2@10 2@20");
  EXPECT_EQ(show("sum_over_time(m{i=\"1\"}[20s])"), "{i=\"1\"} 0@0 1@10 3@20");
  EXPECT_EQ(show("m[1m]"),
            "error: invalid expression type \"range vector\" for range query, must be Scalar or "
            "instant Vector");
  EXPECT_FALSE(world.range("m", {times.start, times.end, base::Duration(0)}));
  const auto sorted = world.range("sort(m)", times);
  ASSERT_TRUE(sorted);
  EXPECT_EQ(sorted->warnings.size(), 1U);
}

TEST(Evaluate, MatchesByTheNamesThatThereStillAre) {
  World world;
  world.load("this{job=\"a\"} 1").load("that{job=\"a\"} 2");
  EXPECT_EQ(world.show("this * on (job, __name__) abs(that)"), "");
  EXPECT_EQ(world.show("abs(this) * on (job, __name__) that"), "");
  EXPECT_EQ(world.show("abs(this) * on (job, __name__) abs(that)"), "{job=\"a\"} 2");
}

TEST(Evaluate, SeriesThatTakeTurns) {
  World world;
  world.load("early{job=\"a\"} 1 2 stale").load("late{job=\"a\"} _ _ _ 3 4");
  const RangeTimes times{base::from_millis(0), base::from_millis(40'000), base::Duration(10'000)};
  const auto show = [&](const std::string& before, const std::string& after) {
    const auto result = world.range(before + "{__name__=~\"early|late\"}" + after, times);
    return result ? World::print(result->value) : "error: " + result.error().message();
  };
  const std::string refused = "error: vector cannot contain metrics with the same labelset";
  EXPECT_EQ(show("abs(", ")"), "{job=\"a\"} 1@0 2@10 3@30 4@40");
  EXPECT_EQ(show("-", ""), "{job=\"a\"} -1@0 -2@10 -3@30 -4@40");
  EXPECT_EQ(show("label_replace(", ", \"__name__\", \"x\", \"\", \"\")"),
            "x{job=\"a\"} 1@0 2@10 3@30 4@40");
  EXPECT_EQ(show("sum_over_time(label_join(", ", \"__name__\", \"\")[20s:10s])"),
            "{job=\"a\"} 1@0 3@10 2@20 3@30 7@40");
  EXPECT_EQ(show("sum_over_time(", "[5s])"), refused);
}

TEST(Evaluate, NewLabelsMayNotMeetEvenBeforeNamesGo) {
  World world;
  world.load("m{i=\"1\"} 1x20").load("m{i=\"2\"} 2x20").load("n{i=\"3\"} 3x20");
  world.options.delayed_name_removal = true;
  const std::string refused = "error: vector cannot contain metrics with the same labelset";
  EXPECT_EQ(world.show("count(label_replace(m, \"i\", \"\", \"\", \"\"))"), refused);
  EXPECT_EQ(world.show("count(label_join(abs(m), \"i\", \"\"))"), refused);
  EXPECT_EQ(world.show("count(label_join(-{__name__=~\"m|n\", i=~\"1|3\"}, \"i\", \"\"))"), "{} 2");
}

TEST(Evaluate, TypeAndUnitGoWithTheName) {
  World world;
  world.load("m{__type__=\"gauge\", i=\"1\"} 1x20").load("m{__unit__=\"bytes\", i=\"1\"} 2x20");
  world.load("turns{__type__=\"gauge\"} 1 2 stale").load("turns{__type__=\"counter\"} _ _ _ 3 4");
  const std::string refused = "error: vector cannot contain metrics with the same labelset";
  for (const std::string text :
       {"rate(m[1m])", "-m", "abs(m)", "m + 1", "clamp(m, 0, 1)", "timestamp(m)", "year(m)",
        "sum(rate(m[1m]))", "sum_over_time(abs(m)[1m:10s])", "m * m"}) {
    EXPECT_EQ(world.show(text), refused) << text;
  }
  expect(world, {{"sum(m)", "{} 3"}, {"count(last_over_time(m[1m]))", "{} 2"}});
  const RangeTimes times{base::from_millis(0), base::from_millis(40'000), base::Duration(10'000)};
  const auto turns = world.range("abs(turns)", times);
  ASSERT_TRUE(turns) << turns.error().message();
  EXPECT_EQ(World::print(turns->value), "{} 1@0 2@10 3@30 4@40");
  world.options.delayed_name_removal = true;
  expect(world, {{"rate(m[1m])", refused}, {"sum(rate(m[1m]))", "{} 0"}});
}

// Found by fuzzing: what range() was bound to prints as the literal does, and is another tree.
TEST(Evaluate, BoundNumbersMayPrintAsLiteralsDo) {
  World world;
  world.load("m 1x20");
  EXPECT_EQ(world.show("vector(-0) + vector(-range())"), "{} -0");
  EXPECT_EQ(world.show("m - -0 - -range()"), "{} 1");
  EXPECT_EQ(world.show("vector(-range()) + vector(-0) + m"), "{} 1");
}

}  // namespace
}  // namespace tocsin::promql
