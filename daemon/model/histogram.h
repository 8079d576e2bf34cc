#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

/// Native histograms as Prometheus and OpenMetrics define them: one sample holds a whole
/// distribution. See https://prometheus.io/docs/specs/native_histograms/.
namespace tocsin::model {

/// What is known about the step from the histogram before in its series.
enum class CounterReset : std::uint8_t {
  kUnknown,
  kReset,     ///< counting began again between the two
  kNotReset,  ///< it did not
  kGauge,     ///< this is no counter, populations may go up and down
};

/// The population of one bucket. Not cumulative.
struct HistogramBucket {
  std::int32_t index = 0;
  double count = 0;

  friend bool operator==(const HistogramBucket&, const HistogramBucket&) = default;
};

/// Populated buckets by ascending index. A bucket that is not listed is empty; listed empty ones
/// mean the same and compact() takes them away.
using HistogramBuckets = std::vector<HistogramBucket>;

/// A bucket with the values that it covers.
struct BucketRange {
  double lower = 0;
  double upper = 0;
  bool lower_inclusive = false;
  bool upper_inclusive = false;
  double count = 0;
};

/// One native histogram; a plain value. Populations and counts are floats, because the results of
/// rates and divisions are histograms too.
///
/// With a standard schema s, the positive bucket i covers (2^((i-1)/2^s), 2^(i/2^s)], the negative
/// one the same below zero, and the zero bucket [-zero_threshold, zero_threshold]. With the schema
/// of custom buckets there are only positive ones: bucket i covers (bounds[i-1], bounds[i]], the
/// first one begins at -Inf and the one behind the last bound ends at +Inf.
struct Histogram {
  static constexpr std::int32_t kCustomSchema = -53;
  static constexpr std::int32_t kMinSchema = -4;
  static constexpr std::int32_t kMaxSchema = 8;

  std::int32_t schema = 0;
  CounterReset reset = CounterReset::kUnknown;
  double zero_threshold = 0;
  double zero_count = 0;
  double count = 0;  ///< of all observations, NaN included, which no bucket counts
  double sum = 0;    ///< of all observations; the stale marker ends the series
  HistogramBuckets positive;
  HistogramBuckets negative;
  std::vector<double> bounds;  ///< ascending upper bounds of custom buckets; +Inf is implied

  bool is_custom() const { return schema == kCustomSchema; }
  /// Whether this is no histogram but says that the series ended here.
  bool is_stale() const;
  /// Removes empty buckets.
  void compact();
  /// Heap and own bytes, estimated.
  std::size_t bytes() const;
};

using HistogramPtr = std::shared_ptr<const Histogram>;

/// One histogram of a series. Time is wall time in milliseconds since the epoch.
struct HistogramSample {
  std::int64_t time_ms = 0;
  HistogramPtr histogram;     ///< never null
  std::int64_t start_ms = 0;  ///< when counting began; 0: not known
};

/// A marker that ends a series of histograms.
HistogramPtr stale_histogram();
/// The same histogram with another hint; shared where it has that already.
HistogramPtr with_reset(const HistogramPtr& histogram, CounterReset reset);

/// The upper bound of the positive bucket with this index under a standard schema.
double bucket_bound(std::int32_t schema, std::int32_t index);
/// What the positive bucket with this index covers.
BucketRange positive_range(const Histogram& histogram, const HistogramBucket& bucket);
/// What the negative bucket with this index covers.
BucketRange negative_range(const Histogram& histogram, const HistogramBucket& bucket);
/// All populated buckets from the lowest values to the highest, the zero bucket among them.
std::vector<BucketRange> ranges_of(const Histogram& histogram);

/// Whether both hold the same distribution in the same buckets, and the same sum bit for bit or
/// both NaN. Counter reset hints do not matter, nor do listed empty buckets.
bool same_distribution(const Histogram& a, const Histogram& b);

/// As Prometheus prints one: `{count:3, sum:5, [-0.001,0.001]:1, (0.5,1]:2}`.
std::string to_string(const Histogram& histogram);

}  // namespace tocsin::model
