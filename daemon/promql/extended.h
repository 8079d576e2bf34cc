#pragma once

#include <cstdint>
#include <optional>

#include "promql/functions.h"
#include "series/snapshot.h"

/// Ranges that look beside their edges, of selectors with `anchored` or `smoothed`.
///
/// anchored: what was before the range counts from the newest sample that is not later than its
/// start, so that nothing between two neighbouring ranges is lost, and nothing is extrapolated.
/// smoothed: the values at both edges are interpolated between the samples around them.
///
/// The input of such a range holds more than (start, end]: the samples since start - lookback,
/// and, when smoothed, those until end + lookback.
namespace tocsin::promql {

/// rate, increase and delta. A counter's resets are made up for.
struct ChangeKind {
  bool smoothed = false;
  bool counter = false;
  bool per_second = false;
};
std::optional<Number> extended_change(const RangeInput& input, ChangeKind kind);

/// The input from the newest sample that is not later than its start. Nothing when no sample is
/// later than its start.
std::optional<RangeInput> from_anchor(const RangeInput& input);

/// What the range shows when it is asked for by itself: a value at each edge and the samples
/// between them.
series::Points extended_points(const RangeInput& input, Extension extension);

/// The value of `selector smoothed` at the end of the input, which holds the samples of a lookback
/// before and behind: interpolated, or the newest one when there is no later one.
std::optional<Number> smoothed_value(const RangeInput& input);

}  // namespace tocsin::promql
