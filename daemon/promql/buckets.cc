#include "promql/buckets.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace tocsin::promql {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

// Differences below this share are rounding of rates, not broken counters.
constexpr double kTolerance = 1e-12;

bool nearly_equal(double a, double b) {
  if (a == b || (std::isnan(a) && std::isnan(b))) {
    return true;
  }
  const double sum = std::fabs(a) + std::fabs(b);
  const double difference = std::fabs(a - b);
  constexpr double kSmallest = std::numeric_limits<double>::min();
  if (a == 0 || b == 0 || sum < kSmallest) {
    return difference < kTolerance * kSmallest;
  }
  return difference / std::min(sum, std::numeric_limits<double>::max()) < kTolerance;
}

// Sorts by bound, adds up equal bounds and makes the counts monotonic. False when there is no
// +Inf bucket, so that the histogram cannot be used.
bool normalise(std::vector<Bucket>& buckets, bool& forced) {
  std::ranges::sort(buckets, {}, &Bucket::upper_bound);
  if (buckets.empty() || buckets.back().upper_bound != kInfinity) {
    return false;
  }
  std::size_t last = 0;
  for (std::size_t i = 1; i < buckets.size(); ++i) {
    if (buckets[i].upper_bound == buckets[last].upper_bound) {
      buckets[last].count += buckets[i].count;
    } else {
      buckets[++last] = buckets[i];
    }
  }
  buckets.resize(last + 1);
  double previous = buckets.front().count;
  for (Bucket& bucket : buckets) {
    if (nearly_equal(previous, bucket.count)) {
      bucket.count = previous;
    } else if (bucket.count < previous) {
      bucket.count = previous;
      forced = true;
    } else {
      previous = bucket.count;
    }
  }
  return true;
}

}  // namespace

BucketQuantile bucket_quantile(double q, std::vector<Bucket>& buckets) {
  BucketQuantile result{kNan, false};
  if (std::isnan(q)) {
    return result;
  }
  if (q < 0 || q > 1) {
    result.value = q < 0 ? -kInfinity : kInfinity;
    return result;
  }
  if (!normalise(buckets, result.forced) || buckets.size() < 2 || buckets.back().count == 0) {
    return result;
  }
  double rank = q * buckets.back().count;
  const auto last = buckets.end() - 1;
  const auto found =
      std::find_if(buckets.begin(), last, [&](const Bucket& b) { return b.count >= rank; });
  if (found == last) {
    result.value = (last - 1)->upper_bound;
    return result;
  }
  if (found == buckets.begin() && found->upper_bound <= 0) {
    result.value = found->upper_bound;
    return result;
  }
  double start = 0;
  double count = found->count;
  if (found != buckets.begin()) {
    start = (found - 1)->upper_bound;
    count -= (found - 1)->count;
    rank -= (found - 1)->count;
  }
  result.value = start + (found->upper_bound - start) * (rank / count);
  return result;
}

BucketQuantile bucket_fraction(double lower, double upper, std::vector<Bucket>& buckets) {
  BucketQuantile result{kNan, false};
  if (!normalise(buckets, result.forced)) {
    return result;
  }
  const double total = buckets.back().count;
  if (total == 0 || std::isnan(total) || std::isnan(lower) || std::isnan(upper)) {
    return result;
  }
  if (lower >= upper) {
    result.value = 0;
    return result;
  }
  // How many observations lie at or below a value.
  const auto rank_at = [&](double value) {
    double below = 0;
    double start = buckets.front().upper_bound <= 0 ? -kInfinity : 0;
    for (const Bucket& bucket : buckets) {
      if (value <= start) {
        return below;
      }
      if (value < bucket.upper_bound) {
        if (std::isinf(bucket.upper_bound)) {
          return below;  // where in an open bucket nobody knows: none of it
        }
        if (std::isinf(start)) {
          return bucket.count;
        }
        return below + (bucket.count - below) * (value - start) / (bucket.upper_bound - start);
      }
      below = bucket.count;
      start = bucket.upper_bound;
    }
    return std::min(below, total);
  };
  result.value = (rank_at(upper) - rank_at(lower)) / total;
  return result;
}

}  // namespace tocsin::promql
