#include "promql/grid.h"

#include <algorithm>
#include <string>
#include <utility>

namespace tocsin::promql {

using base::Result;

namespace {

base::Error too_many(const EvalOptions& options) {
  return {base::ErrorCode::kLimitExceeded,
          "query takes more than " + std::to_string(options.max_steps) + " steps of subqueries"};
}

// Appends first, first + step … up to `last`; false when `room` steps do not suffice.
bool append_steps(Grid& grid, std::int64_t first_ms, std::int64_t last_ms, std::int64_t step_ms,
                  std::size_t room) {
  if (first_ms > last_ms) {
    return true;
  }
  // Unsigned: the distance of two times may not fit otherwise.
  const std::uint64_t distance =
      static_cast<std::uint64_t>(last_ms) - static_cast<std::uint64_t>(first_ms);
  const std::uint64_t count = distance / static_cast<std::uint64_t>(step_ms) + 1;
  if (count > room) {
    return false;
  }
  if (grid.empty()) {
    grid.reserve(count);  // what is appended to it comes a few steps at a time: no exact room
  }
  for (std::uint64_t i = 0; i < count; ++i) {
    grid.push_back(first_ms + static_cast<std::int64_t>(i) * step_ms);
  }
  return true;
}

bool append_inner(Grid& grid, const Subquery& subquery, const Grid& outer, TimeSpan times,
                  const EvalOptions& options, std::size_t room) {
  const std::int64_t step = subquery.step_ms.value_or(options.default_subquery_step.count());
  for (const std::int64_t at : outer) {
    const std::int64_t end = shifted(subquery.shift, at, times);
    std::int64_t first = first_step_after(end - subquery.range_ms, step);
    if (!grid.empty()) {
      first = std::max(first, grid.back() + step);
    }
    if (!append_steps(grid, first, end, step, room - grid.size())) {
      return false;
    }
  }
  return true;
}

}  // namespace

Result<Grid> query_grid(TimeSpan times, std::int64_t step_ms, const EvalOptions& options) {
  Grid grid;
  if (!append_steps(grid, times.start_ms, times.end_ms, step_ms, options.max_steps)) {
    return too_many(options);
  }
  return grid;
}

Result<std::vector<Grid>> frame_grids(const Plan& plan, Grid query, TimeSpan times,
                                      const EvalOptions& options) {
  std::vector<Grid> grids(plan.frames().size());
  std::size_t used = query.size() > 1 ? query.size() : 0;
  grids[kFixedFrame] = query.empty() ? Grid() : Grid{query.front()};
  grids[kQueryFrame] = std::move(query);
  for (std::size_t i = kQueryFrame + 1; i < grids.size(); ++i) {
    const PlanFrame& frame = plan.frames()[i];
    if (!append_inner(grids[i], *frame.subquery, grids[frame.parent], times, options,
                      options.max_steps - used)) {
      return too_many(options);
    }
    used += grids[i].size();
  }
  return grids;
}

std::vector<series::Selection> selections_of(const Plan& plan, TimeSpan times,
                                             const EvalOptions& options) {
  std::vector<TimeSpan> spans(plan.frames().size());
  spans[kFixedFrame] = {times.start_ms, times.start_ms};
  spans[kQueryFrame] = times;
  for (std::size_t i = kQueryFrame + 1; i < spans.size(); ++i) {
    const PlanFrame& frame = plan.frames()[i];
    spans[i] = inner_span(*frame.subquery, spans[frame.parent], times);
  }
  std::vector<series::Selection> list;
  list.reserve(plan.selections().size());
  for (const PlanSelection& selection : plan.selections()) {
    series::Selection& wanted = list.emplace_back();
    wanted.matchers = selection.selectors.front()->matchers;
    bool first = true;
    for (const Selector* selector : selection.selectors) {
      const Window window = window_of(*selector, spans[selection.frame], times, options);
      wanted.min_time_ms = first ? window.min_ms : std::min(wanted.min_time_ms, window.min_ms);
      wanted.max_time_ms = first ? window.max_ms : std::max(wanted.max_time_ms, window.max_ms);
      first = false;
    }
  }
  return list;
}

}  // namespace tocsin::promql
