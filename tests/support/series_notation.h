#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/labels.h"

namespace tocsin::testing {

/// The values of one series in the notation of promtool's unit tests and Prometheus' test scripts:
/// `1 2.5 _ stale 0+10x5 3x2 _x4`. Nothing stands for a step without a sample.
using SeriesValues = std::vector<std::optional<double>>;

struct NotedSeries {
  model::Labels labels;
  SeriesValues values;
  bool histograms = false;  ///< has `{{…}}` items, which are left out of `values` as gaps
};

/// Reads `name{label="value"} values`.
base::Result<NotedSeries> parse_series_line(std::string_view line);
/// Reads values alone.
base::Result<SeriesValues> parse_series_values(std::string_view text, bool* histograms = nullptr);
/// Reads `name{label="value", …}`, with quoted names and a metric name in the braces too, from the
/// start of `text`; `used` gets how many bytes that took.
base::Result<model::Labels> parse_series_labels(std::string_view text, std::size_t* used);

}  // namespace tocsin::testing
