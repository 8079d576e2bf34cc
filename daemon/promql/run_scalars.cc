#include <algorithm>
#include <utility>

#include "promql/arithmetic.h"
#include "promql/operators.h"

/// Nodes that give a number at each step.
namespace tocsin::promql {

using base::Result;

Result<Scalars> Run::scalars(NodeId id) {
  const PlanNode& node = plan_.node(id);
  if (node.kind == NodeKind::kNumber) {
    return Scalars{std::span(&node.number, 1)};
  }
  if (scalars_.empty()) {
    scalars_.resize(plan_.size());
  }
  if (scalars_[id].empty()) {
    auto values = compute(node);
    if (!values) {
      return values.error();
    }
    scalars_[id] = std::move(*values);
  }
  return Scalars{scalars_[id]};
}

Result<std::vector<double>> Run::compute(const PlanNode& node) {
  const Grid& steps = grid(node);
  std::vector<double> values(steps.size());
  switch (node.kind) {
    case NodeKind::kTime:
      std::ranges::transform(steps, values.begin(), [](std::int64_t time_ms) {
        return static_cast<double>(time_ms) / 1000.0;
      });
      return values;
    case NodeKind::kScalarNegate:
    case NodeKind::kScalarBinary: {
      const auto left = scalars(node.inputs.front());
      if (!left) {
        return left.error();
      }
      const auto right = scalars(node.inputs.back());
      if (!right) {
        return right.error();
      }
      const auto* binary = std::get_if<Binary>(&node.expr->node);
      for (std::size_t i = 0; i < values.size(); ++i) {
        values[i] = binary == nullptr ? -(*left)[i] : apply(binary->op, (*left)[i], (*right)[i]);
      }
      return values;
    }
    case NodeKind::kScalarOf:
      return scalar_of(*this, node);
    default:
      return scalar_stepwise(*this, node);
  }
}

}  // namespace tocsin::promql
