#include "model/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "base/text.h"
#include "model/sample.h"

namespace tocsin::model {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

double custom_bound(const std::vector<double>& bounds, std::int64_t index) {
  if (index < 0) {
    return -kInfinity;
  }
  const auto place = static_cast<std::size_t>(index);
  return place < bounds.size() ? bounds[place] : kInfinity;
}

void drop_empty(HistogramBuckets& buckets) {
  std::erase_if(buckets, [](const HistogramBucket& bucket) { return bucket.count == 0; });
}

bool same_number(double a, double b) {
  return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b) || a == b ||
         (std::isnan(a) && std::isnan(b));
}

bool same_buckets(const HistogramBuckets& a, const HistogramBuckets& b) {
  auto left = a.begin();
  auto right = b.begin();
  while (true) {
    left = std::find_if(left, a.end(), [](const auto& bucket) { return bucket.count != 0; });
    right = std::find_if(right, b.end(), [](const auto& bucket) { return bucket.count != 0; });
    if (left == a.end() || right == b.end()) {
      return left == a.end() && right == b.end();
    }
    if (left->index != right->index || !same_number(left->count, right->count)) {
      return false;
    }
    ++left;
    ++right;
  }
}

std::string text_of(const BucketRange& range) {
  return std::string(range.lower_inclusive ? "[" : "(") + base::format_number_short(range.lower) +
         "," + base::format_number_short(range.upper) + (range.upper_inclusive ? "]" : ")") + ":" +
         base::format_number_short(range.count);
}

}  // namespace

bool Histogram::is_stale() const { return model::is_stale(sum); }

void Histogram::compact() {
  drop_empty(positive);
  drop_empty(negative);
}

std::size_t Histogram::bytes() const {
  return sizeof(Histogram) + (positive.capacity() + negative.capacity()) * sizeof(HistogramBucket) +
         bounds.capacity() * sizeof(double);
}

HistogramPtr stale_histogram() {
  static const HistogramPtr kMarker = [] {
    Histogram histogram;
    histogram.sum = stale_marker();
    return std::make_shared<const Histogram>(std::move(histogram));
  }();
  return kMarker;
}

HistogramPtr with_reset(const HistogramPtr& histogram, CounterReset reset) {
  if (histogram->reset == reset) {
    return histogram;
  }
  Histogram copy = *histogram;
  copy.reset = reset;
  return std::make_shared<const Histogram>(std::move(copy));
}

// The largest finite bound would be 2^1024, which no double holds: the bucket before that of the
// infinities ends at the largest double.
double bucket_bound(std::int32_t schema, std::int32_t index) {
  constexpr std::int64_t kBeyond = 1024;
  if (schema <= 0) {
    const std::int64_t exponent = static_cast<std::int64_t>(index) << -schema;
    return exponent == kBeyond
               ? std::numeric_limits<double>::max()
               : std::ldexp(1.0, static_cast<int>(std::clamp<std::int64_t>(exponent, -5000, 5000)));
  }
  const std::int32_t per_power = 1 << schema;
  const std::int32_t part = index & (per_power - 1);
  const std::int32_t exponent = index >> schema;
  if (part == 0 && exponent == kBeyond) {
    return std::numeric_limits<double>::max();
  }
  return std::ldexp(std::exp2(static_cast<double>(part) / per_power), exponent);
}

BucketRange positive_range(const Histogram& histogram, const HistogramBucket& bucket) {
  if (histogram.is_custom()) {
    return {custom_bound(histogram.bounds, std::int64_t{bucket.index} - 1),
            custom_bound(histogram.bounds, bucket.index), bucket.index == 0, true, bucket.count};
  }
  return {bucket_bound(histogram.schema, bucket.index - 1),
          bucket_bound(histogram.schema, bucket.index), false, true, bucket.count};
}

BucketRange negative_range(const Histogram& histogram, const HistogramBucket& bucket) {
  return {-bucket_bound(histogram.schema, bucket.index),
          -bucket_bound(histogram.schema, bucket.index - 1), true, false, bucket.count};
}

std::vector<BucketRange> ranges_of(const Histogram& histogram) {
  std::vector<BucketRange> ranges;
  ranges.reserve(histogram.negative.size() + histogram.positive.size() + 1);
  for (auto bucket = histogram.negative.rbegin(); bucket != histogram.negative.rend(); ++bucket) {
    if (bucket->count != 0) {
      ranges.push_back(negative_range(histogram, *bucket));
    }
  }
  if (histogram.zero_count != 0) {
    ranges.push_back(
        {-histogram.zero_threshold, histogram.zero_threshold, true, true, histogram.zero_count});
  }
  for (const HistogramBucket& bucket : histogram.positive) {
    if (bucket.count != 0) {
      ranges.push_back(positive_range(histogram, bucket));
    }
  }
  return ranges;
}

bool same_distribution(const Histogram& a, const Histogram& b) {
  return a.schema == b.schema && same_number(a.count, b.count) && same_number(a.sum, b.sum) &&
         same_number(a.zero_threshold, b.zero_threshold) &&
         same_number(a.zero_count, b.zero_count) && a.bounds == b.bounds &&
         same_buckets(a.positive, b.positive) && same_buckets(a.negative, b.negative);
}

std::string to_string(const Histogram& histogram) {
  std::string text = "{count:" + base::format_number_short(histogram.count) +
                     ", sum:" + base::format_number_short(histogram.sum);
  for (const BucketRange& range : ranges_of(histogram)) {
    text += ", " + text_of(range);
  }
  return text + "}";
}

}  // namespace tocsin::model
