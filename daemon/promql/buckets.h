#pragma once

#include <vector>

/// Classic histograms: cumulative counts at upper bounds.
namespace tocsin::promql {

struct Bucket {
  double upper_bound = 0;
  double count = 0;
};

struct BucketQuantile {
  double value = 0;
  bool forced = false;  ///< counts had to be raised so that they never fall
};

// Both put the buckets in order, and right where rounding made counts fall.

/// The q-quantile, interpolated linearly within its bucket. NaN without a +Inf bucket, with fewer
/// than two buckets or no observations.
BucketQuantile bucket_quantile(double q, std::vector<Bucket>& buckets);

/// The share of observations between two values, interpolated linearly.
BucketQuantile bucket_fraction(double lower, double upper, std::vector<Bucket>& buckets);

}  // namespace tocsin::promql
