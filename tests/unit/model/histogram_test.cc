#include "model/histogram.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "model/classic_histogram.h"
#include "model/sample.h"

namespace tocsin::model {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

TEST(BucketBound, IsAPowerOfTwoOfTheSchema) {
  struct Case {
    std::int32_t schema;
    std::int32_t index;
    double bound;
  };
  for (const Case& one : std::initializer_list<Case>{{0, 0, 1},
                                                     {0, 3, 8},
                                                     {0, -2, 0.25},
                                                     {1, 1, std::sqrt(2.0)},
                                                     {3, 8, 2},
                                                     {3, -8, 0.5},
                                                     {-2, 1, 16},
                                                     {-4, 1, 65536},
                                                     {-4, -1, 1 / 65536.0}}) {
    EXPECT_DOUBLE_EQ(bucket_bound(one.schema, one.index), one.bound)
        << one.schema << " " << one.index;
  }
}

TEST(BucketBound, TheLastFiniteBucketEndsAtTheLargestDouble) {
  constexpr double kLargest = std::numeric_limits<double>::max();
  EXPECT_EQ(bucket_bound(0, 1024), kLargest);
  EXPECT_EQ(bucket_bound(0, 1025), kInfinity);
  EXPECT_EQ(bucket_bound(2, 4096), kLargest);
  EXPECT_EQ(bucket_bound(2, 4097), kInfinity);
  EXPECT_EQ(bucket_bound(-4, 64), kLargest);
  EXPECT_EQ(bucket_bound(-4, 65), kInfinity);
}

TEST(Histogram, ListsItsBucketsFromLowToHigh) {
  Histogram histogram;
  histogram.count = 8;
  histogram.sum = 2.5;
  histogram.zero_threshold = 0.25;
  histogram.zero_count = 3;
  histogram.positive = {{0, 1}, {1, 0}, {2, 2}};
  histogram.negative = {{0, 1}, {1, 1}};
  EXPECT_EQ(to_string(histogram),
            "{count:8, sum:2.5, [-2,-1):1, [-1,-0.5):1, [-0.25,0.25]:3, (0.5,1]:1, (2,4]:2}");
}

TEST(Histogram, CustomBucketsReachFromInfinityToInfinity) {
  Histogram histogram;
  histogram.schema = Histogram::kCustomSchema;
  histogram.bounds = {1, 5};
  histogram.positive = {{0, 1}, {1, 2}, {2, 3}};
  EXPECT_EQ(to_string(histogram), "{count:0, sum:0, [-Inf,1]:1, (1,5]:2, (5,+Inf]:3}");
}

TEST(Histogram, EmptyBucketsDoNotTellDistributionsApart) {
  Histogram a;
  a.positive = {{0, 1}, {2, 0}};
  Histogram b;
  b.positive = {{-3, 0}, {0, 1}};
  b.reset = CounterReset::kGauge;
  EXPECT_TRUE(same_distribution(a, b));
  b.positive.back().count = 2;
  EXPECT_FALSE(same_distribution(a, b));
  b.positive.back() = {1, 1};
  EXPECT_FALSE(same_distribution(a, b));
}

TEST(Histogram, NanSumsAreTheSame) {
  Histogram a;
  a.sum = std::numeric_limits<double>::quiet_NaN();
  Histogram b = a;
  b.sum = -b.sum;
  EXPECT_TRUE(same_distribution(a, b));
  b.sum = 0;
  EXPECT_FALSE(same_distribution(a, b));
}

TEST(Histogram, AStaleSumEndsASeries) {
  EXPECT_TRUE(stale_histogram()->is_stale());
  Histogram histogram;
  histogram.sum = std::numeric_limits<double>::quiet_NaN();
  EXPECT_FALSE(histogram.is_stale());
}

TEST(Histogram, WithResetSharesWhatIsSoAlready) {
  const auto histogram = std::make_shared<const Histogram>();
  EXPECT_EQ(with_reset(histogram, CounterReset::kUnknown), histogram);
  EXPECT_EQ(with_reset(histogram, CounterReset::kGauge)->reset, CounterReset::kGauge);
}

TEST(FromClassic, MakesDifferencesOfCumulativeCounts) {
  const Histogram histogram = from_classic({{5, 3}, {kInfinity, 7}, {1, 1}}, -1, 12);
  EXPECT_EQ(histogram.schema, Histogram::kCustomSchema);
  EXPECT_EQ(histogram.bounds, (std::vector<double>{1, 5}));
  EXPECT_EQ(histogram.positive, (HistogramBuckets{{0, 1}, {1, 2}, {2, 4}}));
  EXPECT_EQ(histogram.count, 7);
  EXPECT_EQ(histogram.sum, 12);
}

TEST(FromClassic, WhatBucketsDoNotTellLiesAboveThem) {
  const Histogram open = from_classic({{1, 1}, {2, 1}}, 4, 0);
  EXPECT_EQ(open.positive, (HistogramBuckets{{0, 1}, {2, 3}}));
  EXPECT_EQ(open.count, 4);
  const Histogram closed = from_classic({{1, 1}, {kInfinity, 2}}, 4, 0);
  EXPECT_EQ(closed.positive, (HistogramBuckets{{0, 1}, {1, 3}}));
}

TEST(FromClassic, LeavesOutWhatIsNoBucket) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const Histogram histogram = from_classic({{nan, 9}, {1, 1}, {1, 2}, {2, 1}}, -1, 0);
  EXPECT_EQ(histogram.bounds, (std::vector<double>{1, 2}));
  EXPECT_EQ(histogram.positive, (HistogramBuckets{{0, 2}})) << "the last of equal bounds counts";
  EXPECT_EQ(histogram.count, 2);
}

}  // namespace
}  // namespace tocsin::model
