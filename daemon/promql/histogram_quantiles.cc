#include "promql/histogram_quantiles.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "model/histogram_trim.h"
#include "promql/numeric.h"

namespace tocsin::promql {
namespace {

using model::BucketRange;
using model::Histogram;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

bool around_zero(const BucketRange& range) { return range.lower <= 0 && range.upper >= 0; }

double log_of(double value) { return std::log2(std::fabs(value)); }

// The bounds between which a bucket's observations are taken to lie.
BucketRange assumed(const Histogram& histogram, BucketRange range) {
  if (histogram.is_custom()) {
    if (range.lower == -kInfinity && range.upper > 0) {
      range.lower = 0;
    }
  } else if (around_zero(range)) {
    const BucketRange zero = model::zero_range(histogram);
    range.lower = zero.lower;
    range.upper = zero.upper;
  }
  return range;
}

bool is_linear(const Histogram& histogram, const BucketRange& range) {
  return histogram.is_custom() || around_zero(range);
}

// The value below which this share of a bucket lies.
double value_at(const Histogram& histogram, const BucketRange& range, double share) {
  if (is_linear(histogram, range)) {
    return range.lower + (range.upper - range.lower) * share;
  }
  const double lower = log_of(range.lower);
  const double upper = log_of(range.upper);
  if (range.lower > 0) {
    return std::exp2(lower + (upper - lower) * share);
  }
  return -std::exp2(upper + (lower - upper) * (1 - share));
}

// The share of a bucket that lies below a value within it.
double share_below(const Histogram& histogram, const BucketRange& range, double value) {
  if (range.lower == -kInfinity) {
    return 1;  // where in an open bucket nobody knows
  }
  if (is_linear(histogram, range)) {
    return (value - range.lower) / (range.upper - range.lower);
  }
  const double lower = log_of(range.lower);
  const double upper = log_of(range.upper);
  if (value > 0) {
    return (log_of(value) - lower) / (upper - lower);
  }
  return 1 - (log_of(value) - upper) / (lower - upper);
}

// The bucket in which a rank lies, counted from either end, and the observations up to its end.
struct Found {
  BucketRange range;
  double count = 0;
};

Found find_rank(const std::vector<BucketRange>& ranges, double rank, bool forward) {
  Found found;
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    found.range = ranges[forward ? i : ranges.size() - 1 - i];
    found.count += found.range.count;
    if (found.count >= rank) {
      break;
    }
  }
  return found;
}

}  // namespace

HistogramEstimate histogram_quantile(double q, const Histogram& histogram) {
  if (q < 0 || q > 1) {
    return {q < 0 ? -kInfinity : kInfinity, false};
  }
  if (histogram.count == 0 || std::isnan(q)) {
    return {kNan, false};
  }
  // The nearer end loses fewer digits. NaN observations are behind the upper end.
  const bool nans = std::isnan(histogram.sum);
  const bool forward = nans || q < 0.5;
  double rank = (forward ? q : 1 - q) * histogram.count;
  Found found = find_rank(model::ranges_of(histogram), rank, forward);
  found.range = assumed(histogram, found.range);
  if (histogram.is_custom() && found.range.lower == -kInfinity) {
    return {found.range.upper, nans};
  }
  if (histogram.is_custom() && found.range.upper == kInfinity) {
    return {found.range.lower, nans};
  }
  found.count = std::min(found.count, histogram.count);
  if (found.count < rank) {
    return {kNan, nans};
  }
  rank = forward ? rank - (found.count - found.range.count) : found.count - rank;
  return {value_at(histogram, found.range, rank / found.range.count), nans};
}

HistogramEstimate histogram_fraction(double lower, double upper, const Histogram& histogram) {
  if (histogram.count == 0 || std::isnan(lower) || std::isnan(upper)) {
    return {kNan, false};
  }
  const bool nans = std::isnan(histogram.sum);
  if (lower >= upper) {
    return {0, nans};
  }
  const std::vector<BucketRange> ranges = model::ranges_of(histogram);
  // How many observations lie below a value.
  const auto rank_at = [&](double value) {
    double rank = 0;
    for (const BucketRange& bucket : ranges) {
      const BucketRange range = assumed(histogram, bucket);
      if (range.lower >= value) {
        break;
      }
      if (range.upper > value) {
        rank += bucket.count * share_below(histogram, range, value);
        break;
      }
      rank += bucket.count;
    }
    return rank;
  };
  return {(rank_at(upper) - rank_at(lower)) / histogram.count, nans};
}

double histogram_variance(const Histogram& histogram) {
  const double mean = histogram.sum / histogram.count;
  CompensatedSum squares;
  for (const BucketRange& range : model::ranges_of(histogram)) {
    double middle = 0;
    if (histogram.is_custom()) {
      middle = (range.lower + range.upper) / 2;
    } else if (!around_zero(range)) {
      middle = std::copysign(std::sqrt(range.lower * range.upper), range.upper);
    }
    const double distance = middle - mean;
    squares.add(range.count * distance * distance);
  }
  return squares.value() / histogram.count;
}

}  // namespace tocsin::promql
