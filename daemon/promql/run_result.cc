#include <algorithm>
#include <unordered_map>
#include <utility>

#include "promql/call_frame.h"
#include "promql/extended.h"
#include "promql/memory.h"
#include "promql/operators.h"
#include "promql/range_source.h"
#include "promql/run.h"
#include "promql/signature.h"

/// From the streams of the root to the value of the query.
namespace tocsin::promql {
namespace {

using base::Result;
using base::Status;

/// Takes the columns of the root with the labels that readers see.
class Results {
 public:
  Results(Run& run, const PlanNode& root, const Grid& steps)
      : run_(run), root_(root), steps_(steps), turns_(steps.size()) {}

  Result<Vector> vector(Stream& stream) {
    Vector vector;
    while (true) {
      const auto more = take(stream);
      if (!more) {
        return more.error();
      }
      if (!*more) {
        return vector;
      }
      if (!is_present(column_.values.front())) {
        continue;
      }
      Number number = column_.at(0);
      vector.push_back(
          {std::move(column_.labels), steps_.front(), number.value, std::move(number.histogram)});
      if (auto status = run_.budget().take(1); !status) {
        return status.error();
      }
    }
  }

  Result<Matrix> matrix(Stream& stream) {
    Matrix matrix;
    std::unordered_map<model::Labels, std::size_t, model::LabelsHash> places;
    const bool may_split = run_.may_split(root_) || run_.delayed();
    while (true) {
      const auto more = take(stream);
      if (!more) {
        return more.error();
      }
      if (!*more) {
        break;
      }
      MatrixSeries series = read();
      const std::size_t size = series.samples.size() + series.histograms.size();
      if (size == 0) {
        continue;
      }
      if (auto status = run_.budget().take(size); !status) {
        return status.error();
      }
      if (may_split) {
        const auto [place, fresh] = places.try_emplace(series.labels, matrix.size());
        if (!fresh) {
          merge(matrix[place->second], series);
          continue;
        }
      }
      matrix.push_back(std::move(series));
    }
    std::ranges::sort(matrix, {}, &MatrixSeries::labels);
    return matrix;
  }

 private:
  Result<bool> take(Stream& stream) {
    auto more = stream.next(column_);
    if (!more || !*more) {
      return more;
    }
    if (column_.drop_name) {
      column_.labels = without_name(column_.labels);
    }
    if (run_.delayed() && !turns_.add(column_.labels, column_.values)) {
      return same_labels();
    }
    return more;
  }

  MatrixSeries read() {
    MatrixSeries series;
    std::size_t present = 0;
    for (const double value : column_.values) {
      present += is_present(value) ? 1 : 0;
    }
    series.labels = std::move(column_.labels);
    if (column_.histograms.empty()) {
      series.samples.reserve(present);
    }
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      if (column_.has_histogram(i)) {
        series.histograms.push_back({steps_[i], std::move(column_.histograms[i]), 0});
      } else if (is_present(column_.values[i])) {
        series.samples.push_back({steps_[i], column_.values[i]});
      }
    }
    return series;
  }

  // Two series that have taken turns.
  static void merge(MatrixSeries& into, const MatrixSeries& other) {
    const auto join = [](auto& list, const auto& more) {
      const auto middle = static_cast<std::ptrdiff_t>(list.size());
      list.insert(list.end(), more.begin(), more.end());
      std::ranges::inplace_merge(list, list.begin() + middle, {},
                                 [](const auto& sample) { return sample.time_ms; });
    };
    join(into.samples, other.samples);
    join(into.histograms, other.histograms);
  }

