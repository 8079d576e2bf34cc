#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "promql/plan.h"
#include "promql/reach.h"
#include "series/snapshot.h"

namespace tocsin::promql {

/// The times at which the nodes of one frame are computed, ascending.
using Grid = std::vector<std::int64_t>;

/// The steps of a query. kLimitExceeded when there are more than options.max_steps.
base::Result<Grid> query_grid(TimeSpan times, std::int64_t step_ms, const EvalOptions& options);

/// The steps of each frame. Those of a subquery are all that the steps around it look at, each
/// once. kLimitExceeded when there are more than options.max_steps in all.
base::Result<std::vector<Grid>> frame_grids(const Plan& plan, Grid query, TimeSpan times,
                                            const EvalOptions& options);

/// What each of the plan's selections reads when the query is evaluated at `times`.
std::vector<series::Selection> selections_of(const Plan& plan, TimeSpan times,
                                             const EvalOptions& options);

}  // namespace tocsin::promql
