#include "model/histogram_algebra.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>
#include <random>

#include "model/histogram_trim.h"

namespace tocsin::model {
namespace {

Histogram of(std::int32_t schema, HistogramBuckets positive) {
  Histogram histogram;
  histogram.schema = schema;
  histogram.positive = std::move(positive);
  for (const HistogramBucket& bucket : histogram.positive) {
    histogram.count += bucket.count;
  }
  return histogram;
}

Histogram custom(std::vector<double> bounds, HistogramBuckets buckets) {
  Histogram histogram = of(Histogram::kCustomSchema, std::move(buckets));
  histogram.bounds = std::move(bounds);
  return histogram;
}

double total(const Histogram& histogram) {
  double sum = 0;
  for (const BucketRange& range : ranges_of(histogram)) {
    sum += range.count;
  }
  return sum;
}

// Standard histograms with whole counts, so that sums are exact.
class Dice {
 public:
  explicit Dice(unsigned seed) : engine_(seed) {}

  int roll(int low, int high) { return std::uniform_int_distribution(low, high)(engine_); }

  Histogram histogram() {
    Histogram histogram;
    histogram.schema = roll(Histogram::kMinSchema, Histogram::kMaxSchema);
    histogram.zero_threshold = roll(0, 2) == 0 ? 0 : std::ldexp(1, roll(-8, 2));
    histogram.zero_count = roll(0, 9);
    fill(histogram.positive, histogram);
    fill(histogram.negative, histogram);
    histogram.count = total(histogram);
    histogram.sum = roll(-100, 100);
    return histogram;
  }

  Histogram custom_histogram() {
    std::vector<double> bounds;
    for (int bound = roll(-5, 5); roll(0, 6) != 0; bound += roll(1, 3)) {
      bounds.push_back(bound);
    }
    Histogram histogram = custom(std::move(bounds), {});
    for (std::size_t i = 0; i <= histogram.bounds.size(); ++i) {
      histogram.positive.push_back({static_cast<std::int32_t>(i), static_cast<double>(roll(0, 9))});
    }
    histogram.count = total(histogram);
    return histogram;
  }

 private:
  // Buckets above the zero bucket.
  void fill(HistogramBuckets& buckets, const Histogram& histogram) {
    const int around = roll(-6, 6);
    for (int index = around; index < around + 12; index += roll(1, 4)) {
      if (bucket_bound(histogram.schema, index - 1) >= histogram.zero_threshold) {
        buckets.push_back({index, static_cast<double>(roll(1, 20))});
      }
    }
  }

