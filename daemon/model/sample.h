#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

namespace tocsin::model {

/// One measured value. Time is wall time in milliseconds since the epoch.
struct Sample {
  std::int64_t time_ms = 0;
  double value = 0;
};

/// The bits of Prometheus' staleness marker: a NaN that says "this series ended here".
inline constexpr std::uint64_t kStaleBits = 0x7ff0000000000002;
/// The bits of an ordinary NaN, as Go's value.NormalNaN.
inline constexpr std::uint64_t kNormalNanBits = 0x7ff8000000000001;

inline double stale_marker() { return std::bit_cast<double>(kStaleBits); }
inline bool is_stale(double value) { return std::bit_cast<std::uint64_t>(value) == kStaleBits; }

/// Type, help and unit of a metric family as an exposition states them.
enum class MetricType : std::uint8_t {
  kUnknown,
  kCounter,
  kGauge,
  kHistogram,
  kGaugeHistogram,
  kSummary,
  kInfo,
  kStateSet,
};

}  // namespace tocsin::model
