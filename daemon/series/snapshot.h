#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "model/labels.h"
#include "model/matcher.h"
#include "model/sample.h"

namespace tocsin::series {

/// Which series to pin and for which times, both ends inclusive, in milliseconds.
struct Selection {
  model::Matchers matchers;
  std::int64_t min_time_ms = 0;
  std::int64_t max_time_ms = 0;
};

/// The immutable samples of one series within a snapshot: sealed chunks plus the published length
/// of the open one. Implementations keep what they point at alive.
class PinnedSamples {
 public:
  virtual ~PinnedSamples() = default;
  /// Appends the samples with min <= time <= max to `out`, ascending, stale markers included.
  virtual void read(std::int64_t min_time_ms, std::int64_t max_time_ms,
                    std::vector<model::Sample>& out) const = 0;
  /// The last of them: what a lookback asks for. Cheap where it is one of the newest samples.
  virtual std::optional<model::Sample> newest(std::int64_t min_time_ms,
                                              std::int64_t max_time_ms) const {
    std::vector<model::Sample> samples;
    read(min_time_ms, max_time_ms, samples);
    return samples.empty() ? std::nullopt : std::optional(samples.back());
  }
};

/// One series of a selection. Copies are cheap and safe on any thread.
struct PinnedSeries {
  model::Labels labels;
  std::uint32_t origin = 0;  ///< see series::Origin
  std::uint64_t ref = 0;     ///< see series::SeriesRef
  std::shared_ptr<const PinnedSamples> samples;
};

/// What an evaluation reads: one list of series for each selection that was asked for. Immutable.
class Snapshot {
 public:
  Snapshot() = default;
  explicit Snapshot(std::vector<std::vector<PinnedSeries>> lists) : lists_(std::move(lists)) {}

  std::span<const PinnedSeries> series(std::size_t selection) const { return lists_[selection]; }
  std::size_t selections() const { return lists_.size(); }

 private:
  std::vector<std::vector<PinnedSeries>> lists_;
};

}  // namespace tocsin::series
