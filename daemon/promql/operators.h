#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "base/result.h"
#include "promql/run.h"

/// The operators of a plan: each makes the stream of one kind of node.
namespace tocsin::promql {

/// A comparison with a scalar that keeps what it holds for.
struct ValueFilter {
  BinaryOp op;
  bool scalar_left;
  Scalars scalars;

  bool keeps(double value, std::size_t step) const;
};

// run_select.cc
/// Floats that `filter` does not keep may be missing: it is applied to the stream again.
base::Result<StreamPtr> open_instant(Run& run, const PlanNode& node,
                                     const ValueFilter* filter = nullptr);
base::Result<StreamPtr> open_timestamps(Run& run, const PlanNode& node);

// run_range.cc
base::Result<StreamPtr> open_range_call(Run& run, const PlanNode& node);

// run_map.cc
base::Result<StreamPtr> open_element_call(Run& run, const PlanNode& node);
base::Result<StreamPtr> open_histogram_call(Run& run, const PlanNode& node);
base::Result<StreamPtr> open_negate(Run& run, const PlanNode& node);
base::Result<StreamPtr> open_with_scalar(Run& run, const PlanNode& node);

// run_vector.cc
base::Result<StreamPtr> open_relabel(Run& run, const PlanNode& node);
base::Result<StreamPtr> open_vector_of(Run& run, const PlanNode& node);
base::Result<StreamPtr> open_absent(Run& run, const PlanNode& node);
base::Result<std::vector<double>> scalar_of(Run& run, const PlanNode& node);

// run_aggregate.cc
base::Result<StreamPtr> open_aggregate(Run& run, const PlanNode& node);

// run_pick.cc; `inner` is what is aggregated
base::Result<StreamPtr> open_best(Run& run, const PlanNode& node, Stream& inner);
base::Result<StreamPtr> open_count_values(Run& run, const PlanNode& node, Stream& inner);
base::Result<StreamPtr> open_picked(Run& run, const PlanNode& node, StreamPtr inner);
base::Result<StreamPtr> open_ratio(Run& run, const PlanNode& node, StreamPtr inner,
                                   const Scalars& ratios);

// run_join.cc
base::Result<StreamPtr> open_join(Run& run, const PlanNode& node);

// run_set.cc
base::Result<StreamPtr> open_set(Run& run, const PlanNode& node);

// run_buckets.cc
base::Result<StreamPtr> open_estimate(Run& run, const PlanNode& node);

// run_stepwise.cc; `vector`: the columns of the vector argument when they were collected already
base::Result<StreamPtr> open_stepwise(Run& run, const PlanNode& node,
                                      std::shared_ptr<const Block> vector = nullptr);
base::Result<std::vector<double>> scalar_stepwise(Run& run, const PlanNode& node);

}  // namespace tocsin::promql
