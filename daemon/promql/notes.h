#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tocsin::promql {

/// What functions and operators on values want the reader of a result to know. They only say which;
/// who runs them knows the metric and the position and makes the text (see annotate()).
enum class Note : std::uint8_t {
  // Warnings.
  kMixedFloatsHistograms,       ///< a range has floats and histograms
  kMixedFloatsHistogramsGroup,  ///< a group has
  kMixedExponentialCustom,      ///< standard and custom buckets cannot be brought together
  kHistogramNotCounter,         ///< rate of a gauge histogram
  kHistogramNotGauge,           ///< delta of a counter histogram
  kResetCollisionAddition,      ///< "reset" met "not reset"
  kResetCollisionSubtraction,
  kResetCollisionAggregation,
  kStartOverlap,  ///< a start timestamp before the sample before
  // Infos.
  kIgnoredInMixedRange,       ///< histograms beside floats in a range were left out
  kIgnoredInAggregation,      ///< the operator knows no histograms
  kBoundsReconciledAddition,  ///< custom buckets were brought to common bounds
  kBoundsReconciledSubtraction,
  kBoundsReconciledAggregation,
  kIncompatibleFloatFloat,
  kIncompatibleFloatHistogram,  ///< the operator does not take these, in this order
  kIncompatibleHistogramFloat,
  kIncompatibleHistogramHistogram,
};

/// A set of notes: one bit each.
class Notes {
 public:
  void add(Note note) { bits_ |= 1U << static_cast<unsigned>(note); }
  void add(Notes other) { bits_ |= other.bits_; }
  bool has(Note note) const { return (bits_ & (1U << static_cast<unsigned>(note))) != 0; }
  bool empty() const { return bits_ == 0; }

 private:
  std::uint32_t bits_ = 0;
};

}  // namespace tocsin::promql
