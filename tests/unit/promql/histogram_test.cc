// Native histograms: arithmetic, accumulators, estimates, and what queries make of them.

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "promql/accumulators.h"
#include "promql/arithmetic.h"
#include "promql/histogram_quantiles.h"
#include "world.h"

namespace tocsin::promql {
namespace {

using model::Histogram;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

Histogram of(std::int32_t schema, model::HistogramBuckets positive) {
  Histogram histogram;
  histogram.schema = schema;
  histogram.positive = std::move(positive);
  for (const model::HistogramBucket& bucket : histogram.positive) {
    histogram.count += bucket.count;
  }
  histogram.sum = histogram.count;
  return histogram;
}

Histogram custom() {
  Histogram histogram = of(Histogram::kCustomSchema, {{0, 1}, {1, 2}, {2, 1}});
  histogram.bounds = {2, 4};
  return histogram;
}

TEST(Calculate, TakesWhatPrometheusTakes) {
  const Number number = 2;
  const Number histogram{of(0, {{0, 2}, {1, 4}})};
  struct Case {
    BinaryOp op;
    bool float_histogram;
    bool histogram_float;
    bool histograms;
  };
  for (const Case& one :
       std::initializer_list<Case>{{BinaryOp::kAdd, false, false, true},
                                   {BinaryOp::kSubtract, false, false, true},
                                   {BinaryOp::kMultiply, true, true, false},
                                   {BinaryOp::kDivide, false, true, false},
                                   {BinaryOp::kModulo, false, false, false},
                                   {BinaryOp::kPower, false, false, false},
                                   {BinaryOp::kAtan2, false, false, false},
                                   {BinaryOp::kTrimUpper, false, true, false},
                                   {BinaryOp::kTrimLower, false, true, false},
                                   {BinaryOp::kEqual, false, false, true},
                                   {BinaryOp::kNotEqual, false, false, true},
                                   {BinaryOp::kLess, false, false, false},
                                   {BinaryOp::kGreaterEqual, false, false, false}}) {
    const auto check = [&](const Number& left, const Number& right, bool taken, Note refusal) {
      Notes notes;
      EXPECT_EQ(calculate(one.op, left, right, notes).has_value(), taken) << to_string(one.op);
      EXPECT_EQ(notes.has(refusal), !taken) << to_string(one.op);
    };
    check(number, histogram, one.float_histogram, Note::kIncompatibleFloatHistogram);
    check(histogram, number, one.histogram_float, Note::kIncompatibleHistogramFloat);
    check(histogram, histogram, one.histograms, Note::kIncompatibleHistogramHistogram);
  }
}

TEST(Calculate, DifferencesAreGauges) {
  Notes notes;
  const auto difference = calculate(BinaryOp::kSubtract, Number(of(0, {{0, 2}, {1, 4}})),
                                    Number(of(0, {{0, 2}, {1, 1}})), notes);
  ASSERT_TRUE(difference && difference->is_histogram());
  EXPECT_EQ(difference->histogram->reset, model::CounterReset::kGauge);
  EXPECT_EQ(difference->histogram->positive, (model::HistogramBuckets{{1, 3}}));
}

TEST(Calculate, StandardAndCustomBucketsDoNotGoTogether) {
  Notes notes;
  EXPECT_FALSE(calculate(BinaryOp::kAdd, Number(of(0, {{0, 1}})), Number(custom()), notes));
  EXPECT_TRUE(notes.has(Note::kMixedExponentialCustom));
}

TEST(Accumulator, AMixOfFloatsAndHistogramsHasNoSum) {
  for (const AggregateOp op : {AggregateOp::kSum, AggregateOp::kAvg}) {
    Accumulator accumulator(op, 0);
    Notes notes;
    accumulator.add(1.0, notes);
    accumulator.add(Number(of(0, {{0, 1}})), notes);
    EXPECT_TRUE(notes.empty());
    EXPECT_FALSE(accumulator.result(notes));
    EXPECT_TRUE(notes.has(Note::kMixedFloatsHistogramsGroup));
  }
}

TEST(Accumulator, SomeOperatorsLeaveHistogramsOut) {
  for (const AggregateOp op : {AggregateOp::kMin, AggregateOp::kMax, AggregateOp::kStddev,
                               AggregateOp::kStdvar, AggregateOp::kQuantile}) {
    Accumulator accumulator(op, 0.5);
    Notes notes;
    accumulator.add(Number(of(0, {{0, 1}})), notes);
    EXPECT_TRUE(notes.has(Note::kIgnoredInAggregation));
    EXPECT_FALSE(accumulator.result(notes)) << to_string(op);
  }
}

TEST(Accumulator, CountAndGroupTakeBoth) {
  Accumulator count(AggregateOp::kCount, 0);
  Accumulator group(AggregateOp::kGroup, 0);
  Notes notes;
  for (Accumulator* accumulator : {&count, &group}) {
    accumulator->add(1.0, notes);
    accumulator->add(Number(custom()), notes);
  }
  EXPECT_EQ(count.result(notes)->value, 2);
  EXPECT_EQ(group.result(notes)->value, 1);
  EXPECT_TRUE(notes.empty());
}

TEST(HistogramFold, TheMeanSurvivesASumThatDoesNotFit) {
  HistogramFold mean(true);
  HistogramFold sum(false);
  Notes notes;
  for (int i = 0; i < 5; ++i) {
    Histogram huge = of(0, {{0, 1.5e308}});
    huge.sum = i;
    mean.add(huge, notes);
    sum.add(huge, notes);
  }
  const auto result = mean.result(notes);
  EXPECT_NEAR(result->count / 1.5e308, 1, 1e-12);
  EXPECT_NEAR(result->positive[0].count / 1.5e308, 1, 1e-12);
  EXPECT_NEAR(result->sum, 2, 1e-12);
  EXPECT_TRUE(std::isinf(sum.result(notes)->count));
  EXPECT_EQ(sum.result(notes)->sum, 10);
}

TEST(HistogramFold, SaysThatResetsCollide) {
  HistogramFold fold(false);
  Notes notes;
  Histogram one = of(0, {{0, 1}});
  one.reset = model::CounterReset::kReset;
  fold.add(one, notes);
  one.reset = model::CounterReset::kNotReset;
  fold.add(one, notes);
  EXPECT_TRUE(notes.empty());
  EXPECT_EQ(fold.result(notes)->reset, model::CounterReset::kUnknown);
  EXPECT_TRUE(notes.has(Note::kResetCollisionAggregation));
}

TEST(HistogramQuantile, InterpolatesByTheKindOfBucket) {
  EXPECT_DOUBLE_EQ(histogram_quantile(0.5, of(0, {{1, 4}})).value, std::sqrt(2.0));
  Histogram negative;
  negative.count = 4;
  negative.negative = {{1, 4}};
  EXPECT_DOUBLE_EQ(histogram_quantile(0.5, negative).value, -std::sqrt(2.0));
  Histogram zero;
  zero.count = 4;
  zero.zero_threshold = 1;
  zero.zero_count = 4;
  EXPECT_DOUBLE_EQ(histogram_quantile(0.25, zero).value, -0.5);
  EXPECT_DOUBLE_EQ(histogram_quantile(0.5, custom()).value, 3);
  EXPECT_DOUBLE_EQ(histogram_quantile(0.125, custom()).value, 1) << "from zero";
  EXPECT_DOUBLE_EQ(histogram_quantile(0.99, custom()).value, 4) << "the last bound";
}

TEST(HistogramQuantile, HasEdges) {
  EXPECT_EQ(histogram_quantile(-0.1, custom()).value, -kInfinity);
  EXPECT_EQ(histogram_quantile(1.1, custom()).value, kInfinity);
  EXPECT_TRUE(std::isnan(histogram_quantile(0.5, Histogram()).value));
  EXPECT_TRUE(std::isnan(histogram_quantile(std::nan(""), custom()).value));
  Histogram nans = of(0, {{1, 4}});
  nans.count = 5;
  nans.sum = std::nan("");
  EXPECT_TRUE(histogram_quantile(0.5, nans).nans);
  EXPECT_TRUE(std::isnan(histogram_quantile(0.9, nans).value)) << "where the NaNs are";
}

Histogram random_histogram(std::mt19937& engine, bool standard) {
  std::uniform_int_distribution<int> count(0, 9);
  Histogram histogram;
  if (standard) {
    histogram.schema = std::uniform_int_distribution(-4, 8)(engine);
    histogram.zero_threshold = 1e-4;
    histogram.zero_count = count(engine);
    for (int i = -3; i < 6; ++i) {
      histogram.positive.push_back({i, static_cast<double>(count(engine))});
      histogram.negative.push_back({i, static_cast<double>(count(engine))});
    }
    if (histogram.schema < 0) {  // apart from the zero bucket
      histogram.zero_threshold = model::bucket_bound(histogram.schema, -4);
    }
  } else {
    histogram.schema = Histogram::kCustomSchema;
    histogram.bounds = {-3, -1, 0.5, 2, 7};
    for (int i = 0; i < 6; ++i) {
      histogram.positive.push_back({i, static_cast<double>(count(engine))});
    }
  }
  histogram.compact();
  for (const model::BucketRange& range : model::ranges_of(histogram)) {
    histogram.count += range.count;
  }
  return histogram;
}

TEST(HistogramQuantile, NeverFallsAsTheShareRises) {
  std::mt19937 engine(7);
  for (int round = 0; round < 500; ++round) {
    const Histogram histogram = random_histogram(engine, round % 2 == 0);
    if (histogram.count == 0) {
      continue;
    }
    double previous = -kInfinity;
    for (int i = 0; i <= 40; ++i) {
      const double value = histogram_quantile(i / 40.0, histogram).value;
      ASSERT_GE(value, previous - 1e-9 * std::fabs(previous)) << model::to_string(histogram);
      previous = value;
    }
  }
}

TEST(HistogramFraction, IsTheInverseOfTheQuantile) {
  std::mt19937 engine(8);
  for (int round = 0; round < 500; ++round) {
    const Histogram histogram = random_histogram(engine, true);
    if (histogram.count == 0) {
      continue;
    }
    for (const double share : {0.1, 0.3, 0.55, 0.8}) {
      const double value = histogram_quantile(share, histogram).value;
      ASSERT_NEAR(histogram_fraction(-kInfinity, value, histogram).value, share, 1e-6)
          << model::to_string(histogram);
    }
    ASSERT_NEAR(histogram_fraction(-kInfinity, kInfinity, histogram).value, 1, 1e-12);
  }
}

TEST(HistogramVariance, TakesTheMiddlesOfBuckets) {
  Histogram histogram = custom();
  histogram.positive = {{1, 2}};
  histogram.count = 2;
  histogram.sum = 6;
  EXPECT_EQ(histogram_variance(histogram), 0);
  histogram.sum = 4;
  EXPECT_EQ(histogram_variance(histogram), 1);
}

TEST(HistogramQueries, RangesOfHistogramsFollowTheSameRulesAsFloats) {
  World world;
  world.load("h {{count:1 sum:1 buckets:[1]}}+{{count:2 sum:3 buckets:[2]}}x10")
      .load("mixed 1 2 {{count:1 sum:1 buckets:[1]}}");
  EXPECT_EQ(world.show("histogram_count(increase(h[100s]))"), "{} 20");
  EXPECT_EQ(world.show("histogram_sum(h)"), "{} 31");
  EXPECT_EQ(world.show("count_over_time(mixed[101s])"), "{} 3");
  EXPECT_EQ(world.show("changes(mixed[101s])"), "{} 2");
  EXPECT_EQ(world.show("max_over_time(mixed[100s])"), "{} 2");
  EXPECT_EQ(world.show("rate(mixed[100s])"), "");
}

TEST(HistogramQueries, SayWhatTheyLeftOut) {
  World world;
  world.load("mixed 1 2 {{count:1 sum:1 buckets:[1]}}").load("g{a=\"b\"} 1");
  const auto notes = [&](std::string_view query) {
    const auto result = world.evaluate(query, 20);
    std::string text = result->warnings.empty() ? "" : result->warnings.front();
    return text + (result->infos.empty() ? "" : result->infos.front());
  };
  EXPECT_EQ(notes("rate(mixed[1m])"),
            "PromQL warning: encountered a mix of histograms and floats for metric name \"mixed\" "
            "(1:6)");
  EXPECT_EQ(notes("min_over_time(mixed[1m])"),
            "PromQL info: ignored histograms in a range containing both floats and histograms for "
            "metric name \"mixed\" (1:15)");
  EXPECT_EQ(notes("topk(1, mixed)"), "PromQL info: ignored histogram in topk aggregation (1:9)");
  EXPECT_EQ(notes("mixed + 1"),
            "PromQL info: incompatible sample types encountered for binary operator \"+\": "
            "histogram + float (1:1)");
  EXPECT_EQ(notes("sum({__name__=~\"g|mixed\"})"),
            "PromQL warning: encountered a mix of histograms and floats for aggregation (1:5)");
}

TEST(HistogramQueries, AHistogramInBothKindsHasNoQuantile) {
  World world;
  world.load("h {{count:2 sum:2 buckets:[2]}}").load("h{le=\"1\"} 1").load("h{le=\"+Inf\"} 2");
  const auto result = world.evaluate("histogram_quantile(0.5, h)", 0);
  EXPECT_EQ(World::print(result->value), "");
  ASSERT_EQ(result->warnings.size(), 1U);
  EXPECT_EQ(result->warnings[0],
            "PromQL warning: vector contains a mix of classic and native histograms for metric "
            "name \"h\" (1:25)");
}

TEST(HistogramQueries, StepsOfSubqueriesDoNotRepeatResets) {
  World world;
  world.load("h {{count:9 buckets:[9]}} {{count:1 buckets:[1]}} _x8");
  EXPECT_EQ(world.show("resets(h[101s])"), "{} 1");
  EXPECT_EQ(world.show("resets(h[101s:5s])"), "{} 1");
}

}  // namespace
}  // namespace tocsin::promql
