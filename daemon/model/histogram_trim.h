#pragma once

#include "model/histogram.h"

/// Cutting off the observations above or below a value. Within a bucket that the value cuts, they
/// are taken to lie evenly: on a logarithmic scale in standard buckets, on a linear one in the zero
/// bucket and in custom ones. A bucket without a finite end is never divided: what can be known to
/// lie on the wrong side goes with it. When something was cut, count and sum are estimated anew
/// from the buckets. See https://prometheus.io/docs/prometheus/latest/querying/operators/.
namespace tocsin::model {

Histogram trimmed_above(const Histogram& histogram, double limit);
Histogram trimmed_below(const Histogram& histogram, double limit);

/// What an evenly filled zero bucket covers: only the side of zero on which there are other
/// buckets, or both.
BucketRange zero_range(const Histogram& histogram);

}  // namespace tocsin::model
