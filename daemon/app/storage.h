#pragma once

#include <prometheus/registry.h>

#include <string>

#include "app/config.h"
#include "app/metrics.h"
#include "base/duration.h"
#include "blocks/keeper.h"

namespace tocsin::app {

/// The file of samples beside the journal's: "sqlite:/x/tocsin.db" gives "/x/tocsin-series.db".
/// Empty for a journal in memory.
std::string series_path(const std::string& storage_url);

/// How the keeper is to work for this configuration. `reach` is how far back rules read: memory
/// holds that much, within limits, so that they seldom wait for a disk.
blocks::KeeperOptions keeper_options(const Config& config, const std::string& storage_url,
                                     base::Duration reach);

/// Failures go to the log.
blocks::KeeperHooks keeper_hooks();

/// What the keeper counts, on the metrics page.
class StorageMetrics {
 public:
  explicit StorageMetrics(Metrics& metrics);

  void refresh(const blocks::KeeperStats& stats);
  void restored(const blocks::RestoreReport& report, double seconds);

 private:
  prometheus::Gauge& blocks_;
  prometheus::Gauge& block_bytes_;
  prometheus::Gauge& log_bytes_;
  prometheus::Gauge& cache_bytes_;
  prometheus::Gauge& window_seconds_;
  prometheus::Gauge& writable_;
  prometheus::Gauge& memory_short_;
  prometheus::Gauge& restore_seconds_;
  prometheus::Counter& sealed_;
  prometheus::Counter& dropped_;
  prometheus::Counter& read_;
  prometheus::Counter& damaged_;
  prometheus::Counter& failures_;
  prometheus::Counter& given_up_;
  prometheus::Counter& unsealed_;
};

}  // namespace tocsin::app
