#pragma once

#include <map>
#include <memory>
#include <vector>

#include "api/views.h"
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
  /// What the targets' pages say of their metrics.
  std::vector<api::TargetMetadata> metadata() const;

  /// How many targets there are, and how many of them failed when they were last polled.
  struct Reach {
    std::size_t targets = 0;
    std::size_t failing = 0;
  };
  Reach reach() const;

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
  /// What the page of each target said of its metrics when it was last laid out anew.
  std::map<series::Origin, std::shared_ptr<const std::vector<exposition::Family>>> families_;
};

}  // namespace tocsin::app
