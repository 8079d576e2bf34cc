#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "promql/annotations.h"
#include "promql/block.h"
#include "promql/budget.h"
#include "promql/column.h"
#include "promql/grid.h"
#include "promql/plan.h"
#include "promql/query.h"
#include "promql/reach.h"
#include "series/snapshot.h"

namespace tocsin::promql {

/// The columns of an instant vector, one after the other.
class Stream {
 public:
  virtual ~Stream() = default;
  /// Fills `column`, whose memory is used again; false when there is no further one. Columns
  /// without any value may appear.
  virtual base::Result<bool> next(Column& column) = 0;
};
using StreamPtr = std::unique_ptr<Stream>;

/// One number for each step, or one for all of them.
struct Scalars {
  std::span<const double> values;

  bool constant() const { return values.size() == 1; }
  double operator[](std::size_t step) const { return constant() ? values[0] : values[step]; }
};

/// One evaluation of a plan: what its nodes share. Not thread-safe; make one for each evaluation.
class Run {
 public:
  struct Input {
    const Plan& plan;
    std::string_view text;
    const series::Snapshot& snapshot;
    const EvalOptions& options;
    TimeSpan times;
  };
  /// `grids` by frame.
  Run(const Input& input, std::vector<Grid> grids);

  /// The columns of a node that gives an instant vector, at the steps of a frame.
  base::Result<StreamPtr> open(NodeId id, FrameId frame);
  /// The same, with columns of equal labels that take turns joined to one.
  base::Result<StreamPtr> open_merged(NodeId id, FrameId frame);
  /// The values of a node that gives a scalar; valid as long as the run.
  base::Result<Scalars> scalars(NodeId id);
  /// All columns of a node at the steps of a frame, with the labels that others see.
  base::Result<std::shared_ptr<const Block>> collect(NodeId id, FrameId frame);

  const PlanNode& node(NodeId id) const { return plan_.node(id); }
  const Grid& grid(FrameId frame) const { return grids_[frame]; }
  /// The steps at which a node is computed.
  const Grid& grid(const PlanNode& node) const { return grids_[node.frame]; }
  std::span<const series::PinnedSeries> series(const PlanNode& node) const {
    return snapshot_.series(node.selection);
  }
  const EvalOptions& options() const { return options_; }
  /// The evaluation times of the whole query.
  TimeSpan times() const { return times_; }
  Budget& budget() { return budget_; }
  Annotations& notes() { return notes_; }

  /// Whether metric names go at the end of the evaluation only.
  bool delayed() const { return options_.delayed_name_removal; }
  /// Whether the metric name in the labels does not count any more.
  bool name_gone(bool drop_name) const { return drop_name && !delayed(); }
  static StreamPtr stream_of(std::shared_ptr<const Block> block);
  /// A stream whose columns have lost their names: where that can make labels equal, it is seen to
  /// that no two of them meet.
  StreamPtr checked(const PlanNode& node, StreamPtr stream);
  /// The same for columns with new labels, whether names go at the end or not.
  StreamPtr checked_always(const PlanNode& node, StreamPtr stream);
  /// The same where two of them may not even take turns: functions of ranges.
  StreamPtr checked_whole(const PlanNode& node, StreamPtr stream);
  /// Whether two columns of a node may carry the same labels, at different steps.
  bool may_split(const PlanNode& node);
  /// Whether some series that the query reads tells its type or unit in its labels.
  bool has_kinds();
  /// Takes a name that is gone out of the labels.
  void settle(Column& column) const;

  /// Counts samples that a selector gave for a step.
  void looked_at(const PlanNode& node, std::size_t step, std::size_t samples);
  EvalStats take_stats();

 private:
  base::Result<StreamPtr> make(const PlanNode& node);
  // The values of a node that several read, computed for the first of them.
  base::Result<std::shared_ptr<const Block>> kept(NodeId id);
  // All columns of a stream, with the labels that others see.
  base::Result<std::shared_ptr<const Block>> gather(Stream& stream, std::size_t steps);
  base::Result<std::vector<double>> compute(const PlanNode& node);
  // Whether dropping names can make columns equal.
  bool may_meet(const PlanNode& node);

  const Plan& plan_;
  const series::Snapshot& snapshot_;
  const EvalOptions& options_;
  TimeSpan times_;
  std::vector<Grid> grids_;
  Budget budget_;
  Annotations notes_;
  EvalStats stats_;
  std::optional<bool> has_kinds_;
  std::vector<std::uint64_t> samples_at_;  // by step, when asked for
  struct Kept {
    std::shared_ptr<const Block> block;
    std::uint32_t readers = 0;  // that have not come yet: the last one takes it along
  };
  std::vector<Kept> kept_;                    // by node; of those that several read
  std::vector<std::vector<double>> scalars_;  // by node, empty until it is computed
};

/// Labels that were seen and the steps at which: two series with the same labels may take turns,
/// but not meet.
class LabelTurns {
 public:
  explicit LabelTurns(std::size_t steps) : steps_(steps) {}
  /// False when an earlier column with these labels has a value at a step of this one.
  bool add(const model::Labels& labels, std::span<const double> values);

 private:
  std::size_t steps_;
  std::unordered_map<model::Labels, std::size_t, model::LabelsHash> index_;
  std::vector<bool> taken_;
};

base::Error same_labels();

/// Evaluates a plan at the steps of a query. An instant query has one step, and a value of its own
/// type instead of a matrix.
base::Result<Evaluation> run_plan(const Run::Input& input, Grid query, bool instant);

/// Hands every further column of a stream to `take`, once its steps are counted as looked at. Ends
/// with the first failure.
template <class Take>
base::Status each_column(Run& run, Stream& stream, Take take) {
  Column column;
  while (true) {
    const auto more = stream.next(column);
    if (!more) {
      return more.error();
    }
    if (!*more) {
      return {};
    }
    if (auto status = run.budget().spend(column.values.size()); !status) {
      return status;
    }
    if (base::Status status = take(column); !status) {
      return status;
    }
  }
}

}  // namespace tocsin::promql
