#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "series/store.h"
#include "sources/source.h"

namespace tocsin::sources {

enum class Health : std::uint8_t { kUnknown, kUp, kDown };

/// "unknown", "up", "down": the words of Prometheus' API.
std::string_view to_string(Health health);

/// Samples that the store did not take, by reason. They fail no poll, as in Prometheus.
struct RefusedSamples {
  std::size_t duplicate = 0;      ///< same timestamp, other value
  std::size_t out_of_order = 0;   ///< older than the newest of its series
  std::size_t out_of_bounds = 0;  ///< before the retention, or over 10 min in the future
  std::size_t series_limit = 0;   ///< new series beyond the store's limit

  std::size_t total() const { return duplicate + out_of_order + out_of_bounds + series_limit; }
  RefusedSamples& operator+=(const RefusedSamples& more);
};

/// What /api/v1/targets tells of a target.
struct TargetStatus {
  series::Origin origin = 0;
  TargetSpec spec;
  Health health = Health::kUnknown;
  std::string last_error;
  base::WallTime last_scrape;
  double last_duration_seconds = 0;
  std::size_t samples_scraped = 0;
  std::size_t samples_added = 0;
  std::size_t series_added = 0;
  RefusedSamples refused;  ///< of all polls
};

/// What became of a batch: all that rules::Arrival needs, and what metrics count.
struct Ingested {
  series::Origin origin = 0;
  bool up = false;  ///< false also when a limit failed the batch
  std::string error;
  base::MonotonicTime arrived;
  std::vector<series::Created> created;
  std::size_t stored = 0;
  RefusedSamples refused;
};

/// Writes batches into the store as Prometheus' scrape loop does: target labels, honor_labels,
/// honor_timestamps, limits that fail the whole batch, stale markers for series that vanished,
/// and the series up, scrape_duration_seconds, scrape_samples_scraped,
/// scrape_samples_post_metric_relabeling and scrape_series_added. Series have numbers, from the
/// page's layout or from their labels, and what the store calls a number is remembered with what
/// honor_labels and the limits made of it: a sample of a known series looks at no label.
/// Main loop only. Borrows the store.
class Ingester {
 public:
  explicit Ingester(series::Store& store);
  ~Ingester();

  /// A target is about to be polled, or its specification has changed. When its series get other
  /// names by that, the old ones end at `now`.
  Ingested add(series::Origin origin, const TargetSpec& spec, base::WallTime now);

  /// Writes what one poll gave. The target must have been added.
  Ingested ingest(series::Origin origin, const Batch& batch);

  /// The wall clock was set, and the times in the store have moved by `delta`.
  void times_shifted(base::Duration delta);

  /// The target is gone: all its series end at `now`.
  Ingested remove(series::Origin origin, base::WallTime now);

  /// Every target that was added and not removed, by pool, then id.
  std::vector<TargetStatus> statuses() const;
  const TargetStatus* status(series::Origin origin) const;

 private:
  struct Entry;
  struct Report;
  struct TargetState;
  struct Writing;

  void number(TargetState& target, const Batch& batch, std::vector<std::uint32_t>& numbers);
  /// Applies the limits; the reason when one is exceeded.
  std::string check(TargetState& target, const Batch& batch,
                    const std::vector<std::uint32_t>& numbers) const;
  void write_samples(Writing& writing, const Batch& batch,
                     const std::vector<std::uint32_t>& numbers);
  void write_new(Writing& writing, Entry& entry, const model::Labels& labels, model::Sample sample);
  void end_vanished(Writing& writing, std::int64_t time_ms);
  void write_report(Writing& writing, const Batch& batch);
  void write_report(Writing& writing, Report& report, model::Sample sample);
  void end_report(Writing& writing, std::int64_t time_ms);
  Ingested finish(Writing writing);

  series::Store& store_;
  std::map<series::Origin, std::unique_ptr<TargetState>> targets_;
  // Memory that is used again for each batch.
  std::vector<series::RefSample> known_;
  std::vector<std::uint32_t> known_places_;
  std::vector<series::Refusal> refusals_;
};

/// The labels under which a sample is stored: those of the target added, by the rules of
/// honor_labels. Pure.
model::Labels with_target_labels(const RawSample& sample, const model::Labels& target,
                                 bool honor_labels);

/// Why the labels break a limit of the target, or an empty text. Pure.
std::string broken_label_limit(const model::Labels& labels, const TargetSpec& spec);

}  // namespace tocsin::sources
