#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "promql/accumulators.h"
#include "promql/aggregate_groups.h"
#include "promql/operators.h"

/// Aggregations: columns are folded into those of their groups as they stream by.
namespace tocsin::promql {
namespace {

using base::Result;
using base::Status;

/// Folds with one kind of accumulator for each group and step.
template <class Cell, class MakeCell>
class FoldStream final : public Stream {
 public:
  FoldStream(Run& run, const PlanNode& node, MakeCell make_cell)
      : run_(run),
        aggregation_(std::get<Aggregation>(node.expr->node)),
        steps_(run.grid(node).size()),
        groups_(run, aggregation_, kept_groups(run, node)),
        make_cell_(std::move(make_cell)) {}
  ~FoldStream() override { run_.budget().give_back(cells_.size()); }

  Status fold(Stream& inner) {
    return each_column(run_, inner, [this](const Column& column) -> Status {
      const std::size_t group = groups_.of(column);
      if (group * steps_ == cells_.size()) {
        if (auto status = grow(); !status) {
          return status;
        }
      }
      if (column.histograms.empty()) {
        add(&cells_[group * steps_], &present_[group * steps_], column.values);
      } else {
        add_numbers(group * steps_, column);
      }
      return {};
    });
  }

  Result<bool> next(Column& column) override {
    if (next_ == groups_.size()) {
      return false;
    }
    column.reset(steps_);
    column.labels = groups_.labels(next_);
    column.drop_name = groups_.drop_name(next_);
    const std::size_t first = next_ * steps_;
    ++next_;
    Notes notes;
    for (std::size_t i = 0; i < steps_; ++i) {
      if (present_[first + i] == 0) {
        continue;
      }
      if (auto number = cells_[first + i].result(notes)) {
        column.set(i, std::move(*number));
      }
    }
    note(notes, {});
    return true;
  }

 private:
  Status grow() {
    for (std::size_t i = 0; i < steps_; ++i) {
      cells_.push_back(make_cell_(i));
    }
    present_.resize(cells_.size());
    return run_.budget().take(steps_);
  }

  static void add(Cell* cells, std::uint8_t* present, std::span<const double> values) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (is_present(values[i])) {
        present[i] = 1;
        cells[i].add(values[i]);
      }
    }
  }

  void add_numbers(std::size_t first, const Column& column) {
    Notes notes;
    for (std::size_t i = 0; i < steps_; ++i) {
      if (!is_present(column.values[i])) {
        continue;
      }
      present_[first + i] = 1;
      if (column.has_histogram(i)) {
        cells_[first + i].add(*column.histograms[i], notes);
      } else {
        cells_[first + i].add(column.values[i]);
      }
    }
    note(notes, column.labels.metric_name());
  }

  void note(Notes notes, std::string_view metric) {
    if (!notes.empty()) {
      annotate(run_.notes(), notes, aggregation_.inner->span, {metric, to_string(aggregation_.op)});
    }
  }

  Run& run_;
  const Aggregation& aggregation_;
  std::size_t steps_;
  Groups groups_;
  MakeCell make_cell_;
  std::vector<Cell> cells_;            // by group and step
  std::vector<std::uint8_t> present_;  // likewise
  std::size_t next_ = 0;
};

template <class MakeCell>
Result<StreamPtr> folded(Run& run, const PlanNode& node, Stream& inner, MakeCell make_cell) {
  using Cell = decltype(make_cell(std::size_t{0}));
  auto stream = std::make_unique<FoldStream<Cell, MakeCell>>(run, node, std::move(make_cell));
  if (auto status = stream->fold(inner); !status) {
    return status.error();
  }
  return StreamPtr(std::move(stream));
}

Result<StreamPtr> quantiles(Run& run, const PlanNode& node, Stream& inner) {
  const auto& aggregation = std::get<Aggregation>(node.expr->node);
  const auto q = run.scalars(node.inputs.front());
  if (!q) {
    return q.error();
  }
  for (const double value : q->values) {
    if (!(value >= 0 && value <= 1)) {
      run.notes().warn(
          aggregation.parameter->span,
          "quantile value should be between 0 and 1, got " + base::format_number_short(value));
    }
  }
  return folded(run, node, inner,
                [q = *q](std::size_t step) { return QuantileAccumulator(q[step]); });
}

// The input on whose columns a node works one by one, leaving their labels alone; null when it does
// not.
const PlanNode* input_of(const Run& run, const PlanNode& node) {
  switch (node.kind) {
    case NodeKind::kNegate:
    case NodeKind::kWithScalar:
    case NodeKind::kElementCall:
      for (const NodeId id : node.inputs) {
        if (run.node(id).expr->type == ValueType::kVector) {
          return &run.node(id);
        }
      }
      return nullptr;
    default:
      return nullptr;
  }
}

}  // namespace

KeptGroups* kept_groups(const Run& run, const PlanNode& node) {
  if (run.memory() == nullptr) {
    return nullptr;
  }
  const PlanNode* leaf = &run.node(node.inputs.back());
  while (leaf != nullptr && leaf->uses == 1 && input_of(run, *leaf) != nullptr) {
    leaf = input_of(run, *leaf);
  }
  if (leaf->uses > 1) {
    return nullptr;  // comes out of a block
  }
  if (leaf->kind == NodeKind::kRangeCall) {
    for (const NodeId id : leaf->inputs) {
      if (run.node(id).expr->type == ValueType::kMatrix) {
        leaf = &run.node(id);
        break;
      }
    }
  }
  const auto* selector = std::get_if<Selector>(&leaf->expr->node);
  const bool reads = leaf->kind == NodeKind::kInstant || leaf->kind == NodeKind::kRange;
  if (!reads || selector == nullptr || selector->extension != Extension::kNone ||
      run.version(*leaf) == 0) {
    return nullptr;
  }
  const auto& aggregation = std::get<Aggregation>(node.expr->node);
  return &run.memory()->groups(run.id_of(node), run.version(*leaf), run.series(*leaf).size(),
                               !aggregation.without, grouping_labels(aggregation));
}

Result<StreamPtr> open_aggregate(Run& run, const PlanNode& node) {
  const AggregateOp op = std::get<Aggregation>(node.expr->node).op;
  auto inner = run.open(node.inputs.back(), node.frame);
  if (!inner) {
    return inner.error();
  }
  switch (op) {
    case AggregateOp::kSum:
      return folded(run, node, **inner, [](std::size_t) { return SumAccumulator(); });
    case AggregateOp::kAvg:
      return folded(run, node, **inner, [](std::size_t) { return MeanAccumulator(); });
    case AggregateOp::kMin:
    case AggregateOp::kMax:
      return folded(run, node, **inner, [larger = op == AggregateOp::kMax](std::size_t) {
        return ExtremeAccumulator(larger);
      });
    case AggregateOp::kCount:
      return folded(run, node, **inner, [](std::size_t) { return CountAccumulator(); });
    case AggregateOp::kGroup:
      return folded(run, node, **inner, [](std::size_t) { return GroupAccumulator(); });
    case AggregateOp::kStddev:
    case AggregateOp::kStdvar:
      return folded(run, node, **inner, [root = op == AggregateOp::kStddev](std::size_t) {
        return VarianceAccumulator(root);
      });
    case AggregateOp::kQuantile:
      return quantiles(run, node, **inner);
    case AggregateOp::kTopk:
    case AggregateOp::kBottomk:
      return open_best(run, node, **inner);
    case AggregateOp::kCountValues:
      return open_count_values(run, node, **inner);
    default:
      return open_picked(run, node, std::move(*inner));
  }
}

}  // namespace tocsin::promql
