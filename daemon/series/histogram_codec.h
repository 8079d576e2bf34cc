#pragma once

#include <cstdint>

#include "model/histogram.h"
#include "series/bytes.h"

namespace tocsin::series {

/// Writes a native histogram with all its bits; its time as the difference to another one.
void put_histogram(ByteWriter& writer, const model::HistogramSample& sample, std::int64_t after_ms);

/// Reads what put_histogram() wrote. Damaged bytes give some histogram, never null, and fail the
/// reader.
model::HistogramSample take_histogram(ByteReader& reader, std::int64_t after_ms);

}  // namespace tocsin::series
