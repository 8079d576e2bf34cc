#pragma once

#include "model/histogram.h"

/// Estimates from native histograms. Within a bucket observations are taken to lie evenly: on a
/// logarithmic scale in standard buckets; on a linear one in the zero bucket and in custom ones, as
/// in classic histograms. See
/// https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile.
namespace tocsin::promql {

struct HistogramEstimate {
  double value = 0;
  bool nans = false;  ///< the histogram has NaN observations, which no bucket counts
};

/// The q-quantile. -Inf below q = 0, +Inf above 1, NaN without observations; NaN observations count
/// as larger than all others, and the quantile is NaN where they begin.
HistogramEstimate histogram_quantile(double q, const model::Histogram& histogram);

/// The share of all observations that lies between two values.
HistogramEstimate histogram_fraction(double lower, double upper, const model::Histogram& histogram);

/// The variance, taking each observation to lie in the middle of its bucket.
double histogram_variance(const model::Histogram& histogram);

}  // namespace tocsin::promql
