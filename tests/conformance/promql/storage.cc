#include "conformance/promql/storage.h"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "model/classic_histogram.h"

namespace tocsin::promqltest {
namespace {

constexpr std::string_view kBoundLabel = "le";

std::int64_t time_of(const Load& load, std::size_t step) {
  return static_cast<std::int64_t>(step) * load.step_ms;
}

series::Points points_of(const Load& load, const LoadedSeries& loaded) {
  series::Points points;
  const testing::NotedSeries& noted = loaded.series;
  for (std::size_t i = 0; i < noted.values.size(); ++i) {
    const std::int64_t time = time_of(load, i);
    const bool known = i < loaded.start_offsets.size() && loaded.start_offsets[i];
    const std::int64_t start = known ? time + *loaded.start_offsets[i] : 0;
    if (const auto* histogram = noted.histogram(i)) {
      points.histograms.push_back({time, histogram->histogram, start});
    } else if (noted.values[i]) {
      points.floats.push_back({time, *noted.values[i]});
      points.float_starts.push_back(start);
    }
  }
  if (loaded.start_offsets.empty()) {
    points.float_starts.clear();
  }
  return points;
}

// What the series of one classic histogram say at one step.
struct ClassicStep {
  std::vector<model::ClassicBucket> buckets;
  double sum = 0;
  double count = -1;
};

class ClassicHistograms {
 public:
  void take(const testing::NotedSeries& series) {
    const std::string_view name = series.labels.metric_name();
    if (name.ends_with("_bucket")) {
      if (const auto bound = base::parse_number(series.labels.get(kBoundLabel))) {
        each_value(series, "_bucket", [&](ClassicStep& step, double value) {
          step.buckets.push_back({*bound, value});
        });
      }
    } else if (name.ends_with("_sum")) {
      each_value(series, "_sum", [](ClassicStep& step, double value) { step.sum = value; });
    } else if (name.ends_with("_count")) {
      each_value(series, "_count", [](ClassicStep& step, double value) { step.count = value; });
    }
  }

  void store(testing::MemorySeries& storage, const Load& load) const {
    for (const auto& [labels, steps] : by_labels_) {
      series::Points points;
      for (const auto& [step, classic] : steps) {
        if (!classic.buckets.empty()) {
          points.histograms.push_back({time_of(load, step),
                                       std::make_shared<const model::Histogram>(model::from_classic(
                                           classic.buckets, classic.count, classic.sum)),
                                       0});
        }
      }
      if (!points.empty()) {
        storage.add(labels, std::move(points));
      }
    }
  }

 private:
  template <class Use>
  void each_value(const testing::NotedSeries& series, std::string_view suffix, const Use& use) {
    std::string name(series.labels.metric_name());
    name.resize(name.size() - suffix.size());
    const model::Labels labels = model::LabelsBuilder(series.labels)
                                     .set(model::kMetricName, name)
                                     .remove(kBoundLabel)
                                     .build();
    auto& steps = by_labels_[labels];
    for (std::size_t i = 0; i < series.values.size(); ++i) {
      if (series.values[i]) {
        use(steps[i], *series.values[i]);
      }
    }
  }

  std::map<model::Labels, std::map<std::size_t, ClassicStep>> by_labels_;
};

}  // namespace

void load_into(testing::MemorySeries& storage, const Load& load) {
  for (const LoadedSeries& loaded : load.series) {
    series::Points points = points_of(load, loaded);
    if (!points.empty()) {
      storage.add(loaded.series.labels, std::move(points));
    }
  }
  if (!load.with_nhcb) {
    return;
  }
  ClassicHistograms histograms;
  for (const LoadedSeries& loaded : load.series) {
    histograms.take(loaded.series);
  }
  histograms.store(storage, load);
}

}  // namespace tocsin::promqltest
