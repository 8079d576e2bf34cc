#include "promql/step_context.h"

#include <unordered_set>
#include <utility>

namespace tocsin::promql {

using base::Status;

Status StepContext::keep_range(std::size_t argument) {
  const NodeId id = node_.inputs[argument];
  const PlanNode& range = run_.node(id);
  const Function& function = *std::get<Call>(node_.expr->node).function;
  if (auto status = accepts_range(function, *range.expr); !status) {
    return status;
  }
  auto source = open_range(run_, id, node_.frame);
  if (!source) {
    return source.error();
  }
  auto kept = std::make_unique<KeptRange>(RangeShape(range, run_), run_.budget());
  RangeFeed feed;
  while (true) {
    const auto more = (*source)->next(feed);
    if (!more) {
      return more.error();
    }
    if (!*more) {
      break;
    }
    kept->series.push_back({feed.labels,
                            {feed.samples.begin(), feed.samples.end()},
                            feed.drop_name,
                            {feed.histograms.begin(), feed.histograms.end()},
                            {feed.float_starts.begin(), feed.float_starts.end()}});
    if (auto status = kept->charge.take(feed.size()); !status) {
      return status;
    }
  }
  kept->feeds.reserve(kept->series.size());
  for (const RangeSeries& series : kept->series) {
    kept->feeds.push_back(
        {series.labels, series.drop_name, series.samples, series.histograms, series.float_starts});
    kept->cursors.emplace_back(kept->feeds.back());
  }
  const auto& call = std::get<Call>(node_.expr->node);
  ranges_.emplace(&without_parens(*call.arguments[argument]), std::move(kept));
  return {};
}

Status StepContext::each_range(const Expr& expr, std::int64_t time_ms, const OnRange& on_range) {
  const auto found = ranges_.find(&without_parens(expr));
  if (found == ranges_.end()) {
    return base::Error(base::ErrorCode::kInternal, "a range vector was not read beforehand");
  }
  KeptRange& kept = *found->second;
  std::size_t samples = 0;
  for (std::size_t i = 0; i < kept.cursors.size(); ++i) {
    RangeInput input = kept.shape.at(time_ms);
    if (!kept.cursors[i].move(input)) {
      continue;
    }
    samples += input.samples.size() + input.histograms.size();
    const RangeFeed& feed = kept.feeds[i];
    if (auto status = on_range(RangeView{feed.labels, feed.drop_name, input}); !status) {
      return status;
    }
  }
  const Grid& steps = run_.grid(node_);
  const auto step = std::ranges::lower_bound(steps, time_ms);
  run_.looked_at(node_, static_cast<std::size_t>(step - steps.begin()), samples);
  return run_.budget().spend(samples);
}

Status StepContext::each_sample(const Selector& selector, std::int64_t time_ms,
                                const OnSample& on_sample) {
  const auto& call = std::get<Call>(node_.expr->node);
  for (std::size_t i = 0; i < call.arguments.size(); ++i) {
    if (std::get_if<Selector>(&without_parens(*call.arguments[i]).node) != &selector) {
      continue;
    }
    const std::int64_t at = shifted(selector.shift, time_ms, times());
    const std::int64_t from = at - run_.options().lookback.count() + 1;
    for (const series::PinnedSeries& series : run_.series(run_.node(node_.inputs[i]))) {
      const auto point = series.samples->newest_point(from, at);
      if (point && !point->is_stale()) {
        on_sample(series.labels, *point);
      }
    }
    return {};
  }
  return base::Error(base::ErrorCode::kInternal, "this selector is no argument of the function");
}

Status StepContext::drop_names(Elements& elements, bool one_name, Names) {
  bool changed = false;
  for (Element& element : elements) {
    element.drop_name = delayed();
    if (!delayed() && element.labels.has(model::kMetricName)) {
      element.labels = without_name(element.labels);
      changed = true;
    }
  }
  const bool alike = !changed || (one_name && !run_.has_kinds());
  return alike ? Status() : refuse_duplicates(elements);
}

Status StepContext::refuse_duplicates(const Elements& elements) const {
  if (elements.size() < 2) {
    return {};
  }
  std::unordered_set<model::Labels, model::LabelsHash> seen;
  seen.reserve(elements.size());
  for (const Element& element : elements) {
    if (!seen.insert(element.labels).second) {
      return same_labels();
    }
  }
  return {};
}

Grouping& StepContext::grouping(const void* node, bool keep,
                                const std::vector<std::string>& labels) {
  const bool remember = run_.grid(node_).size() > 1;
  return groupings_.try_emplace(node, keep, labels, remember).first->second;
}

}  // namespace tocsin::promql
