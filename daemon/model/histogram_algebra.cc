#include "model/histogram_algebra.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <optional>
#include <utility>

#include "base/compensated_sum.h"

namespace tocsin::model {
namespace {

// Merges neighbours that `index_of` sends to the same place; it must not fall.
template <class IndexOf>
void remap(HistogramBuckets& buckets, const IndexOf& index_of) {
  std::size_t kept = 0;
  for (const HistogramBucket& bucket : buckets) {
    const std::int32_t index = index_of(bucket.index);
    if (kept > 0 && buckets[kept - 1].index == index) {
      buckets[kept - 1].count += bucket.count;
    } else {
      buckets[kept++] = {index, bucket.count};
    }
  }
  buckets.resize(kept);
}

// Calls for each index that either side lists, with the populations there.
template <class Each>
void each_pair(const HistogramBuckets& a, const HistogramBuckets& b, const Each& each) {
  auto left = a.begin();
  auto right = b.begin();
  while (left != a.end() || right != b.end()) {
    if (right == b.end() || (left != a.end() && left->index < right->index)) {
      each(left->index, left->count, 0.0);
      ++left;
    } else if (left == a.end() || right->index < left->index) {
      each(right->index, 0.0, right->count);
      ++right;
    } else {
      each(left->index, left->count, right->count);
      ++left;
      ++right;
    }
  }
}

void add_buckets(HistogramBuckets& to, const HistogramBuckets& other, double sign) {
  HistogramBuckets result;
  result.reserve(std::max(to.size(), other.size()));
  each_pair(to, other, [&](std::int32_t index, double left, double right) {
    result.push_back({index, left + sign * right});
  });
  to = std::move(result);
}

// What the hint of a sum is. A gauge makes all a gauge; not knowing is stronger than knowing.
bool join_hints(CounterReset& hint, CounterReset other) {
  if (hint == other || hint == CounterReset::kGauge) {
    return false;
  }
  if (other == CounterReset::kGauge) {
    hint = CounterReset::kGauge;
    return false;
  }
  const bool collide = hint != CounterReset::kUnknown && other != CounterReset::kUnknown;
  hint = CounterReset::kUnknown;
  return collide;
}

// Brings two histograms to one layout. `shadow` has the layout of `a` and follows it.
void align(Histogram& a, Histogram* shadow, Histogram& b, Joining& joining) {
  if (a.is_custom()) {
    if (a.bounds != b.bounds) {
      joining.bounds_reconciled = true;
      const std::vector<double> common = common_bounds(a.bounds, b.bounds);
      reduce_bounds(a, common);
      reduce_bounds(b, common);
      if (shadow != nullptr) {
        reduce_bounds(*shadow, common);
      }
    }
    return;
  }
  while (a.zero_threshold != b.zero_threshold) {
    const double target = std::max(a.zero_threshold, b.zero_threshold);
    if (a.zero_threshold < target) {
      widen_zero_bucket(a, target);
    } else {
      widen_zero_bucket(b, target);
    }
    if (std::isnan(target)) {
      break;
    }
  }
  if (shadow != nullptr && shadow->zero_threshold < a.zero_threshold) {
    widen_zero_bucket(*shadow, a.zero_threshold);
    shadow->zero_threshold = a.zero_threshold;
  }
  const std::int32_t schema = std::min(a.schema, b.schema);
  reduce_schema(a, schema);
  reduce_schema(b, schema);
  if (shadow != nullptr) {
    reduce_schema(*shadow, schema);
  }
}

bool same_layout(const Histogram& a, const Histogram& b) {
  return a.schema == b.schema && a.zero_threshold == b.zero_threshold && a.bounds == b.bounds;
}

Joining accumulate(Histogram& to, const Histogram& other, double sign) {
  Joining joining;
  if (to.is_custom() != other.is_custom()) {
    joining.incompatible = true;
    return joining;
  }
  joining.resets_collide = join_hints(to.reset, other.reset);
  std::optional<Histogram> copy;
  if (!same_layout(to, other)) {
    copy = other;
    align(to, nullptr, *copy, joining);
  }
  const Histogram& from = copy ? *copy : other;
  to.zero_count += sign * from.zero_count;
  to.count += sign * from.count;
  to.sum += sign * from.sum;
  add_buckets(to.positive, from.positive, sign);
  add_buckets(to.negative, from.negative, sign);
  return joining;
}

void add_buckets_compensated(HistogramBuckets& sum, HistogramBuckets& lost,
                             const HistogramBuckets& other) {
  HistogramBuckets sums;
  HistogramBuckets losses;
  sums.reserve(std::max(sum.size(), other.size()));
  losses.reserve(sums.capacity());
  auto loss = lost.begin();
  each_pair(sum, other, [&](std::int32_t index, double left, double right) {
    while (loss != lost.end() && loss->index < index) {
      ++loss;
    }
    double rounded = loss != lost.end() && loss->index == index ? loss->count : 0.0;
    base::add_compensated(left, rounded, right);
    sums.push_back({index, left});
    losses.push_back({index, rounded});
  });
  sum = std::move(sums);
  lost = std::move(losses);
}

bool any_fell(const HistogramBuckets& later, const HistogramBuckets& earlier) {
  bool fell = false;
  each_pair(later, earlier,
            [&](std::int32_t, double now, double before) { fell = fell || now < before; });
  return fell;
}

void scale(HistogramBuckets& buckets, double factor) {
  for (HistogramBucket& bucket : buckets) {
    bucket.count *= factor;
  }
}

}  // namespace

Joining add(Histogram& to, const Histogram& other) { return accumulate(to, other, 1); }

Joining subtract(Histogram& from, const Histogram& other) { return accumulate(from, other, -1); }

Histogram zero_like(const Histogram& histogram) {
  Histogram zero;
  zero.schema = histogram.schema;
  zero.reset = histogram.reset;
  zero.zero_threshold = histogram.zero_threshold;
  zero.bounds = histogram.bounds;
  return zero;
}

Joining add_compensated(Histogram& sum, Histogram& lost, const Histogram& other) {
  Joining joining;
  if (sum.is_custom() != other.is_custom()) {
    joining.incompatible = true;
    return joining;
  }
  joining.resets_collide = join_hints(sum.reset, other.reset);
  std::optional<Histogram> copy;
  if (!same_layout(sum, other)) {
    copy = other;
    align(sum, &lost, *copy, joining);
  }
  const Histogram& from = copy ? *copy : other;
  base::add_compensated(sum.zero_count, lost.zero_count, from.zero_count);
  base::add_compensated(sum.count, lost.count, from.count);
  base::add_compensated(sum.sum, lost.sum, from.sum);
  add_buckets_compensated(sum.positive, lost.positive, from.positive);
  add_buckets_compensated(sum.negative, lost.negative, from.negative);
  return joining;
}

void multiply(Histogram& histogram, double factor) {
  histogram.zero_count *= factor;
  histogram.count *= factor;
  histogram.sum *= factor;
  scale(histogram.positive, factor);
  scale(histogram.negative, factor);
  if (factor < 0) {
    histogram.reset = CounterReset::kGauge;
  }
}

void divide(Histogram& histogram, double divisor) {
  histogram.zero_count /= divisor;
  histogram.count /= divisor;
  histogram.sum /= divisor;
  if (divisor == 0) {
    histogram.positive.clear();
    histogram.negative.clear();
    return;
  }
  for (HistogramBuckets* buckets : {&histogram.positive, &histogram.negative}) {
    for (HistogramBucket& bucket : *buckets) {
      bucket.count /= divisor;
    }
  }
  if (divisor < 0) {
    histogram.reset = CounterReset::kGauge;
  }
}

void reduce_schema(Histogram& histogram, std::int32_t schema) {
  if (histogram.is_custom() || schema >= histogram.schema) {
    return;
  }
  // Bucket i ends at 2^(i / 2^s): its place under the smaller schema is i / 2^difference,
  // rounded up.
  const std::int32_t steps = histogram.schema - schema;
  const auto index_of = [steps](std::int32_t index) { return ((index - 1) >> steps) + 1; };
  remap(histogram.positive, index_of);
  remap(histogram.negative, index_of);
  histogram.schema = schema;
}

double widen_zero_bucket(Histogram& histogram, double threshold) {
  if (!(threshold > histogram.zero_threshold)) {
    return histogram.zero_threshold;
  }
  // A populated bucket that the threshold cuts goes into the zero bucket as a whole; that may let
  // the threshold cut one on the other side.
  bool moved = true;
  while (moved) {
    moved = false;
    for (const HistogramBuckets* buckets : {&histogram.positive, &histogram.negative}) {
      for (const HistogramBucket& bucket : *buckets) {
        const BucketRange range = positive_range(histogram, bucket);
        if (range.lower >= threshold) {
          break;
        }
        if (range.upper > threshold && bucket.count != 0) {
          threshold = range.upper;
          moved = true;
          break;
        }
      }
    }
  }
  for (HistogramBuckets* buckets : {&histogram.positive, &histogram.negative}) {
    const auto first_outside = std::ranges::find_if(*buckets, [&](const HistogramBucket& bucket) {
      return positive_range(histogram, bucket).upper > threshold;
    });
    for (auto bucket = buckets->begin(); bucket != first_outside; ++bucket) {
      histogram.zero_count += bucket->count;
    }
    buckets->erase(buckets->begin(), first_outside);
  }
  histogram.zero_threshold = threshold;
  return threshold;
}

std::vector<double> common_bounds(const std::vector<double>& a, const std::vector<double>& b) {
  std::vector<double> common;
  std::ranges::set_intersection(a, b, std::back_inserter(common));
  return common;
}

void reduce_bounds(Histogram& histogram, const std::vector<double>& bounds) {
  const std::vector<double>& own = histogram.bounds;
  remap(histogram.positive, [&](std::int32_t index) {
    const auto place = static_cast<std::size_t>(index);
    if (place >= own.size()) {
      return static_cast<std::int32_t>(bounds.size());  // ends at +Inf
    }
    const auto end = std::ranges::lower_bound(bounds, own[place]);
    return static_cast<std::int32_t>(end - bounds.begin());
  });
  histogram.bounds = bounds;
}

bool is_reset(const Histogram& later, const Histogram& earlier) {
  if (later.reset == CounterReset::kReset || later.reset == CounterReset::kNotReset) {
    return later.reset == CounterReset::kReset;
  }
  if (later.count < earlier.count || later.is_custom() != earlier.is_custom()) {
    return true;
  }
  if (later.is_custom()) {
    if (later.bounds == earlier.bounds) {
      return any_fell(later.positive, earlier.positive);
    }
    Histogram now = later;
    Histogram before = earlier;
    const std::vector<double> common = common_bounds(now.bounds, before.bounds);
    reduce_bounds(now, common);
    reduce_bounds(before, common);
    return any_fell(now.positive, before.positive);
  }
  // A client lowers the resolution as time goes on; it gets finer only when it starts again.
  if (later.schema > earlier.schema || later.zero_threshold < earlier.zero_threshold) {
    return true;
  }
  if (same_layout(later, earlier)) {
    return later.zero_count < earlier.zero_count || any_fell(later.positive, earlier.positive) ||
           any_fell(later.negative, earlier.negative);
  }
  Histogram before = earlier;
  if (widen_zero_bucket(before, later.zero_threshold) != later.zero_threshold) {
    return true;
  }
  reduce_schema(before, later.schema);
  return later.zero_count < before.zero_count || any_fell(later.positive, before.positive) ||
         any_fell(later.negative, before.negative);
}

CounterReset hint_after(const Histogram& histogram, const Histogram* previous) {
  if (histogram.reset == CounterReset::kGauge || previous == nullptr || previous->is_stale() ||
      previous->reset == CounterReset::kGauge) {
    return histogram.reset == CounterReset::kGauge ? CounterReset::kGauge : CounterReset::kUnknown;
  }
  if (is_reset(histogram, *previous)) {
    return CounterReset::kReset;
  }
  return same_layout(histogram, *previous) ? CounterReset::kNotReset : CounterReset::kUnknown;
}

bool has_infinity(const Histogram& histogram) {
  const auto infinite = [](const HistogramBucket& bucket) { return std::isinf(bucket.count); };
  return std::isinf(histogram.count) || std::isinf(histogram.sum) ||
         std::isinf(histogram.zero_count) || std::ranges::any_of(histogram.positive, infinite) ||
         std::ranges::any_of(histogram.negative, infinite);
}

}  // namespace tocsin::model
