#include "promql/reach.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "promql/functions.h"
#include "promql/grid.h"
#include "promql/plan.h"

namespace tocsin::promql {
namespace {

// Milliseconds that the deepest selector below looks back from the evaluation time.
std::int64_t reach(const Expr& expr, const EvalOptions& options) {
  const auto own = [](const TimeShift& shift, std::int64_t back) {
    return shift.anchor == TimeShift::Anchor::kTime ? 0 : shift.offset_ms + back;
  };
  if (const auto* selector = std::get_if<Selector>(&expr.node)) {
    const std::int64_t lookback = options.lookback.count();
    const bool extended = selector->range_ms && selector->extension != Extension::kNone;
    return own(selector->shift, selector->range_ms.value_or(lookback) + (extended ? lookback : 0));
  }
  std::int64_t longest = 0;
  for_each_child(expr,
                 [&](const Expr& child) { longest = std::max(longest, reach(child, options)); });
  if (const auto* subquery = std::get_if<Subquery>(&expr.node)) {
    return own(subquery->shift, subquery->range_ms + longest);
  }
  return longest;
}

}  // namespace

std::int64_t shifted(const TimeShift& shift, std::int64_t time_ms, TimeSpan times) {
  switch (shift.anchor) {
    case TimeShift::Anchor::kTime:
      return shift.at_ms - shift.offset_ms;
    case TimeShift::Anchor::kStart:
      return times.start_ms - shift.offset_ms;
    case TimeShift::Anchor::kEnd:
      return times.end_ms - shift.offset_ms;
    case TimeShift::Anchor::kEvaluation:
      break;
  }
  return time_ms - shift.offset_ms;
}

TimeSpan inner_span(const Subquery& subquery, TimeSpan span, TimeSpan times) {
  return {shifted(subquery.shift, span.start_ms, times) - subquery.range_ms + 1,
          shifted(subquery.shift, span.end_ms, times)};
}

Window window_of(const Selector& selector, TimeSpan span, TimeSpan times,
                 const EvalOptions& options) {
  const std::int64_t back = selector.range_ms.value_or(options.lookback.count());
  Window window{shifted(selector.shift, span.start_ms, times) - back + 1,
                shifted(selector.shift, span.end_ms, times)};
  if (selector.range_ms && selector.extension != Extension::kNone) {
    window.min_ms -= options.lookback.count();
  }
  if (selector.extension == Extension::kSmoothed) {
    window.max_ms += options.lookback.count();
  }
  return window;
}

std::int64_t first_step_after(std::int64_t after_ms, std::int64_t step_ms) {
  std::int64_t first = after_ms / step_ms * step_ms;
  while (first <= after_ms) {
    first += step_ms;
  }
  return first;
}

bool tells_resets(const Expr& expr, bool above) {
  if (std::holds_alternative<Subquery>(expr.node)) {
    return false;
  }
  const auto* call = std::get_if<Call>(&expr.node);
  if (call == nullptr) {
    return above;
  }
  const std::string_view name = call->function->name;
  if (name == "histogram_count" || name == "histogram_sum" || name == "histogram_avg") {
    return true;
  }
  return above && !name.starts_with("histogram_quantile") && name != "histogram_fraction";
}

base::Duration longest_reach(const Query& query, const EvalOptions& options) {
  return base::Duration(std::max<std::int64_t>(0, reach(query.root(), options)));
}

std::vector<model::Matchers> selectors(const Query& query) {
  std::vector<model::Matchers> list;
  for (const PlanSelection& selection : query.plan().selections()) {
    list.push_back(selection.selectors.front()->matchers);
  }
  return list;
}

bool reads_series(const Query& query) { return !query.plan().selections().empty(); }

namespace {

std::vector<series::Selection> selections_at(const Query& query, const QueryTimes& times,
                                             const EvalOptions& options) {
  std::optional<Query> bound;
  if (query.depends_on_times()) {
    if (auto made = bind(query, times)) {  // else evaluate() reports what is wrong
      bound = std::move(*made);
    }
  }
  const Query& used = bound ? *bound : query;
  return selections_of(used.plan(), {times.start_ms, times.end_ms}, options);
}

}  // namespace

std::vector<series::Selection> selections(const Query& query, base::WallTime time,
                                          const EvalOptions& options) {
  return selections_at(query, {base::to_millis(time), base::to_millis(time), 0}, options);
}

std::vector<series::Selection> selections(const Query& query, const RangeTimes& times,
                                          const EvalOptions& options) {
  return selections_at(
      query, {base::to_millis(times.start), base::to_millis(times.end), times.step.count()},
      options);
}

}  // namespace tocsin::promql
