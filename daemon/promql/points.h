#pragma once

#include <cstddef>
#include <span>

#include "series/snapshot.h"

namespace tocsin::promql {

/// Takes the stale markers away.
void drop_stale(series::Points& points);

/// Takes the start timestamps away.
void forget_starts(series::Points& points);

/// Takes the hint away that counting began again with this histogram.
void hide_reset(model::HistogramPtr& histogram);

/// What histograms count for in a budget: as many floats as take their place.
std::size_t weight(std::span<const model::HistogramSample> histograms);

}  // namespace tocsin::promql
