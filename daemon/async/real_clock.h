#pragma once

#include "base/clock.h"

namespace tocsin::async {

/// The machine's clocks: CLOCK_REALTIME and CLOCK_MONOTONIC. Safe on any thread.
class RealClock final : public base::Clock {
 public:
  base::WallTime wall_now() const override;
  /// Counts from the same start as Asio's steady timers, so that RealTimers can wait for it.
  base::MonotonicTime monotonic_now() const override;
};

}  // namespace tocsin::async
