#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "base/result.h"
#include "promql/ast.h"
#include "promql/budget.h"
#include "promql/reach.h"
#include "series/snapshot.h"

namespace tocsin::promql {

/// What histograms count for in a budget: as many floats as take their place.
std::size_t weight(std::span<const model::HistogramSample> histograms);

/// Reads the samples of selectors from the snapshot. A selector that is looked at once is streamed
/// series by series; one inside of a subquery or range query is read once and kept.
class SampleReader {
 public:
  /// `tell_resets`: see selectors_telling_resets().
  SampleReader(const series::Snapshot& snapshot, std::vector<Window> windows,
               std::vector<bool> tell_resets, std::int64_t lookback_ms, Budget& budget);

  /// What one series holds in a range.
  struct RangeData {
    std::span<const model::Sample> samples;
    std::span<const model::HistogramSample> histograms;
    std::span<const std::int64_t> float_starts;

    std::size_t size() const { return samples.size() + histograms.size(); }
  };

  using OnSample = std::function<void(const model::Labels&, series::Point)>;
  using OnRange = std::function<base::Status(const model::Labels&, const RangeData&)>;

  /// The newest sample of each series in (at - lookback, at], unless it ends the series.
  /// Returns the last time at which the answer is known to be the same as at `at_ms`.
  base::Result<std::int64_t> instant(const Selector& selector, std::int64_t at_ms,
                                     const OnSample& on_sample);
  /// The samples of each series in (at - range, at] without stale markers, where there are any.
  /// Returns the last time at which there are known to be none, or `at_ms` when there are some.
  base::Result<std::int64_t> range(const Selector& selector, std::int64_t at_ms,
                                   const OnRange& on_range);

  std::size_t series_count(const Selector& selector) const;

 private:
  /// A series with samples in the window of its selector.
  struct Kept {
    const model::Labels* labels;
    series::Points points;
    // Where the last look began and ended: the next one is mostly a little later.
    std::size_t begin = 0;
    std::size_t end = 0;
    std::size_t histograms_begin = 0;
    std::size_t histograms_end = 0;

    /// Moves on to (min, max]; the first time behind it that has a sample.
    std::int64_t move(std::int64_t min_ms, std::int64_t max_ms);
    RangeData data() const;
  };

  base::Status keep(const Selector& selector);
  /// Reads a series into scratch_, without stale markers when these do not matter.
  void read(const Selector& selector, const series::PinnedSeries& series, std::int64_t min_ms,
            std::int64_t max_ms, bool stale_markers);
  std::int64_t kept_instant(std::vector<Kept>& kept, std::int64_t at_ms,
                            const OnSample& on_sample) const;
  static base::Result<std::int64_t> kept_range(std::vector<Kept>& kept, std::int64_t min_ms,
                                               std::int64_t max_ms, const OnRange& on_range);

  const series::Snapshot& snapshot_;
  std::vector<Window> windows_;
  std::vector<bool> tell_resets_;
  std::int64_t lookback_ms_;
  Budget& budget_;
  std::vector<std::optional<std::vector<Kept>>> kept_;  // by selector
  series::Points scratch_;
};

}  // namespace tocsin::promql
