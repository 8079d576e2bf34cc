#pragma once

#include <map>

#include "app/metrics.h"
#include "app/pipeline.h"
#include "base/clock.h"
#include "series/store.h"
#include "sources/ingester.h"
#include "sources/manager.h"

namespace tocsin::app {

/// Carries batches from the polls into the store, and tells the pipeline. Main loop only.
class Feed final : public sources::BatchSink {
 public:
  Feed(series::Store& store, Pipeline& pipeline, Metrics& metrics, const base::Clock& clock);

  void target_added(series::Origin origin, const sources::TargetSpec& spec) override;
  void batch_arrived(series::Origin origin, sources::Batch batch) override;
  void target_removed(series::Origin origin) override;

  std::vector<sources::TargetStatus> statuses() const { return ingester_.statuses(); }

 private:
  struct Counters {
    prometheus::Counter* succeeded;
    prometheus::Counter* failed;
    bool was_up = true;
  };

  void announce();
  /// Counts what was stored and refused of a batch, and says what was refused, once.
  void count(const sources::Ingested& ingested);

  sources::Ingester ingester_;
  Pipeline& pipeline_;
  Metrics& metrics_;
  const base::Clock& clock_;
  std::map<series::Origin, base::Duration> live_;  // poll intervals
  std::map<series::Origin, Counters> counters_;
};

}  // namespace tocsin::app
