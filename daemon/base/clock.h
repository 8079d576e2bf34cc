#pragma once

#include <chrono>
#include <cstdint>

namespace tocsin::base {

/// Wall time in milliseconds since the Unix epoch, UTC: what samples, records and people carry.
using WallTime = std::chrono::sys_time<std::chrono::milliseconds>;

/// Marks MonotonicTime as a time line of its own, so that it never mixes with wall time.
struct MonotonicTimeline {};

/// Time since an arbitrary start that never steps: what timers and durations are measured in.
using MonotonicTime = std::chrono::time_point<MonotonicTimeline, std::chrono::nanoseconds>;

/// The only source of time. Wall time and monotonic time are kept apart because only one of
/// them can step. Implementations are safe to call from any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual WallTime wall_now() const = 0;
  virtual MonotonicTime monotonic_now() const = 0;
};

/// Milliseconds since the epoch, the unit of sample timestamps.
constexpr std::int64_t to_millis(WallTime time) { return time.time_since_epoch().count(); }

/// The inverse of to_millis().
constexpr WallTime from_millis(std::int64_t milliseconds) {
  return WallTime{std::chrono::milliseconds{milliseconds}};
}

/// Seconds since the epoch with their fraction, the unit of PromQL's time().
constexpr double to_seconds(WallTime time) { return static_cast<double>(to_millis(time)) / 1000.0; }

}  // namespace tocsin::base
