#pragma once

#include <vector>

#include "model/histogram.h"

namespace tocsin::model {

/// A classic histogram's `le` and cumulative count.
struct ClassicBucket {
  double upper_bound = 0;
  double count = 0;
};

/// The native histogram with custom buckets (NHCB) that holds what a classic one does. Buckets need
/// no order; of equal bounds the last one counts. `count` less than zero: not known, then it is
/// that of the +Inf bucket or the largest of the others.
/// See https://prometheus.io/docs/specs/native_histograms/#native-histograms-with-custom-buckets.
Histogram from_classic(std::vector<ClassicBucket> buckets, double count, double sum);

}  // namespace tocsin::model
