#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "promql/ast.h"

namespace tocsin::promql {

/// The evaluation times of the whole query, both inclusive: what start() and end() mean.
struct TimeSpan {
  std::int64_t start_ms = 0;
  std::int64_t end_ms = 0;
};

/// Later than every time of an evaluation.
inline constexpr std::int64_t kForever = std::numeric_limits<std::int64_t>::max();

/// What one selector reads in all, both ends inclusive.
struct Window {
  const Selector* selector = nullptr;
  std::int64_t min_ms = 0;
  std::int64_t max_ms = 0;
  bool repeated = false;  ///< looked at for more than one time, so reading once pays
};

/// The window of each selector, by Selector::index.
std::vector<Window> windows(const Expr& root, TimeSpan times, const EvalOptions& options);

/// By Selector::index, whether a selector may tell where its histograms were reset: below
/// histogram_count, histogram_sum or histogram_avg. Elsewhere Prometheus' storage does not know
/// resets, only their absence, and expressions that fold histograms give other hints and warnings
/// by that.
std::vector<bool> selectors_telling_resets(const Expr& root);

/// The time that a selector or subquery looks at when the expression is evaluated at `time_ms`.
std::int64_t shifted(const TimeShift& shift, std::int64_t time_ms, TimeSpan times);

/// The first step of a subquery that is later than `after_ms`: steps lie on multiples of the step,
/// so that moving the evaluation time does not move them.
std::int64_t first_step_after(std::int64_t after_ms, std::int64_t step_ms);

}  // namespace tocsin::promql
