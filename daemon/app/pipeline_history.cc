// What the pipeline does with samples of before: those of before the start, and those that have
// left memory.
#include <utility>

#include "app/pipeline.h"

namespace tocsin::app {
namespace {

constexpr base::Duration kReadAhead = std::chrono::minutes(10);

}  // namespace

async::Task<base::Result<std::vector<series::Provision>>> Pipeline::load(
    std::vector<series::Selection> selections) {
  if (parts_.keeper == nullptr) {
    co_return std::vector<series::Provision>();
  }
  co_return co_await parts_.keeper->load(std::move(selections));
}

// A rule that looks weeks back reads blocks. It does not wait for the disk, nobody does: its
// evaluation fails, its alerts stay as they are, and the next one finds the samples. What it needs
// soon is read ahead, so that this happens after a start only.
bool Pipeline::at_hand(const rules::Job& job) {
  if (parts_.keeper == nullptr || !parts_.store.reaches_past_memory(job.selections)) {
    return true;
  }
  if (!parts_.store.needs(job.selections).empty()) {
    parts_.keeper->want(job.selections);
    return false;
  }
  std::vector<series::Selection> ahead;
  for (const series::Selection& selection : job.selections) {
    ahead.push_back(selection);
    ahead.back().max_time_ms += kReadAhead.count();
  }
  if (!parts_.store.needs(ahead).empty()) {
    parts_.keeper->want(std::move(ahead));
  }
  return true;
}

// An alert may have ended while nobody looked, or its end may be lost with the last half second:
// its series must not be shown until the lookback is over.
void Pipeline::take_over_series(Moment moment) {
  if (parts_.store.stats().series == 0) {
    return;
  }
  const base::Duration lookback = core_.engine_options().promql.lookback;
  std::vector<series::Selection> selections;
  for (const std::string& name : core_.engine().written_names()) {
    auto named =
        model::Matcher::make(model::MatchKind::kEqual, std::string(model::kMetricName), name);
    if (named) {
      selections.push_back({.matchers = {*std::move(named)},
                            .min_time_ms = base::to_millis(moment.wall - lookback),
                            .max_time_ms = base::to_millis(moment.wall)});
    }
  }
  const series::Snapshot snapshot = parts_.store.snapshot(selections);
  std::vector<model::Labels> shown;
  for (std::size_t i = 0; i < selections.size(); ++i) {
    for (const series::PinnedSeries& series : snapshot.series(i)) {
      const auto newest =
          series.samples->newest_point(selections[i].min_time_ms, selections[i].max_time_ms);
      if (newest && !newest->is_stale()) {
        shown.push_back(series.labels);
      }
    }
  }
  write_samples(core_.engine().take_over(shown, moment.wall));
}

}  // namespace tocsin::app
