#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/labels.h"
#include "support/histogram_notation.h"

namespace tocsin::testing {

/// The values of one series in the notation of promtool's unit tests and Prometheus' test scripts:
/// `1 2.5 _ stale 0+10x5 3x2 _x4`. Nothing stands for a step without a sample.
using SeriesValues = std::vector<std::optional<double>>;

struct NotedSeries {
  model::Labels labels;
  SeriesValues values;
  /// Those of `{{…}}` items, by step; there `values` has gaps. Empty when there are none.
  std::vector<NotedHistogram> histograms;

  const NotedHistogram* histogram(std::size_t step) const {
    return step < histograms.size() && histograms[step].histogram ? &histograms[step] : nullptr;
  }
};

/// Reads `name{label="value"} values`.
base::Result<NotedSeries> parse_series_line(std::string_view line);
/// Reads values alone.
/// With `histograms` null those are gaps.
base::Result<SeriesValues> parse_series_values(std::string_view text,
                                               std::vector<NotedHistogram>* histograms = nullptr);
/// Reads `name{label="value", …}`, with quoted names and a metric name in the braces too, from the
/// start of `text`; `used` gets how many bytes that took.
base::Result<model::Labels> parse_series_labels(std::string_view text, std::size_t* used);

}  // namespace tocsin::testing
