#include <algorithm>
#include <set>

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

bool is_fresh(const series::PinnedSeries& series, const series::Selection& selection) {
  std::vector<model::Sample> samples;
  series.samples->read(selection.min_time_ms, selection.max_time_ms, samples);
  return !samples.empty() && !model::is_stale(samples.back().value);
}

WatchedInputs inputs_of(const model::Labels& alert, const Job& job,
                        const series::Snapshot& snapshot) {
  WatchedInputs inputs;
  std::set<series::Origin> origins;
  inputs.complete = snapshot.selections() > 0;
  for (std::size_t i = 0; i < snapshot.selections(); ++i) {
    bool found = false;
    for (const series::PinnedSeries& series : snapshot.series(i)) {
      if (!fits(alert, series.labels)) {
        continue;
      }
      origins.insert(series.origin);
      found = found || is_fresh(series, job.selections[i]);
    }
    inputs.complete = inputs.complete && found;
  }
  inputs.origins.assign(origins.begin(), origins.end());
  return inputs;
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
  for (const model::Labels& alert : job.watched) {
    result.watched.push_back(inputs_of(alert, job, snapshot));
  }
  result.evaluation = promql::evaluate(job.query, job.query_time, snapshot, options.promql);
  return result;
}

}  // namespace tocsin::rules
