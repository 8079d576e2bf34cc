#pragma once

#include "conformance/promql/script.h"
#include "support/memory_series.h"

namespace tocsin::promqltest {

/// Puts the series of a `load` into the storage, and with `load_with_nhcb` each classic histogram
/// as a native one with custom buckets too.
void load_into(testing::MemorySeries& storage, const Load& load);

}  // namespace tocsin::promqltest
