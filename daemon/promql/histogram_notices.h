#pragma once

#include <string_view>

#include "promql/annotations.h"

/// What functions of histograms say in the same words wherever they are computed; see
/// functions_histogram.cc.
namespace tocsin::promql {

/// The counts of a classic histogram had to be raised so that they never fall.
void note_forced(Annotations& annotations, Span where, std::string_view function,
                 std::string_view metric);

/// Warns of a quantile outside of 0 … 1.
void warn_quantile(Annotations& annotations, Span where, double q);

}  // namespace tocsin::promql
