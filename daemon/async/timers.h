#pragma once

#include "async/task.h"
#include "base/clock.h"
#include "base/result.h"

namespace tocsin::async {

/// The only way to wait for time to pass. The real one uses Asio timers on the monotonic clock; a
/// simulation jumps from deadline to deadline. Main loop only.
class Timers {
 public:
  virtual ~Timers() = default;

  /// Returns when the monotonic clock has reached `when`; at once (but not before yielding) when
  /// it already has. kCancelled when the task was cancelled meanwhile.
  virtual Task<base::Status> sleep_until(base::MonotonicTime when) = 0;
};

}  // namespace tocsin::async
