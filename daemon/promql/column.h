#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "model/labels.h"
#include "model/sample.h"
#include "promql/number.h"

namespace tocsin::promql {

/// Stands at the steps at which a column has no value. Selectors take stale markers away, and
/// arithmetic makes other NaNs, so that no value has these bits.
inline double absent_value() { return model::stale_marker(); }
inline bool is_present(double value) { return !model::is_stale(value); }

/// Of columns that do not stand for one series of a selection.
inline constexpr std::size_t kNoRow = static_cast<std::size_t>(-1);

/// One series of an instant vector over all steps of a grid.
struct Column {
  model::Labels labels;
  /// Its place in the selection that it comes from.
  std::size_t row = kNoRow;
  /// The metric name in the labels does not count any more. With delayed name removal it counts
  /// until the end of the evaluation.
  bool drop_name = false;
  std::vector<double> values;  ///< one for each step; 0 where there is a histogram
  /// Empty, or one for each step, null where there is none.
  std::vector<HistogramPtr> histograms;

  void reset(std::size_t steps) {
    row = kNoRow;
    drop_name = false;
    values.assign(steps, absent_value());
    histograms.clear();
  }
  bool has_histogram(std::size_t step) const {
    return !histograms.empty() && histograms[step] != nullptr;
  }
  Number at(std::size_t step) const {
    return has_histogram(step) ? Number(histograms[step]) : Number(values[step]);
  }
  void set(std::size_t step, Number number) {
    values[step] = number.value;
    if (number.is_histogram()) {
      values[step] = 0;
      if (histograms.empty()) {
        histograms.resize(values.size());
      }
    }
    if (!histograms.empty()) {
      histograms[step] = std::move(number.histogram);
    }
  }
  void erase(std::size_t step) {
    values[step] = absent_value();
    if (!histograms.empty()) {
      histograms[step] = nullptr;
    }
  }
};

}  // namespace tocsin::promql
