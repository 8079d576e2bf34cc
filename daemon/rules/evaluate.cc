#include <algorithm>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "model/sample.h"
#include "rules/engine.h"

namespace tocsin::rules {
namespace {

// Whether a series can be an input of an alert with these labels: what both name is equal.
bool fits(const model::Labels& alert, const model::Labels& series) {
  for (const model::Label& label : alert) {
    const std::string_view value = series.get(label.name.view());
    if (!value.empty() && value != label.value.view()) {
      return false;
    }
  }
  return true;
}

// A sample of before the start is not: what came after it may be lost.
bool is_fresh(const series::PinnedSeries& series, const series::Selection& selection) {
  if (series.ref == 0) {
    return false;
  }
  const auto newest = series.samples->newest_point(selection.min_time_ms, selection.max_time_ms);
  return newest && !newest->is_stale();
}

/// The series of one selection by the values of single labels, so that the inputs of thousands
/// of alerts are found among thousands of series without comparing each with each.
class SeriesFinder {
 public:
  explicit SeriesFinder(std::span<const series::PinnedSeries> series) : series_(series) {}

  /// The series that can be inputs of an alert with these labels.
  std::vector<const series::PinnedSeries*> find(const model::Labels& alert) {
    const Bucket* with = nullptr;
    const Bucket* without = nullptr;
    for (const model::Label& label : alert) {
      const ByValue& by_value = index(std::string(label.name.view()));
      const auto found = by_value.with.find(label.value.view());
      const Bucket& bucket = found == by_value.with.end() ? kNone : found->second;
      if (with == nullptr ||
          bucket.size() + by_value.without.size() < with->size() + without->size()) {
        with = &bucket;
        without = &by_value.without;
      }
    }
    std::vector<const series::PinnedSeries*> inputs;
    if (with == nullptr) {
      for (const series::PinnedSeries& series : series_) {
        inputs.push_back(&series);
      }
      return inputs;
    }
    for (const Bucket* bucket : {with, without}) {
      for (const series::PinnedSeries* series : *bucket) {
        if (fits(alert, series->labels)) {
          inputs.push_back(series);
        }
      }
    }
    return inputs;
  }

 private:
  using Bucket = std::vector<const series::PinnedSeries*>;
  struct ByValue {
    std::unordered_map<std::string_view, Bucket> with;
    Bucket without;
  };
  inline static const Bucket kNone;

  const ByValue& index(const std::string& name) {
    const auto [position, added] = labels_.try_emplace(name);
    if (added) {
      for (const series::PinnedSeries& series : series_) {
        const std::string_view value = series.labels.get(name);
        (value.empty() ? position->second.without : position->second.with[value])
            .push_back(&series);
      }
    }
    return position->second;
  }

  std::span<const series::PinnedSeries> series_;
  std::map<std::string, ByValue> labels_;
};

std::vector<WatchedInputs> watch(const Job& job, const series::Snapshot& snapshot) {
  std::vector<SeriesFinder> finders;
  for (std::size_t i = 0; i < snapshot.selections() && !job.watched.empty(); ++i) {
    finders.emplace_back(snapshot.series(i));
  }
  std::vector<WatchedInputs> watched;
  for (const model::Labels& alert : job.watched) {
    WatchedInputs inputs;
    std::set<series::Origin> origins;
    inputs.complete = !finders.empty();
    for (std::size_t i = 0; i < finders.size(); ++i) {
      bool found = false;
      for (const series::PinnedSeries* series : finders[i].find(alert)) {
        if (series->origin != 0) {
          origins.insert(series->origin);
        }
        found = found || is_fresh(*series, job.selections[i]);
      }
      inputs.complete = inputs.complete && found;
    }
    inputs.origins.assign(origins.begin(), origins.end());
    watched.push_back(std::move(inputs));
  }
  return watched;
}

std::vector<series::Origin> origins_of(const series::Snapshot& snapshot) {
  std::vector<series::Origin> origins;
  for (std::size_t i = 0; i < snapshot.selections(); ++i) {
    for (const series::PinnedSeries& series : snapshot.series(i)) {
      // Series of one origin stand in runs more often than not.
      if (origins.empty() || origins.back() != series.origin) {
        origins.push_back(series.origin);
      }
    }
  }
  std::ranges::sort(origins);
  origins.erase(std::ranges::unique(origins).begin(), origins.end());
  return origins;
}

}  // namespace

JobResult evaluate(const Job& job, const series::Snapshot& snapshot, const EngineOptions& options) {
  JobResult result;
  result.group = job.group;
  result.rule = job.rule;
  result.time = job.time;
  result.generation = job.generation;
  result.reads = origins_of(snapshot);
  result.watched = watch(job, snapshot);
  result.evaluation = promql::evaluate(job.query, job.query_time, snapshot, options.promql);
  return result;
}

}  // namespace tocsin::rules
