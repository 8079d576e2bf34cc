#include "model/classic_histogram.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace tocsin::model {

Histogram from_classic(std::vector<ClassicBucket> buckets, double count, double sum) {
  Histogram histogram;
  histogram.schema = Histogram::kCustomSchema;
  histogram.sum = sum;
  std::erase_if(buckets,
                [](const ClassicBucket& bucket) { return std::isnan(bucket.upper_bound); });
  std::ranges::stable_sort(buckets, {}, &ClassicBucket::upper_bound);
  double below = 0;
  std::int32_t index = 0;
  for (std::size_t i = 0; i < buckets.size(); ++i) {
    const ClassicBucket& bucket = buckets[i];
    if (i + 1 < buckets.size() && buckets[i + 1].upper_bound == bucket.upper_bound) {
      continue;
    }
    if (bucket.upper_bound != std::numeric_limits<double>::infinity()) {
      histogram.bounds.push_back(bucket.upper_bound);
    }
    if (bucket.count > below) {
      histogram.positive.push_back({index, bucket.count - below});
      below = bucket.count;
    }
    ++index;
  }
  histogram.count = count < 0 ? below : count;
  if (histogram.count > below) {
    // What the buckets do not tell lies above the last bound.
    const auto last = static_cast<std::int32_t>(histogram.bounds.size());
    if (!histogram.positive.empty() && histogram.positive.back().index == last) {
      histogram.positive.back().count += histogram.count - below;
    } else {
      histogram.positive.push_back({last, histogram.count - below});
    }
  }
  return histogram;
}

}  // namespace tocsin::model
