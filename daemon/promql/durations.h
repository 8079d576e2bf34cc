#pragma once

#include <cstdint>

#include "base/result.h"
#include "promql/ast.h"

namespace tocsin::promql {

/// Prometheus keeps durations in 63 bits of nanoseconds.
inline constexpr double kMaxDurationSeconds = 9.2e9;

/// Whether step() or range() occurs.
bool depends_on_times(const DurationExpr& expr);

/// The value in milliseconds, given the step and the range of the query; may be negative. Fails
/// for a division by zero, and when the value is out of range.
base::Result<std::int64_t> duration_ms(const DurationExpr& expr, std::int64_t step_ms,
                                       std::int64_t range_ms);

}  // namespace tocsin::promql
