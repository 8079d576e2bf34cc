#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/views.h"
#include "app/metrics.h"
#include "app/pipeline.h"
#include "app/repeat_filter.h"
#include "base/clock.h"
#include "series/store.h"
#include "sources/ingester.h"
#include "sources/manager.h"
#include "sources/push_writer.h"
#include "sources/sharpening.h"

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

  /// Writes what somebody brought, who was not asked, and wakes the rules that read a series of it.
  /// All requests of one kind are one origin, which no round waits for before its first.
  sources::PushOutcome pushed(PushKind kind, const sources::Pushed& samples,
                              base::MonotonicTime arrived);

  /// Which targets are polled faster for a while; for the manager, and to be shown.
  sources::Sharpening& sharpening() { return sharpening_; }
  std::optional<sources::Sharpness> sharpness(series::Origin origin) const {
    return sharpening_.look(origin, clock_.monotonic_now());
  }

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
  /// Keeps the metadata of pushed families, up to a limit.
  void learn(const std::vector<exposition::Family>& families);
  void count(const exposition::PageSamples& page);
  /// Counts what was stored and refused of a batch, and says what was refused, now and then.
  void count(const sources::Ingested& ingested, const std::string& from);

  series::Store& store_;
  sources::Ingester ingester_;
  sources::Sharpening sharpening_;
  Pipeline& pipeline_;
  Metrics& metrics_;
  const base::Clock& clock_;
  RepeatFilter repeated_;
  std::array<prometheus::Counter*, 3> pages_;  // by Laid
  prometheus::Counter& lines_known_;
  prometheus::Counter& lines_parsed_;
  std::map<series::Origin, base::Duration> live_;  // poll intervals
  std::map<series::Origin, Counters> counters_;
  /// What the page of each target said of its metrics when it was last laid out anew.
  std::map<series::Origin, std::shared_ptr<const std::vector<exposition::Family>>> families_;
  /// What pushes said of theirs, and the same as a list; null when it has to be made anew.
  std::map<std::string, exposition::Family> pushed_families_;
  mutable std::shared_ptr<const std::vector<exposition::Family>> pushed_list_;
};

}  // namespace tocsin::app
