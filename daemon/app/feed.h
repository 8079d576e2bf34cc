#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "app/metrics.h"
#include "app/pipeline.h"
#include "base/clock.h"
#include "series/store.h"
#include "sources/ingester.h"
#include "sources/manager.h"
#include "sources/push_writer.h"

namespace tocsin::app {

/// How samples come in that nobody polled.
enum class PushKind : std::uint8_t { kRemoteWrite, kText };

/// Carries batches from the polls into the store, and tells the pipeline. Main loop only.
class Feed final : public sources::BatchSink {
 public:
  Feed(series::Store& store, Pipeline& pipeline, Metrics& metrics, const base::Clock& clock);

  void target_added(series::Origin origin, const sources::TargetSpec& spec) override;
  void batch_arrived(series::Origin origin, sources::Batch batch) override;
  void target_removed(series::Origin origin) override;

  /// Writes what somebody brought, who was not asked, and wakes the rules as a poll does. All
  /// requests of one kind are one origin, which no round waits for before its first.
  sources::PushOutcome pushed(PushKind kind, const sources::Pushed& samples,
                              base::MonotonicTime arrived);

  std::vector<sources::TargetStatus> statuses() const { return ingester_.statuses(); }

 private:
  struct Counters {
    prometheus::Counter* succeeded;
    prometheus::Counter* failed;
    bool was_up = true;
  };

  void announce();
  /// Counts what was stored and refused of a batch, and says what was refused, once.
  void count(const sources::Ingested& ingested, const std::string& from);

  series::Store& store_;
  sources::Ingester ingester_;
  Pipeline& pipeline_;
  Metrics& metrics_;
  const base::Clock& clock_;
  std::map<series::Origin, base::Duration> live_;  // poll intervals
  std::map<series::Origin, Counters> counters_;
};

}  // namespace tocsin::app
