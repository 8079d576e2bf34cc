#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "model/histogram.h"
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

/// What a series holds within some time: floats and native histograms, each ascending by time.
struct Points {
  std::vector<model::Sample> floats;
  std::vector<model::HistogramSample> histograms;
  /// When counting began for each float, 0 where it is not known; empty when it is for none.
  std::vector<std::int64_t> float_starts;

  bool empty() const { return floats.empty() && histograms.empty(); }
  std::size_t size() const { return floats.size() + histograms.size(); }
  void clear() {
    floats.clear();
    histograms.clear();
    float_starts.clear();
  }
};

/// A float or a histogram.
struct Point {
  std::int64_t time_ms = 0;
  double value = 0;               ///< without a histogram
  model::HistogramPtr histogram;  ///< null for floats
  std::int64_t start_ms = 0;      ///< when counting began; 0: not known

  bool is_stale() const { return histogram ? histogram->is_stale() : model::is_stale(value); }
};

/// Floats that lie in memory as they are, ascending, without stale markers.
struct AtHand {
  std::span<const model::Sample> samples;
  /// The number of the first of them among those of its series. A sample keeps its number; when one
  /// gets another value, all of them get new and higher numbers.
  std::uint64_t first = 0;
};

/// From when to when the samples of a series reach, and in how many pieces they lie.
struct Extent {
  std::int64_t oldest_ms = 0;
  std::int64_t newest_ms = 0;
  std::size_t chunks = 0;  ///< 0: there are no samples

  /// Takes in a piece that reaches from one time to another.
  void add(std::int64_t from_ms, std::int64_t to_ms) {
    oldest_ms = chunks == 0 ? from_ms : std::min(oldest_ms, from_ms);
    newest_ms = chunks == 0 ? to_ms : std::max(newest_ms, to_ms);
    ++chunks;
  }
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

  /// The samples with min <= time <= max where they need no reading: nothing unless somebody
  /// watches the series; see Store::live(). Valid as long as the snapshot.
  virtual std::optional<AtHand> at_hand(std::int64_t /*min_time_ms*/,
                                        std::int64_t /*max_time_ms*/) const {
    return std::nullopt;
  }

  /// Whether there are no histograms and no start timestamps, so that read() and newest() tell
  /// everything. Cheap.
  virtual bool floats_only() const { return true; }
  /// Appends everything with min <= time <= max, stale markers included.
  virtual void read_points(std::int64_t min_time_ms, std::int64_t max_time_ms, Points& out) const {
    read(min_time_ms, max_time_ms, out.floats);
  }
  /// The last of those.
  virtual std::optional<Point> newest_point(std::int64_t min_time_ms,
                                            std::int64_t max_time_ms) const;
  /// All that was pinned. Cheap where samples lie in chunks, whose ends may reach beyond the times
  /// that were asked for.
  virtual Extent extent() const;
};

/// One series of a selection. Copies are cheap and safe on any thread.
struct PinnedSeries {
  model::Labels labels;
  std::uint32_t origin = 0;  ///< see series::Origin
  std::uint64_t ref = 0;     ///< see series::SeriesRef; 0: nobody has written it since the start
  std::shared_ptr<const PinnedSamples> samples;
};

/// What an evaluation reads: one list of series for each selection that was asked for. Immutable.
class Snapshot {
 public:
  using List = std::vector<PinnedSeries>;

  Snapshot() = default;
  explicit Snapshot(std::vector<List> lists) {
    for (List& list : lists) {
      add(std::make_shared<const List>(std::move(list)), 0);
    }
  }

  void add(std::shared_ptr<const List> list, std::uint64_t version) {
    lists_.push_back({std::move(list), version});
  }

  std::span<const PinnedSeries> series(std::size_t selection) const {
    return *lists_[selection].series;
  }
  /// Equal for lists that hold the same series in the same order; 0 where that is not known.
  std::uint64_t version(std::size_t selection) const { return lists_[selection].version; }
  std::size_t selections() const { return lists_.size(); }

 private:
  struct Versioned {
    std::shared_ptr<const List> series;
    std::uint64_t version = 0;
  };
  std::vector<Versioned> lists_;
};

inline std::optional<Point> PinnedSamples::newest_point(std::int64_t min_time_ms,
                                                        std::int64_t max_time_ms) const {
  if (floats_only()) {
    const auto sample = newest(min_time_ms, max_time_ms);
    return sample ? std::optional(Point{sample->time_ms, sample->value, {}, 0}) : std::nullopt;
  }
  Points points;
  read_points(min_time_ms, max_time_ms, points);
  if (points.empty()) {
    return std::nullopt;
  }
  const bool is_histogram =
      points.floats.empty() || (!points.histograms.empty() &&
                                points.histograms.back().time_ms > points.floats.back().time_ms);
  if (is_histogram) {
    const model::HistogramSample& last = points.histograms.back();
    return Point{last.time_ms, 0, last.histogram, last.start_ms};
  }
  const std::int64_t start_ms = points.float_starts.empty() ? 0 : points.float_starts.back();
  return Point{points.floats.back().time_ms, points.floats.back().value, nullptr, start_ms};
}

inline Extent PinnedSamples::extent() const {
  constexpr std::int64_t kFar = std::numeric_limits<std::int64_t>::max() / 2;
  Points points;
  read_points(-kFar, kFar, points);
  Extent extent;
  if (!points.floats.empty()) {
    extent.add(points.floats.front().time_ms, points.floats.back().time_ms);
  }
  if (!points.histograms.empty()) {
    extent.add(points.histograms.front().time_ms, points.histograms.back().time_ms);
  }
  return extent;
}

}  // namespace tocsin::series
