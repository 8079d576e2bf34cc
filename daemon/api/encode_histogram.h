#pragma once

#include <cstdint>

#include "api/json.h"
#include "model/histogram.h"

namespace tocsin::api {

/// A native histogram at a time as Prometheus' API prints it: the time, then an object with count,
/// sum and the populated buckets as [boundaries, lower, upper, count]. Boundaries: 0 open left,
/// 1 open right, 2 open on both sides, 3 closed.
void write_histogram_point(JsonWriter& json, std::int64_t time_ms,
                           const model::Histogram& histogram);

}  // namespace tocsin::api
