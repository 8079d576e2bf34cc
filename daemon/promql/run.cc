#include "promql/run.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "promql/arithmetic.h"
#include "promql/call_frame.h"
#include "promql/operators.h"
#include "promql/signature.h"

namespace tocsin::promql {

using base::Result;

namespace {

class NoColumns final : public Stream {
 public:
  Result<bool> next(Column&) override { return false; }
};

/// Columns that were kept.
class BlockStream final : public Stream {
 public:
  explicit BlockStream(std::shared_ptr<const Block> block) : block_(std::move(block)) {}

  Result<bool> next(Column& column) override {
    if (row_ == block_->rows()) {
      return false;
    }
    block_->fill(row_++, column);
    return true;
  }

 private:
  std::shared_ptr<const Block> block_;
  std::size_t row_ = 0;
};

/// Columns of one step, stretched to all steps.
class FixedStream final : public Stream {
 public:
  FixedStream(StreamPtr inner, std::size_t steps) : inner_(std::move(inner)), steps_(steps) {}

  Result<bool> next(Column& column) override {
    auto more = inner_->next(column);
    if (more && *more) {
      column.values.assign(steps_, double(column.values.front()));
      if (!column.histograms.empty()) {
        column.histograms.assign(steps_, HistogramPtr(column.histograms.front()));
      }
    }
    return more;
  }

 private:
  StreamPtr inner_;
  std::size_t steps_;
};

/// Refuses columns with the same labels that have values at the same step.
class CheckedStream final : public Stream {
 public:
  CheckedStream(Run& run, StreamPtr inner, std::size_t steps)
      : run_(run), inner_(std::move(inner)), turns_(steps) {}

  Result<bool> next(Column& column) override {
    auto more = inner_->next(column);
    if (more && *more) {
      run_.settle(column);
      if (!turns_.add(column.labels, column.values)) {
        return same_labels();
      }
    }
    return more;
  }

 private:
  Run& run_;
  StreamPtr inner_;
  LabelTurns turns_;
};

/// Refuses columns with the same labels, whenever they have values.
class DistinctStream final : public Stream {
 public:
  DistinctStream(Run& run, StreamPtr inner) : run_(run), inner_(std::move(inner)) {}

  Result<bool> next(Column& column) override {
    auto more = inner_->next(column);
    if (more && *more) {
      run_.settle(column);
      if (std::ranges::any_of(column.values, is_present) && !seen_.insert(column.labels).second) {
        return same_labels();
      }
    }
    return more;
  }

