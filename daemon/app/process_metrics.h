#pragma once

#include <cstddef>

#include "app/metrics.h"
#include "base/file_system.h"

namespace tocsin::app {

/// Reads this process's start time, memory and CPU time from /proc/self, under the names that every
/// Prometheus client uses.
class ProcessMetrics {
 public:
  ProcessMetrics(Metrics& metrics, const base::FileSystem& files);
  void refresh();
  /// At the last refresh.
  std::size_t threads() const { return threads_; }

 private:
  Metrics& metrics_;
  const base::FileSystem& files_;
  double cpu_seconds_ = 0;
  std::size_t threads_ = 0;
};

}  // namespace tocsin::app
