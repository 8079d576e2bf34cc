#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/labels.h"
#include "model/sample.h"

/// Comparing tocsin's PromQL with a real Prometheus: the same series in both, the same questions.
namespace tocsin::differential {

/// One series with its samples, ascending.
struct SeriesData {
  model::Labels labels;
  std::vector<model::Sample> samples;
};

/// A series file is text: a series a line, `name{label="value", …} TIME VALUE TIME VALUE …`.
/// TIME is in milliseconds since the epoch, or `+N`: so many after the one before. VALUE is a
/// number as PromQL writes it (NaN and Inf too), or `stale`. Empty lines and lines that begin with
/// `#` are skipped.
base::Status read_series(std::string_view text, const std::function<void(SeriesData)>& take);

/// The same form; every bit of a value survives.
std::string write_series(const std::vector<SeriesData>& series);

}  // namespace tocsin::differential
