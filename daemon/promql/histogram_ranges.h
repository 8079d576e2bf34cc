#pragma once

#include <optional>
#include <span>
#include <utility>

#include "promql/functions.h"

/// What functions of ranges do with native histograms. Each says by notes what a reader should
/// know. See https://prometheus.io/docs/prometheus/latest/querying/functions/.
namespace tocsin::promql {

/// Whether a range has floats and histograms; says so.
bool refuses_mix(const RangeInput& input);

/// Says when the histograms of a range are not what rate (counters) or delta (gauges) expects.
void note_kind(std::span<const model::HistogramSample> samples, bool counter,
               const RangeInput& input);

/// Whether counting began again between two histograms, by what they hold or by the start
/// timestamp of the later one.
bool is_reset(const model::HistogramSample& later, const model::HistogramSample& earlier);

/// The change of a range of at least two histograms from the first to the last, as a gauge; for
/// counters resets are made up for. Nothing when standard and custom buckets meet.
std::optional<model::Histogram> histogram_change(const RangeInput& input, bool counter);

/// irate and idelta when the newest two samples are histograms.
std::optional<Number> last_histogram_change(const model::HistogramSample& before,
                                            const model::HistogramSample& last, bool per_second,
                                            const RangeInput& input);

/// The sum or mean of a range of histograms.
std::optional<Number> fold_histograms(const RangeInput& input, bool mean);

/// Steps of a subquery repeat and leave out samples, so what is known of each sample and the one
/// before it does not hold for them. Gauges stay gauges.
void forget_resets(std::vector<model::HistogramSample>& samples);

/// Floats and histograms of a range in the order of their times.
class MixedRange {
 public:
  explicit MixedRange(const RangeInput& input) : input_(input) {}

  struct Item {
    std::int64_t time_ms = 0;
    double value = 0;
    const model::Histogram* histogram = nullptr;
    const model::HistogramSample* sample = nullptr;
    std::int64_t start_ms = 0;  ///< when counting began; 0: not known

    Number number() const { return sample ? Number(sample->histogram) : Number(value); }
  };

  /// The next one, or nothing at the end.
  std::optional<Item> next();
  /// The newest two, or nothing when there is one only: before, last.
  static std::optional<std::pair<Item, Item>> last_two(const RangeInput& input);
  static Item first(const RangeInput& input);
  static Item last(const RangeInput& input);

 private:
  const RangeInput& input_;
  std::size_t floats_ = 0;
  std::size_t histograms_ = 0;
};

}  // namespace tocsin::promql
