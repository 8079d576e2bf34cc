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

/// What one selector reads in all, both ends inclusive.
struct Window {
  std::int64_t min_ms = 0;
  std::int64_t max_ms = 0;
};

/// The evaluation times of a subquery's inner expression, as far as a selector within cares.
TimeSpan inner_span(const Subquery& subquery, TimeSpan span, TimeSpan times);
/// What a selector reads when it is evaluated at times within `span`.
Window window_of(const Selector& selector, TimeSpan span, TimeSpan times,
                 const EvalOptions& options);

/// Whether the selectors within an expression may tell where their histograms were reset: below
/// histogram_count, histogram_sum or histogram_avg. Elsewhere Prometheus' storage does not know
/// resets, only their absence, and expressions that fold histograms give other hints and warnings
/// by that. `above`: whether they may for what stands around the expression.
bool tells_resets(const Expr& expr, bool above);

/// The time that a selector or subquery looks at when the expression is evaluated at `time_ms`.
std::int64_t shifted(const TimeShift& shift, std::int64_t time_ms, TimeSpan times);

/// The first step of a subquery that is later than `after_ms`: steps lie on multiples of the step,
/// so that moving the evaluation time does not move them.
std::int64_t first_step_after(std::int64_t after_ms, std::int64_t step_ms);

}  // namespace tocsin::promql