  Run& run_;
  const PlanNode& root_;
  const Grid& steps_;
  LabelTurns turns_;
  Column column_;
};

// A range vector at the time of an instant query.
Result<Matrix> ranges(Run& run, NodeId root) {
  const PlanNode& node = run.node(root);
  auto source = open_range(run, root, kQueryFrame);
  if (!source) {
    return source.error();
  }
  const RangeShape shape(node, run);
  const auto* selector = std::get_if<Selector>(&node.expr->node);
  const Extension extension = selector == nullptr ? Extension::kNone : selector->extension;
  Matrix matrix;
  RangeFeed feed;
  while (true) {
    const auto more = (*source)->next(feed);
    if (!more) {
      return more.error();
    }
    if (!*more) {
      break;
    }
    RangeInput input = shape.at(run.times().start_ms);
    if (!RangeCursor(feed).move(input)) {
      continue;
    }
    series::Points extended;
    if (extension != Extension::kNone) {
      extended = extended_points(input, extension);
      if (extended.empty()) {
        continue;
      }
      input.samples = extended.floats;
      input.histograms = extended.histograms;
    }
    MatrixSeries& series = matrix.emplace_back();
    const bool drop = feed.drop_name;
    series.labels = drop ? without_name(feed.labels) : feed.labels;
    series.samples.assign(input.samples.begin(), input.samples.end());
    series.histograms.assign(input.histograms.begin(), input.histograms.end());
    const std::size_t size = series.samples.size() + series.histograms.size();
    run.looked_at(node, 0, size);
    if (auto status = run.budget().take(size); !status) {
      return status.error();
    }
  }
  std::ranges::sort(matrix, {}, &MatrixSeries::labels);
  const auto twin = std::ranges::adjacent_find(matrix, {}, &MatrixSeries::labels);
  if (twin != matrix.end()) {
    return same_labels();
  }
  return matrix;
}

Result<Value> scalar_value(Run& run, NodeId root, const Grid& steps, bool instant) {
  if (steps.empty()) {
    return Value(Matrix{});
  }
  const auto scalars = run.scalars(root);
  if (!scalars) {
    return scalars.error();
  }
  if (instant) {
    return Value(Scalar{steps.front(), (*scalars)[0]});
  }
  MatrixSeries series;
  series.samples.reserve(steps.size());
  for (std::size_t i = 0; i < steps.size(); ++i) {
    series.samples.push_back({steps[i], (*scalars)[i]});
  }
  if (auto status = run.budget().take(series.samples.size()); !status) {
    return status.error();
  }
  return Value(Matrix{std::move(series)});
}

Result<Value> value_of(Run& run, NodeId root, bool instant) {
  const PlanNode& node = run.node(root);
  const Grid& steps = run.grid(kQueryFrame);
  switch (node.expr->type) {
    case ValueType::kScalar:
      return scalar_value(run, root, steps, instant);
    case ValueType::kString:
      return Value(String{steps.front(), std::get<StringLiteral>(node.expr->node).value});
    case ValueType::kMatrix: {
      auto matrix = ranges(run, root);
      return matrix ? Result<Value>(Value(std::move(*matrix))) : Result<Value>(matrix.error());
    }
    case ValueType::kVector:
      break;
  }
  auto stream = run.open(root, kQueryFrame);
  if (!stream) {
    return stream.error();
  }
  Results results(run, node, steps);
  if (instant) {
    auto vector = results.vector(**stream);
    return vector ? Result<Value>(Value(std::move(*vector))) : Result<Value>(vector.error());
  }
  auto matrix = results.matrix(**stream);
  return matrix ? Result<Value>(Value(std::move(*matrix))) : Result<Value>(matrix.error());
}

}  // namespace

bool Run::has_kinds() {
  if (has_kinds_) {
    return *has_kinds_;
  }
  // The same lists need not be gone through again; 0 is no version.
  std::vector<std::uint64_t> versions;
  for (std::size_t i = 0; memory_ != nullptr && i < snapshot_.selections(); ++i) {
    versions.push_back(snapshot_.version(i));
  }
  const bool versioned = !versions.empty() && std::ranges::find(versions, 0U) == versions.end();
  if (versioned) {
    has_kinds_ = memory_->noted(versions);
  }
  if (!has_kinds_) {
    has_kinds_ = false;
    for (std::size_t i = 0; i < snapshot_.selections() && !*has_kinds_; ++i) {
      has_kinds_ =
          std::ranges::any_of(snapshot_.series(i), carries_kind, &series::PinnedSeries::labels);
    }
    if (versioned) {
      memory_->note(std::move(versions), *has_kinds_);
    }
  }
  return *has_kinds_;
}

Result<Evaluation> run_plan(const Run::Input& input, Grid query, bool instant) {
  auto grids = frame_grids(input.plan, std::move(query), input.times, input.options);
  if (!grids) {
    return grids.error();
  }
  Run run(input, std::move(*grids));
  auto value = value_of(run, input.plan.root_id(), instant);
  if (!value) {
    return value.error();
  }
  return Evaluation{std::move(*value), run.notes().take_warnings(), run.notes().take_infos(),
                    run.take_stats()};
}

}  // namespace tocsin::promql
