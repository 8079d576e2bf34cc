#pragma once

#include "async/timers.h"

namespace tocsin::async {

/// Waits on the machine's monotonic clock (that of RealClock), on the executor of whoever waits.
class RealTimers final : public Timers {
 public:
  Task<base::Status> sleep_until(base::MonotonicTime when) override;
};

}  // namespace tocsin::async
