#include "promql/reach.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "promql/functions.h"

namespace tocsin::promql {
namespace {

class WindowFinder {
 public:
  WindowFinder(TimeSpan times, const EvalOptions& options) : times_(times), options_(options) {}

  void visit(const Expr& expr, TimeSpan span) {
    if (const auto* selector = std::get_if<Selector>(&expr.node)) {
      add(*selector, span);
      return;
    }
    if (const auto* subquery = std::get_if<Subquery>(&expr.node)) {
      span = {shifted(subquery->shift, span.start_ms, times_) - subquery->range_ms + 1,
              shifted(subquery->shift, span.end_ms, times_)};
    }
    for_each_child(expr, [&](const Expr& child) { visit(child, span); });
  }

  std::vector<Window> take() { return std::move(windows_); }

 private:
  void add(const Selector& selector, TimeSpan span) {
    const std::int64_t back = selector.range_ms.value_or(options_.lookback.count());
    Window window;
    window.selector = &selector;
    window.min_ms = shifted(selector.shift, span.start_ms, times_) - back + 1;
    window.max_ms = shifted(selector.shift, span.end_ms, times_);
    if (selector.range_ms && selector.extension != Extension::kNone) {
      window.min_ms -= options_.lookback.count();
    }
    if (selector.extension == Extension::kSmoothed) {
      window.max_ms += options_.lookback.count();
    }
    window.repeated = span.start_ms != span.end_ms;
    if (windows_.size() <= selector.index) {
      windows_.resize(selector.index + 1);
    }
    windows_[selector.index] = window;
  }

  TimeSpan times_;
  const EvalOptions& options_;
  std::vector<Window> windows_;
};

class ResetTellers {
 public:
  void visit(const Expr& expr, bool tells) {
    if (const auto* selector = std::get_if<Selector>(&expr.node)) {
      if (tells_.size() <= selector->index) {
        tells_.resize(selector->index + 1);
      }
      tells_[selector->index] = tells;
      return;
    }
    if (const auto* call = std::get_if<Call>(&expr.node)) {
      const std::string_view name = call->function->name;
      if (name == "histogram_count" || name == "histogram_sum" || name == "histogram_avg") {
        tells = true;
      } else if (name.starts_with("histogram_quantile") || name == "histogram_fraction") {
        tells = false;
      }
    } else if (std::holds_alternative<Subquery>(expr.node)) {
      tells = false;
    }
    for_each_child(expr, [&](const Expr& child) { visit(child, tells); });
  }

  std::vector<bool> take() { return std::move(tells_); }

 private:
  std::vector<bool> tells_;
};

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

std::int64_t first_step_after(std::int64_t after_ms, std::int64_t step_ms) {
  std::int64_t first = after_ms / step_ms * step_ms;
  while (first <= after_ms) {
    first += step_ms;
  }
  return first;
}

std::vector<Window> windows(const Expr& root, TimeSpan times, const EvalOptions& options) {
  WindowFinder finder(times, options);
  finder.visit(root, times);
  return finder.take();
}

std::vector<bool> selectors_telling_resets(const Expr& root) {
  ResetTellers tellers;
  tellers.visit(root, false);
  return tellers.take();
}

base::Duration longest_reach(const Query& query, const EvalOptions& options) {
  return base::Duration(std::max<std::int64_t>(0, reach(query.root(), options)));
}

std::vector<model::Matchers> selectors(const Query& query) {
  std::vector<model::Matchers> list;
  for (const Window& window : windows(query.root(), {}, {})) {
    list.push_back(window.selector->matchers);
  }
  return list;
}

bool reads_series(const Query& query) { return !windows(query.root(), {}, {}).empty(); }

namespace {

std::vector<series::Selection> selections_at(const Query& query, const QueryTimes& times,
                                             const EvalOptions& options) {
  std::vector<series::Selection> list;
  std::optional<Query> bound;
  if (query.depends_on_times()) {
    if (auto made = bind(query, times)) {  // else evaluate() reports what is wrong
      bound = std::move(*made);
    }
  }
  const Query& used = bound ? *bound : query;
  for (const Window& window : windows(used.root(), {times.start_ms, times.end_ms}, options)) {
    list.push_back({window.selector->matchers, window.min_ms, window.max_ms});
  }
  return list;
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
