#pragma once

#include "base/clock.h"

namespace tocsin::testing {

/// A clock that only moves when told. Starts at 2026-01-01 00:00:00 UTC.
class SimulatedClock final : public base::Clock {
 public:
  base::WallTime wall_now() const override { return wall_; }
  base::MonotonicTime monotonic_now() const override { return monotonic_; }

  /// Time passes: both clocks move.
  void advance(std::chrono::nanoseconds by) {
    monotonic_ += by;
    rest_ += by;
    const auto whole = std::chrono::floor<std::chrono::milliseconds>(rest_);
    wall_ += whole;
    rest_ -= whole;
  }

  /// Somebody sets the wall clock: only it moves.
  void step_wall(std::chrono::milliseconds by) { wall_ += by; }

 private:
  base::WallTime wall_ = base::from_millis(1'767'225'600'000);
  base::MonotonicTime monotonic_{std::chrono::seconds(1)};
  std::chrono::nanoseconds rest_{0};
};

}  // namespace tocsin::testing
