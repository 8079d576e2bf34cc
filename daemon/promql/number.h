#pragma once

#include <memory>
#include <utility>

#include "model/histogram.h"

namespace tocsin::promql {

using HistogramPtr = model::HistogramPtr;

/// What one element of a vector holds at a time: a float, or a native histogram.
struct Number {
  double value = 0;        ///< without a histogram
  HistogramPtr histogram;  ///< null for floats

  Number() = default;
  // Floats are what nearly everything is about; they need no ceremony.
  Number(double number) : value(number) {}  // NOLINT(google-explicit-constructor)
  explicit Number(HistogramPtr pointer) : histogram(std::move(pointer)) {}
  explicit Number(model::Histogram result)
      : histogram(std::make_shared<const model::Histogram>(std::move(result))) {}

  bool is_histogram() const { return histogram != nullptr; }
};

}  // namespace tocsin::promql
