#pragma once

#include <cstddef>
#include <string>

#include "series/snapshot.h"

namespace tocsin::api {

/// The answer of /api/v1/status/tsdb for what the snapshot's first list holds: sums, and of each
/// statistic the `top` largest entries. Pure.
std::string encode_series_statistics(const series::Snapshot& snapshot, std::size_t top);

}  // namespace tocsin::api
