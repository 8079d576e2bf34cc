#pragma once

#include <cstdint>
#include <string_view>

#include "base/clock.h"
#include "base/duration.h"

/// When targets are polled. Pure.
namespace tocsin::sources {

/// The times at which one target is polled: a first poll soon after the start, so that a daemon
/// sees everything within a second, then slots on a grid of the interval. Where in the second and
/// in the interval a target lies follows from its id, so that targets spread out and keep their
/// places over restarts and reloads.
struct Schedule {
  base::MonotonicTime start;  ///< when polling of all targets began
  base::Duration interval;
  std::uint64_t place;  ///< a hash of the target's id

  static Schedule of(base::MonotonicTime start, base::Duration interval, std::string_view id);

  /// Within one interval, and one second, after `now`.
  base::MonotonicTime first(base::MonotonicTime now) const;

  struct Next {
    base::MonotonicTime when;
    std::uint64_t missed = 0;  ///< slots that passed while the last poll was running
  };
  /// The slot after a poll that was due at `previous` and has ended by `now`. At least half an
  /// interval lies between the two.
  Next next(base::MonotonicTime previous, base::MonotonicTime now) const;
};

}  // namespace tocsin::sources
