#pragma once

#include <algorithm>
#include <iterator>
#include <map>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "model/histogram_algebra.h"
#include "model/labels.h"
#include "model/matcher.h"
#include "model/sample.h"
#include "series/snapshot.h"

namespace tocsin::testing {

/// Samples in vectors behind the interface that evaluations read.
class VectorSamples final : public series::PinnedSamples {
 public:
  explicit VectorSamples(series::Points points) : points_(std::move(points)) {}

  void read(std::int64_t min_time_ms, std::int64_t max_time_ms,
            std::vector<model::Sample>& out) const override {
    copy(points_.floats, min_time_ms, max_time_ms, out);
  }
  bool floats_only() const override {
    return points_.histograms.empty() && points_.float_starts.empty();
  }
  void read_points(std::int64_t min_time_ms, std::int64_t max_time_ms,
                   series::Points& out) const override {
    const std::size_t first = copy(points_.floats, min_time_ms, max_time_ms, out.floats);
    copy(points_.histograms, min_time_ms, max_time_ms, out.histograms);
    if (!points_.float_starts.empty()) {
      const auto begin = points_.float_starts.begin() + static_cast<std::ptrdiff_t>(first);
      out.float_starts.assign(begin, begin + static_cast<std::ptrdiff_t>(out.floats.size()));
    }
  }
  const series::Points& all() const { return points_; }

 private:
  // Appends what lies within the times; gives the index of the first.
  template <class Timed>
  static std::size_t copy(const std::vector<Timed>& from, std::int64_t min_time_ms,
                          std::int64_t max_time_ms, std::vector<Timed>& out) {
    const auto begin = std::ranges::lower_bound(from, min_time_ms, {}, &Timed::time_ms);
    const auto end = std::ranges::upper_bound(from, max_time_ms, {}, &Timed::time_ms);
    if (begin < end) {
      out.insert(out.end(), begin, end);
    }
    return static_cast<std::size_t>(begin - from.begin());
  }

  series::Points points_;
};

/// A map of series for tests that need snapshots and no store.
class MemorySeries {
 public:
  void clear() { series_.clear(); }

  /// Appends samples; times must increase.
  void add(const model::Labels& labels, const std::vector<model::Sample>& samples) {
    add(labels, series::Points{samples, {}, {}});
  }
  void add(const model::Labels& labels, series::Points points) {
    auto& body = series_[labels];
    series::Points all = body ? body->all() : series::Points();
    if (!points.float_starts.empty() || !all.float_starts.empty()) {
      all.float_starts.resize(all.floats.size());
      points.float_starts.resize(points.floats.size());
    }
    std::ranges::move(points.floats, std::back_inserter(all.floats));
    for (model::HistogramSample& sample : points.histograms) {
      append(all, std::move(sample));
    }
    std::ranges::move(points.float_starts, std::back_inserter(all.float_starts));
    body = std::make_shared<const VectorSamples>(std::move(all));
  }

  series::Snapshot snapshot(std::span<const series::Selection> selections) const {
    std::vector<std::vector<series::PinnedSeries>> lists;
    for (const series::Selection& selection : selections) {
      auto& list = lists.emplace_back();
      for (const auto& [labels, samples] : series_) {
        if (model::match_all(selection.matchers, labels)) {
          list.push_back({labels, 0, 0, samples});
        }
      }
    }
    return series::Snapshot(std::move(lists));
  }

 private:
  // As a store does it, which knows whether a histogram follows on the one before.
  static void append(series::Points& all, model::HistogramSample sample) {
    const bool follows =
        !all.histograms.empty() &&
        std::ranges::none_of(all.floats, [&](const model::Sample& other) {
          return other.time_ms > all.histograms.back().time_ms && other.time_ms < sample.time_ms;
        });
    const model::Histogram* previous = follows ? all.histograms.back().histogram.get() : nullptr;
    sample.histogram =
        model::with_reset(sample.histogram, model::hint_after(*sample.histogram, previous));
    all.histograms.push_back(std::move(sample));
  }

  std::map<model::Labels, std::shared_ptr<const VectorSamples>> series_;
};

}  // namespace tocsin::testing
