#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "model/labels.h"
#include "model/matcher.h"
#include "model/sample.h"
#include "series/snapshot.h"

namespace tocsin::testing {

/// Samples in a vector behind the interface that evaluations read.
class VectorSamples final : public series::PinnedSamples {
 public:
  explicit VectorSamples(std::vector<model::Sample> samples) : samples_(std::move(samples)) {}

  void read(std::int64_t min_time_ms, std::int64_t max_time_ms,
            std::vector<model::Sample>& out) const override {
    const auto begin = std::ranges::lower_bound(samples_, min_time_ms, {}, &model::Sample::time_ms);
    const auto end = std::ranges::upper_bound(samples_, max_time_ms, {}, &model::Sample::time_ms);
    if (begin < end) {
      out.insert(out.end(), begin, end);
    }
  }
  const std::vector<model::Sample>& all() const { return samples_; }

 private:
  std::vector<model::Sample> samples_;
};

/// A map of series for tests that need snapshots and no store.
class MemorySeries {
 public:
  void clear() { series_.clear(); }

  /// Appends samples; times must increase.
  void add(const model::Labels& labels, const std::vector<model::Sample>& samples) {
    auto& body = series_[labels];
    std::vector<model::Sample> all = body ? body->all() : std::vector<model::Sample>();
    all.insert(all.end(), samples.begin(), samples.end());
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
  std::map<model::Labels, std::shared_ptr<const VectorSamples>> series_;
};

}  // namespace tocsin::testing