  std::mt19937 engine_;
};

TEST(Add, BringsSchemasToTheSmaller) {
  Histogram sum = of(1, {{1, 1}, {2, 2}, {3, 4}});
  const Joining joining = add(sum, of(0, {{1, 10}}));
  EXPECT_FALSE(joining.incompatible || joining.bounds_reconciled || joining.resets_collide);
  EXPECT_EQ(sum.schema, 0);
  EXPECT_EQ(sum.positive, (HistogramBuckets{{1, 13}, {2, 4}}));
  EXPECT_EQ(sum.count, 17);
}

TEST(Add, BringsZeroBucketsToTheWider) {
  Histogram narrow = of(0, {{-1, 3}, {0, 5}, {4, 1}});
  narrow.zero_threshold = 0.01;
  narrow.zero_count = 2;
  Histogram wide = of(0, {{4, 1}});
  wide.zero_threshold = 0.5;
  wide.zero_count = 7;
  add(wide, narrow);
  EXPECT_EQ(wide.zero_threshold, 0.5);
  EXPECT_EQ(wide.zero_count, 12);
  EXPECT_EQ(wide.positive, (HistogramBuckets{{0, 5}, {4, 2}}));
}

TEST(Add, AThresholdWithinAPopulatedBucketMovesToItsEnd) {
  Histogram narrow = of(0, {{0, 5}, {1, 1}});
  Histogram wide = of(0, {});
  wide.zero_threshold = 0.75;
  add(narrow, wide);
  EXPECT_EQ(narrow.zero_threshold, 1);
  EXPECT_EQ(narrow.zero_count, 5);
  EXPECT_EQ(narrow.positive, (HistogramBuckets{{1, 1}}));
}

TEST(Add, CustomBoundsAreThoseOfBoth) {
  Histogram sum = custom({1, 2, 4}, {{0, 1}, {1, 2}, {2, 3}, {3, 4}});
  const Joining joining = add(sum, custom({2, 3}, {{0, 10}, {1, 20}, {2, 30}}));
  EXPECT_TRUE(joining.bounds_reconciled);
  EXPECT_EQ(sum.bounds, (std::vector<double>{2}));
  EXPECT_EQ(sum.positive, (HistogramBuckets{{0, 13}, {1, 57}}));
}

TEST(Add, RefusesStandardAndCustomBuckets) {
  Histogram sum = of(0, {{0, 1}});
  const Histogram before = sum;
  EXPECT_TRUE(add(sum, custom({1}, {{0, 1}})).incompatible);
  EXPECT_TRUE(same_distribution(sum, before));
}

TEST(Add, JoinsHints) {
  using enum CounterReset;
  struct Case {
    CounterReset a;
    CounterReset b;
    CounterReset result;
    bool collide;
  };
  for (const Case& one : std::initializer_list<Case>{{kUnknown, kUnknown, kUnknown, false},
                                                     {kReset, kReset, kReset, false},
                                                     {kReset, kNotReset, kUnknown, true},
                                                     {kNotReset, kReset, kUnknown, true},
                                                     {kUnknown, kReset, kUnknown, false},
                                                     {kReset, kUnknown, kUnknown, false},
                                                     {kGauge, kReset, kGauge, false},
                                                     {kNotReset, kGauge, kGauge, false}}) {
    Histogram a;
    a.reset = one.a;
    Histogram b;
    b.reset = one.b;
    EXPECT_EQ(add(a, b).resets_collide, one.collide);
    EXPECT_EQ(a.reset, one.result);
  }
}

TEST(AddCompensated, KeepsWhatPlainAdditionLoses) {
  Histogram sum = of(0, {{0, 1e17}});
  sum.sum = 1e17;
  Histogram lost = zero_like(sum);
  Histogram one = of(0, {{0, 1}, {1, 1}});
  one.sum = 1;
  for (int i = 0; i < 1000; ++i) {
    add_compensated(sum, lost, one);
  }
  EXPECT_EQ(sum.positive[0].count, 1e17);
  EXPECT_EQ(lost.positive[0].count, 1000);
  EXPECT_EQ(lost.sum, 1000);
  EXPECT_EQ(sum.positive[1].count, 1000);
}

TEST(Scaling, ByNegativeNumbersMakesGauges) {
  Histogram histogram = of(0, {{0, 2}});
  histogram.reset = CounterReset::kNotReset;
  multiply(histogram, 2);
  EXPECT_EQ(histogram.reset, CounterReset::kNotReset);
  EXPECT_EQ(histogram.positive[0].count, 4);
  divide(histogram, -4);
  EXPECT_EQ(histogram.reset, CounterReset::kGauge);
  EXPECT_EQ(histogram.positive[0].count, -1);
  divide(histogram, 0);
  EXPECT_TRUE(histogram.positive.empty());
  EXPECT_TRUE(std::isinf(histogram.count));
}

TEST(IsReset, SaysWhy) {
  const Histogram before = of(1, {{1, 2}, {2, 2}});
  Histogram more = of(1, {{1, 2}, {2, 3}});
  EXPECT_FALSE(is_reset(more, before));
  EXPECT_TRUE(is_reset(before, more)) << "a population fell";
  EXPECT_TRUE(is_reset(of(1, {{1, 9}}), before)) << "a bucket is gone";
  EXPECT_FALSE(is_reset(of(0, {{1, 5}}), before)) << "coarser, and nothing fell";
  EXPECT_TRUE(is_reset(of(2, {{3, 9}, {4, 9}}), before)) << "finer";
  EXPECT_TRUE(is_reset(custom({1}, {{0, 9}}), before)) << "another kind";
  more.reset = CounterReset::kReset;
  EXPECT_TRUE(is_reset(more, before)) << "it says so";
  more.reset = CounterReset::kNotReset;
  EXPECT_FALSE(is_reset(before, of(1, {})) || is_reset(more, of(1, {{1, 99}})));
}

TEST(IsReset, ComparesCustomBucketsByCommonBounds) {
  EXPECT_FALSE(is_reset(custom({1, 2}, {{0, 1}, {1, 1}, {2, 5}}), custom({2}, {{0, 2}, {1, 4}})));
  EXPECT_TRUE(is_reset(custom({1, 2}, {{0, 1}, {1, 0}, {2, 9}}), custom({2}, {{0, 2}, {1, 4}})));
}

TEST(HintAfter, KnowsWhatFollows) {
  using enum CounterReset;
  const Histogram before = of(0, {{0, 2}});
  Histogram gauge = before;
  gauge.reset = kGauge;
  EXPECT_EQ(hint_after(of(0, {{0, 3}}), nullptr), kUnknown);
  EXPECT_EQ(hint_after(of(0, {{0, 3}}), &before), kNotReset);
  EXPECT_EQ(hint_after(of(0, {{0, 1}}), &before), kReset);
  EXPECT_EQ(hint_after(of(-1, {{0, 3}}), &before), kUnknown) << "another layout";
  EXPECT_EQ(hint_after(of(0, {{0, 3}}), stale_histogram().get()), kUnknown);
  EXPECT_EQ(hint_after(gauge, &before), kGauge);
  EXPECT_EQ(hint_after(of(0, {{0, 3}}), &gauge), kUnknown);
}

TEST(Properties, AddingThenSubtractingGivesBackWhatWasThere) {
  Dice dice(1);
  for (int round = 0; round < 2000; ++round) {
    const bool standard = round % 2 == 0;
    const Histogram a = standard ? dice.histogram() : dice.custom_histogram();
    const Histogram b = standard ? dice.histogram() : dice.custom_histogram();
    Histogram result = a;
    add(result, b);
    EXPECT_EQ(total(result), total(a) + total(b));
    EXPECT_EQ(result.count, a.count + b.count);
    subtract(result, b);
    // As `a` in the layout that both share.
    Histogram expected = a;
    widen_zero_bucket(expected, result.zero_threshold);
    reduce_schema(expected, result.schema);
    if (a.is_custom()) {
      reduce_bounds(expected, result.bounds);
    }
    ASSERT_TRUE(same_distribution(result, expected)) << to_string(a) << "\n"
                                                     << to_string(b) << "\n"
                                                     << to_string(result);
  }
}

TEST(Properties, AdditionDoesNotCareForTheOrder) {
  Dice dice(2);
  for (int round = 0; round < 1000; ++round) {
    const Histogram a = dice.histogram();
    const Histogram b = dice.histogram();
    Histogram left = a;
    add(left, b);
    Histogram right = b;
    add(right, a);
    ASSERT_TRUE(same_distribution(left, right)) << to_string(a) << "\n" << to_string(b);
  }
}

TEST(Properties, CompensatedAdditionIsAddition) {
  Dice dice(3);
  for (int round = 0; round < 1000; ++round) {
    const bool standard = round % 2 == 0;
    Histogram plain = standard ? dice.histogram() : dice.custom_histogram();
    Histogram sum = plain;
    Histogram lost = zero_like(sum);
    for (int i = 0; i < 4; ++i) {
      const Histogram next = standard ? dice.histogram() : dice.custom_histogram();
      add(plain, next);
      add_compensated(sum, lost, next);
    }
    add(sum, lost);
    ASSERT_TRUE(same_distribution(plain, sum));
  }
}

TEST(Properties, ReducingTheSchemaKeepsCountsAndEveryBound) {
  Dice dice(4);
  for (int round = 0; round < 1000; ++round) {
    const Histogram fine = dice.histogram();
    Histogram coarse = fine;
    reduce_schema(coarse, dice.roll(Histogram::kMinSchema, fine.schema));
    EXPECT_EQ(total(coarse), total(fine));
    // At each bound of the coarse one the same number lies below.
    double below = 0;
    for (const HistogramBucket& bucket : coarse.positive) {
      below += bucket.count;
      const double bound = positive_range(coarse, bucket).upper;
      double expected = 0;
      for (const HistogramBucket& other : fine.positive) {
        expected += positive_range(fine, other).upper <= bound * (1 + 1e-9) ? other.count : 0;
      }
      ASSERT_EQ(below, expected);
    }
  }
}

TEST(Properties, WideningTheZeroBucketKeepsCounts) {
  Dice dice(5);
  for (int round = 0; round < 1000; ++round) {
    Histogram histogram = dice.histogram();
    const double before = total(histogram);
    const double wanted = std::ldexp(1 + dice.roll(0, 7) / 8.0, dice.roll(-9, 9));
    const double got = widen_zero_bucket(histogram, wanted);
    EXPECT_GE(got, wanted < histogram.zero_threshold ? 0 : wanted);
    EXPECT_EQ(total(histogram), before);
    for (const HistogramBucket& bucket : histogram.positive) {
      ASSERT_GE(positive_range(histogram, bucket).lower, histogram.zero_threshold);
    }
  }
}

TEST(Properties, TrimmingCutsInTwoParts) {
  Dice dice(6);
  for (int round = 0; round < 2000; ++round) {
    const Histogram whole = dice.histogram();
    const double limit =
        std::ldexp(1 + dice.roll(0, 7) / 8.0, dice.roll(-9, 9)) * (dice.roll(0, 1) == 0 ? 1 : -1);
    const Histogram below = trimmed_above(whole, limit);
    const Histogram above = trimmed_below(whole, limit);
    ASSERT_NEAR(total(below) + total(above), total(whole), 1e-9 * total(whole))
        << to_string(whole) << " at " << limit;
    for (const HistogramBucket& bucket : below.positive) {
      ASSERT_LE(positive_range(below, bucket).lower, limit);
    }
    for (const HistogramBucket& bucket : above.positive) {
      ASSERT_GE(positive_range(above, bucket).upper, limit);
    }
  }
}

TEST(Trim, LeavesWhatIsWhollyOnTheRightSideAsItIs) {
  Histogram histogram = of(0, {{0, 1}, {1, 2}});
  histogram.sum = 3.25;
  EXPECT_EQ(trimmed_above(histogram, 2).sum, 3.25);
  EXPECT_EQ(trimmed_below(histogram, 0.5).sum, 3.25);
  EXPECT_EQ(trimmed_above(histogram, std::numeric_limits<double>::infinity()).sum, 3.25);
}

}  // namespace
}  // namespace tocsin::model
