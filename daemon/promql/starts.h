#pragma once

#include <cstdint>

/// Start timestamps: when the counting of a sample began, in milliseconds; 0 where not known.
namespace tocsin::promql {

/// Whether counting began again between two samples of a series.
inline bool started_between(std::int64_t start_ms, std::int64_t earlier_ms, std::int64_t later_ms) {
  return start_ms != 0 && start_ms >= earlier_ms && start_ms < later_ms;
}

/// Whether a sample says that its counting began before the sample before it, and not when that
/// one's did: two counts in one series.
inline bool starts_overlap(std::int64_t start_ms, std::int64_t earlier_start_ms,
                           std::int64_t earlier_ms) {
  return start_ms != 0 && start_ms < earlier_ms && start_ms != earlier_start_ms;
}

}  // namespace tocsin::promql