 private:
  Run& run_;
  StreamPtr inner_;
  std::unordered_set<model::Labels, model::LabelsHash> seen_;
};

}  // namespace

base::Error same_labels() {
  return {base::ErrorCode::kInvalidInput, "vector cannot contain metrics with the same labelset"};
}

bool LabelTurns::add(const model::Labels& labels, std::span<const double> values) {
  const auto [place, fresh] = index_.try_emplace(labels, index_.size());
  if (fresh) {
    taken_.resize(taken_.size() + steps_);
  }
  const std::size_t first = place->second * steps_;
  for (std::size_t i = 0; i < steps_; ++i) {
    if (!is_present(values[i])) {
      continue;
    }
    if (taken_[first + i]) {
      return false;
    }
    taken_[first + i] = true;
  }
  return true;
}

Run::Run(const Input& input, std::vector<Grid> grids)
    : plan_(input.plan),
      snapshot_(input.snapshot),
      options_(input.options),
      times_(input.times),
      grids_(std::move(grids)),
      budget_(input.options),
      notes_(input.text, &input.plan.repeated()) {
  if (options_.per_step_stats) {
    samples_at_.resize(grids_[kQueryFrame].size());
  }
}

StreamPtr Run::stream_of(std::shared_ptr<const Block> block) {
  return std::make_unique<BlockStream>(std::move(block));
}

bool Run::has_kinds() {
  if (!has_kinds_) {
    has_kinds_ = false;
    for (std::size_t i = 0; i < snapshot_.selections() && !*has_kinds_; ++i) {
      const auto list = snapshot_.series(i);
      for (std::size_t k = 0; k < list.size() && !*has_kinds_; ++k) {
        // Labels lie anywhere in memory; they are wanted again later.
        __builtin_prefetch(list[std::min(k + 8, list.size() - 1)].labels.all().data());
        has_kinds_ = carries_kind(list[k].labels);
      }
    }
  }
  return *has_kinds_;
}

bool Run::may_split(const PlanNode& node) {
  return node.may_split || (node.names == Names::kNone && has_kinds());
}

bool Run::may_meet(const PlanNode& node) {
  return !delayed() && (node.check_labels || (node.check_kinds && has_kinds()));
}

StreamPtr Run::checked(const PlanNode& node, StreamPtr stream) {
  return may_meet(node) ? checked_always(node, std::move(stream)) : std::move(stream);
}

StreamPtr Run::checked_always(const PlanNode& node, StreamPtr stream) {
  return std::make_unique<CheckedStream>(*this, std::move(stream), grid(node).size());
}

StreamPtr Run::checked_whole(const PlanNode& node, StreamPtr stream) {
  if (!may_meet(node)) {
    return stream;
  }
  return std::make_unique<DistinctStream>(*this, std::move(stream));
}

void Run::settle(Column& column) const {
  if (name_gone(column.drop_name)) {
    column.labels = without_name(column.labels);
    column.drop_name = false;
  }
}

void Run::looked_at(const PlanNode& node, std::size_t step, std::size_t samples) {
  const std::uint64_t counted = samples * node.times_written;
  if (node.frame == kQueryFrame) {
    stats_.total_samples += counted;
    if (!samples_at_.empty()) {
      samples_at_[step] += counted;
    }
  } else if (node.frame == kFixedFrame) {
    // Read once, but meant at each step.
    stats_.total_samples += counted * grids_[kQueryFrame].size();
    for (std::uint64_t& at : samples_at_) {
      at += counted;
    }
  }
}

EvalStats Run::take_stats() {
  stats_.peak_samples = budget_.peak();
  for (std::size_t i = 0; i < samples_at_.size(); ++i) {
    stats_.per_step.emplace_back(grids_[kQueryFrame][i], samples_at_[i]);
  }
  return std::move(stats_);
}

Result<StreamPtr> Run::make(const PlanNode& node) {
  switch (node.kind) {
    case NodeKind::kInstant:
      return open_instant(*this, node);
    case NodeKind::kTimestamps:
      return open_timestamps(*this, node);
    case NodeKind::kRangeCall:
      return open_range_call(*this, node);
    case NodeKind::kElementCall:
      return open_element_call(*this, node);
    case NodeKind::kHistogramCall:
      return open_histogram_call(*this, node);
    case NodeKind::kVectorOf:
      return open_vector_of(*this, node);
    case NodeKind::kAbsent:
      return open_absent(*this, node);
    case NodeKind::kEstimate:
      return open_estimate(*this, node);
    case NodeKind::kRelabel:
      return open_relabel(*this, node);
    case NodeKind::kNegate:
      return open_negate(*this, node);
    case NodeKind::kAggregate:
      return open_aggregate(*this, node);
    case NodeKind::kWithScalar:
      return open_with_scalar(*this, node);
    case NodeKind::kJoin:
      return open_join(*this, node);
    case NodeKind::kSet:
      return open_set(*this, node);
    default:
      return open_stepwise(*this, node);
  }
}

Result<std::shared_ptr<const Block>> Run::kept(NodeId id) {
  if (blocks_.empty()) {
    blocks_.resize(plan_.size());
  }
  if (!blocks_[id]) {
    auto block = collect(id, plan_.node(id).frame);
    if (!block) {
      return block.error();
    }
    blocks_[id] = std::move(*block);
  }
  return blocks_[id];
}

Result<StreamPtr> Run::open(NodeId id, FrameId frame) {
  const PlanNode& node = plan_.node(id);
  const std::size_t steps = grids_[frame].size();
  if (steps == 0) {
    return StreamPtr(std::make_unique<NoColumns>());
  }
  StreamPtr stream;
  if (node.uses > 1) {
    auto block = kept(id);
    if (!block) {
      return block.error();
    }
    stream = stream_of(std::move(*block));
  } else {
    auto made = make(node);
    if (!made) {
      return made.error();
    }
    stream = std::move(*made);
  }
  if (node.frame != frame && steps > 1) {
    stream = std::make_unique<FixedStream>(std::move(stream), steps);
  }
  return stream;
}

Result<std::shared_ptr<const Block>> Run::collect(NodeId id, FrameId frame) {
  const PlanNode& node = plan_.node(id);
  auto block = std::make_shared<Block>(grids_[frame].size());
  // A part that several read is opened by kept() and must not be asked for itself here.
  const bool own = node.uses > 1 && !(blocks_.size() > id && blocks_[id]);
  auto stream = own && frame == node.frame ? make(node) : open(id, frame);
  if (!stream) {
    return stream.error();
  }
  Column column;
  while (true) {
    const auto more = (*stream)->next(column);
    if (!more) {
      return more.error();
    }
    if (!*more) {
      return std::shared_ptr<const Block>(std::move(block));
    }
    settle(column);
    block->add(column);
    if (auto status = budget_.take(column.values.size()); !status) {
      return status.error();
    }
  }
}

Result<StreamPtr> Run::open_merged(NodeId id, FrameId frame) {
  auto stream = open(id, frame);
  if (!stream || !may_split(plan_.node(id))) {
    return stream;
  }
  auto block = std::make_shared<Block>(grids_[frame].size());
  std::unordered_map<model::Labels, std::size_t, model::LabelsHash> rows;
  Column column;
  while (true) {
    const auto more = (*stream)->next(column);
    if (!more) {
      return more.error();
    }
    if (!*more) {
      return stream_of(std::move(block));
    }
    settle(column);
    const auto [place, fresh] = rows.try_emplace(column.labels, block->rows());
    if (fresh) {
      block->add(column);
      if (auto status = budget_.take(column.values.size()); !status) {
        return status.error();
      }
    } else if (!block->join(place->second, column)) {
      return same_labels();
    }
  }
}

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
