#include "app/steady_wall.h"

#include <algorithm>

namespace tocsin::app {

SteadyWall::SteadyWall(const base::Clock& clock)
    : clock_(clock), wall_(clock.wall_now()), monotonic_(clock.monotonic_now()), latest_(wall_) {}

SteadyWall::Reading SteadyWall::read() {
  const base::WallTime wall = clock_.wall_now();
  const base::MonotonicTime monotonic = clock_.monotonic_now();
  const auto elapsed = std::chrono::floor<base::Duration>(monotonic - monotonic_);
  const base::Duration difference = (wall - wall_) - elapsed;
  wall_ = wall;
  monotonic_ = monotonic;
  if (difference > kTolerance || difference < -kTolerance) {
    latest_ = wall;
    return {wall, difference};
  }
  latest_ = std::max(latest_, wall);
  return {latest_, base::Duration{0}};
}

}  // namespace tocsin::app
