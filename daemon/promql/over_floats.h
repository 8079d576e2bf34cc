#pragma once

#include "promql/functions.h"

namespace tocsin::promql {

/// Makes a function of floats one that leaves histograms out and says so.
template <RangeFunction kRun>
std::optional<Number> over_floats(const RangeInput& input) {
  if (input.samples.empty()) {
    return std::nullopt;
  }
  if (!input.histograms.empty()) {
    input.note(Note::kIgnoredInMixedRange);
  }
  return kRun(input);
}

}  // namespace tocsin::promql
