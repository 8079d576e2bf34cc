#pragma once

#include "base/clock.h"
#include "base/duration.h"

namespace tocsin::app {

/// Wall time for the state machines: never runs backwards, follows small corrections of the
/// machine's clock silently, and reports steps, so that they can be recorded and deadlines shifted.
class SteadyWall {
 public:
  /// A larger difference between wall and monotonic time counts as a step.
  static constexpr base::Duration kTolerance = std::chrono::seconds(5);

  explicit SteadyWall(const base::Clock& clock);

  struct Reading {
    base::WallTime now;         ///< at or after every earlier reading, unless stepped
    base::Duration stepped{0};  ///< by how much the wall clock was set since the last reading; or 0
  };

  /// Reads both clocks. Reports each step once.
  Reading read();

 private:
  const base::Clock& clock_;
  base::WallTime wall_;            // at the last reading, as the machine's clock showed it
  base::MonotonicTime monotonic_;  // at the last reading
  base::WallTime latest_;          // what was given out last
};

}  // namespace tocsin::app
