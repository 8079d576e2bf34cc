#pragma once

#include <cstdint>
#include <limits>

namespace tocsin::series {

/// The time under which the store keeps a sample of `time_ms`; see Store::shift_times(). Selections
/// may name the ends of time, which stay where they are.
inline std::int64_t kept_time(std::int64_t time_ms, std::int64_t shift_ms) {
  constexpr std::int64_t kFar = std::numeric_limits<std::int64_t>::max() / 2;
  return time_ms > kFar || time_ms < -kFar ? time_ms : time_ms - shift_ms;
}

}  // namespace tocsin::series
